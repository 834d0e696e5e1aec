"""What was: a past edition made again from what was collected, beside what went out; and the story of one article."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from digest.app import App
from digest.curate import as_edition, select
from digest.curate.editor_decisions import ARTICLE, editor_decisions
from digest.desk.acts import sentence
from digest.desk.reasons import left_out_sentence
from digest.edition.mending import REVISION
from digest.edition.size_limit import fit_size
from digest.errors import UsageError
from digest.model import Article, Edition, Harvest, Slot, Story
from digest.store import MAX_LOOKBACK, FrozenEdition
from digest.text.markup import identity
from digest.text.prose import counted, shorten

MAX_EDITIONS = 60  # in which an article is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is otherwise in an edition that was made again: `what` happened to which story."""

    what: str
    title: str
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeAgain:
    """A past edition, and the same made again from what was collected, by the rules and decisions of today."""

    sent: FrozenEdition
    again: Edition
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleEvent:
    """One thing that happened to an article."""

    at: datetime
    what: str
    edition: str = ""


def make_again(app: App, key: str) -> MadeAgain:
    """Return a past edition beside the same made again; raise UsageError if what was collected for it is not kept any more."""
    sent = app.store.editions.frozen(key)
    if sent is None or sent.corrects:
        raise UsageError("there is no such edition", thing=key, remedy="`digest status` shows the recent ones.")
    slot = sent.edition.slot
    kept = app.store.content.kept
    if slot.window.start < app.clock() - kept:
        raise UsageError("what was collected for it is not kept any more", thing=key, remedy=f"It is kept for {kept.days} days.")
    plan = app.plan_of(slot.name) or app.config.editions[0]
    at = sent.edition.frozen_at
    rows = [
        row
        for row in app.store.decisions.for_edition(key, slot.window.start - MAX_LOOKBACK)
        if row.made_at <= at and not row.value.get(REVISION)
    ]
    decisions = editor_decisions(rows, key, slot.name)
    used = app.store.editions.used_articles(slot.name, before=slot.window.end)
    selection = select(slot, _known_at(app, slot, at), used, app.rules(plan), decisions=decisions)
    again = as_edition(selection, slot, sent.edition.newsletter, decisions, number=sent.edition.number, now=at)
    again = fit_size(replace(again, parts=sent.edition.parts, events=sent.edition.events), app.design())
    return MadeAgain(sent=sent, again=again, differences=tuple(differences(sent.edition, again)))


def _known_at(app: App, slot: Slot, at: datetime) -> Harvest:
    """Return what was collected for a slot, without the comments that were written later."""
    harvest = app.store.content.material(slot.window.start - MAX_LOOKBACK)
    return replace(harvest, comments=tuple(row for row in harvest.comments if row.written <= at))


def differences(sent: Edition, again: Edition) -> Iterator[Difference]:
    """Yield what is otherwise in the edition that was made again: its stories, their order, words and comments."""
    before, after = ({row.article.id: row for row in edition.stories} for edition in (sent, again))
    for key, story in before.items():
        if key not in after:
            yield Difference(what="Only in what went out", title=story.article.title, more=_why_out(again, key))
    for key, story in after.items():
        if key not in before:
            yield Difference(what="Only when made again", title=story.article.title, more=_why_out(sent, key))
            continue
        yield from _changed(before[key], story)


def _why_out(edition: Edition, article: str) -> str:
    found = next((row for row in edition.left_out if row.id == article), None)
    return left_out_sentence(found.reason) if found else ""


def _changed(sent: Story, again: Story) -> Iterator[Difference]:
    title = sent.article.title
    if sent.position != again.position:
        yield Difference(what="Another place", title=title, more=f"{sent.position + 1}, made again {again.position + 1}")
    if title != again.article.title:
        yield Difference(what="Another headline", title=title, more=f"made again “{again.article.title}”")
    writers = [[pick.comment.author for pick in story.picks] for story in (sent, again)]
    if [pick.comment.id for pick in sent.picks] != [pick.comment.id for pick in again.picks]:
        went, now = (", ".join(names) or "none" for names in writers)
        yield Difference(what="Other comments", title=title, more=f"{went}; made again {now}")


def article_history(app: App, url: str) -> tuple[str, list[ArticleEvent]]:
    """Return an article's headline, and what happened to it, oldest first; raise UsageError if digest never saw it."""
    article, editions = _found(app, url), app.store.editions.made(MAX_EDITIONS)
    events = [*_collected(app, article)] if article else []
    key = article.id if article else ""
    title = article.title if article else ""
    for frozen in editions:
        for story in frozen.edition.stories:
            if story.article.id == key or identity(story.article.url) == identity(url):
                key, title = story.article.id, title or story.article.title
                events.append(_printed(frozen, story))
        for row in frozen.edition.left_out:
            if row.kind == "article" and row.id == key:
                what = f"Left out of No. {frozen.edition.number}: {left_out_sentence(row.reason)}"
                events.append(ArticleEvent(at=frozen.edition.frozen_at, what=what, edition=frozen.key))
    if not key:
        raise UsageError("digest has never seen this article", thing=url, remedy="Give its address as it is on the site.")
    events += [
        ArticleEvent(
            at=row.made_at, what=f"{row.made_by}: {sentence(row)}{' (undone)' if row.undone_at else ''}", edition=row.edition
        )
        for row in app.store.decisions.of((ARTICLE, key))
    ]
    return title, sorted(events, key=lambda event: event.at)


def _found(app: App, url: str) -> Article | None:
    """Return the article with an address or an id, if it is still stored."""
    harvest = app.store.content.material(app.clock() - app.store.content.kept)
    return next((row for row in harvest.articles if row.id == url or identity(row.url) == identity(url)), None)


def _collected(app: App, article: Article) -> Iterator[ArticleEvent]:
    yield ArticleEvent(at=article.published, what=f"Published by {article.source}")
    if seen := app.store.content.first_seen(article.id):
        yield ArticleEvent(at=seen, what="First read")
    if article.updated > article.published:
        yield ArticleEvent(at=article.updated, what="Changed on the site")


def _printed(frozen: FrozenEdition, story: Story) -> ArticleEvent:
    writers = ", ".join(shorten(pick.comment.author, 30) for pick in story.picks)
    reasons = f" because {'; '.join(story.reasons)}" if story.reasons else ""
    what = f"Number {story.position + 1} in No. {frozen.edition.number}{reasons}, with {counted(len(story.picks), 'comment')}"
    return ArticleEvent(at=frozen.edition.frozen_at, what=f"{what}{f' ({writers})' if writers else ''}", edition=frozen.key)

"""What an editor does with stories: what is in, in which order, and in which words."""

from collections.abc import Sequence

from digest.curate.editor_decisions import ARTICLE
from digest.curate.story_decisions import NO_PICTURE, STORY_FIELDS
from digest.desk.acts import Act, NewDecision, about, saved, whole
from digest.desk.edition_view import Desk, DeskEdition
from digest.desk.values import checked_text
from digest.errors import UsageError
from digest.text.prose import shorten


def leave_out(_desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Leave a story out, for good."""
    title = edition.story(act.thing).article.title
    return [NewDecision(ARTICLE, act.thing, "leave-out", about(title))], f"Left out: “{shorten(title, 60)}”"


def take_in(_desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Take a story in that is left out, or one that was read from its address."""
    key, place = act.thing, len(edition.order) + 1
    if key in edition.order:
        raise UsageError("that story is in already", thing=key)
    article = edition.articles.get(key)
    if article is None:
        raise UsageError("no story has this id", thing=key, remedy="Give its address instead.")
    return [NewDecision(ARTICLE, key, "take-in", about(article.title))], f"Taken in as number {place}"


def lead(_desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Move a story to the top."""
    title = edition.story(act.thing).article.title
    return [NewDecision(ARTICLE, act.thing, "lead", about(title))], f"“{shorten(title, 60)}” leads now"


def move(_desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Move a story to a place, counted from 1, or above another story."""
    key, order = act.thing, [row for row in edition.order if row != act.thing]
    title = edition.story(key).article.title
    if before := act.fields.get("before", ""):
        edition.story(before)
        at = order.index(before)
    else:
        at = whole(act.fields.get("place", ""), 1, len(order) + 1) - 1
    if at == 0:
        return lead(_desk, edition, act)
    return [NewDecision(ARTICLE, key, "move", {**about(title), "before": order[at:], "place": at + 1})], f"Number {at + 1} now"


def keep(_desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Keep a story for the next edition."""
    title = edition.story(act.thing).article.title
    by_hand = next((row.value["article"] for row in edition.log if row.thing_id == act.thing and row.value.get("article")), None)
    value = about(title) | ({"article": by_hand} if by_hand else {})
    return [NewDecision(ARTICLE, act.thing, "keep", value)], f"Kept for the next edition: “{shorten(title, 60)}”"


def edit(_desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Change words of a story; each field that differs from what stands is a decision of its own."""
    key = act.thing
    story = edition.story(key)
    now = {
        "headline": story.article.title, "summary": story.article.summary, "note": story.note, "section": story.section,
        "kicker": next(iter(story.article.topics), "") if story.kicker is None else story.kicker,
        "picture": "" if story.article.image else NO_PICTURE,
    }  # fmt: skip
    title = story.source_article.title
    texts = {name: checked_text(name, act.fields[name]) for name in STORY_FIELDS if name in act.fields}
    rows = [
        NewDecision(ARTICLE, key, "edit", {**about(title), "field": name, "text": text, "was": now[name]})
        for name, text in texts.items()
        if text != now[name]
    ]
    if reset := act.fields.get("reset", ""):
        if reset not in STORY_FIELDS:
            raise UsageError(f"no field {reset!r}", remedy=f"Fields: {', '.join(STORY_FIELDS)}.")
        rows.append(NewDecision(ARTICLE, key, "edit", {**about(title), "field": reset, "text": None, "was": now[reset]}))
        return rows, f"The site’s {reset} again"
    return saved(rows)

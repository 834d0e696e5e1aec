"""What editors change in an edition after it was made, as long as some have not got it, or for its page on the web. Pure.

Each such decision names the revision that it is for; it is laid over the edition as it was first made, in every variant of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from digest.curate.editor_decisions import ARTICLE, EDITION, EditorDecisions
from digest.curate.story_decisions import NO_PICTURE, edited_parts
from digest.model import Article, Decision, Edition, Story

REVISION = "revision"  # the name in a decision's value of the revision that it is for


def mends(log: Iterable[Decision], revision: int) -> list[Decision]:
    """Return the decisions that stand and make the revision with this number, or an earlier one, oldest first."""
    return [row for row in log if row.undone_at is None and 0 < row.value.get(REVISION, 0) <= revision]


def pending(log: Iterable[Decision], revision: int) -> list[Decision]:
    """Return the decisions that stand and wait for the revision after this one."""
    return [row for row in mends(log, revision + 1) if row.value[REVISION] == revision + 1]


def mended(edition: Edition, rows: Sequence[Decision]) -> Edition:
    """Return an edition, or a variant of it, after the decisions; it may be left without a story."""
    out = {row.thing_id for row in rows if row.verb == "leave-out"}  # of stories and of comments
    stories = [_mended_story(story, rows, out) for story in edition.stories if story.article.id not in out]
    texts = {row.value["field"]: row.value["text"] for row in rows if row.thing_kind == EDITION and row.verb == "edit"}
    return replace(
        edition,
        stories=tuple(replace(story, position=at) for at, story in enumerate(stories)),
        parts=edited_parts(edition.parts, EditorDecisions(edition=texts)),
    )


def _mended_story(story: Story, rows: Sequence[Decision], out: set[str]) -> Story:
    """Return a story in its new words, without the comments that are out."""
    for row in rows:
        if row.thing_kind == ARTICLE and row.verb == "edit" and row.thing_id == story.article.id:
            story = _reworded(story, row.value["field"], row.value["text"])
    return replace(story, picks=tuple(pick for pick in story.picks if pick.comment.id not in out))


def _reworded(story: Story, field: str, text: str | None) -> Story:
    """Return a story with one field changed; None takes it from the source again."""
    source = story.source_article
    if field == "kicker":
        return replace(story, kicker=text)
    if field == "note":
        return replace(story, note=text or "")
    if field == "section":
        return replace(story, section=text or "")
    article = _reworded_article(story.article, source, field, text)
    return replace(story, article=article, original=source if article != source else None)


def _reworded_article(article: Article, source: Article, field: str, text: str | None) -> Article:
    if field == "headline":
        return replace(article, title=text or source.title)
    if field == "picture":
        return replace(article, image=None if text == NO_PICTURE else source.image)
    return replace(article, summary=source.summary if text is None else text)

"""An edition as the desk's templates take it: rows of stories by rank, comments with their reasons, and what to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from digest.curate import ChosenStory
from digest.curate.comment_decisions import wording
from digest.curate.comments import JudgedComment
from digest.desk.acts import sentence
from digest.desk.edition_view import DeskEdition
from digest.desk.reasons import CommentReason, left_out_sentence, reason_of
from digest.desk.values import comment_sentences
from digest.model import Comment, Decision, LeftOut, Pick, Story
from digest.text.markup import without_quotes
from digest.text.prose import squeeze

MAX_CARDS = 200  # comments of one thread that a page has


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRow:
    """A story in the list: its number, and what was decided about it."""

    number: int
    story: Story
    printed: int
    held: int
    decisions: tuple[Decision, ...]
    above: str
    below_next: str

    @property
    def kicker(self) -> str:
        """What stands above the headline."""
        return next(iter(self.story.article.topics), "") if self.story.kicker is None else self.story.kicker


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """One of the lists: the lead, the stories, those in brief."""

    title: str
    more: str
    rows: tuple[StoryRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentCard:
    """A comment with all that an editor needs to decide: its words with the passage marked, and why it stands where it does."""

    comment: Comment
    story: ChosenStory
    number: int
    reason: CommentReason
    answers: Comment | None
    pick: Pick | None
    text: Markup
    sentences: tuple[str, ...]
    suspicious: frozenset[int]
    standing: Decision | None
    curious: tuple[str, ...]
    wording: str

    @property
    def is_held(self) -> bool:
        """Whether it waits for an editor."""
        return self.reason.state in {"Held for you", "Waits for your yes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutRow:
    """A story that is left out, why, and the decision that did it, if one did."""

    row: LeftOut
    why: str
    decision: Decision | None
    title: str


def ranks(edition: DeskEdition, full: int) -> list[Rank]:
    """Return the lists of stories; `full` is how many stand in full."""
    rows = [_story_row(edition, at) for at in range(len(edition.edition.stories))]
    lists = [
        ("Lead", "", rows[:1]),
        ("Stories", "picture and text", rows[1:full]),
        ("In brief", "headline and one sentence", rows[full:]),
    ]
    return [Rank(title=title, more=more, rows=tuple(found)) for title, more, found in lists if found]


def _story_row(edition: DeskEdition, at: int) -> StoryRow:
    story, order = edition.edition.stories[at], edition.order
    chosen = edition.threads.get(story.article.id)
    return StoryRow(
        number=at + 1,
        story=story,
        printed=sum(pick.comment.id in edition.printed for pick in story.picks),
        held=len(chosen.thread.held) if chosen else 0,
        decisions=tuple(row for row in edition.log if row.thing_id == story.article.id and row.undone_at is None),
        above=order[at - 1] if at else "",
        below_next=order[at + 2] if at + 2 < len(order) else "",
    )


def left_out_rows(edition: DeskEdition) -> list[LeftOutRow]:
    """Return the stories that are left out: first what people decided, the newest first."""
    decided = {
        row.thing_id: row
        for row in edition.log
        if row.thing_kind == "article" and row.verb in {"leave-out", "keep"} and row.undone_at is None
    }
    found = [
        LeftOutRow(row=row, why=left_out_sentence(row.reason), decision=decided.get(row.id), title=row.label)
        for row in edition.left_out
    ]
    return sorted(found, key=lambda row: -row.decision.id if row.decision else 0)


def cards(edition: DeskEdition, story: ChosenStory) -> list[CommentCard]:
    """Return the comments of a story: printed, next in line, held, and the rest."""
    order = {"Printed": 0, "Next in line": 1, "Waits for your yes": 2, "Held for you": 3}
    by_id = {row.comment.id: row.comment for row in story.thread.judged}
    rows = sorted(((row, reason_of(edition, row)) for row in story.thread.judged), key=lambda pair: order.get(pair[1].state, 4))
    return [_card(edition, story, row, by_id) for row, _ in rows[:MAX_CARDS]]


def held_cards(edition: DeskEdition) -> list[CommentCard]:
    """Return the comments that wait for an editor, in the order of the stories; those whose place has room come first."""
    found = [_card(edition, story, row) for story in edition.threads.values() for row in _waiting(edition, story)]
    return sorted(found, key=lambda card: (card.reason.state != "Waits for your yes", card.number))


def held_count(edition: DeskEdition) -> int:
    """Return how many comments wait for an editor."""
    return sum(len(_waiting(edition, story)) for story in edition.threads.values())


def _waiting(edition: DeskEdition, story: ChosenStory) -> Sequence[JudgedComment]:
    if edition.plan.comments != "approved":
        return story.thread.held
    return [*story.thread.held, *(row for row in story.thread.judged if row.rejection is None and row.approval is None)]


def _card(edition: DeskEdition, story: ChosenStory, row: JudgedComment, by_id: Mapping[str, Comment] | None = None) -> CommentCard:
    reason = reason_of(edition, row)
    by_id = by_id if by_id is not None else {other.comment.id: other.comment for other in story.thread.judged}
    sentences = tuple(comment_sentences(row.comment))
    marked, troubled = _marked(row.comment, reason.passage)
    standing = [said for said in edition.log if said.thing_id == row.comment.id and said.undone_at is None]
    return CommentCard(
        comment=row.comment,
        story=story,
        number=edition.order.index(story.article.id) + 1,
        reason=reason,
        answers=by_id.get(row.comment.parent_id or ""),
        pick=next((pick for pick in story.thread.picks if pick.comment.id == row.comment.id), None),
        text=marked,
        sentences=sentences,
        suspicious=frozenset(
            at for at, text in enumerate(sentences) if troubled and squeeze(troubled) and _overlap(text, troubled)
        ),
        standing=standing[-1] if standing else None,
        wording=wording(row.comment, by_id.get(row.comment.parent_id or "")),
        curious=tuple(f"{name.replace('_', ' ')} {value:+.2f}" for name, value in row.terms.items()),
    )


def _marked(comment: Comment, passage: tuple[int, int]) -> tuple[Markup, str]:
    """Return a comment's own words with the passage marked, and the passage."""
    text = without_quotes(comment.text)
    start, end = passage
    if not 0 <= start < end <= len(text):
        return escape(text), ""
    marked = Markup("{}<mark>{}</mark>{}").format(text[:start], text[start:end], text[end:])
    return marked, text[start:end]


def _overlap(sentence: str, passage: str) -> bool:
    first, words = squeeze(passage), squeeze(sentence)
    return first in words or words in first


def log_line(row: Decision, me: str) -> dict[str, Any]:
    """Return a decision as a line of the log."""
    said = sentence(row)
    return {
        "row": row,
        "by": "You" if row.made_by == me else row.made_by,
        "said": said[:1].lower() + said[1:],
        "was": row.value.get("was"),
    }

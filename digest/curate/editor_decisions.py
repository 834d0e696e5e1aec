"""What editors have decided for one edition, as the pure stages take it: the rows that stand become values.

Nothing decided leaves the machine's edition as it is, and so does undoing everything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from digest.curate.comment_decisions import CommentDecision, CommentDecisions, Cut, writer_key
from digest.model import Decision

COMMENT, WRITER, ARTICLE, EDITION = "comment", "writer", "article", "edition"  # `thing_kind` of a decision
LEFT_OVER = frozenset({"leave-out", "edit"})  # of a story: counts for the next edition too, if its own is never made
STORY_VERBS = frozenset({"leave-out", "take-in", "lead", "move", "keep"})
APPROVING = ("approve", "send")  # verbs that say: as it stands here
Text = str | None  # None: as the site has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What an editor has approved: the ids of the stories in their order, and of each comment the wording that was seen.

    `number` is that of the decision: what people decided later counts on top of it.
    """

    number: int
    by: str
    stories: tuple[str, ...]
    comments: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorDecisions:
    """The decisions for one edition.

    `stories` are those about what is in and where, in the order in which they were made; `kept` the ids of articles that were kept
    for this edition when an earlier one was made. `texts` are by the article's id and the field, `edition` by the field.
    """

    comments: Mapping[str, CommentDecision] = field(default_factory=dict)
    writers: Mapping[str, CommentDecision] = field(default_factory=dict)
    cuts: Mapping[str, Cut] = field(default_factory=dict)
    stories: tuple[Decision, ...] = ()
    kept: tuple[Decision, ...] = ()
    texts: Mapping[tuple[str, str], Text] = field(default_factory=dict)
    edition: Mapping[str, Any] = field(default_factory=dict)
    approval: Approval | None = None

    def text(self, article: str, name: str, usual: str) -> str:
        """Return an editor's words for a field of an article, or the usual ones."""
        said = self.texts.get((article, name))
        return usual if said is None else said

    def about_comments(self, *, approved_only: bool = False) -> CommentDecisions:
        """Return what was decided about comments, as a thread is judged with it."""
        return CommentDecisions(
            by_id=self.comments,
            approved_only=approved_only,
            writers=self.writers,
            cuts=self.cuts,
            seen=self.approval.comments if self.approval else None,
        )


NO_DECISIONS = EditorDecisions()


def editor_decisions(rows: Iterable[Decision], edition: str, series: str) -> EditorDecisions:
    """Return the decisions for an edition (its key, and the name of its series). `rows` are the standing ones in order."""
    of_edition, known = list[Decision](), list(rows)
    comments, writers, cuts = dict[str, CommentDecision](), dict[str, CommentDecision](), dict[str, Cut]()
    for row in known:
        if row.thing_kind == COMMENT:
            _add_comment_decision(row, edition, comments, cuts)
        elif row.thing_kind == WRITER and (row.value["until"] == "good" or row.edition == edition):
            writers[row.thing_id] = comment_decision(row)
        elif row.edition == edition or _is_left_over(row, edition, series):
            of_edition.append(row)
    kept = [row for row in known if row.verb == "keep" and row.edition != edition and _series(row) == series]
    return EditorDecisions(
        comments=comments,
        writers=writers,
        cuts=cuts,
        stories=tuple(row for row in of_edition if row.thing_kind == ARTICLE and row.verb in STORY_VERBS),
        kept=tuple(kept),
        texts=_texts(of_edition),
        edition={row.value["field"]: row.value["text"] for row in of_edition if _edits(row, EDITION)},
        approval=_approval(of_edition),
    )


def _is_left_over(row: Decision, edition: str, series: str) -> bool:
    """Return whether a decision on an earlier edition, which was never made, counts for this one: a correction does too."""
    if _series(row) != series or row.edition >= edition:
        return False
    return row.verb in LEFT_OVER if row.thing_kind == ARTICLE else _edits(row, EDITION) and row.value["field"] == "correction"


def _texts(rows: Iterable[Decision]) -> dict[tuple[str, str], Text]:
    """Return the words of each story by its field; an approval is of the words that stood there, whatever becomes of them."""
    texts = dict[tuple[str, str], Text]()
    for row in rows:
        if _edits(row, ARTICLE):
            texts[row.thing_id, row.value["field"]] = row.value["text"]
        elif row.thing_kind == EDITION and row.verb in APPROVING:
            for key, (headline, summary) in row.value.get("words", {}).items():
                texts |= {(key, "headline"): headline, (key, "summary"): summary}
    return texts


def _series(row: Decision) -> str:
    """Return the series of the edition that a decision was made for."""
    return row.edition[: -len("-2026-11-24")]


def _edits(row: Decision, kind: str) -> bool:
    return row.thing_kind == kind and row.verb == "edit"


def _add_comment_decision(row: Decision, edition: str, comments: dict[str, CommentDecision], cuts: dict[str, Cut]) -> None:
    """Add what a row says of comments; to leave one out, or to print one instead of another, is said for one edition only."""
    here = row.edition == edition
    if row.verb in {"print", "refuse"} or (row.verb == "leave-out" and here and not _is_refused(row.thing_id, comments)):
        comments[row.thing_id] = comment_decision(row)
    if row.verb == "print" and here and (other := row.value.get("instead_of")) and not _is_refused(other, comments):
        comments[other] = comment_decision(row)._replace(verb="leave-out", reason="")
    if row.value.get("keep"):
        cuts[row.thing_id] = Cut(keep=tuple(row.value["keep"]), wording=row.value["wording"])
    elif row.value.get("whole"):
        cuts.pop(row.thing_id, None)


def _is_refused(comment: str, comments: Mapping[str, CommentDecision]) -> bool:
    return comment in comments and comments[comment].verb == "refuse"


def comment_decision(row: Decision) -> CommentDecision:
    """Return one decision on a comment or its writer as the curating stage takes it."""
    return CommentDecision(
        verb="refuse" if row.thing_kind == WRITER else row.verb,  # type: ignore[arg-type]  # the caller has looked
        wording=row.value.get("wording", ""),
        by=row.made_by,
        reason=row.value.get("reason", ""),
        place=row.value.get("place"),
        number=row.id,
    )


def _approval(rows: Iterable[Decision]) -> Approval | None:
    """Return what was approved last; None if nothing was."""
    newest = None
    for row in rows:
        if row.thing_kind == EDITION and row.verb in APPROVING and "stories" in row.value:
            newest = row
    if newest is None:
        return None
    value = newest.value
    return Approval(number=newest.id, by=newest.made_by, stories=tuple(value["stories"]), comments=value["comments"])


__all__ = [
    "ARTICLE",
    "COMMENT",
    "EDITION",
    "NO_DECISIONS",
    "WRITER",
    "Approval",
    "EditorDecisions",
    "comment_decision",
    "editor_decisions",
    "writer_key",
]

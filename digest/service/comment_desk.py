"""What an editor does with comments before an edition goes: sees what waits, prints, refuses, takes back. No site is read for it.

One set of verbs serves every surface: a command, a page or an API calls `decide` and `undo`, and prints what they return.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from digest.app import App
from digest.config import EditionPlan
from digest.curate import ChosenStory, select
from digest.curate.comment_decisions import LEFT_OUT, REFUSED, Verb, may_lift, wording
from digest.curate.comments import JudgedComment, pick
from digest.curate.editor_decisions import COMMENT, EditorDecisions, comment_decision
from digest.errors import UsageError
from digest.model import Article, Comment, Decision, Edition, Slot
from digest.publish import stored_material

State = Literal["waiting", "held", "printed", "not picked", "refused", "left out"]
NOT_IN_DESIGN = "good, but the design has no room for it (design.ranks)"
WAITING: tuple[State, ...] = ("waiting", "held")  # for an editor's word


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingEdition:
    """The edition of a plan that is to come, as the store has it now; `printed` has the ids of the comments that it prints."""

    plan: EditionPlan
    slot: Slot
    stories: tuple[ChosenStory, ...]
    decisions: EditorDecisions
    printed: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedComment:
    """A comment of a coming edition: where it stands, and why in words; `answers` is the comment that it replies to."""

    edition: ComingEdition
    article: Article
    comment: Comment
    state: State
    why: str
    score: float
    answers: Comment | None

    @property
    def wording(self) -> str:
        """The fingerprint of the words that were listed, for `decide`."""
        return wording(self.comment, self.answers)

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "id": self.comment.id,
            "edition": self.edition.slot.key,
            "article": self.article.title,
            "writer": self.comment.author,
            "text": self.comment.text,
            "wording": self.wording,
            "answers": {"id": self.answers.id, "writer": self.answers.author, "text": self.answers.text} if self.answers else None,
            "state": self.state,
            "why": self.why,
            "score": self.score,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision that was recorded or undone, the coming edition that prints the comment now (or None), and what is to be said."""

    decision: Decision
    writer: str
    printed_in: Slot | None
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        row, printed = self.decision, self.printed_in
        return {
            "comment": row.thing_id,
            "verb": row.verb,
            "by": row.made_by,
            "at": row.made_at,
            "reason": row.value["reason"],
            "gate": row.value["gate"] or None,
            "undone_by": row.undone_by,
            "printed_in": printed.key if printed else None,
            "notes": list(self.notes),
        }


def coming_editions(app: App) -> list[ComingEdition]:
    """Return the next edition of each plan, the earliest first."""
    found = []
    for plan in app.config.editions:
        slot = app.coming_slot(plan)
        material, used, decisions = stored_material(app.store, slot)
        stories = select(slot, material, used, app.rules(plan), decisions=decisions).stories
        printed = _printed_ids(app, slot, stories)
        found.append(ComingEdition(plan=plan, slot=slot, stories=stories, decisions=decisions, printed=printed))
    return sorted(found, key=lambda edition: edition.slot.window.end)


def _printed_ids(app: App, slot: Slot, stories: Sequence[ChosenStory]) -> frozenset[str]:
    """Return the ids of the comments that the whole edition prints: a story in brief has none but those with a yes."""
    if not stories:
        return frozenset()
    placed = tuple(story.placed(position) for position, story in enumerate(stories))
    name, now = app.config.newsletter.name, app.clock()
    page = app.design().page(Edition(newsletter=name, slot=slot, number=1, stories=placed, left_out=(), frozen_at=now))
    return frozenset(voice.pick.comment.id for voice in page.voices)


def listed_comments(edition: ComingEdition) -> list[ListedComment]:
    """Return every comment of a coming edition: first what waits for a yes, best first, then what is held, then the others."""
    rows = [row for story in edition.stories for row in _listed(edition, story)]
    places = {state: place for place, state in enumerate(WAITING)}
    return sorted(rows, key=lambda row: (places.get(row.state, len(places)), -row.score if row.state == "waiting" else 0))


def _listed(edition: ComingEdition, story: ChosenStory) -> Iterator[ListedComment]:
    picked = {row.comment.id for row in story.thread.picks}
    by_id = {row.comment.id: row.comment for row in story.thread.judged}
    for row in story.thread.judged:
        state = _state(row, edition, picked=row.comment.id in picked)
        why = _why(row, edition) or (NOT_IN_DESIGN if state == "not picked" and row.comment.id in picked else "")
        yield ListedComment(
            edition=edition, article=story.article, comment=row.comment, state=state, why=why, score=row.score,
            answers=by_id.get(row.comment.parent_id or ""),
        )  # fmt: skip


def _state(row: JudgedComment, edition: ComingEdition, *, picked: bool) -> State:
    if row.rejection:
        return "refused" if row.rejection.gate in {REFUSED, LEFT_OUT} else "held" if row.rejection.held else "left out"
    if picked and row.comment.id in edition.printed:
        return "printed"
    return "waiting" if edition.plan.comments == "approved" and not row.approval else "not picked"


def _why(row: JudgedComment, edition: ComingEdition) -> str:
    """Return what was found against a comment, or who said yes; and that a yes was said of other words."""
    said = edition.decisions.comments.get(row.comment.id)
    changed = said and said.verb == "print" and row.approval is None
    reason = row.rejection.reason if row.rejection else row.approval.sentence if row.approval else ""
    return "; ".join(filter(None, [reason, f"changed on the site since {said.by} said yes" if said and changed else ""]))


def decide(app: App, verb: Verb, comment_id: str, by: str, reason: str = "", seen: str = "") -> Decided:
    """Record that a comment is to be printed or refused; `seen` begins the fingerprint of the words that were decided on, if known.

    Raises UsageError if the comment is not known, has changed since it was seen, or may not be printed.
    """
    article, comments = _thread_of(app, comment_id)
    by_id = {row.id: row for row in comments}
    comment = by_id[comment_id]
    said = wording(comment, by_id.get(comment.parent_id or ""))
    if not said.startswith(seen):
        remedy = "Read it again: `digest comments list --all` shows it."
        raise UsageError("has changed since you read it, or what it answers has", thing=comment_id, remedy=remedy)
    judged = _judged_without(app, article, comments, comment_id)
    if verb == "print":
        _check_may_print(judged, reason)
    value = {
        "reason": reason,
        "wording": said,
        "gate": judged.rejection.gate if judged.rejection else "",
        "article": article.id,
    }
    decision = app.store.decisions.add((COMMENT, comment_id), verb, value, by, app.clock())
    return _outcome(app, decision, comment)


def undo(app: App, comment_id: str, by: str) -> Decided:
    """Undo the newest decision on a comment; raise UsageError if none stands. What was decided before it counts again."""
    undone = app.store.decisions.undo((COMMENT, comment_id), by, app.clock())
    if undone is None:
        if not app.store.decisions.of((COMMENT, comment_id)):
            _thread_of(app, comment_id)
        raise UsageError(
            "no decision stands on this comment", thing=comment_id, remedy="`digest comments list --all` shows what stands."
        )
    threads = app.store.content.threads_of([comment_id])
    comment = next((row for _, comments in threads for row in comments if row.id == comment_id), None)
    return _outcome(app, undone, comment)


def _thread_of(app: App, comment_id: str) -> tuple[Article, list[Comment]]:
    threads = app.store.content.threads_of([comment_id])
    if not threads:
        raise UsageError(
            "no comment has this id",
            thing=comment_id,
            remedy="`digest comments list --all` shows the ids. `digest collect` reads new comments; one that was deleted is gone.",
        )
    return threads[0]


def _judged_without(app: App, article: Article, comments: list[Comment], comment_id: str) -> JudgedComment:
    """Return the judgement of a comment as if nobody had decided on it."""
    slot = app.coming_slot(app.config.editions[0])
    decisions = stored_material(app.store, slot).decisions
    others = replace(decisions, comments={key: said for key, said in decisions.comments.items() if key != comment_id}, writers={})
    scoring_rules = app.rules(app.config.editions[0]).scoring_rules
    judged = pick(article, comments, 0, scoring_rules, decisions=others.about_comments()).judged
    return next(row for row in judged if row.comment.id == comment_id)


def _check_may_print(judged: JudgedComment, reason: str) -> None:
    """Raise UsageError if a yes does not lift the gate that stands against a comment."""
    if judged.rejection is None or may_lift(judged.rejection.gate, reason):
        return
    if may_lift(judged.rejection.gate, "any reason"):
        raise UsageError(
            f"is blocked as abuse ({judged.rejection.reason})",
            thing=judged.comment.id,
            remedy="If it should be printed all the same, say why: --reason TEXT. The reason is kept.",
        )
    raise UsageError(
        f"cannot be printed: {judged.rejection.reason}",
        thing=judged.comment.id,
        remedy="Approve it on your site, and run `digest collect`.",
    )


def _outcome(app: App, decision: Decision, comment: Comment | None) -> Decided:
    """Return what a decision has come to: where the comment is printed now, or why it is not."""
    rows = [row for edition in coming_editions(app) for row in listed_comments(edition) if row.comment.id == decision.thing_id]
    printed = next((row.edition.slot for row in rows if row.state == "printed"), None)
    yes = decision.verb == "print" and decision.undone_at is None
    notes = [_why_not(rows[0]) if rows else "Its article is not in the next edition as it stands."] if yes and not printed else []
    notes += _again(app, decision)
    made = app.store.editions.edition_of(decision.value["article"])
    notes += [f"Too late for edition {made}: it was made before, and nothing changes in it."] if made else []
    return Decided(decision=decision, writer=comment.author if comment else "", printed_in=printed, notes=tuple(notes))


def _why_not(row: ListedComment) -> str:
    """Return why a comment with a yes is not printed in the coming edition."""
    most, key = row.edition.plan.comments_per_article, row.edition.slot.key
    if row.edition.plan.comments == "none" or not most:
        return f"Edition {key} prints no comments."
    if row.state != "not picked":
        answered = f" It answers {row.answers.id}." if row.answers else ""
        return f"It is not printed as it stands: {row.why}.{answered}"
    if len(_picks_beside(row)) >= most:
        return f"Others with a yes score higher, and edition {key} prints {most} under an article (comments_per_article)."
    return "It is not printed as it stands: the words it answers are not fit to print."


def _picks_beside(row: ListedComment) -> list[str]:
    story = next(story for story in row.edition.stories if story.article.id == row.article.id)
    return [pick.comment.id for pick in story.thread.picks]


def _again(app: App, decision: Decision) -> list[str]:
    """Return what counts again after an undo."""
    before = [row for row in app.store.decisions.of((COMMENT, decision.thing_id)) if row.undone_at is None]
    return [f"It is {comment_decision(before[-1]).sentence} again."] if decision.undone_at and before else []

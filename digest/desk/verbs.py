"""Every verb of the desk, once: a page, a command and an API call `do` and `undo`, and say what these return.

A verb names a thing (a story, a comment, the edition) and what of it is decided. Who has not yet seen what somebody else decided
about the same is told, and nothing is overwritten unseen. What may be done once an edition is made is in `on_its_way`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from digest.app import App
from digest.curate.editor_decisions import ARTICLE
from digest.desk import comment_verbs, edition_verbs, story_verbs
from digest.desk.acts import Act, Done, NewDecision, about, check_hold_seen, check_seen, is_untouched, saved, sentence
from digest.desk.edition_verbs import check_not_late
from digest.desk.edition_view import Desk, DeskEdition
from digest.desk.on_its_way import OnItsWay, waits_for
from digest.errors import UsageError
from digest.model import Article, Decision
from digest.store import of_form

_ARTICLE = TypeAdapter(Article)
STATE_VERBS = frozenset({"hold", "approve", "send", "skip", "stop", "give-up", "correct"})
Verb = Callable[[Desk, DeskEdition, Act], tuple[Sequence[NewDecision], str]]
VERBS: Mapping[str, Verb] = {
    "leave-out": story_verbs.leave_out,
    "take-in": story_verbs.take_in,
    "lead": story_verbs.lead,
    "move": story_verbs.move,
    "keep": story_verbs.keep,
    "edit": story_verbs.edit,
    "comment-leave-out": comment_verbs.comment_leave_out,
    "comment-take": comment_verbs.comment_take,
    "comment-pin": comment_verbs.comment_pin,
    "comment-cut": comment_verbs.comment_cut,
    "release": comment_verbs.release,
    "refuse": comment_verbs.refuse,
    "refuse-writer": comment_verbs.refuse_writer,
    "edition-edit": edition_verbs.edition_edit,
    "hold": edition_verbs.hold,
    "approve": edition_verbs.approve,
    "send": edition_verbs.send,
    "skip": edition_verbs.skip,
}


class Verbs:
    """The verbs on the editions of one newsletter."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.made = OnItsWay(desk)

    @property
    def _app(self) -> App:
        return self._desk.app

    def do(self, key: str, act: Act) -> Done:
        """Record what an editor does to an edition.

        Raises UsageError if it cannot be done, ConflictError if somebody else was there first, TooLateError if the edition is made.
        """
        if act.verb not in VERBS:
            raise UsageError(f"no verb {act.verb!r}", remedy=f"Verbs: {', '.join(VERBS)}.")
        edition = self._desk.by_key(key)
        if again := _made_once(edition, act):
            return again
        rows, said = self.made.mend(edition, act) if edition.frozen else VERBS[act.verb](self._desk, edition, act)
        if [row for row in rows if is_untouched(edition.log, row, act)]:
            rows, said = saved([row for row in rows if not is_untouched(edition.log, row, act)])
        revision = edition.revision if edition.frozen else None
        return Done(decisions=self._add(key, rows, act, revision), said=said)

    def _add(self, key: str, rows: Sequence[NewDecision], act: Act, revision: int | None = None) -> tuple[Decision, ...]:
        """Record decisions, all or none; what others have decided meanwhile is looked at under the same lock."""

        def check(log: Sequence[Decision]) -> None:
            for row in rows if act.verb != "hold" else ():  # whoever wants to hold it, may
                check_seen(log, row, act)

        plain = [(row.kind, row.id, row.verb, row.value) for row in rows]
        add, now = self._app.store.decisions.add_all, self._app.clock()
        return tuple(add(plain, act.by, now, edition=key, once=_form(act), check=check, revision=revision))

    def undo(self, key: str, number: int | None, by: str) -> Done:
        """Undo one decision on an edition, by its number, or the newest that the same person made and that stands.

        A writer who was refused for good is let in again in whatever edition that was said.
        """
        row = self._undoable(key, number, by)
        before_freeze, revision = "" if _is_lasting(row) else key, waits_for(row, self._app.store.editions.frozen(key))
        decisions, now = self._app.store.decisions, self._app.clock()
        undone = decisions.undo_one(row.id, by, now, before_freeze=before_freeze, revision=revision)
        if undone is None:
            raise UsageError("it was undone already", thing=key)
        return Done(decisions=(undone,), said=f"Undone: {sentence(undone)}")

    def _undoable(self, key: str, number: int | None, by: str) -> Decision:
        decisions = self._app.store.decisions
        if number is None:
            own = [row for row in decisions.log(key) if row.undone_at is None and row.made_by == by]
        else:
            found = decisions.by_number(number)
            own = [found] if found and found.undone_at is None and (found.edition == key or _is_lasting(found)) else []
        if not own:
            raise UsageError("nothing of yours to undo" if number is None else "that decision does not stand", thing=key)
        return own[-1]

    def redo(self, key: str, number: int, act: Act) -> Done:
        """Make a decision again that was undone, unless it is about whether and when the edition goes."""
        row = self._app.store.decisions.by_number(number)
        if row is None or row.edition != key or row.undone_at is None:
            raise UsageError("that decision was not undone", thing=key)
        if row.verb in STATE_VERBS:
            raise UsageError("say it anew: much may have changed since", thing=key)
        revision = waits_for(row, self._app.store.editions.frozen(key))
        made = self._add(key, [NewDecision(row.thing_kind, row.thing_id, row.verb, row.value)], act, revision)
        return Done(decisions=made, said=sentence(made[0]))

    def take_in_page(self, edition: DeskEdition, article: Article, act: Act) -> Done:
        """Take in a story that was read from its address: it is kept with the decision."""
        if again := _made_once(edition, act):
            return again
        known = next((row for row in edition.articles.values() if row.id == article.id or row.url == article.url), None)
        key = known.id if known else article.id
        if key in edition.order:
            raise UsageError("that story is in already", thing=key)
        value = about(article.title) | ({} if known else {"article": _plain(article)})
        made = self._add(edition.key, [NewDecision(ARTICLE, key, "take-in", value)], act)
        return Done(decisions=made, said=f"Taken in as number {len(edition.order) + 1}")

    def let_go(self, key: str, by: str, seen: int | None = None) -> Done:
        """Take the hold back: the edition goes at its hour, or at once if that has passed."""
        edition = self._desk.by_key(key)
        if edition.word.hold is None:
            raise UsageError("it is not on hold", thing=key)
        check_not_late(self._desk, edition)
        check_hold_seen(edition.word.hold, Act(verb="let-go", by=by, seen=seen), "put it on hold")
        decisions, now = self._app.store.decisions, self._app.clock()
        holds = [row.id for row in edition.log if row.verb == "hold" and row.undone_at is None]
        undone = [row for row in (decisions.undo_one(number, by, now, before_freeze=key) for number in holds) if row]
        return Done(decisions=tuple(undone), said="Not on hold any more")


def _form(act: Act) -> str | None:
    """Return what a form is known by: its random value, who posted it, and what for."""
    return f"{act.once}:{act.by}:{act.verb}:{act.fields.get('id', '')}" if act.once else None


def _made_once(edition: DeskEdition, act: Act) -> Done | None:
    """Return what the same form has done already, unless that was undone."""
    made = of_form(edition.log, form) if (form := _form(act)) else []
    return Done(decisions=tuple(made), said=sentence(made[0])) if made else None


def _is_lasting(row: Decision) -> bool:
    return row.verb == "refuse-writer" and row.value["until"] == "good"


def _plain(article: Article) -> dict[str, Any]:
    plain: dict[str, Any] = _ARTICLE.dump_python(article, mode="json")
    return plain

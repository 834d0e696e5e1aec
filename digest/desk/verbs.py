"""Every verb of the desk, once: a page, a command and an API call `do` and `undo`, and say what these return.

A verb names a thing (a story, a comment, the edition) and what of it is decided. Who has not yet seen what somebody else decided
about the same is told, and nothing is overwritten unseen. Nothing is recorded for an edition that is made already.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from digest.app import App
from digest.curate.editor_decisions import ARTICLE
from digest.desk import comment_verbs, edition_verbs, story_verbs
from digest.desk.acts import Act, Done, NewDecision, about, check_hold_seen, check_seen, sentence
from digest.desk.edition_view import Desk, DeskEdition
from digest.errors import UsageError
from digest.model import Article
from digest.store import TooLateError

_ARTICLE = TypeAdapter(Article)
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

    @property
    def _app(self) -> App:
        return self._desk.app

    def do(self, key: str, act: Act) -> Done:
        """Record what an editor does to an edition.

        Raises UsageError if it cannot be done, ConflictError if somebody else was there first, TooLateError if the edition is made.
        """
        if act.verb not in VERBS:
            raise UsageError(f"no verb {act.verb!r}", remedy=f"Verbs: {', '.join(VERBS)}.")
        decisions = self._app.store.decisions
        if act.once and (made := decisions.made_once(f"{act.once}.0")):
            return Done(decisions=(made,), said=sentence(made))
        edition = self._desk.by_key(key)
        rows, said = VERBS[act.verb](self._desk, edition, act)
        for row in rows if act.verb != "hold" else ():  # whoever wants to hold it, may
            check_seen(edition.log, row, act)
        made_rows = tuple(
            decisions.add(
                (row.kind, row.id), row.verb, row.value, act.by, self._app.clock(),
                edition=key, once=f"{act.once}.{number}" if act.once else None, before_freeze=True,
            )
            for number, row in enumerate(rows)
        )  # fmt: skip
        return Done(decisions=made_rows, said=said)

    def undo(self, key: str, number: int | None, by: str) -> Done:
        """Undo one decision on an edition, by its number, or the newest that the same person made and that stands."""
        edition = self._desk.by_key(key)
        if edition.frozen:
            raise TooLateError(key, edition.frozen.edition.frozen_at)
        own = [row for row in edition.log if row.undone_at is None and (row.id == number or (number is None and row.made_by == by))]
        if not own:
            raise UsageError("nothing of yours to undo" if number is None else "that decision does not stand", thing=key)
        undone = self._app.store.decisions.undo_one(own[-1].id, by, self._app.clock())
        if undone is None:
            raise UsageError("it was undone already", thing=key)
        return Done(decisions=(undone,), said=f"Undone: {sentence(undone)}")

    def redo(self, key: str, number: int, by: str) -> Done:
        """Make a decision again that was undone."""
        row = self._app.store.decisions.by_number(number)
        if row is None or row.edition != key or row.undone_at is None:
            raise UsageError("that decision was not undone", thing=key)
        thing, now = (row.thing_kind, row.thing_id), self._app.clock()
        again = self._app.store.decisions.add(thing, row.verb, row.value, by, now, edition=key, before_freeze=True)
        return Done(decisions=(again,), said=sentence(again))

    def take_in_page(self, edition: DeskEdition, article: Article, act: Act) -> Done:
        """Take in a story that was read from its address: it is kept with the decision."""
        known = next((row for row in edition.articles.values() if row.id == article.id or row.url == article.url), None)
        key = known.id if known else article.id
        if key in edition.order:
            raise UsageError("that story is in already", thing=key)
        value = about(article.title) | ({} if known else {"article": _plain(article)})
        made = self._app.store.decisions.add(
            (ARTICLE, key), "take-in", value, act.by, self._app.clock(), edition=edition.key, once=act.once, before_freeze=True
        )
        return Done(decisions=(made,), said=f"Taken in as number {len(edition.order) + 1}")

    def let_go(self, key: str, by: str, seen: int | None = None) -> Done:
        """Take the hold back: the edition goes at its hour, or at once if that has passed."""
        edition = self._desk.by_key(key)
        if edition.word.hold is None:
            raise UsageError("it is not on hold", thing=key)
        check_hold_seen(edition.word.hold, Act(verb="let-go", by=by, seen=seen), "put it on hold")
        holds = [row for row in edition.log if row.verb == "hold" and row.undone_at is None]
        undone = [row for row in (self._app.store.decisions.undo_one(row.id, by, self._app.clock()) for row in holds) if row]
        return Done(decisions=tuple(undone), said="Not on hold any more")


def _plain(article: Article) -> dict[str, Any]:
    plain: dict[str, Any] = _ARTICLE.dump_python(article, mode="json")
    return plain

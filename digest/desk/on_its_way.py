"""What an editor does with an edition that was made: stop it, change it for those who wait, go on, give it up, correct it."""

from collections.abc import Sequence
from dataclasses import replace

from digest.app import App
from digest.curate.editor_decisions import EDITION
from digest.desk.acts import Act, Done, NewDecision, check_seen, sentence
from digest.desk.correcting import CORRECT, carry_out
from digest.desk.edition_view import Desk, DeskEdition
from digest.desk.mend_verbs import MEND_VERBS
from digest.desk.values import ValueFieldError, checked_text
from digest.edition.editors_word import EditorsWord, word_on
from digest.edition.mending import REVISION
from digest.edition.revising import revise
from digest.errors import UsageError
from digest.model import Decision
from digest.store import FrozenEdition, TooLateError
from digest.text.prose import counted

LOCK_WAIT = 10.0  # seconds in which a run that was stopped puts the sending lock down
PLACES = ("web", "mail", "tomorrow")  # where a correction is said


class OnItsWay:
    """The verbs on editions that were made."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def _app(self) -> App:
        return self._desk.app

    def stop(self, key: str, by: str) -> Done:
        """Stop an edition that is being sent: who has it keeps it, the others wait for `carry_on` or `give_up`."""
        _, word = self._under_way(key)
        if word.stop:
            return Done(decisions=(word.stop,), said="Stopped already")
        made = self._app.store.decisions.add((EDITION, key), "stop", {}, by, self._app.clock(), edition=key)
        return Done(decisions=(made,), said="Stopped. Who has it keeps it; the others wait")

    def carry_on(self, key: str, by: str) -> Done:
        """Send a stopped edition to those who have not got it, with what was changed since."""
        before, word = self._under_way(key)
        if word.stop is None:
            raise UsageError("it is not stopped", thing=key)
        now_it_is = self._revise(key) if self._desk.by_key(key).pending else before
        log = self._app.store.decisions.log(key)
        stops = [row.id for row in log if row.verb == "stop" and row.undone_at is None]
        undone = [row for row in (self._app.store.decisions.undo_one(number, by, self._app.clock()) for number in stops) if row]
        waiting = self._app.store.deliveries.waiting(key, None)
        how = ", as it was changed" if now_it_is.revision != before.revision else ""
        return Done(decisions=tuple(undone), said=f"Goes on, to {counted(waiting, 'reader')}{how}")

    def give_up(self, key: str, by: str) -> Done:
        """Send nothing more of a stopped edition: who has not got it gets none."""
        _, word = self._under_way(key)
        if word.stop is None:
            raise UsageError("it is not stopped", thing=key, remedy="Stop it first.")
        store, now = self._app.store, self._app.clock()
        made = store.decisions.add((EDITION, key), "give-up", {}, by, now, edition=key)
        with self._app.sending(LOCK_WAIT):
            count = store.deliveries.give_up(key, f"given up by {by}")
        store.editions.finish(key, now)
        return Done(decisions=(made,), said=f"Given up: {counted(count, 'reader')} will not get it")

    def mend(self, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
        """Return the decisions that an editor makes on the next revision of an edition.

        Raises TooLateError if it cannot be changed, or was not made yet, or was another, when the editor saw it: `revision` is a
        field of the act.
        """
        verb, seen = MEND_VERBS.get(act.verb), act.fields.get("revision", "")
        if edition.frozen is None or verb is None or not edition.may_mend or seen != str(edition.revision):
            raise TooLateError(edition.key, edition.edition.frozen_at)
        rows, said = verb(self._desk, edition, act)
        for_whom = "on the web, once you correct it" if edition.frozen.finished_at else "for those who have not got it yet"
        return [for_revision(row, edition.revision + 1) for row in rows], f"{said}, {for_whom}" if rows else said

    def correct(self, key: str, act: Act) -> Done:
        """Say what was wrong in an edition: on its page, by mail to those who have it so, in the next edition, or in several."""
        edition = self._desk.by_key(key)
        if edition.frozen is None or not edition.may_mend:
            raise UsageError("it can be corrected once it has gone, or is stopped", thing=key)
        value = correction_value(act)
        check_seen(edition.log, NewDecision(EDITION, key, CORRECT, value), act)
        settled = edition.frozen.finished_at and not edition.pending
        frozen = edition.frozen if settled else self._revise(key)
        if value["mail"] and not frozen.revision and self._app.store.deliveries.waiting(key, None):
            raise UsageError(
                "those who still wait would get it as it is", thing=key, remedy="Change it first, or give up the rest."
            )
        everyone = bool(act.fields.get("everyone")) and frozen.revision == edition.revision
        value["below"] = frozen.revision + 1 if everyone else max(1, frozen.revision)
        once = f"{act.once}:{act.by}:{CORRECT}" if act.once else None
        made = self._app.store.decisions.add((EDITION, key), CORRECT, value, act.by, self._app.clock(), edition=key, once=once)
        carry_out(self._app, made)
        return Done(decisions=(made,), said=sentence(made))

    def _revise(self, key: str) -> FrozenEdition:
        """Return the edition with the changes that waited; nothing of it is in flight then."""
        with self._app.sending(LOCK_WAIT):
            return revise(self._app.pipeline, key)

    def _under_way(self, key: str) -> tuple[FrozenEdition, EditorsWord]:
        frozen = self._app.store.editions.frozen(key)
        if frozen is None or frozen.finished_at:
            raise UsageError("it is not being sent", thing=key)
        return frozen, word_on(self._app.store, key)


def for_revision(row: NewDecision, number: int) -> NewDecision:
    """Return a decision that counts from a revision on."""
    return replace(row, value={**row.value, REVISION: number})


def waits_for(row: Decision, frozen: FrozenEdition | None) -> int | None:
    """Return the revision of a frozen edition at which a decision still waits for the next one; None if it does not."""
    return frozen.revision if frozen and row.value.get(REVISION) == frozen.revision + 1 else None


def correction_value(act: Act) -> dict[str, object]:
    """Return what is kept of a correction; raise ValueFieldError if it says nothing, or nowhere."""
    places = {name: bool(act.fields.get(name)) for name in PLACES}
    if not any(places.values()):
        raise ValueFieldError("Choose where it is corrected", "web")
    text = checked_text("correction", act.fields.get("text", ""))
    if not text:
        raise ValueFieldError("Write what was wrong, and what is right", "text")
    return {**places, "text": text, "subject": checked_text("subject", act.fields.get("subject", ""))}

"""What state an edition is in, in the words of the desk: first the clock time, then what will happen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from digest.desk.edition_view import DeskEdition
from digest.model import Decision

Kind = Literal["draft", "required", "approved", "hold", "starts", "sending", "stopped", "sent", "skipped", "none"]


@dataclass(frozen=True, slots=True)
class State:
    """The state of an edition: its title, what is to be known beside it, and two words for the bar."""

    kind: Kind
    title: str
    more: str = ""
    bar: str = ""

    @property
    def sentence(self) -> str:
        """Title and more, as one text."""
        return f"{self.title} {self.more}".strip()

    @property
    def when(self) -> str:
        """The first words of the bar: a time, or what the state is called."""
        return self.bar.partition(" · ")[0]

    @property
    def what(self) -> str:
        """The other words of the bar, if there are any."""
        return self.bar.partition(" · ")[2]

    @property
    def is_open(self) -> bool:
        """Whether the edition can still change."""
        return self.kind not in {"sending", "stopped", "sent"}


def state_of(edition: DeskEdition, zone: ZoneInfo) -> State:
    """Return the state of an edition, with times in a zone."""
    return next(_states(edition, lambda at: f"{at.astimezone(zone):%H:%M}"))


def _states(edition: DeskEdition, clock: Callable[[datetime], str]) -> Iterator[State]:
    """Yield the states that apply, the one that counts first."""
    word, ends = edition.word, clock(edition.plan.due(edition.slot))
    if (frozen := edition.frozen) and word.stop and not frozen.finished_at:
        at = clock(word.stop.made_at)
        more = f"By {word.stop.made_by}. Who has it keeps it; the others wait until somebody lets it go on, or gives it up."
        yield State("stopped", f"Stopped at {at}.", more, f"Stopped · {at}")
    if frozen:
        yield _made(clock(frozen.edition.frozen_at), clock(frozen.finished_at) if frozen.finished_at else "")
    if word.skip:
        why = _reason(word.skip.value.get("reason", ""))
        more = f"{word.skip.made_by} skipped it{why} Its stories go into the next one."
        yield State("skipped", "No edition today.", more, "None · today")
    if word.hold:
        yield _on_hold(edition, word.hold, clock)
    if word.send:
        at = clock(datetime.fromisoformat(word.send.value["at"]))
        yield State("starts", f"Goes at {at}.", f"{word.send.made_by} set that time. It goes as it stands here.", f"{at} · set")
    if not edition.edition.stories:
        yield State("none", "No story yet.", "Your site has published nothing since the last cut-off.", f"{ends} · no story")
    if word.approve:
        more = _approved(edition, word.approve, clock)
        yield State("approved", f"Approved. It goes at {ends}.", more, f"{ends} · approved")
    if edition.plan.approval == "required":
        yield State("required", f"Goes at {ends} if you approve it.", bar=f"{ends} · needs a yes")
    yield State("draft", f"Goes at {ends} unless you hold it.", bar=ends)


def _made(since: str, finished: str) -> State:
    if finished:
        return State("sent", f"Sent at {finished}.", bar=f"Sent · {finished}")
    return State("sending", f"Sending since {since}.", bar=f"Sending · since {since}")


def _approved(edition: DeskEdition, approval: Decision, clock: Callable[[datetime], str]) -> str:
    by = f"By {approval.made_by} at {clock(approval.made_at)}"
    since = [row for row in edition.log if row.id > approval.id and row.undone_at is None]
    if since:
        return f"{by}; changed since by {since[-1].made_by}, at {clock(since[-1].made_at)}."
    return f"{by}, as it stands here. What the site publishes now waits for the next edition; what it takes down still comes out."


def _on_hold(edition: DeskEdition, hold: Decision, clock: Callable[[datetime], str]) -> State:
    latest = clock(edition.plan.latest(edition.slot))
    by = f"By {hold.made_by} at {clock(hold.made_at)}{_reason(hold.value.get('reason', ''))}"
    more = f"{by} If it is still on hold at {latest} there is no edition today, and its stories go into the next one."
    return State("hold", "On hold. Nothing goes until somebody lets it go.", more, f"On hold · since {clock(hold.made_at)}")


def _reason(text: str) -> str:
    return f": “{text}”." if text else "."

"""What the pipeline needs, who watches it, and what a person has permitted."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from digest.clock import Clock
from digest.compose import Sender
from digest.config import Bounces, EditionPlan, Guards, Smtp
from digest.curate import Rules, ScoringRules
from digest.curate.comment_decisions import CommentDecisions
from digest.deliver.retry import RUN_RETRY_DELAYS
from digest.edition.readership import Readership
from digest.edition.second_opinion import SecondOpinion, Threads
from digest.edition.sent_log import SentLog
from digest.model import Article, EditorParts, Event, Harvest, Image, Receipt, Slot
from digest.render.renderer import Design
from digest.store import Store
from digest.subscribers import SubscriberFile


class Progress(Protocol):
    """The progress of sending an edition, as a person sees it."""

    def started(self, waiting: int) -> None:
        """Show that so many messages are to be sent now."""

    def answered(self, receipt: Receipt) -> None:
        """Show what the relay has answered for one of them."""

    def pausing(self, seconds: float, waiting: int) -> None:
        """Show that so many are still waiting and are tried again after a pause."""


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """What the pipeline needs; `digest.app` makes it. `retry_delays` are the pauses (s) before deferred mail is tried again."""

    collect: Callable[[datetime], Awaitable[Harvest]]
    taken_down: Callable[[Sequence[Article], Harvest], Awaitable[Mapping[str, str]]]
    events: Callable[[Slot], Awaitable[tuple[Event, ...]]]
    measured: Callable[[Sequence[Image]], Awaitable[Mapping[str, Image]]]
    rules: Callable[[EditionPlan], Rules]
    readership: Callable[[EditionPlan], Readership]
    design: Callable[[], Design]
    sender: Sender
    smtp: Smtp
    bounces: Bounces
    guards: Guards
    subscriber_file: Callable[[], SubscriberFile]
    store: Store
    sent_log: SentLog
    clock: Clock
    editor_parts: Callable[[Slot], EditorParts] = lambda _slot: EditorParts()
    second_opinion: Callable[[Threads, ScoringRules, CommentDecisions, SecondOpinion], Awaitable[SecondOpinion]] | None = None
    retry_delays: Sequence[float] = RUN_RETRY_DELAYS
    stop: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, kw_only=True)
class Permit:
    """What a person has said may happen: an edition that is `late`, one that some may have already (`again`), or one that the
    guards hold back (`anyway`).
    """

    late: bool = False
    again: bool = False
    anyway: bool = False


NO_PERMIT = Permit()


class Unwatched:
    """Progress that shows nothing."""

    def started(self, waiting: int) -> None:
        """Show nothing."""

    def answered(self, receipt: Receipt) -> None:
        """Show nothing."""

    def pausing(self, seconds: float, waiting: int) -> None:
        """Show nothing."""

"""One newsletter at work: its configuration, store and clock, and the line that runs on them."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from filelock import FileLock, Timeout

from digest.clock import Clock
from digest.collect import collect, taken_down
from digest.compose import Sender
from digest.config import Config, EditionPlan, split_mailbox
from digest.curate import Rules
from digest.editions import Calendar
from digest.errors import BusyError
from digest.fetch import Fetcher
from digest.judging import held_to
from digest.links import ReaderLinks
from digest.model import LOOKBACK, Article, Harvest, Slot
from digest.modes import PRIVATE, private_folder
from digest.publish import Line, begun, time_allowed
from digest.render import Design
from digest.sign import Signer
from digest.store import Frozen, Store
from digest.store.archive import ResponseCache
from digest.subscribers import FILE, Roll
from digest.witness import FILE as WITNESS
from digest.witness import Witness


@dataclass
class Works:
    """One newsletter, ready to run: its configuration, its store, its clock, and the line that runs on them."""

    config: Config
    store: Store
    clock: Clock
    cache: ResponseCache
    patience: Sequence[float] = (15.0, 60.0)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def roll_path(self) -> Path:
        """Where the subscribers are."""
        return self.config.root / FILE

    def roll(self) -> Roll:
        """The subscribers as the file has them now."""
        return Roll(self.roll_path)

    def design(self) -> Design:
        """The templates as they are now."""
        return Design(self.config.newsletter, [self.config.root / "templates"])

    def rules(self, plan: EditionPlan) -> Rules:
        """What an edition of a plan may hold, with the lists as they are now."""
        return Rules(
            newsletter=self.config.newsletter.name,
            articles=plan.articles,
            comments_per_article=plan.comments_per_article,
            standards=held_to(self.config.root),
            weights={plan.label: plan.weight for plan in self.config.sources},
        )

    async def collect(self, since: datetime, *, conditional: bool = False) -> Harvest:
        """What the sources say now; one that could not be read of late is asked from its last whole reading on."""
        archive = self.store.archive
        starts = {plan.label: archive.unread_since(plan.label, since) for plan in self.config.sources}
        async with self._fetcher() as fetcher:
            return await collect(self.config.sources, fetcher, starts, conditional=conditional)

    async def taken_down(self, articles: Sequence[Article], harvest: Harvest) -> Mapping[str, str]:
        """Why some articles are not on their site any more, by their ids."""
        async with self._fetcher() as fetcher:
            return await taken_down(articles, harvest, self.config.sources, fetcher)

    def _fetcher(self) -> Fetcher:
        agent = self.config.newsletter.site_url or self.config.newsletter.name
        return Fetcher(agent=f"+{agent}", cache=self.cache)

    async def gather(self, *, conditional: bool) -> Harvest:
        """Collect for the editions to come, and keep it."""
        now = self.clock()
        days = [(plan, day) for plan in self.config.editions for day in self._around(plan, now)]
        since = min(self.slot(plan, day).window.start for plan, day in days) - LOOKBACK
        harvest = await self.collect(since, conditional=conditional)
        self.store.archive.keep(harvest, now)
        return harvest

    def _around(self, plan: EditionPlan, now: datetime) -> tuple[date, date]:
        """The day of the edition that is due, and of the next one."""
        calendar = self.calendar(plan)
        return calendar.latest(now), next(calendar.upcoming(now))

    def unfinished(self) -> list[Frozen]:
        """The editions with messages still to send; those too old for a morning mail are closed instead."""
        now, open_ = self.clock(), []
        for frozen in self.store.ledger.unfinished():
            slot, answers = frozen.edition.slot, self.store.deliveries.answers(frozen.key)
            plan = self.plan_of(slot.name) or EditionPlan()
            if now - begun(slot, frozen) > time_allowed(self.line, plan, answers):
                self.store.ledger.finish(frozen.key, now)
            else:
                open_.append(frozen)
        return open_

    def calendar(self, plan: EditionPlan) -> Calendar:
        """The days of a plan."""
        return Calendar(plan, self.config.newsletter.timezone)

    def slot(self, plan: EditionPlan, day: date) -> Slot:
        """The edition of a local day, its window reaching back to the last one made before it."""
        calendar = self.calendar(plan)
        series = self.series[plan.name]
        return calendar.slot(day, self.store.ledger.horizon(series, calendar.cutoff(day)), series)

    @cached_property
    def series(self) -> dict[str, str]:
        """The lasting id of each plan's series of editions, by the plan's name."""
        plans = self.config.editions
        formerly = {plan.name: plan.formerly for plan in plans if plan.formerly is not None}
        return self.store.series.of([plan.name for plan in plans], formerly)

    def plan_of(self, series: str) -> EditionPlan | None:
        """The plan of a series; None for one that is published no more."""
        return next((plan for plan in self.config.editions if self.series[plan.name] == series), None)

    @cached_property
    def links(self) -> ReaderLinks:
        """The readers' own links."""
        public = (self.config.newsletter.public_url or "").rstrip("/")
        return ReaderLinks(public_url=public, secret=self.store.secret("readers"))

    @property
    def _bounce_address(self) -> str:
        return split_mailbox(self.config.bounces.address or "")[1]

    @cached_property
    def line(self) -> Line:
        """The line, fitted."""
        signers = tuple(Signer.load(key.domain, key.selector, key.key_file) for key in self.config.dkim)
        return Line(
            collect=self.collect,
            taken_down=self.taken_down,
            rules=self.rules,
            design=self.design,
            sender=Sender(newsletter=self.config.newsletter, links=self.links, signers=signers, bounces=self._bounce_address),
            smtp=self.config.smtp,
            bounces=self.config.bounces,
            guards=self.config.guards,
            roll=self.roll,
            store=self.store,
            witness=Witness(self.config.root / WITNESS),
            clock=self.clock,
            patience=self.patience,
            stop=self.stop,
        )

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Hold the lock without which nobody sends: the system frees it when a process dies, however it dies."""
        folder = self.config.root / "state"
        private_folder(folder)
        try:
            with FileLock(folder / "sending.lock", timeout=0, mode=PRIVATE):
                yield
        except Timeout as error:
            raise BusyError(
                "another digest is sending",
                thing=str(self.config.root),
                remedy="Let it finish; `digest status` shows how far it is.",
            ) from error

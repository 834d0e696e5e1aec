"""One open newsletter: its configuration, store and clock, the pipeline that runs on them, and the lock for sending."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path

from digest import config
from digest.clock import Clock
from digest.collect.calendar_events import calendar_events
from digest.collect.collector import article_at, collect, taken_down
from digest.collect.fetch import Fetcher
from digest.collect.pictures import measured
from digest.compose import MailingList, Sender
from digest.compose.dkim import Signer
from digest.compose.subscriber_links import SubscriberLinks
from digest.config import Config, EditionPlan, split_mailbox
from digest.config.file_permissions import tighten
from digest.curate import Rules
from digest.curate.judge import load_scoring_rules
from digest.deliver.retry import RUN_RETRY_DELAYS
from digest.edition.edition_calendar import EditionCalendar
from digest.edition.editor_file import editor_parts
from digest.edition.preflight import sendable_until
from digest.edition.readership import Readership, frequency_remark, readership
from digest.edition.second_opinion import second_opinion
from digest.edition.sending_lock import sending
from digest.edition.sent_log import LOG_FILE, SentLog
from digest.errors import ConfigError, DigestError
from digest.model import LOOKBACK, Article, Event, Harvest, Image, Slot
from digest.publish import Pipeline
from digest.render.design_files import DesignFiles
from digest.render.renderer import Design
from digest.store import FrozenEdition, Store
from digest.store.content import ResponseCache
from digest.subscribers import SUBSCRIBERS_FILE, SubscriberFile

log = logging.getLogger("digest")


@dataclass
class App:
    """One open newsletter, ready to run: its configuration, its store, its clock, and the pipeline that runs on them."""

    config: Config
    store: Store
    clock: Clock
    cache: ResponseCache
    retry_delays: Sequence[float] = RUN_RETRY_DELAYS
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    design_files: Callable[[], DesignFiles] | None = None  # where they are, if not in the newsletter's folder

    @property
    def subscriber_path(self) -> Path:
        """The path of the subscriber list."""
        return self.config.root / SUBSCRIBERS_FILE

    def subscriber_file(self) -> SubscriberFile:
        """Return the subscriber list as the file has it now."""
        return SubscriberFile(self.subscriber_path, frequency_remark=partial(frequency_remark, plans=self.config.editions))

    def adopt(self, config: Config) -> None:
        """Go on with other settings; what was made of those before is made anew when it is used."""
        self.config = config
        self.store.content.kept = config.retention.content
        for name in ("series", "pipeline", "links"):
            self.__dict__.pop(name, None)

    @property
    def own_files(self) -> DesignFiles:
        """Where the newsletter's own templates and words are."""
        return DesignFiles(templates=(self.config.root / "templates",), words=(self.config.root / "locale",))

    def design(self, files: DesignFiles | None = None) -> Design:
        """Return the design that the templates describe now."""
        files = files or (self.design_files() if self.design_files else self.own_files)
        web, plan, sections = self.config.web, self.config.design, self.config.sections
        return Design(
            self.config.newsletter,
            files,
            plan,
            sections,
            archive=web.archive,
            subscribe=web.subscribe,
            events_title=self.config.events.title if self.config.events else "",
        )

    def rules(self, plan: EditionPlan) -> Rules:
        """Return what an edition of a plan may hold, with the scoring rules as their files are now."""
        return Rules(
            newsletter=self.config.newsletter.name,
            articles=plan.articles,
            comments=plan.comments,
            comments_per_article=plan.comments_per_article,
            fill_to=plan.min_articles if plan.thin == "widen" else 0,
            talk_below=plan.min_articles if plan.thin == "short" else 0,
            scoring_rules=load_scoring_rules(self.config.root),
            source_weights={plan.label: plan.weight for plan in self.config.sources},
        )

    def readership(self, plan: EditionPlan) -> Readership:
        """Return who gets the editions of a plan."""
        return readership(plan, self.config.editions, self.series)

    async def collect(self, since: datetime, *, conditional: bool = False) -> Harvest:
        """Return what the sources say now; a source that failed lately is read from its last whole reading on."""
        content = self.store.content
        starts = {plan.label: content.unread_since(plan.label, since) for plan in self.config.sources}
        async with self._fetcher() as fetcher:
            return await collect(self.config.sources, fetcher, starts, conditional=conditional)

    async def taken_down(self, articles: Sequence[Article], harvest: Harvest) -> Mapping[str, str]:
        """Return, by id, why some of the articles are no longer on their site."""
        async with self._fetcher() as fetcher:
            return await taken_down(articles, harvest, self.config.sources, fetcher)

    async def story_at(self, url: str) -> Article:
        """Return the story at an address, on one's own site or any other; raise FetchError or SourceError if there is none."""
        async with self._fetcher() as fetcher:
            return await article_at(url, fetcher, self.config.private_hosts)

    async def events(self, slot: Slot) -> tuple[Event, ...]:
        """Return what is on from the day of an edition on, as the newsroom's calendar has it."""
        plan = self.config.events
        if plan is None:
            return ()
        async with self._fetcher() as fetcher:
            return await calendar_events(plan, self.config.root, slot.day, self.config.newsletter.timezone, fetcher)

    async def measured(self, images: Sequence[Image]) -> Mapping[str, Image]:
        """Return, by address, the pictures whose source does not tell their size, with it."""
        async with self._fetcher() as fetcher:
            return await measured(images, fetcher, self.config.private_hosts)

    def _fetcher(self) -> Fetcher:
        agent = self.config.newsletter.site_url or self.config.newsletter.name
        return Fetcher(agent=f"+{agent}", cache=self.cache)

    async def gather(self, *, conditional: bool) -> Harvest:
        """Collect for the coming editions, and store the harvest."""
        now = self.clock()
        days = [(plan, day) for plan in self.config.editions for day in self._days_around(plan, now)]
        since = min(self.slot(plan, day).window.start for plan, day in days) - LOOKBACK
        harvest = await self.collect(since, conditional=conditional)
        self.store.content.keep(harvest, now)
        return harvest

    def _days_around(self, plan: EditionPlan, now: datetime) -> tuple[date, date]:
        """Return the day of the edition that is due, and the day of the next one."""
        calendar = self.calendar(plan)
        return calendar.latest(now), next(calendar.upcoming(now))

    def unfinished(self) -> list[FrozenEdition]:
        """Return the editions with messages still to send; close those that are too old to be sent."""
        now, open_ = self.clock(), []
        for frozen in self.store.editions.unfinished():
            plan = self.plan_of(frozen.edition.slot.name) or EditionPlan()
            if now > sendable_until(self.pipeline, plan, frozen.edition.slot, frozen):
                self.store.editions.finish(frozen.key, now)
            else:
                open_.append(frozen)
        return open_

    def calendar(self, plan: EditionPlan) -> EditionCalendar:
        """Return the calendar of a plan."""
        return EditionCalendar(plan, self.config.newsletter.timezone)

    def slot(self, plan: EditionPlan, day: date) -> Slot:
        """Return the slot of a local day; its window reaches back to the last edition made before it."""
        calendar = self.calendar(plan)
        series = self.series[plan.name]
        return calendar.slot(day, self.store.editions.covered_until(series, calendar.cutoff(day)), series)

    def coming_slot(self, plan: EditionPlan) -> Slot:
        """Return the slot of the edition that is due, or of the next one if that is made, skipped or too late."""
        slot = self.slot(plan, self.calendar(plan).latest(self.clock()))
        over = self.store.editions.has_slot(slot.key) or self.clock() > plan.latest(slot)
        return self.slot(plan, next(self.calendar(plan).upcoming(self.clock()))) if over else slot

    @cached_property
    def series(self) -> dict[str, str]:
        """The lasting id of each plan's series of editions, by the plan's name."""
        plans = self.config.editions
        formerly = {plan.name: plan.formerly for plan in plans if plan.formerly is not None}
        return self.store.series.of([plan.name for plan in plans], formerly)

    def plan_of(self, series: str) -> EditionPlan | None:
        """Return the plan of a series; None if the series is no longer published."""
        return next((plan for plan in self.config.editions if self.series[plan.name] == series), None)

    @cached_property
    def links(self) -> SubscriberLinks:
        """The maker of each subscriber's own links."""
        public = (self.config.newsletter.public_url or "").rstrip("/")
        return SubscriberLinks(public_url=public, secret=self.store.secret("readers"))

    @property
    def _bounce_address(self) -> str:
        return split_mailbox(self.config.bounces.address or "")[1]

    @property
    def _mailing_list(self) -> MailingList:
        web, design = self.config.web, self.config.design
        return MailingList(id=design.list_id or "", public_url=self.links.public_url, subscribe=web.subscribe, archive=web.archive)

    @cached_property
    def pipeline(self) -> Pipeline:
        """The pipeline of this newsletter, ready to run."""
        judge, signers = self.config.judge, tuple(Signer.load(key.domain, key.selector, key.key_file) for key in self.config.dkim)
        return Pipeline(
            collect=self.collect,
            taken_down=self.taken_down,
            measured=self.measured,
            rules=self.rules,
            readership=self.readership,
            design=self.design,
            sender=Sender(
                newsletter=self.config.newsletter,
                links=self.links,
                signers=signers,
                mailing_list=self._mailing_list,
                bounce_address=self._bounce_address,
            ),
            smtp=self.config.smtp,
            bounces=self.config.bounces,
            guards=self.config.guards,
            subscriber_file=self.subscriber_file,
            store=self.store,
            events=self.events,
            editor_parts=partial(editor_parts, self.config.root),
            sent_log=SentLog(self.config.root / LOG_FILE),
            clock=self.clock,
            second_opinion=partial(second_opinion, judge, self.config.root) if judge else None,
            retry_delays=self.retry_delays,
            stop=self.stop,
        )

    def sending(self, wait: float = 0) -> AbstractContextManager[None]:
        """Hold the sending lock of this newsletter."""
        return sending(self.config.root, wait)


@contextmanager
def open_newsletter(root: Path, clock: Clock, *, retry_delays: Sequence[float] = RUN_RETRY_DELAYS) -> Iterator[App]:
    """Open the newsletter in a folder, and close it whatever happens."""
    settings = config.load(root)
    store = Store.open(settings.store.url, root)
    try:
        _check_owner(store, settings)
        if made_private := tighten(root):
            names = ", ".join(str(path.relative_to(root)) for path in made_private[:3]) + (", …" if len(made_private) > 3 else "")
            log.warning("others on this machine could read %s; now only you can", names)
        sent_log = SentLog(root / LOG_FILE)
        store.suppressions.listen(
            on_suppressed=lambda rows: sent_log.add_suppressed(rows, clock()),
            on_released=lambda email: sent_log.add_released(email, clock()),
        )
        store.content.kept = settings.retention.content
        yield App(settings, store, clock, ResponseCache(store.engine, clock), retry_delays)
    finally:
        store.close()


def _check_owner(store: Store, settings: Config) -> None:
    """Raise ConfigError if another folder's newsletter owns the store: two on one store would send each other's mail.

    A newsletter that has moved, or was restored elsewhere, keeps its store.
    """
    here = str(settings.root.resolve())
    owner = store.owner(here)
    if owner == here:
        return
    try:
        other = config.load(Path(owner))
    except DigestError:  # no newsletter is there any more
        other = None
    if other is not None and _database_named(other) == _database_named(settings):
        raise ConfigError(
            f"the store belongs to {other.newsletter.name}, in {owner}",
            thing="digest.toml: store.url",
            remedy="Give each newsletter a store of its own.",
        )
    store.take_over(here)


def _database_named(settings: Config) -> str:
    """Return the database that a store's URL names: a relative SQLite path is resolved in the newsletter's folder."""
    scheme, _, path = settings.store.url.partition(":///")
    return f"{scheme}:///{(settings.root / path).resolve()}" if scheme == "sqlite" else settings.store.url

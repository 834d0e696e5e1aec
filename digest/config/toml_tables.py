"""The tables of digest.toml: each key once, with its default and its check."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from digest.config.alarms_table import AlarmsPlan
from digest.config.design_table import DesignPlan, Section
from digest.config.desk_table import DeskPlan
from digest.config.events_table import EventsPlan
from digest.config.judge_table import JudgePlan
from digest.config.relays import Smtp
from digest.config.values import (
    Count,
    Days,
    DaySpans,
    Duration,
    HolidayCalendars,
    Hour,
    Lead,
    LinkParameter,
    Mailbox,
    Retention,
    Table,
    Wait,
    Web,
    Yes,
    Zone,
    split_mailbox,
)
from digest.errors import ConfigError
from digest.model import Slot

FILE = "digest.toml"


class Support(Table):
    """The appeal under the stories: one sentence, and the text and link of its button."""

    text: str
    url: Web
    button: str = ""  # “Support our work”, in the language of the mail, if empty


class Newsletter(Table):
    """The publisher, and what every edition says about them."""

    name: str = Field(min_length=1, max_length=200)
    sender: Mailbox = Field(alias="from")
    tagline: str = ""
    language: str = Field(default="en-GB", pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")
    reply_to: Mailbox | None = None
    site_url: Web | None = None
    public_url: Web | None = None
    timezone: Zone = Field(default=ZoneInfo("UTC"))
    postal_address: str = ""
    privacy_url: Web | None = None
    support: Support | None = None
    report_to: Mailbox | None = None
    share: tuple[Literal["email", "bluesky", "facebook", "linkedin", "mastodon", "whatsapp"], ...] = ("email",)
    image_hosts: tuple[str, ...] = ()
    link_parameters: Mapping[LinkParameter, str] = Field(default_factory=dict)  # on links to one's own site, such as utm_source
    topics: tuple[str, ...] = ()  # that subscribers may choose; the site's own sections if empty

    @property
    def address(self) -> str:
        """The bare address of `from`."""
        return split_mailbox(self.sender)[1]

    @property
    def domain(self) -> str:
        """The domain of `from`."""
        return self.address.rpartition("@")[2]


class CommentsPlan(Table):
    """Where a source's articles are discussed, if not on its own pages; comments are matched by the articles' addresses."""

    kind: str
    url: Web = ""
    key: str = ""  # for an API that needs one
    forum: str = ""  # a site's short name on Disqus
    options: Mapping[str, str | int | bool] = Field(default_factory=dict)  # specific to the kind


class SourcePlan(Table):
    """One place to read articles from."""

    kind: str
    url: Web
    name: str = ""
    key: str = ""  # for an API that needs one
    weight: float = Field(default=1.0, ge=0, le=100)  # of its articles, against those of other sources
    comments: CommentsPlan | None = None
    options: Mapping[str, str | int | bool] = Field(default_factory=dict)  # specific to the kind
    allow_private: Yes = False
    timezone: Zone | None = None  # of its dates without a zone; the newsletter's if not set
    language: str = ""  # of its dates, likewise

    @property
    def label(self) -> str:
        """The source's name in reports."""
        return self.name or self.url


class EditionPlan(Table):
    """When an edition comes out and how much it holds."""

    name: str = Field(default="weekday", pattern=r"^[a-z][a-z0-9-]{0,39}$")
    formerly: str | None = None  # its earlier name; needed only if several change their names at once
    title: str = Field(default="", max_length=80)  # what readers choose it by; its days if empty
    days: Days = frozenset(range(5))
    at: Hour = time(7)
    lead: Lead = timedelta()  # how long before `at` it closes
    holidays: HolidayCalendars = ()  # no edition on these
    closed: DaySpans = ()  # nor on these: one's own days off and recesses
    extra: DaySpans = ()  # and yet one on these
    readers: Literal["all", "chosen"] = "all"  # who gets it: all who have not chosen otherwise, or only those who chose it
    local_time: Yes = True  # readers with a time zone of their own get it at `at` where they are
    articles: Count = Field(default=8, ge=1, le=16)  # more do not fit into a mail that Gmail shows whole
    comments: Literal["automatic", "approved", "none"] = "automatic"
    comments_per_article: Count = Field(default=2, ge=0, le=5)
    min_articles: Count = Field(default=1, ge=1)
    thin: Literal["skip", "short", "widen"] = "skip"  # what becomes of a day with fewer articles than that
    late_after: Duration = timedelta(hours=6)
    approval: Literal["none", "unless-held", "required"] = "none"
    draft_at: Hour | None = None  # when the editors get the draft; half an hour before `at` if there are editors and it is not set

    @property
    def fewest(self) -> int:
        """The number of articles below which there is no edition."""
        return self.min_articles if self.thin == "skip" else 1

    def due(self, slot: Slot) -> datetime:
        """Return when the edition of a slot goes, unless an editor says otherwise: `lead` after its cut-off."""
        return slot.window.end + self.lead

    def latest(self, slot: Slot) -> datetime:
        """Return until when the edition of a slot may begin to go."""
        return self.due(slot) + self.late_after


class Dkim(Table):
    """A key that signs messages: RSA or Ed25519, in PEM."""

    domain: str
    selector: str
    key_file: Path


class StoreConfig(Table):
    """Where the database is kept."""

    url: str = "sqlite:///state/digest.db"


class WebPlan(Table):
    """Where `digest run` listens for the reader pages, and which of them it serves."""

    host: str = "127.0.0.1"
    port: Count = Field(default=8025, ge=0, le=65535)
    proxies: Count = Field(default=1, ge=0, le=5)  # reverse proxies in front, which are trusted on a visitor's address
    subscribe: Yes = True
    archive: Yes = True
    welcome: Yes = True  # whether whoever confirms gets a welcome
    indexed: Yes = False  # whether search engines may show the start page and the archive


WebhookProvider = Literal["ses", "postmark", "mailgun", "sendgrid", "brevo"]
"""The providers that `bounces.providers` reads."""


class Webhook(Table):
    """What a provider's requests are checked against: a key, a user and password, or the topic of Amazon SNS."""

    key: str = ""
    key_file: Path | None = None
    user: str = ""
    password: str = Field(default="", repr=False)
    password_file: Path | None = None
    topic: str = ""


class Bounces(Table):
    """Where bounces arrive, how they are read, and how many of a full mailbox are allowed."""

    address: Mailbox | None = None
    mailbox: str = ""  # maildir:PATH, mbox:PATH, or imaps://user@host/INBOX
    password_file: Path | None = None
    password: str = Field(default="", repr=False, exclude=True)
    every: Duration = timedelta(minutes=5)
    soft_limit: Count = Field(default=5, ge=1)  # bounces of a full or disabled mailbox within `soft_within`
    soft_within: Duration = timedelta(days=30)
    webhooks: Mapping[WebhookProvider, Webhook] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_mailbox(self) -> Self:
        scheme, _, path = self.mailbox.partition(":")
        if not self.mailbox or (scheme in {"maildir", "mbox"} and path):
            return self
        parts = urlsplit(self.mailbox)
        if scheme not in {"imap", "imaps"} or not parts.hostname or parts.port == 0:
            raise ValueError("mailbox: must look like maildir:PATH, mbox:PATH or imaps://user@host/INBOX")
        if parts.password:
            raise ValueError("mailbox: must not contain a password; set DIGEST_IMAP_PASSWORD instead")
        return self


class Guards(Table):
    """Limits that hold an edition until somebody has looked: shares of the list, and `few` as a number."""

    shrink: float = Field(default=0.2, ge=0, le=1)
    grow: float = Field(default=0.5, ge=0)
    few: Count = Field(default=50, ge=0)  # subscribers more or fewer that need no look
    bounced: float = Field(default=0.05, gt=0, le=1)
    complained: float = Field(default=0.003, gt=0, le=1)


class RetentionPlan(Table):
    """How long things are kept. Opt-outs, consents and editions are kept for good."""

    content: Retention = timedelta(days=30)  # articles and comments
    receipts: Retention = timedelta(days=30)  # of each delivery; then only who got it, and what went wrong
    history: Retention | None = None  # what happened to an address, but for consents; for good if it is not set


class MetricsPlan(Table):
    """Where `digest run` tells a monitor its numbers, on an address of its own."""

    host: str = "127.0.0.1"
    port: Count = Field(default=9464, ge=0, le=65535)


class Config(Table):
    """Everything that the operator sets for a newsletter."""

    root: Path = Field(exclude=True)  # set by the loader
    newsletter: Newsletter
    sources: tuple[SourcePlan, ...] = Field(min_length=1)
    editions: tuple[EditionPlan, ...] = (EditionPlan(),)
    smtp: Smtp = Smtp()
    dkim: tuple[Dkim, ...] = ()
    store: StoreConfig = StoreConfig()
    web: WebPlan = WebPlan()
    bounces: Bounces = Bounces()
    guards: Guards = Guards()
    judge: JudgePlan | None = None
    desk: DeskPlan = DeskPlan()
    alarms: AlarmsPlan = AlarmsPlan()
    metrics: MetricsPlan | None = None
    retention: RetentionPlan = RetentionPlan()
    design: DesignPlan = DesignPlan()
    sections: tuple[Section, ...] = ()
    events: EventsPlan | None = None
    collect_every: Duration = timedelta(minutes=30)
    drain: Wait = timedelta(seconds=30)  # how long a service that is asked to stop finishes what it has begun

    @model_validator(mode="after")
    def _check_edition_names(self) -> Self:
        names = [plan.name for plan in self.editions]
        if len(set(names)) < len(names) or not names:
            raise ValueError("editions: each needs a unique name")
        return self

    @property
    def private_hosts(self) -> frozenset[str]:
        """The hosts of sources that may be on this machine or a private network."""
        return frozenset(urlsplit(source.url).hostname or "" for source in self.sources if source.allow_private)

    def with_theme(self, theme: str) -> Self:
        """Return the same with another theme."""
        return self.model_copy(update={"design": self.design.model_copy(update={"theme": theme})})

    def edition(self, name: str | None) -> EditionPlan:
        """Return the plan of that name, or the first if `name` is None; raise ConfigError if there is no such plan."""
        for plan in self.editions:
            if name in {None, plan.name}:
                return plan
        known = ", ".join(plan.name for plan in self.editions)
        raise ConfigError(f"no edition named {name!r}", thing=FILE, remedy=f"Editions: {known}.")

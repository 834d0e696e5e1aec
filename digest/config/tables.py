"""The tables of digest.toml: every key with its default and its check, once."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Literal, Self
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from digest.config.values import Count, Days, Duration, Hour, Mailbox, Rate, Web, Yes, Zone
from digest.errors import ConfigError

FILE = "digest.toml"


class Table(BaseModel):
    """A table that knows all its keys and never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=True)


class Support(Table):
    """The appeal under the stories: one sentence and where its button leads."""

    text: str
    url: Web
    button: str = "Support our work"


class Newsletter(Table):
    """Who publishes, and what every edition says of them."""

    name: str = Field(min_length=1, max_length=200)
    sender: Mailbox = Field(alias="from")
    tagline: str = ""
    language: str = Field(default="en-GB", pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")
    reply_to: Mailbox | None = None
    site_url: Web | None = None
    public_url: Web | None = None
    timezone: Zone = Field(default=ZoneInfo("UTC"))
    postal_address: str = ""
    support: Support | None = None
    report_to: Mailbox | None = None
    share: tuple[Literal["email", "bluesky", "facebook", "linkedin", "mastodon", "whatsapp"], ...] = ("email",)
    image_hosts: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The bare address of `from`."""
        return parseaddr(self.sender)[1]

    @property
    def domain(self) -> str:
        """The domain of `from`."""
        return self.address.rpartition("@")[2]


class CommentsPlan(Table):
    """Where a source's articles are discussed, if not on its own pages; matched by the articles' addresses."""

    kind: str
    url: Web = ""
    key: str = ""  # of an API that wants one
    forum: str = ""  # a site's short name on Disqus
    options: Mapping[str, str | int | bool] = Field(default_factory=dict)  # a kind's own


class SourcePlan(Table):
    """One place to read articles from."""

    kind: str
    url: Web
    name: str = ""
    key: str = ""  # of an API that wants one
    weight: float = Field(default=1.0, ge=0, le=100)  # its articles' among those of the other sources
    comments: CommentsPlan | None = None
    options: Mapping[str, str | int | bool] = Field(default_factory=dict)  # a kind's own
    allow_private: Yes = False

    @property
    def label(self) -> str:
        """What reports call it."""
        return self.name or self.url


class EditionPlan(Table):
    """When an edition comes out and how much it holds."""

    name: str = Field(default="weekday", pattern=r"^[a-z][a-z0-9-]{0,39}$")
    days: Days = frozenset(range(5))
    at: Hour = time(7)
    holidays: str | None = Field(default=None, pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")
    articles: Count = Field(default=8, ge=1, le=16)  # more do not fit into a mail that Gmail shows whole
    comments_per_article: Count = Field(default=2, ge=0, le=5)
    min_articles: Count = Field(default=1, ge=1)
    late_after: Duration = timedelta(hours=6)
    approval: Literal["none"] = "none"


class WarmUp(Table):
    """A new sending domain earns its name: so many messages on its first day, and each day so many times more.

    What a day does not allow goes by another relay, or later.
    """

    since: date
    first: Count = Field(default=200, ge=1)
    growth: float = Field(default=1.5, ge=1, le=10)

    def allowance(self, day: date) -> int | None:
        """How many messages may go on a day; None where the plan has outgrown every list."""
        grown = self.first * self.growth ** min(max(0, (day - self.since).days), 365)
        return int(grown) if grown < 10**8 else None


class Relay(Table):
    """A server that takes mail from us; its password comes from the environment or `password_file`."""

    name: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,40}$")
    url: str = "smtp://localhost:25"
    connections: Count = Field(default=10, ge=1, le=200)
    rate: Rate | None = None
    messages_per_connection: Count = Field(default=0, ge=0)  # 0: as many as there are
    window: Count = Field(
        default=1, ge=1, le=32
    )  # messages of one connection that a kill may double: on their way, or not yet recorded
    priority: Count = Field(default=1, ge=1, le=100)  # 1 carries; 2 stands in where no 1 can
    weight: Count = Field(default=1, ge=1, le=1000)  # its share among those of the same priority
    warm_up: WarmUp | None = None
    ca_file: Path | None = None
    password_file: Path | None = None
    password: str = Field(default="", repr=False, exclude=True)

    @model_validator(mode="after")
    def _usable(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in {"smtp", "smtp+starttls", "smtps"} or not parts.hostname:
            raise ValueError("url: write smtp://host:25, smtp+starttls://user@host:587 or smtps://user@host:465")
        if parts.password:
            raise ValueError("url: keep the password out of the file; set DIGEST_SMTP_PASSWORD")
        if parts.username and parts.scheme == "smtp" and not self.local:
            raise ValueError("url: a login over plain smtp:// would be readable on the way; use smtp+starttls://")
        return self

    @property
    def label(self) -> str:
        """What reports call it."""
        return self.name or self.host

    @property
    def tls(self) -> Literal["none", "starttls", "implicit"]:
        """How the connection is protected."""
        scheme = urlsplit(self.url).scheme
        return "implicit" if scheme == "smtps" else "starttls" if scheme == "smtp+starttls" else "none"

    @property
    def host(self) -> str:
        """The relay's host name or address."""
        return urlsplit(self.url).hostname or ""

    @property
    def local(self) -> bool:
        """Whether the relay is this machine."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")

    @property
    def port(self) -> int:
        """The relay's port; the scheme's own where the URL has none."""
        return urlsplit(self.url).port or {"none": 25, "starttls": 587, "implicit": 465}[self.tls]

    @property
    def user(self) -> str:
        """The login's name, or an empty string."""
        return unquote(urlsplit(self.url).username or "")


class Smtp(Relay):
    """How the mail leaves: one relay, described here, or several under `relays`."""

    relays: tuple[Relay, ...] = ()
    domain_rates: dict[str, Rate] = Field(default_factory=dict)  # by the domain of the recipient
    in_doubt: Literal["resend", "hold"] = "resend"  # what may have arrived, and nobody knows
    give_up_after: Duration = timedelta(hours=10)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        own = sorted(self.model_fields_set & set(Relay.model_fields))
        if self.relays and own:
            raise ValueError(f"{own[0]}: belongs into each [[smtp.relays]] table where there are several relays")
        labels = [relay.label for relay in self.relays]
        if len(set(labels)) < len(labels):
            raise ValueError("relays: give each a name of its own")
        return self

    @property
    def fleet(self) -> tuple[Relay, ...]:
        """All relays."""
        return self.relays or (self,)


class Dkim(Table):
    """The key that signs; RSA or Ed25519, in PEM."""

    domain: str
    selector: str
    key_file: Path


class Store(Table):
    """Where the ledger is kept."""

    url: str = "sqlite:///state/digest.db"


class WebPlan(Table):
    """Where `digest run` listens for the reader's pages."""

    host: str = "127.0.0.1"
    port: Count = Field(default=8025, ge=0, le=65535)


class Config(Table):
    """Everything a newsletter is told by its operator."""

    root: Path
    newsletter: Newsletter
    sources: tuple[SourcePlan, ...] = Field(min_length=1)
    editions: tuple[EditionPlan, ...] = (EditionPlan(),)
    smtp: Smtp = Smtp()
    dkim: tuple[Dkim, ...] = ()
    store: Store = Store()
    web: WebPlan = WebPlan()
    collect_every: Duration = timedelta(minutes=30)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [plan.name for plan in self.editions]
        if len(set(names)) < len(names) or not names:
            raise ValueError("editions: each [[editions]] table needs a name of its own")
        return self

    def edition(self, name: str | None) -> EditionPlan:
        """The plan of that name; without a name, the first."""
        for plan in self.editions:
            if name in {None, plan.name}:
                return plan
        known = ", ".join(plan.name for plan in self.editions)
        raise ConfigError(f"no edition is called {name!r}", thing=FILE, remedy=f"There is: {known}.")

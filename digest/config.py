"""`digest.toml` and the environment → one frozen `Config`; every key has its default and its check here."""

import difflib
import os
import tomllib
from collections.abc import Iterator
from datetime import time, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from digest.errors import ConfigError

FILE = "digest.toml"
_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=True)


def _weekdays(value: object) -> frozenset[int]:
    """`mon-fri` or `mon,wed` → the numbers of the days, Monday 0."""
    found: set[int] = set()
    for part in str(value).lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in _WEEK or (last or first) not in _WEEK:
            raise ValueError("write days like mon-fri or mon,wed,fri")
        a, b = _WEEK.index(first), _WEEK.index(last or first)
        found |= {day % 7 for day in range(a, b + 1 if b >= a else b + 8)}
    return frozenset(found)


def _duration(value: object) -> timedelta:
    """`4h`, `90m`, `30s`, `2d` → a span of time."""
    text = str(value).strip().lower()
    if not text[:-1].isdigit() or text[-1:] not in _UNITS:
        raise ValueError("write a duration like 90m, 4h or 2d")
    return timedelta(seconds=int(text[:-1]) * _UNITS[text[-1]])


def _rate(value: object) -> float:
    """`50/s`, `600/m`, `5000/h` → messages a second."""
    count, _, unit = str(value).replace(" ", "").partition("/")
    if not count.isdigit() or not int(count) or unit not in _UNITS:
        raise ValueError("write a rate like 50/s or 600/m")
    return int(count) / _UNITS[unit]


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(value))
    except (OSError, ValueError, KeyError) as error:
        raise ValueError("not a time zone; write it like Europe/London") from error


def _web(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("write a full address that begins with https:// (or http://)")
    return value


def _mailbox(value: str) -> str:
    _, address = parseaddr(value)
    if "@" not in address.strip("@") or any(ord(letter) < 32 for letter in value):
        raise ValueError('write it like "The Gazette <daily@gazette.example>"')
    return value


Web = Annotated[str, AfterValidator(_web)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Rate = Annotated[float, BeforeValidator(_rate)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Days = Annotated[frozenset[int], BeforeValidator(_weekdays)]


class Support(_Table):
    """The appeal under the stories: one sentence and where its button leads."""

    text: str
    url: Web
    button: str = "Support our work"


class Newsletter(_Table):
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


class SourcePlan(_Table):
    """One place to read articles from."""

    kind: str
    url: Web
    name: str = ""
    allow_private: bool = False

    @property
    def label(self) -> str:
        """What reports call it."""
        return self.name or self.url


class EditionPlan(_Table):
    """When an edition comes out and how much it holds."""

    name: str = Field(default="weekday", pattern=r"^[a-z][a-z0-9-]{0,39}$")
    days: Days = frozenset(range(5))
    at: time = time(7)
    holidays: str | None = Field(default=None, pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")
    articles: int = Field(default=8, ge=1, le=30)
    comments_per_article: int = Field(default=2, ge=0, le=5)
    min_articles: int = Field(default=1, ge=1)
    late_after: Duration = timedelta(hours=6)
    approval: Literal["none"] = "none"


class Smtp(_Table):
    """The relay; the password comes from DIGEST_SMTP_PASSWORD or `password_file`."""

    url: str = "smtp://localhost:25"
    connections: int = Field(default=10, ge=1, le=200)
    rate: Rate | None = None
    ca_file: Path | None = None
    password_file: Path | None = None
    password: str = Field(default="", repr=False, exclude=True)
    give_up_after: Duration = timedelta(hours=10)

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


class Dkim(_Table):
    """The key that signs; RSA or Ed25519, in PEM."""

    domain: str
    selector: str
    key_file: Path


class Store(_Table):
    """Where the ledger is kept."""

    url: str = "sqlite:///state/digest.db"


class WebPlan(_Table):
    """Where `digest run` listens for the reader's pages."""

    host: str = "127.0.0.1"
    port: int = Field(default=8025, ge=0, le=65535)


class Config(_Table):
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


def load(root: Path) -> Config:
    """Read and check `digest.toml` of a newsletter's folder."""
    path = root / FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(
            "no newsletter here", thing=str(path), remedy="Make one with `digest init DIR`, or name its folder with -C DIR."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"not valid TOML: {error}", thing=str(path)) from error
    if isinstance(data.get("dkim"), dict):  # one [dkim] table, or [[dkim]] for a key of each kind
        data["dkim"] = [data["dkim"]]
    try:
        return _with_secrets(Config(root=root, **data))
    except ValidationError as error:
        raise ConfigError("; ".join(_complaints(error)), thing=FILE) from error


def _with_secrets(config: Config) -> Config:
    """Paths made absolute, and the password fetched from where the operator keeps it."""
    smtp, root = config.smtp, config.root
    password = os.environ.get("DIGEST_SMTP_PASSWORD", "")
    if smtp.password_file and not password:
        password = _read(root / smtp.password_file, "smtp.password_file").strip()
    smtp = smtp.model_copy(update={"password": password, "ca_file": smtp.ca_file and root / smtp.ca_file})
    dkim = tuple(key.model_copy(update={"key_file": root / key.key_file}) for key in config.dkim)
    return config.model_copy(update={"smtp": smtp, "dkim": dkim})


def _read(path: Path, key: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", thing=f"{FILE}: {key}") from error


def _complaints(error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        where = ".".join(str(part + 1) if isinstance(part, int) else part for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            yield f"unknown key {where}{_suggestion(problem['loc'])}"
        elif problem["type"] == "missing":
            yield f"{where} is missing; every newsletter needs it"
        else:
            yield f"{where or 'file'}: {problem['msg'].removeprefix('Value error, ')}{_given(problem['input'])}"


def _given(value: object) -> str:
    return f" (it says {value!r})" if isinstance(value, str | int | float | bool) else ""


def _suggestion(place: tuple[int | str, ...]) -> str:
    """`; did you mean from?` where a known key of the same table is near."""
    tables: dict[str, type[_Table]] = {
        "newsletter": Newsletter, "support": Support, "sources": SourcePlan, "editions": EditionPlan,
        "smtp": Smtp, "dkim": Dkim, "store": Store, "web": WebPlan,
    }  # fmt: skip
    parents = [part for part in place[:-1] if isinstance(part, str)]
    table = tables.get(parents[-1], Config) if parents else Config
    known = [field.alias or name for name, field in table.model_fields.items() if name not in {"root", "password"}]
    near = difflib.get_close_matches(str(place[-1]), known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; this table knows {', '.join(sorted(known))}"

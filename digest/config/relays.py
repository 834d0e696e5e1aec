"""The tables for outgoing mail: `[smtp]`, its `[[smtp.relays]]` and their warm-up."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, model_validator

from digest.config.values import Count, Duration, Rate, Table

_HELO = (
    r"^$|^[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$|^\[[0-9A-Fa-f:.]+\]$"  # RFC 5321, 4.1.1.1: a full name or an address literal
)


class WarmUp(Table):
    """The warm-up that earns a new sending domain a reputation: `first` messages on day one, `growth` times as many each day after.

    Messages above a day's limit go by another relay, or later.
    """

    since: date
    first: Count = Field(default=200, ge=1)
    growth: float = Field(default=1.5, ge=1, le=10)

    def allowance(self, day: date) -> int | None:
        """Return how many messages may go on a day, or None if the plan has outgrown every list."""
        grown = self.first * self.growth ** min(max(0, (day - self.since).days), 365)
        return int(grown) if grown < 10**8 else None


class Relay(Table):
    """A server that takes mail from us; its password comes from the environment or `password_file`."""

    name: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,40}$")
    url: str = "smtp://localhost:25"
    connections: Count = Field(default=10, ge=1, le=200)
    rate: Rate | None = None
    messages_per_connection: Count = Field(default=0, ge=0)  # 0: no limit
    window: Count = Field(
        default=1, ge=1, le=32
    )  # messages of one connection that may come twice after a kill: on their way, or not yet recorded
    priority: Count = Field(default=1, ge=1, le=100)  # 2 is used only if no relay with 1 can send
    weight: Count = Field(default=1, ge=1, le=1000)  # its share among relays of the same priority
    warm_up: WarmUp | None = None
    ca_file: Path | None = None
    helo: str = Field(default="", pattern=_HELO)  # the name by which we greet it; the domain of `from` if empty
    greeting_timeout: Duration = timedelta(minutes=5)  # for the relay's greeting (RFC 5321, section 4.5.3.2.1)
    token_command: str = ""  # prints an OAuth access token, for a relay that wants XOAUTH2 or OAUTHBEARER
    token_file: Path | None = None  # or a file that holds one
    password_file: Path | None = None
    password: str = Field(default="", repr=False, exclude=True)

    @model_validator(mode="after")
    def _check_url(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in {"smtp", "smtp+starttls", "smtps"} or not parts.hostname or parts.port == 0:
            raise ValueError("url: must look like smtp://host:25, smtp+starttls://user@host:587 or smtps://user@host:465")
        if parts.password:
            raise ValueError("url: must not contain a password; set DIGEST_SMTP_PASSWORD instead")
        if parts.username and parts.scheme == "smtp" and not self.local:
            raise ValueError("url: plain smtp:// would send the password unencrypted; use smtp+starttls://")
        return self

    @property
    def label(self) -> str:
        """The relay's name in reports."""
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
        """Whether the relay is on this machine."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")

    @property
    def port(self) -> int:
        """The relay's port; the scheme's default if the URL has none."""
        return urlsplit(self.url).port or {"none": 25, "starttls": 587, "implicit": 465}[self.tls]

    @property
    def user(self) -> str:
        """The user name for the login, or an empty string."""
        return unquote(urlsplit(self.url).username or "")


class Smtp(Relay):
    """How mail leaves: by one relay, described here, or by several under `relays`."""

    relays: tuple[Relay, ...] = ()
    domain_rates: dict[str, Rate] = Field(default_factory=dict)  # by the recipient's domain
    in_doubt: Literal["resend", "hold"] = "resend"  # for unconfirmed messages, which may have arrived
    give_up_after: Duration = timedelta(hours=10)

    @model_validator(mode="after")
    def _check_relays(self) -> Self:
        own = sorted(self.model_fields_set & set(Relay.model_fields))
        if self.relays and own:
            raise ValueError(f"{own[0]}: move it into each [[smtp.relays]] table")
        labels = [relay.label for relay in self.relays]
        if len(set(labels)) < len(labels):
            raise ValueError("relays: each needs a unique name")
        return self

    @property
    def fleet(self) -> tuple[Relay, ...]:
        """All relays."""
        return self.relays or (self,)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayLimit:
    """The limits that a relay has shown: messages a second, connections at once, messages per connection; 0 for any number."""

    rate: float = 0.0
    connections: int = 0
    messages: int = 0

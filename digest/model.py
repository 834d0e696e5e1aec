"""The frozen values that flow down the line: collect → curate → render → compose → deliver.

All text is plain text (never HTML); every instant is an aware datetime in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, NamedTuple

NOTHING: Mapping[str, str] = MappingProxyType({})
LOOKBACK = timedelta(days=2)  # how far before a window is still read with comments, for articles that come in late
LATEST = timedelta(
    days=21
)  # how old an article's date may be that is seen for the first time: later it is an old page, and no news
UNDATED = datetime(
    1, 1, 1, tzinfo=UTC
)  # `published` of an article whose source tells no date, until it is known when it was first seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The half-open span of time `start <= t < end` that one edition covers."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture on the newsroom's own host; width and height in pixels, 0 when unknown."""

    url: str
    alt: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One published article as its source tells it."""

    id: str
    source: str
    url: str
    title: str
    published: datetime
    updated: datetime
    author: str = ""
    summary: str = ""
    body_text: str = ""
    image: Image | None = None
    topics: tuple[str, ...] = ()
    comment_count: int | None = None
    access: Literal["public", "members", "protected"] = "public"
    guessed: bool = False  # the source tells no date that can be read: `published` is when it was first seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One reader's comment; `up` and `down` are None where the source has no votes, `place` where it has no order of its own."""

    id: str
    article_id: str
    author: str
    text: str
    written: datetime
    url: str
    parent_id: str | None = None
    up: int | None = None
    down: int | None = None
    replies: int = 0
    links: int = 0  # in its HTML, whether its text shows them or not
    place: int | None = None
    kind: Literal["comment", "pingback"] = "comment"
    state: Literal["approved", "held", "spam", "deleted"] = "approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One source that could not be read, told so that a person can act on it."""

    source: str
    reason: str

    def __str__(self) -> str:
        return self.reason if self.source in self.reason else f"{self.source}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadCoverage:
    """A promise: every comment of the article written since then is in the harvest, so that a missing one was removed."""

    article_id: str
    whole_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """What one reading of the sources brought: articles, their comments, what failed, and which sources were read whole.

    `older` are articles dated before the instant asked for, without comments: one that nobody has seen before came in late.
    `sighted` are ids of older ones that are there and were not read.
    `looked` says by which of its lists a source's older articles were looked for: one list may reach further than another.
    `listed` are the sources that told of everything they have since an instant, so that an article that is missing was taken down.
    """

    articles: tuple[Article, ...] = ()
    older: tuple[Article, ...] = ()
    sighted: tuple[str, ...] = ()
    comments: tuple[Comment, ...] = ()
    threads: tuple[ThreadCoverage, ...] = ()
    failures: tuple[Failure, ...] = ()
    read: tuple[str, ...] = ()
    listed: tuple[tuple[str, datetime], ...] = ()
    looked: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: "Harvest") -> "Harvest":
        return Harvest(
            articles=self.articles + other.articles,
            older=self.older + other.older,
            sighted=self.sighted + other.sighted,
            comments=self.comments + other.comments,
            threads=self.threads + other.threads,
            failures=self.failures + other.failures,
            read=self.read + other.read,
            listed=self.listed + other.listed,
            looked=self.looked + other.looked,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A comment chosen for print, with the words of the comment it answers, if it answers one."""

    comment: Comment
    excerpt: str
    score: float
    reasons: tuple[str, ...] = ()
    parent_author: str = ""
    parent_excerpt: str = ""


class ArticleSigns(NamedTuple):
    """What an article is known again by; title and opening as words in small letters (see `digest.text.same_article`)."""

    id: str
    address: str
    anchor: str = ""
    title: str = ""
    opening: str = ""
    published: datetime | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An article or comment that is not printed, and why; where that is not `final` an article may come in a later edition."""

    kind: Literal["article", "comment"]
    id: str
    label: str
    url: str
    reason: str
    final: bool = True
    told: ArticleSigns | None = field(default=None, compare=False)  # of an article


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An article as it stands in an edition; position 0 leads."""

    article: Article
    position: int
    picks: tuple[Pick, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A place in the calendar: which edition, on which local day, over which window."""

    name: str
    day: date
    window: Window

    @property
    def key(self) -> str:
        """The edition's lasting name, as in `weekday-2026-11-24`."""
        return f"{self.name}-{self.day.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The day's selection, complete and in order; `number` counts the editions made so far."""

    newsletter: str
    slot: Slot
    number: int
    stories: tuple[Story, ...]
    left_out: tuple[LeftOut, ...]
    frozen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """An edition in words; reader's parts are still marks (see `digest.text.placeholders`)."""

    subject: str
    preheader: str
    html: str
    text: str


class Subscriber(NamedTuple):
    """One row of the subscriber list; `line` is its place in the file. A named tuple: a million are made in a second."""

    email: str
    name: str = ""
    status: str = "active"
    topics: tuple[str, ...] = ()
    timezone: str = ""
    language: str = ""
    frequency: str = ""
    joined: str = ""
    paused_until: date | None = None
    line: int = 0
    extra: Mapping[str, str] = NOTHING

    def standing(self, day: date) -> str:
        """The status on a day: a pause ends on its date, and one may lie ahead."""
        if self.paused_until is None or self.status not in {"active", "paused"}:
            return self.status
        return "paused" if day < self.paused_until else "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A reader on an edition's frozen list; `id` is the same for an address in every edition.

    `variant` names the version of the edition that they get; `extra` holds those of their own columns that templates speak of.
    """

    id: int
    email: str
    name: str = ""
    attempts: int = 0
    variant: str = ""
    extra: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A complete message for one recipient: CRLF line ends, signed where keys are set; `dots`: a line may begin with one.

    `envelope` is where its bounces go, the sender's own address where it is empty (RFC 5321, section 4.4).
    """

    recipient: Recipient
    message_id: str
    raw: bytes
    dots: bool = True
    envelope: str = ""


class Outcome(StrEnum):
    """What became of one message at the relay."""

    SENT = "sent"
    REFUSED = "refused"  # permanent
    DEFERRED = "deferred"  # temporary
    UNKNOWN = "unknown"  # the connection died after the final dot


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The relay's answer for one recipient; `code` is 0 where it never answered, `retry_at` None where no retry is due.

    `status` is the enhanced status code (RFC 3463), where the answer has one.
    """

    recipient: Recipient
    message_id: str
    outcome: Outcome
    code: int
    reply: str
    relay: str
    at: datetime
    status: str = ""
    retry_at: datetime | None = None

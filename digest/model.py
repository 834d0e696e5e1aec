"""The frozen values that flow through the pipeline: collect → curate → render → compose → deliver.

All text is plain text (never HTML); every instant is an aware datetime in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, NamedTuple

NOTHING: Mapping[str, str] = MappingProxyType({})
LOOKBACK = timedelta(days=2)  # how far before a window sources are read with comments, to find late articles
MAX_LATENESS = timedelta(days=21)  # how old a late article may be when it is first seen; an older one is an old page, not news
UNDATED = datetime(1, 1, 1, tzinfo=UTC)  # `published` of an article without a date, until its first sighting is looked up


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
    """One published article, as its source describes it."""

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
    guessed: bool = False  # the source gives no readable date: `published` is when the article was first seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One reader's comment; `up` and `down` are None if the source has no votes, `place` if it has no order of its own."""

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
    links: int = 0  # in its HTML, whether or not its text shows them
    place: int | None = None
    kind: Literal["comment", "pingback"] = "comment"
    state: Literal["approved", "held", "spam", "deleted"] = "approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One source that could not be read, described so that a person can act on it."""

    source: str
    reason: str

    def __str__(self) -> str:
        return self.reason if self.source in self.reason else f"{self.source}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadCoverage:
    """A promise that the harvest has every comment on the article since `complete_since`, so that a missing one was removed."""

    article_id: str
    complete_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """The result of one reading of the sources: articles, comments, failures, and the sources that were read whole (`read`).

    `older` are articles dated before the requested instant, without comments; one that was never seen before came in late.
    `older_ids` are ids of older articles that are on their site and were not read.
    `older_lists` has the list in which a source's older articles were looked for: one list may reach further back than another.
    `listed` has the sources that listed everything since an instant, so that a missing article was taken down.
    """

    articles: tuple[Article, ...] = ()
    older: tuple[Article, ...] = ()
    older_ids: tuple[str, ...] = ()
    comments: tuple[Comment, ...] = ()
    threads: tuple[ThreadCoverage, ...] = ()
    failures: tuple[Failure, ...] = ()
    read: tuple[str, ...] = ()
    listed: tuple[tuple[str, datetime], ...] = ()
    older_lists: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: "Harvest") -> "Harvest":
        return Harvest(
            articles=self.articles + other.articles,
            older=self.older + other.older,
            older_ids=self.older_ids + other.older_ids,
            comments=self.comments + other.comments,
            threads=self.threads + other.threads,
            failures=self.failures + other.failures,
            read=self.read + other.read,
            listed=self.listed + other.listed,
            older_lists=self.older_lists + other.older_lists,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A comment chosen for an edition, with an excerpt of the comment that it answers, if any."""

    comment: Comment
    excerpt: str
    score: float
    reasons: tuple[str, ...] = ()
    parent_author: str = ""
    parent_excerpt: str = ""


class ArticleSigns(NamedTuple):
    """What identifies an article when it is seen again (`text.article_identity`); title and opening are lower-case words."""

    id: str
    address: str
    anchor: str = ""
    title: str = ""
    opening: str = ""
    published: datetime | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An article or comment that is left out, and why; if that is not `final`, the article may go into a later edition."""

    kind: Literal["article", "comment"]
    id: str
    label: str
    url: str
    reason: str
    final: bool = True
    signs: ArticleSigns | None = field(default=None, compare=False)  # only of an article


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An article in an edition, with its picks; position 0 is the lead."""

    article: Article
    position: int
    picks: tuple[Pick, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A place in the calendar: the series (`name`), the local day and the window of an edition."""

    name: str
    day: date
    window: Window

    @property
    def key(self) -> str:
        """The edition's permanent key, such as `weekday-2026-11-24`."""
        return f"{self.name}-{self.day.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One day's selection, complete and in order; `number` counts the editions made so far."""

    newsletter: str
    slot: Slot
    number: int
    stories: tuple[Story, ...]
    left_out: tuple[LeftOut, ...]
    frozen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The HTML and text of an edition, with placeholders for each recipient's parts (see `digest.text.placeholders`)."""

    subject: str
    preheader: str
    html: str
    text: str


class Subscriber(NamedTuple):
    """One row of the subscriber list; `line` is its line in the file. A named tuple, because a million are made in a second."""

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

    def status_on(self, day: date) -> str:
        """Return the status on a day: a pause ends on its date, and may still lie ahead."""
        if self.paused_until is None or self.status not in {"active", "paused"}:
            return self.status
        return "paused" if day < self.paused_until else "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A subscriber on an edition's frozen list; `id` is the same for an address in every edition.

    `variant` names the variant that they get; `extra` holds those of their own columns that the templates use.
    """

    id: int
    email: str
    name: str = ""
    attempts: int = 0
    variant: str = ""
    extra: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A complete message for one recipient: CRLF line ends, signed if keys are set; `dots`: a line may begin with a dot.

    `envelope` is where its bounces go; if it is empty, they go to the sender's own address (RFC 5321, section 4.4).
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
    """The relay's answer for one recipient; `code` is 0 if it never answered, `retry_at` is None if no retry is due.

    `status` is the enhanced status code (RFC 3463), if the answer has one.
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

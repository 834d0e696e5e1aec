"""The values of the first stage, collect: what the sources say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Literal

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
class ImageSize:
    """One of the sizes, or crops, in which a source offers a picture; in pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture on the newsroom's own host; width and height in pixels, 0 when unknown. `sizes` are others of the same picture."""

    url: str
    alt: str = ""
    width: int = 0
    height: int = 0
    sizes: tuple[ImageSize, ...] = ()


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
    categories: tuple[str, ...] = ()  # those of its topics that are the site's own sections, and not an author's tags
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

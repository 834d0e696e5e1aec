"""The values of curating and rendering: an edition, what is in it and why, and its rendered form."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

from digest.model.collected import Article, Comment, Image, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A comment chosen for an edition, with an excerpt of the comment that it answers, if any; `approved` by an editor's yes.

    `sentence` is one sentence of the excerpt that may stand alone; empty if none may.
    """

    comment: Comment
    excerpt: str
    score: float
    reasons: tuple[str, ...] = ()
    parent_author: str = ""
    parent_excerpt: str = ""
    approved: bool = False
    sentence: str = ""


OVER_THE_LIMIT = "over the limit of"  # how the reason begins of an article that an edition had no room for


class ArticleSigns(NamedTuple):
    """What identifies an article when it is seen again (`text.article_identity`); title and opening are lower-case words."""

    id: str
    address: str
    anchor: str = ""
    title: str = ""
    opening: str = ""
    published: datetime | None = None
    source: str = ""
    spare: bool = False  # an earlier edition left it out for want of room, and none has printed it


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
    """An article in an edition, with its picks, and how many comments its thread has; position 0 is the lead.

    `thread_url` is where it is discussed, if that is on another site than the article. `article` is as it is printed; if an editor
    has changed its words, `original` is as its source has it. An editor may also have chosen the kicker (None: its first topic), a
    note below it (Markdown) and the section.
    """

    article: Article
    position: int
    picks: tuple[Pick, ...] = ()
    reasons: tuple[str, ...] = ()
    comments: int = 0
    thread_url: str = ""
    original: Article | None = None
    kicker: str | None = None
    note: str = ""
    section: str = ""

    @property
    def source_article(self) -> Article:
        """The article as its source has it."""
        return self.original or self.article


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
class EditorNote:
    """What the editor says at the top, in Markdown, with their name, office and portrait."""

    text: str
    name: str = ""
    office: str = ""
    portrait: Image | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sponsor:
    """A paid place in an edition: Markdown and one link; `name` is who pays, if they want to be named."""

    text: str
    url: str
    link: str
    name: str = ""
    image: Image | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollAnswer:
    """One answer of a poll, and the address that counts it."""

    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """A question with answers to select."""

    question: str
    answers: tuple[PollAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorParts:
    """What an editor adds to an edition by hand; an empty part leaves no trace. A subject or preheader replaces digest's own.

    `without` names the blocks of the design that this edition does without.
    """

    subject: str = ""
    preheader: str = ""
    note: EditorNote | None = None
    sponsor: Sponsor | None = None
    poll: Poll | None = None
    correction: str = ""  # Markdown
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that is on: when it begins, in the newsletter's time zone, where, and an address with more."""

    title: str
    begins: datetime
    whole_day: bool = False
    place: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One day's selection, complete and in order; `number` counts the editions made so far.

    `parts` are the editor's own; `events` come from the newsroom's calendar.
    """

    newsletter: str
    slot: Slot
    number: int
    stories: tuple[Story, ...]
    left_out: tuple[LeftOut, ...]
    frozen_at: datetime
    parts: EditorParts = EditorParts()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The HTML and text of an edition, with placeholders for each recipient's parts (see `digest.text.placeholders`)."""

    subject: str
    preheader: str
    html: str
    text: str

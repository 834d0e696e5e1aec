"""An edition laid out: which story leads, which are printed in full or in brief, and whose words stand under them. Pure.

The design decides it (`[design]`, and the theme's own numbers). What an editor has approved is printed in every rank.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from digest.config import Section
from digest.model import Article, Edition, Image, Pick, Story
from digest.render.headlines import quietly, without_topic
from digest.render.pictures import PlacedPicture, lead_picture, thumbnail
from digest.text.prose import sentences, shorten, squeeze, word_count

MAX_LEAD_VOICES = 2  # comments under the lead, if each other story has fewer
MAX_HEADLINE_CHARS = 140
MAX_LEAD_CHARS = 110
MAX_TOPIC_CHARS = 30
MAX_NAME_CHARS = 40
MAX_AUTHORS_CHARS = 60
MAX_ANSWERED_CHARS = 90
MIN_AGREE = 3  # votes from which it is said how many agree
DISCUSSED = 3  # stories in the list of the most discussed
MIN_DISCUSSED = 6  # stories with comments from which there is such a list
_READING_SPEED = 230  # words a minute (Brysbaert, 2019: 238 in English for non-fiction)
_MIN_WORDS = 120  # of a text; a feed often has only its beginning


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The numbers and blocks of a design: see `config.Ranks`."""

    blocks: tuple[str, ...]
    full: int
    voiced: int
    voices: int
    pictures: bool
    one_sentence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A reader's comment as it is printed. `agree` is 0 without votes; `answered` is empty unless the words need it."""

    name: str
    text: str
    answering: str = ""
    answered: str = ""
    agree: int = 0
    pick: Pick


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A story as it is printed: `number` counts from 1; `minutes` and `comments` are 0 if unknown.

    `title` stands below the topic, and lacks it if the headline began with it; `full_title` stands alone, as in a list. `note`
    (Markdown) and `section` are an editor's; empty, unless one has written or chosen them.
    """

    number: int
    article: Article
    title: str
    full_title: str
    topic: str
    authors: tuple[str, ...]
    more_authors: int
    source: str
    minutes: int
    comments: int
    url: str
    thread_url: str
    voices: tuple[Voice, ...] = ()
    picture: PlacedPicture | None = None
    note: str = ""
    section: str = ""

    @property
    def sentence(self) -> str:
        """The first sentence of the summary."""
        return next(iter(sentences(self.article.summary)), "")

    @property
    def joins(self) -> bool:
        """Whether the reader is asked into the thread: below the lead, if its comments are not all printed."""
        return self.number == 1 and bool(self.voices and self.others)

    @property
    def others(self) -> int:
        """How many comments of the thread are not printed with the story."""
        return max(0, self.comments - len(self.voices))


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A list of stories in brief; its `title` is empty if it is the only one."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayComment:
    """The comment of the day, and the story that it is about."""

    voice: Voice
    item: Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An edition laid out; `blocks` names the parts that have something to say, in their order.

    `words` are an editor's own texts in it; of stories that do not lead, `one_sentence` prints the first of the summary only.
    """

    lead: Item
    stories: tuple[Item, ...]
    sections: tuple[Heading, ...]
    comment_of_the_day: DayComment | None
    discussed: tuple[Item, ...]
    words: tuple[str, ...] = ()
    one_sentence: bool = False
    blocks: tuple[str, ...] = field(default=())

    @property
    def items(self) -> tuple[Item, ...]:
        """Every story, in the order in which the page has them."""
        return (self.lead, *self.stories, *(item for section in self.sections for item in section.items))

    @property
    def minutes(self) -> int:
        """How many minutes the edition takes to read."""
        texts = [*self.words, *(item.title for item in self.items), *(voice.text for voice in self.voices)]
        texts += [self.lead.article.summary] + [
            item.sentence if self.one_sentence else item.article.summary for item in self.stories
        ]
        texts += [item.sentence for section in self.sections for item in section.items]
        return max(1, round(sum(text.count(" ") + 1 for text in texts if text) / _READING_SPEED))

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Every comment that is printed."""
        day = (self.comment_of_the_day.voice,) if self.comment_of_the_day else ()
        return (*(voice for item in self.items for voice in item.voices), *day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What laying out needs to know of the newsletter: `shown` returns the picture of an article that a mail may load, `tagged` a
    link with the newsroom's own parameters; `reply_words` begin a text that answers somebody.
    """

    shown: Callable[[Article], Image | None]
    tagged: Callable[[str], str] = str
    reply_words: Collection[str] = ()


def lay_out(edition: Edition, layout: Layout, sections: Sequence[Section], rendering: Rendering) -> Page:
    """Return the page of an edition with at least one story."""
    several = len({story.article.source for story in edition.stories}) > 1
    items = [_item(story, at, layout, rendering, several=several) for at, story in enumerate(edition.stories)]
    full, brief = items[: layout.full], items[layout.full :]
    has_day = "comment-of-the-day" in layout.blocks
    page = Page(
        lead=full[0],
        stories=tuple(full[1:]),
        sections=_sections(brief, sections),
        comment_of_the_day=_comment_of_the_day(edition, items, rendering.reply_words) if has_day else None,
        discussed=_discussed(items) if "discussed" in layout.blocks else (),
        words=_editors_words(edition),
        one_sentence=layout.one_sentence,
    )
    has = {
        "stories": page.stories,
        "brief": page.sections,
        "comment-of-the-day": page.comment_of_the_day,
        "discussed": page.discussed,
    }
    return replace(page, blocks=tuple(name for name in layout.blocks if has.get(name, True)))


def _item(story: Story, at: int, layout: Layout, rendering: Rendering, *, several: bool) -> Item:
    article, is_full = story.article, at < layout.full
    title = quietly(article.title, article.summary, article.body_text)
    image = rendering.shown(article) if layout.pictures and is_full else None
    authors, more = _authors(article.author)
    topic = next(iter(article.topics), "") if story.kicker is None else story.kicker
    return Item(
        number=at + 1,
        article=article,
        title=shorten(without_topic(title, topic), MAX_LEAD_CHARS if at == 0 else MAX_HEADLINE_CHARS),
        full_title=shorten(title, MAX_HEADLINE_CHARS),
        topic=shorten(topic, MAX_TOPIC_CHARS),
        authors=authors,
        more_authors=more,
        source=_source_name(article.source) if several else "",
        minutes=_minutes(article.body_text),
        comments=story.comments,
        url=rendering.tagged(article.url),
        thread_url=rendering.tagged(_thread_url(story)),
        voices=tuple(_voice(pick, rendering.reply_words, alone=layout.one_sentence) for pick in _printed(story, at, layout)),
        picture=lead_picture(image) if at == 0 else thumbnail(image),
        note=story.note,
        section=story.section,
    )


def _printed(story: Story, at: int, layout: Layout) -> Sequence[Pick]:
    """Return the comments that are printed with a story: what an editor approved, and as many others as its rank has room for."""
    room = layout.voices if at < min(layout.full, layout.voiced) else 0
    room = max(room, MAX_LEAD_VOICES) if at == 0 and room else room
    approved = [pick for pick in story.picks if pick.approved]
    machine = [pick for pick in story.picks if not pick.approved and (pick.sentence or not layout.one_sentence)]
    return [*approved, *machine[: max(0, room - len(approved))]]


def _voice(pick: Pick, reply_words: Collection[str], *, alone: bool = False) -> Voice:
    text = squeeze((alone and pick.sentence) or pick.excerpt)
    opening = text.casefold().split(" ", 1)[0].strip(".,;:!?…“”\"'«»„")
    return Voice(
        name=shorten(pick.comment.author, MAX_NAME_CHARS),
        text=text,
        answering=shorten(pick.parent_author, MAX_NAME_CHARS),
        answered=shorten(pick.parent_excerpt, MAX_ANSWERED_CHARS) if opening in reply_words else "",
        agree=pick.comment.up if pick.comment.up and pick.comment.up >= MIN_AGREE else 0,
        pick=pick,
    )


def _comment_of_the_day(edition: Edition, items: Sequence[Item], reply_words: Collection[str]) -> DayComment | None:
    """Return the best comment that stands under no story; None if all of them do."""
    printed = {voice.pick.comment.id for item in items for voice in item.voices}
    left = [(pick, item) for story, item in zip(edition.stories, items, strict=True) for pick in story.picks]
    left = [(pick, item) for pick, item in left if pick.comment.id not in printed]
    if not left:
        return None
    best, item = max(left, key=lambda row: (row[0].score, -row[1].number))
    return DayComment(voice=_voice(best, reply_words), item=item)


def _discussed(items: Sequence[Item]) -> tuple[Item, ...]:
    """Return the stories with the most comments, if there are so many that a list of them says something."""
    busy = sorted((item for item in items if item.comments), key=lambda item: (-item.comments, item.number))
    return tuple(busy[:DISCUSSED]) if len(busy) >= MIN_DISCUSSED else ()


def _editors_words(edition: Edition) -> tuple[str, ...]:
    parts, notes = edition.parts, [story.note for story in edition.stories]
    note, sponsor = parts.note.text if parts.note else "", parts.sponsor.text if parts.sponsor else ""
    return tuple(filter(None, (parts.correction, note, sponsor, parts.poll.question if parts.poll else "", *notes)))


def _sections(items: Sequence[Item], sections: Sequence[Section]) -> tuple[Heading, ...]:
    """Return the stories in brief under the newsroom's own headings, each under the first that names its topic or source."""
    rest, found = list(items), []
    for section in sections if len(sections) > 1 else ():
        own = [item for item in rest if _belongs(item, section)]
        rest = [item for item in rest if item not in own]
        found += [Heading(title=section.title, items=tuple(own))] if own else []
    return (*found, *([Heading(title="", items=tuple(rest))] if rest else []))


def _belongs(item: Item, section: Section) -> bool:
    if item.section:
        return item.section == section.title
    topics = {topic.casefold() for topic in section.topics}
    return item.article.source in section.sources or any(topic.casefold() in topics for topic in item.article.topics)


def _authors(names: str) -> tuple[tuple[str, ...], int]:
    """Return the authors that are named, and how many more there are."""
    each = [name.strip() for name in re.split("[,،、]", names) if name.strip()]
    if len(each) < 3 or len(names) <= MAX_AUTHORS_CHARS:
        return ((shorten(names, MAX_AUTHORS_CHARS),) if names else ()), 0
    return tuple(shorten(name, MAX_NAME_CHARS) for name in each[:2]), len(each) - 2


def _source_name(source: str) -> str:
    """Return a source's name, or the host of its address if it has none."""
    host = urlsplit(source).hostname if "://" in source else None
    return (host or source).removeprefix("www.")


def _minutes(text: str) -> int:
    """Return how many minutes a text takes to read; 0 if it is so short that it may be only the beginning of one."""
    count = text.count(" ") + 1 if " " in text else word_count(text)  # the exact count takes a third of the time of an edition
    return max(1, round(count / _READING_SPEED)) if count >= _MIN_WORDS else 0


def _thread_url(story: Story) -> str:
    """Return where a story is discussed: where its comments come from, or below it."""
    return story.thread_url or f"{story.article.url.partition('#')[0]}#comments"

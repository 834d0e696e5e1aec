"""What the adapters share: turning a source's strings into an Article's or a Comment's plain text."""

import asyncio
import html
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from time import thread_time
from typing import TypeVar
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

from digest.errors import SourceError
from digest.model import Image
from digest.text.hidden_html import SPOILER_CUT
from digest.text.markup import inline, link, plain
from digest.text.prose import excerpt, number, shorten, squeeze, storable, words

MAX_SUMMARY_CHARS = 300  # characters
MAX_TITLE_CHARS = 400
MAX_BODY_CHARS = 50_000
MAX_COMMENT_CHARS = 20_000
MAX_WITHHELD_CHARS = 400  # of what stands in the place of a text
NAMELESS = "A reader"

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_SPOILER = re.compile(r"(?ms)^[ \t]*:::+[ \t]*spoiler\b.*?(?:^[ \t]*:::+[ \t]*$|\Z)")  # Lemmy's
_BB_SPOILER = re.compile(r"\[spoiler\b[^\]]{0,200}\].*?(?:\[/spoiler\]|\Z)", re.IGNORECASE | re.DOTALL)
_SHORTCODE = re.compile(  # WordPress: a name with an underscore, or with attributes; "[the council]" is neither
    r"\[/?[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?:\s[^\[\]]*)?/?\]|\[/?[a-z][\w-]*(?:\s+[\w-]+\s*=\s*[^\[\]]*)\]"
    r"|\[/?(?:gallery|caption|embed|audio|video|playlist|contact-form-7|toc|more|nextpage|sc|raw|dropcap|button|row|column)\]",
    re.IGNORECASE,
)
_CAPTION = re.compile(r"\[(caption|embed|audio|video)\b[^\[\]]*\].{0,2000}?\[/\1\]", re.IGNORECASE | re.DOTALL)
_EMAIL = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:@]+\.[^\s<>()\[\]\"',;:@.]+")
_HIDDEN_EMAIL = re.compile(r"\S+\s*[(\[{]\s*at\s*[)\]}]\s*\S+", re.IGNORECASE)  # ed (at) gazette.example
_WEB_ADDRESS = re.compile(
    r"https?://|www\.|^\S+\.(?:com|net|org|info|biz|online|shop|site|xyz|casino|bet|top|club|co|io|example)/?$", re.IGNORECASE
)
_ESCAPED_TAG = re.compile(r"\s*<(?:p|div|h[1-6]|ul|ol|img|a|blockquote|figure|span|strong|em|section)\b[^<>]*>", re.IGNORECASE)
_QUOTED = re.compile(r"(?m)^(?:> )+")
_COUNTERS = re.compile(  # what plugins put into a text beside its words
    r"(?:estimated )?reading time:? (?:about )?\d+ min(?:ute)?s?\.?|post views:? [\d.,]+"
    r"|(?:share ?tweet ?(?:pin|share|e-?mail)?|tweet ?share)\b"
    r"|submitted by\s+/u/\S+(?:\s+\[link\])?(?:\s+\[comments\])?",
    re.IGNORECASE,
)
_EMOJI_CODE = re.compile(r"(?<![\w:]):[a-z0-9_+-]{2,40}:(?![\w:])", re.IGNORECASE)  # a server's own pictures


_PHRASES = tomllib.loads((Path(__file__).parent / "trailers.toml").read_text(encoding="utf-8"))


def _trailers() -> str:
    """A pattern of what is put after summaries, from `trailers.toml`."""
    told = _PHRASES
    more = "|".join(map(re.escape, told["more"]))
    came = "|".join(re.escape(phrase).replace(r"\{\}", ".{1,300}") for phrase in told["came"])
    return rf"(?:(?:{more})(?!\w).{{0,400}}|(?:{came}).{{0,400}}|\(?\d+ min(?:ute)?s?\.? (?:remaining to read|read)\)?.*)"


_MORE = _trailers()
_DOTS = r"(?:\[\s?(?:…|\.\.\.)\s?\]|\(\s?(?:…|\.\.\.)\s?\)|…|\.\.\.)"
_CUT_OFF = re.compile(rf"{_DOTS}\s*[»›>→\s]*{_MORE}?$|[«»›>→\s]*{_MORE}$", re.DOTALL | re.IGNORECASE)
_ENDED = re.compile(r"""[.!?。！？؟۔։।]["'”’»)\]]*$""")
_TAIL = re.compile(rf"{_DOTS}\s*[»›>→\s]*[^.!?]{{0,60}}[.!]?$")  # what stands behind the dots where a summary was cut
_PINGBACK = re.compile(r"^\[…\].*\[…\]$", re.DOTALL)  # how WordPress quotes the page that links here
_ANCHOR = re.compile(r"<a\s[^>]{0,2000}?href\s*=\s*[\"']?https?:[^>]*>", re.IGNORECASE)
_TO_PEOPLE = re.compile(r"class\s*=\s*[\"'][^\"']*\b(?:mention|hashtag|u-url)\b", re.IGNORECASE)
_TELLING = re.compile(r"[A-Za-z0-9]")
_UNTITLED = {"", "untitled", "(untitled)", "no title", "(no title)", "[no title]"}

_READER = ThreadPoolExecutor(1, "digest-reader")  # two would only fight over the interpreter, and the event loop with them
_Made = TypeVar("_Made")


@dataclass(slots=True)
class Budget:
    """Seconds of CPU that the bytes of one source may cost; what is over it is not read."""

    left: float = 20.0


BUDGET: ContextVar[Budget | None] = ContextVar("budget", default=None)


async def off_loop(work: Callable[..., _Made], *given: object) -> _Made:
    """Long work on a source's bytes, beside the event loop; SourceError where the source has used up its time."""
    budget = BUDGET.get()
    if budget is not None and budget.left <= 0:
        raise SourceError(
            "reading it costs too much: what it sends keeps this machine busy",
            remedy="Look at what the source sends; is it broken?",
        )
    made, seconds = await asyncio.get_running_loop().run_in_executor(_READER, _measured, work, given)
    if budget is not None:
        budget.left -= seconds
    return made


def _measured(work: Callable[..., _Made], given: Sequence[object]) -> tuple[_Made, float]:
    began = thread_time()
    return work(*given), thread_time() - began


def title(markup: str, body: str) -> str:
    """A one-line title; a post without one is called by its first words."""
    shown = shorten(_EMOJI_CODE.sub("", inline(markup)), MAX_TITLE_CHARS)
    return shown if shown.casefold() not in _UNTITLED else shorten(body, 80) or "Untitled"


def body(markup: str) -> str:
    """An article's text, bounded; tables are left out, unless all of it is in one."""
    bare = _without_shortcodes(markup)
    text = _unescaped(plain(bare, tables=False))
    return (text if len(text) > 40 or "<table" not in bare else plain(bare))[:MAX_BODY_CHARS]


def _unescaped(text: str) -> str:
    """Text that is still markup, since its source has escaped it twice."""
    return plain(text, tables=False) if _ESCAPED_TAG.match(text) else text


def comment_text(markup: str) -> str:
    """A comment's text, bounded; what its writer has hidden stays hidden."""
    return plain(_BB_SPOILER.sub(f" {SPOILER_CUT} ", markup), folded=False)[:MAX_COMMENT_CHARS]


def is_withheld(text: str) -> bool:
    """Whether a text is only what a site shows in the place of one that is for members, or password-protected."""
    said = squeeze(text).casefold().replace("’", "'")
    return len(said) < MAX_WITHHELD_CHARS and any(phrase in said for phrase in _PHRASES["withheld"])


def _without_shortcodes(markup: str) -> str:
    return _SHORTCODE.sub(" ", _CAPTION.sub(" ", markup)) if "[" in markup else markup


def summary(markup: str, text: str) -> str:
    """The source's own summary where it is a whole one, else the first sentences of the text."""
    given = _without_counters(_unescaped(plain(_without_shortcodes(markup), tables=False)))[: 4 * MAX_SUMMARY_CHARS]
    text = _without_counters(text[: 4 * MAX_SUMMARY_CHARS + 2_000])
    whole = _CUT_OFF.sub("", given).rstrip(" –—-|·«»›>→")
    cut = _TAIL.search(whole)
    if cut and _goes_on(whole[: cut.start()], text):
        whole = whole[: cut.start()].rstrip(" –—-|·«»›>→")
    if whole and _ENDED.search(whole):
        return excerpt(whole, MAX_SUMMARY_CHARS)
    if whole and whole == given and not cut and not _goes_on(whole, text):
        return excerpt(whole, MAX_SUMMARY_CHARS)
    return excerpt(text or whole, MAX_SUMMARY_CHARS)


def _without_counters(text: str) -> str:
    """A text on one line, without the marks of quotations and what plugins count."""
    return squeeze(_COUNTERS.sub(" ", _QUOTED.sub("", text)))


def _goes_on(head: str, text: str) -> bool:
    """Whether a summary that does not end is only the beginning of the text, cut somewhere."""
    there, flat = "".join(words(head)), "".join(words(text[: 4 * MAX_SUMMARY_CHARS + 2_000]))
    return len(flat) > len(there) and flat.startswith(there)


def name(markup: str) -> str:
    """A writer's name as it is shown; WordPress calls the nameless Anonymous, and an e-mail address is nobody's name."""
    shown = shorten(_EMOJI_CODE.sub("", inline(markup)), 80)
    nobody = shown.lower() in {"", "anonymous", "guest"} or _is_address(shown) or _WEB_ADDRESS.search(shown)
    return NAMELESS if nobody else shown


def _is_address(text: str) -> bool:
    return bool(_EMAIL.search(text) or _HIDDEN_EMAIL.search(text))


def byline(markups: Iterable[str]) -> str:
    """Who wrote an article, each once, without e-mail addresses: `ada@gazette.example (Ada Quay)` is Ada Quay."""
    found = [shorten(_bare_name(inline(markup)), 80) for markup in markups]
    return ", ".join(dict.fromkeys(filter(None, found)))[:120]


def _bare_name(text: str) -> str:
    if not _is_address(text):
        return _EMOJI_CODE.sub("", text).strip()
    return squeeze(re.sub(r"mailto:", "", _EMAIL.sub("", _HIDDEN_EMAIL.sub("", text)))).strip(" <>()[]\"',;:-–|")


def without_emoji_codes(text: str) -> str:
    """A text without the codes of a server's own pictures, as `:verified:`."""
    return _EMOJI_CODE.sub("", text)


def count_links(markup: str) -> int:
    """How many links a comment's HTML has, those to people and topics of the same place left aside."""
    return sum(not _TO_PEOPLE.search(anchor) for anchor in _ANCHOR.findall(markup[: MAX_COMMENT_CHARS * 4]))


def topics(markups: Sequence[str]) -> tuple[str, ...]:
    """Topics in their order, each once, whatever its case."""
    shown = {label.casefold(): label for label in reversed([shorten(inline(markup), 60) for markup in markups]) if label}
    return tuple(reversed(shown.values()))


def image(url: str, base: str, *, alt: str = "", width: object = 0, height: object = 0) -> Image | None:
    """A picture, or None where its address is not a web address."""
    safe = link(url, base) if url.strip() else ""
    if not safe:
        return None
    return Image(url=safe, alt=shorten(inline(alt), 200), width=_pixels(width), height=_pixels(height))


def _pixels(value: object) -> int:
    return number(value, 10_000) or 0


def escaped(text: str) -> str:
    """Plain text as markup, for what takes markup."""
    return html.escape(text)


def markdown(text: str) -> str:
    """Markdown (CommonMark) as HTML; HTML within it is text."""
    return str(_MARKDOWN.render(_SPOILER.sub(f"\n{SPOILER_CUT}\n", text[:MAX_BODY_CHARS])))


def is_pingback(text: str) -> bool:
    """Whether a feed's comment is another site's link to the article; feeds do not mark them."""
    return bool(_PINGBACK.match(squeeze(text)))


def article_id(guid: str, home: str, url: str = "") -> str:
    """An article's lasting id: its guid where that is an address on its source's own host, else the guid under that host, since
    two sources may both call an article 1001, and none may speak for another.

    A guid that is too little to be one (`N/A`, `0`) tells nothing apart: the article's address does then, where it is given.
    """
    host = urlsplit(home).hostname or ""
    if urlsplit(link(guid)).hostname == host:
        return storable(guid)
    telling = len(_TELLING.findall(guid)) >= 3 and any(map(str.isdigit, guid))
    return storable(f"{host}:{guid}" if telling or not url else f"{host}:{guid}|{url}")


def comment_id(guid: str, article: str) -> str:
    """A comment's id within its article's, by the `comment-N` that WordPress gives it in feeds and REST alike."""
    fragment = guid.rpartition("#")[2]
    return storable(f"{article}#{fragment}" if fragment.startswith("comment-") else f"{article}|{guid}")

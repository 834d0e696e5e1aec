"""Helpers that all adapters share: they turn a source's strings into the plain text of an Article or a Comment."""

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
from digest.model import Image, ImageSize
from digest.text.hidden_html import SPOILER_CUT
from digest.text.markup import inline, link, plain
from digest.text.prose import excerpt, number, shorten, squeeze, storable, words

MAX_SUMMARY_CHARS = 300  # characters
MAX_TITLE_CHARS = 400
MAX_BODY_CHARS = 50_000
MAX_COMMENT_CHARS = 20_000
MAX_IMAGE_SIZES = 30  # of one picture that are looked at
MAX_WITHHELD_CHARS = 400  # of a notice that replaces a text
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
_COUNTERS = re.compile(  # what plugins add to a text, such as counters and share buttons
    r"(?:estimated )?reading time:? (?:about )?\d+ min(?:ute)?s?\.?|post views:? [\d.,]+"
    r"|(?:share ?tweet ?(?:pin|share|e-?mail)?|tweet ?share)\b"
    r"|submitted by\s+/u/\S+(?:\s+\[link\])?(?:\s+\[comments\])?",
    re.IGNORECASE,
)
_EMOJI_CODE = re.compile(r"(?<![\w:]):[a-z0-9_+-]{2,40}:(?![\w:])", re.IGNORECASE)  # a server's own emoji


_PHRASES = tomllib.loads((Path(__file__).parent / "boilerplate.toml").read_text(encoding="utf-8"))


def _boilerplate_pattern() -> str:
    """Return a pattern of what themes and feeds put after summaries, from `boilerplate.toml`."""
    phrases = _PHRASES
    more = "|".join(map(re.escape, phrases["read_more"]))
    origin = "|".join(re.escape(phrase).replace(r"\{\}", ".{1,300}") for phrase in phrases["origin"])
    return rf"(?:(?:{more})(?!\w).{{0,400}}|(?:{origin}).{{0,400}}|\(?\d+ min(?:ute)?s?\.? (?:remaining to read|read)\)?.*)"


_MORE = _boilerplate_pattern()
_DOTS = r"(?:\[\s?(?:…|\.\.\.)\s?\]|\(\s?(?:…|\.\.\.)\s?\)|…|\.\.\.)"
_CUT_OFF = re.compile(rf"{_DOTS}\s*[»›>→\s]*{_MORE}?$|[«»›>→\s]*{_MORE}$", re.DOTALL | re.IGNORECASE)
_ENDED = re.compile(r"""[.!?。！？؟۔։।]["'”’»)\]]*$""")
_TAIL = re.compile(rf"{_DOTS}\s*[»›>→\s]*[^.!?]{{0,60}}[.!]?$")  # what follows the dots at which a summary was cut
_PINGBACK = re.compile(r"^\[…\].*\[…\]$", re.DOTALL)  # how WordPress quotes the page that links here
_ANCHOR = re.compile(r"<a\s[^>]{0,2000}?href\s*=\s*[\"']?https?:[^>]*>", re.IGNORECASE)
_TO_PEOPLE = re.compile(r"class\s*=\s*[\"'][^\"']*\b(?:mention|hashtag|u-url)\b", re.IGNORECASE)
_LETTER_OR_DIGIT = re.compile(r"[A-Za-z0-9]")
_PROTECTED = re.compile(rf"(?:{'|'.join(map(re.escape, _PHRASES['protected']))})\s*[:：]\s*")
_UNTITLED = {"", "untitled", "(untitled)", "no title", "(no title)", "[no title]"}

_EXECUTOR = ThreadPoolExecutor(1, "digest-reader")  # two threads would only compete for the interpreter, also with the event loop
_Made = TypeVar("_Made")


@dataclass(slots=True)
class Budget:
    """The seconds of CPU time that one source's bytes may still cost; when none are left, no more is read."""

    left: float = 20.0


BUDGET: ContextVar[Budget | None] = ContextVar("budget", default=None)


async def off_loop(work: Callable[..., _Made], *given: object) -> _Made:
    """Do long work on a source's bytes beside the event loop; raise SourceError if the source has used up its budget."""
    budget = BUDGET.get()
    if budget is not None and budget.left <= 0:
        raise SourceError(
            "reading it costs too much: what it sends keeps this machine busy",
            remedy="Look at what the source sends; is it broken?",
        )
    result, seconds = await asyncio.get_running_loop().run_in_executor(_EXECUTOR, _measure, work, given)
    if budget is not None:
        budget.left -= seconds
    return result


def _measure(work: Callable[..., _Made], given: Sequence[object]) -> tuple[_Made, float]:
    began = thread_time()
    return work(*given), thread_time() - began


def title(markup: str, body: str) -> str:
    """Return a one-line title; an article without one gets the first words of its body, or “Untitled”."""
    shown = shorten(_EMOJI_CODE.sub("", inline(markup)), MAX_TITLE_CHARS)
    return shown if shown.casefold() not in _UNTITLED else shorten(body, 80) or "Untitled"


def body(markup: str) -> str:
    """Return an article's text, bounded; tables are left out, unless at most 40 characters are outside them."""
    bare = _without_shortcodes(markup)
    text = _unescaped(plain(bare, tables=False))
    return (text if len(text) > 40 or "<table" not in bare else plain(bare))[:MAX_BODY_CHARS]


def _unescaped(text: str) -> str:
    """Return the text as plain text if it is still markup because its source escaped it twice."""
    return plain(text, tables=False) if _ESCAPED_TAG.match(text) else text


def comment_text(markup: str) -> str:
    """Return a comment's text, bounded; what its writer hid stays hidden."""
    return plain(_BB_SPOILER.sub(f" {SPOILER_CUT} ", markup), details=False)[:MAX_COMMENT_CHARS]


def is_withheld(text: str) -> bool:
    """Return whether a text is only the notice that a site shows instead of a members-only or password-protected text."""
    lowered = squeeze(text).casefold().replace("’", "'")
    return len(lowered) < MAX_WITHHELD_CHARS and any(phrase in lowered for phrase in _PHRASES["withheld"])


def without_protected_prefix(markup: str) -> str:
    """Return a protected post's title, as markup, without the word that WordPress puts before it in the site's language."""
    shown = inline(markup)
    found = _PROTECTED.match(shown)
    return escaped(shown[found.end() :]) if found else markup


def _without_shortcodes(markup: str) -> str:
    return _SHORTCODE.sub(" ", _CAPTION.sub(" ", markup)) if "[" in markup else markup


def summary(markup: str, text: str) -> str:
    """Return the source's own summary if it is not cut off, else the first sentences of the text."""
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
    """Return a text on one line, without the `> ` of quotations and what plugins add."""
    return squeeze(_COUNTERS.sub(" ", _QUOTED.sub("", text)))


def _goes_on(head: str, text: str) -> bool:
    """Return whether a summary without an end is only the beginning of the text, cut off somewhere."""
    head_letters, text_letters = "".join(words(head)), "".join(words(text[: 4 * MAX_SUMMARY_CHARS + 2_000]))
    return len(text_letters) > len(head_letters) and text_letters.startswith(head_letters)


def name(markup: str) -> str:
    """Return a writer's name as shown; “A reader” instead of WordPress's Anonymous, an e-mail address or a web address."""
    shown = shorten(_EMOJI_CODE.sub("", inline(markup)), 80)
    nobody = shown.lower() in {"", "anonymous", "guest"} or _is_address(shown) or _WEB_ADDRESS.search(shown)
    return NAMELESS if nobody else shown


def _is_address(text: str) -> bool:
    return bool(_EMAIL.search(text) or _HIDDEN_EMAIL.search(text))


def byline(markups: Iterable[str]) -> str:
    """Return who wrote an article, each once, without e-mail addresses: `ada@gazette.example (Ada Quay)` is Ada Quay."""
    found = [shorten(_bare_name(inline(markup)), 80) for markup in markups]
    return ", ".join(dict.fromkeys(filter(None, found)))[:120]


def _bare_name(text: str) -> str:
    if not _is_address(text):
        return _EMOJI_CODE.sub("", text).strip()
    return squeeze(re.sub(r"mailto:", "", _EMAIL.sub("", _HIDDEN_EMAIL.sub("", text)))).strip(" <>()[]\"',;:-–|")


def without_emoji_codes(text: str) -> str:
    """Return a text without the codes of a server's own emoji, such as `:verified:`."""
    return _EMOJI_CODE.sub("", text)


def count_links(markup: str) -> int:
    """Return how many links a comment's HTML has, without mentions and hashtags on the same site."""
    return sum(not _TO_PEOPLE.search(anchor) for anchor in _ANCHOR.findall(markup[: MAX_COMMENT_CHARS * 4]))


def topics(markups: Sequence[str]) -> tuple[str, ...]:
    """Return the topics in their order, each once, whatever its case."""
    shown = {label.casefold(): label for label in reversed([shorten(inline(markup), 60) for markup in markups]) if label}
    return tuple(reversed(shown.values()))


def image(
    url: str,
    base: str,
    *,
    alt: str = "",
    width: object = 0,
    height: object = 0,
    sizes: Sequence[tuple[object, object, object]] = (),
) -> Image | None:
    """Return a picture; None if its address is not a web address. `sizes` are the address, width and height of others of it."""
    safe = link(url, base) if url.strip() else ""
    if not safe:
        return None
    offered = [_image_size(base, *size) for size in sizes[:MAX_IMAGE_SIZES]]
    return Image(
        url=safe,
        alt=shorten(inline(alt), 200),
        width=_pixels(width),
        height=_pixels(height),
        sizes=tuple(size for size in offered if size),
    )


def _image_size(base: str, url: object, width: object, height: object) -> ImageSize | None:
    safe = link(url, base) if isinstance(url, str) and url.strip() else ""
    made = ImageSize(url=safe, width=_pixels(width), height=_pixels(height))
    return made if safe and made.width and made.height else None


def _pixels(value: object) -> int:
    return number(value, 10_000) or 0


def escaped(text: str) -> str:
    """Return plain text as markup, for functions that take markup."""
    return html.escape(text)


def markdown(text: str) -> str:
    """Return Markdown (CommonMark) as HTML; HTML inside it becomes text."""
    return str(_MARKDOWN.render(_SPOILER.sub(f"\n{SPOILER_CUT}\n", text[:MAX_BODY_CHARS])))


def is_pingback(text: str) -> bool:
    """Return whether a comment's text is another site's link to the article; a feed does not say so."""
    return bool(_PINGBACK.match(squeeze(text)))


def article_id(guid: str, home: str, url: str = "") -> str:
    """Return an article's lasting id: its guid if that is an address on its source's own host, else that host and the guid.

    The host is there because two sources may both call an article 1001, and no source may use another's ids. If the guid has
    fewer than three letters and digits, or no digit (`N/A`, `0`), the id also has the article's address, if it is given.
    """
    host = urlsplit(home).hostname or ""
    if urlsplit(link(guid)).hostname == host:
        return storable(guid)
    distinctive = len(_LETTER_OR_DIGIT.findall(guid)) >= 3 and any(map(str.isdigit, guid))
    return storable(f"{host}:{guid}" if distinctive or not url else f"{host}:{guid}|{url}")


def comment_id(guid: str, article: str) -> str:
    """Return a comment's id within its article's: by the `comment-N` of WordPress's feeds and REST alike, else by its guid."""
    fragment = guid.rpartition("#")[2]
    return storable(f"{article}#{fragment}" if fragment.startswith("comment-") else f"{article}|{guid}")

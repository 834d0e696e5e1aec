"""What the adapters share: turning a source's strings into an Article's or a Comment's plain text."""

import asyncio
import html
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

from digest.markup import inline, link, plain
from digest.model import Image
from digest.prose import excerpt, key, number, shorten, squeeze

SUMMARY = 300  # characters
TITLE = 400
BODY = 50_000
COMMENT = 20_000
NAMELESS = "A reader"

_MARKDOWN = MarkdownIt("commonmark", {"html": False})
_MORE = r"(?:Continue reading\b.*|Read more\b.*|The post .{1,300} appeared first on .*)"
_CUT_OFF = re.compile(rf"(?:\[(?:…|\.\.\.)\]|…|\.\.\.)\s*{_MORE}?$|{_MORE}$", re.DOTALL)
_ENDED = re.compile(r"""[.!?。！？؟]["'”’)\]]*$""")
_PINGBACK = re.compile(r"^\[…\].*\[…\]$", re.DOTALL)  # how WordPress quotes the page that links here


_READER = ThreadPoolExecutor(1, "digest-reader")  # two would only fight over the interpreter, and the event loop with them
_Made = TypeVar("_Made")


async def aside(work: Callable[..., _Made], *given: object) -> _Made:
    """Long work on a source's bytes, beside the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_READER, work, *given)


def title(markup: str, body: str) -> str:
    """A one-line title; a post without one is called by its first words."""
    return shorten(inline(markup), TITLE) or shorten(body, 80) or "Untitled"


def body(markup: str) -> str:
    """An article's text, bounded."""
    return plain(markup)[:BODY]


def summary(markup: str, text: str) -> str:
    """The source's own summary where it is a whole one, else the first sentences of the text."""
    given = squeeze(plain(markup))[: 4 * SUMMARY]
    whole = _CUT_OFF.sub("", given).rstrip()
    if whole and (whole == given or _ENDED.search(whole)):
        return excerpt(whole, SUMMARY)
    return excerpt(text or whole, SUMMARY)


def name(markup: str) -> str:
    """A writer's name as it is shown; WordPress calls the nameless Anonymous."""
    shown = shorten(inline(markup), 80)
    return NAMELESS if shown.lower() in {"", "anonymous", "guest"} else shown


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
    return str(_MARKDOWN.render(text[:BODY]))


def is_pingback(text: str) -> bool:
    """Whether a feed's comment is another site's link to the article; feeds do not mark them."""
    return bool(_PINGBACK.match(squeeze(text)))


def article_id(guid: str, home: str) -> str:
    """An article's lasting id: its guid where that is an address on its source's own host, else the guid under that host,
    since two sources may both call an article 1001, and none may speak for another.
    """
    host = urlsplit(home).hostname or ""
    return key(guid if urlsplit(link(guid)).hostname == host else f"{host}:{guid}")


def comment_id(guid: str, article: str) -> str:
    """A comment's id within its article's, by the `comment-N` that WordPress gives it in feeds and REST alike."""
    fragment = guid.rpartition("#")[2]
    return key(f"{article}#{fragment}" if fragment.startswith("comment-") else f"{article}|{guid}")

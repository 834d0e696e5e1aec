"""Strangers' HTML to plain text, and strangers' links to safe links. Only this module uses nh3."""

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

import nh3

from digest.text.hidden_html import limit_depth, without_hidden
from digest.text.placeholders import PREFIX
from digest.text.prose import storable

_TABLE = {"table", "tr", "td", "th"}
_KEPT = {
    "p", "br", "hr", "blockquote", "li", "ul", "ol", "dl", "dt", "dd", "div", "h1", "h2", "h3", "h4", "h5", "h6", "pre",
    "section", "article", "address", "header", "footer", "main", "nav", "aside", "details", "summary", "center", *_TABLE,
}  # fmt: skip
_DROPPED = {
    "script", "style", "form", "iframe", "figure", "figcaption", "caption", "noscript", "template", "title", "svg", "audio",
    "video", "object", "select", "textarea", "button", "canvas",
}  # fmt: skip
_REPLACEMENTS = (
    (re.compile(r"<[bh]r ?/?>|</?(?:tr|dt|dd)>"), "\n"),
    (re.compile(r"</?t[dh]>"), " "),
    (re.compile(r"<li>"), "\n• "),
    (re.compile(r"</li>"), ""),
    (re.compile(r"<blockquote>"), "\n\n\ue000\n"),
    (re.compile(r"</blockquote>"), "\n\ue001\n\n"),
    (re.compile(rf"</?(?:{'|'.join(sorted(_KEPT, key=len, reverse=True))})>"), "\n\n"),
)
_BREAKS = re.compile(r"[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")  # they separate words as the end of a line does
_NONCHAR = "\ufdd0-\ufdef\ufffe\uffff" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000)
)
_CONTROL = re.compile(rf"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ue000\ue001\ufeff\ufff9-\ufffb{_NONCHAR}]")
_TRACKING = re.compile(
    r"^(utm_\w+|[fg]clid|fbclid|dclid|msclkid|yclid|twclid|mc_[ce]id|igshid|igsh|ref|ref_src|cmpid|_ga|_gl|mkt_tok|at_\w+|amp|outputType)$"
)
_OPENING = re.compile(r"<([a-zA-Z][a-zA-Z0-9-]*)(?=[\s/>])")
_CLOSING = re.compile(r"</([a-zA-Z][a-zA-Z0-9-]*)\s*>")
_VOID = {"br", "img", "wbr", "hr"}
_ENCODED = re.compile(rf"[\s\"'<>\\^`{{|}}\ufffd{_NONCHAR}]")
_EMOJI = re.compile(r"<img\b([^>]{0,1000})>", re.IGNORECASE)
_EMOJI_CLASS = re.compile(r"class\s*=\s*[\"']?[^\"'>]*\b(?:emoji|wp-smiley|emojione|twemoji)\b", re.IGNORECASE)
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]{1,20})\"|'([^']{1,20})')", re.IGNORECASE)
_UNUSABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
MAX_QUOTE_DEPTH = 3  # levels of quotations inside quotations that are shown
MAX_HTML_CHARS = 200_000  # characters of one stranger's HTML that are read


@lru_cache(maxsize=8)  # a feed's summary is often all the text it has
def plain(markup: str, *, tables: bool = True, details: bool = True) -> str:
    """Return the plain text of an HTML fragment, with a blank line between paragraphs and `> ` before quoted lines.

    `tables` are shown row by row, or left out. `details` (`<details>`) are shown, or cut as spoilers.
    """
    bounded = _CONTROL.sub("", _BREAKS.sub(" ", storable(markup[:MAX_HTML_CHARS])).replace("\n", " "))
    kept, dropped = (_KEPT, _DROPPED) if tables else (_KEPT - _TABLE, _DROPPED | {"table"})
    bare = without_hidden(limit_depth(_EMOJI.sub(_emoji, bounded)), details=details)
    text = nh3.clean(bare, tags=kept, clean_content_tags=dropped, attributes={}, link_rel=None)
    for tag, replacement in _REPLACEMENTS:  # nh3 leaves only bare tags of _KEPT, so plain substitution is exact
        text = tag.sub(replacement, text)
    return tidy("\n".join(_quoted(_squeezed(html.unescape(text)))))


def _emoji(picture: re.Match[str]) -> str:
    """Return the emoji that a picture stands for; any other picture as it is."""
    alt = _ALT.search(picture[1]) if _EMOJI_CLASS.search(picture[1]) else None
    return (alt[1] or alt[2] or "") if alt else picture[0]


def _squeezed(text: str) -> list[str]:
    """Return the lines, with at most one blank line between two others."""
    lines = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).split("\n")


def _quoted(lines: list[str]) -> Iterator[str]:
    """Yield the lines: those between a quotation's markers begin with `> `, and the markers themselves are left out."""
    depth = 0
    for line in lines:
        if line in "\ue000\ue001" and line:
            depth += 1 if line == "\ue000" else -1
        elif line or not depth:
            yield "> " * min(depth, MAX_QUOTE_DEPTH) + line


def tidy(text: str) -> str:
    """Return the text in NFC, without control or direction-override characters, with single blank lines and no placeholders."""
    if text.isascii() and text.isprintable():  # one plain line
        return " ".join(text.split()).replace(PREFIX, PREFIX.replace(".", " "))
    text = unicodedata.normalize("NFC", storable(text)).replace("\r\n", "\n").replace("\xa0", " ")
    text = _CONTROL.sub("", _BREAKS.sub("\n", text))
    return "\n".join(_squeezed(text)).strip().replace(PREFIX, PREFIX.replace(".", " "))


def inline(markup: str) -> str:
    """Return a title or a name as one line of plain text: entities decoded, tags removed; a tag that is never closed is text."""
    return " ".join(plain(_escape_unclosed_tags(markup[:MAX_HTML_CHARS])).split())


def _escape_unclosed_tags(markup: str) -> str:
    """Return the markup with unclosed tags escaped: a headline about <head> and <body> does not mean the elements."""
    closed = {name.casefold() for name in _CLOSING.findall(markup)}
    return _OPENING.sub(
        lambda tag: tag[0] if tag[1].casefold() in closed or tag[1].casefold() in _VOID else f"&lt;{tag[0][1:]}", markup
    )


def without_quotes(text: str) -> str:
    """Return a comment's text without the lines that it quotes."""
    return "\n".join(line for line in text.split("\n") if not line.startswith(">")).strip()


def link(url: str, base: str = "") -> str:
    """Return an absolute http(s) address without credentials, or an empty string; characters not allowed in one are encoded."""
    url = storable(url) if "\0" not in url else url
    if _UNUSABLE.search(url):
        return ""
    try:
        full = _ENCODED.sub(lambda found: quote(found[0], safe=""), urljoin(base, url.strip()))
        parts = urlsplit(full)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host or "%" in host or parts.username or len(full) > 2_000 or PREFIX in full:
        return ""
    return full


def identity(url: str) -> str:
    """Return an article's address without what varies between its copies: scheme, www, tracking, AMP, fragment, closing slash."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return url
    query = sorted((key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(key))
    host = re.sub(r"^(?:www|amp|m)\.", "", parts.hostname or "") + port
    path = re.sub(r"(?:/amp|/index\.html?)?/*$", "", parts.path)
    return f"{host}{path}{'?' + urlencode(query) if query else ''}"

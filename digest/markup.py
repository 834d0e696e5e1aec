"""Strangers' HTML → plain text, and strangers' links → safe links. Only this module knows nh3."""

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import nh3

from digest.marks import PREFIX

_KEPT = {"p", "br", "blockquote", "li", "div", "h1", "h2", "h3", "h4", "h5", "h6", "tr"}
_DROPPED = {"script", "style", "form", "iframe", "figure", "noscript", "template", "title"}
_MARKS = (
    (re.compile(r"<br ?/?>|</?tr>"), "\n"),
    (re.compile(r"<li>"), "\n• "),
    (re.compile(r"</li>"), ""),
    (re.compile(r"<blockquote>"), "\n\n\ue000\n"),
    (re.compile(r"</blockquote>"), "\n\ue001\n\n"),
    (re.compile(r"</?(?:p|div|h[1-6])>"), "\n\n"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ue000\ue001\ufeff\ufff9-\ufffb]")
_TRACKING = re.compile(
    r"^(utm_\w+|[fg]clid|fbclid|dclid|msclkid|yclid|twclid|mc_[ce]id|igshid|igsh|ref|ref_src|cmpid|_ga|_gl|mkt_tok|at_\w+|amp|outputType)$"
)
DEEPEST = 3  # quotations inside quotations that are told apart
LONGEST = 200_000  # characters of one stranger's HTML that are looked at


@lru_cache(maxsize=8)  # a feed's summary is often all the text it has
def plain(markup: str) -> str:
    """Plain text of an HTML fragment: paragraphs apart by a blank line, quoted lines begin with `> `."""
    bounded = _CONTROL.sub("", markup[:LONGEST].encode("utf-8", "replace").decode().replace("\n", " "))
    text = nh3.clean(bounded, tags=_KEPT, clean_content_tags=_DROPPED, attributes={}, link_rel=None)
    for tag, mark in _MARKS:  # nh3 leaves only bare tags of _KEPT, so plain substitution is exact
        text = tag.sub(mark, text)
    return tidy("\n".join(_quoted(_squeezed(html.unescape(text)))))


def _squeezed(text: str) -> list[str]:
    """The lines, at most one blank one between two others."""
    lines = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).split("\n")


def _quoted(lines: list[str]) -> Iterator[str]:
    """The lines between the marks of a quotation begin with `> `; the marks themselves go."""
    depth = 0
    for line in lines:
        if line in "\ue000\ue001" and line:
            depth += 1 if line == "\ue000" else -1
        elif line or not depth:
            yield "> " * min(depth, DEEPEST) + line


def tidy(text: str) -> str:
    """NFC, no control or direction-override characters, at most one blank line between paragraphs, none of our own marks."""
    text = _CONTROL.sub("", unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\xa0", " "))
    return "\n".join(_squeezed(text)).strip().replace(PREFIX, PREFIX.replace(".", " "))


def inline(markup: str) -> str:
    """A title or a name: one line of plain text, entities decoded, tags gone."""
    return " ".join(plain(markup).split())


def own_words(text: str) -> str:
    """A comment's text without the lines it quotes."""
    return "\n".join(line for line in text.split("\n") if not line.startswith(">")).strip()


def link(url: str, base: str = "") -> str:
    """An absolute http(s) address without control characters or credentials, or an empty string."""
    try:
        full = urljoin(base, url.strip())
        parts = urlsplit(full)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host or parts.username or len(full) > 2_000 or PREFIX in full:
        return ""
    return "" if re.search(r"[\x00-\x20\x7f\"'<>\\^`{|}]", full) else full


def identity(url: str) -> str:
    """An article's address without what varies between its copies: scheme, www, tracking, AMP, fragment, closing slash."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return url
    query = sorted((key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(key))
    host = re.sub(r"^(?:www|amp|m)\.", "", parts.hostname or "") + port
    path = re.sub(r"(?:/amp|/index\.html?)?/*$", "", parts.path)
    return f"{host}{path}{'?' + urlencode(query) if query else ''}"

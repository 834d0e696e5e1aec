"""Responses as feedparser reads them: whether one is a feed, where its XML breaks, and what its dates are."""

import io
import re
from calendar import timegm
from datetime import UTC, datetime
from typing import Any
from xml.sax import SAXParseException

import feedparser

from digest.collect.fetch import Response
from digest.collect.sources.dates import DateStyle, moment
from digest.errors import SourceError
from digest.text.markup import link

_ALTERNATE = re.compile(rb"""<link[^>]+type=["']?application/(?:rss|atom)\+xml["'\s/>][^>]*>?""", re.IGNORECASE)
_HREF = re.compile(rb"""href=(?:["']([^"']+)["']|([^\s"'>]+))""", re.IGNORECASE)
_ENTRY = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_REFERENCE = re.compile(rb"&#(?:x([0-9a-f]{1,8})|(\d{1,10}));(?:&#(?:x([0-9a-f]{1,8})|(\d{1,10}));)?", re.IGNORECASE)
_LITERAL = re.compile(rb"(<!\[CDATA\[.*?\]\]>|<!--.*?-->)", re.DOTALL)
_AMPERSAND = re.compile(rb"&(?!#\d{1,10};|#x[0-9a-f]{1,8};|[a-z][a-z0-9]{1,31};)", re.IGNORECASE)
_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)


def parse(response: Response) -> Any:
    """Return a feed as feedparser reads it; raise SourceError if the response is not a feed at all."""
    if not response.ok:
        raise _response_error(response)
    headers = {"content-type": response.headers.get("content-type", ""), "content-location": response.url}
    parsed = feedparser.parse(io.BytesIO(_repaired(response.body)), response_headers=headers, sanitize_html=False)
    if not parsed.get("version") and not parsed.entries:  # CDF has entries but no version
        raise _not_a_feed_error(response, parsed.get("bozo_exception"))
    if parsed.bozo and not parsed.entries and isinstance(parsed.bozo_exception, Exception) and not _only_encoding(parsed):
        raise SourceError(f"malformed feed: {parsed.bozo_exception}", thing=response.url)
    return parsed


def _repaired(body: bytes) -> bytes:
    """Return a feed's XML with bare ampersands escaped and invalid character references replaced; both break every parser."""
    parts = _LITERAL.split(body) if b"&" in body else [body]
    parts[::2] = [_AMPERSAND.sub(b"&amp;", _REFERENCE.sub(_valid_reference, part)) for part in parts[::2]]
    return b"".join(parts)


def _valid_reference(found: re.Match[bytes]) -> bytes:
    """Return one reference or two, made valid; the two halves of a surrogate pair become one character."""
    one, other = _code_point(found[1], found[2]), _code_point(found[3], found[4])
    if 0xD800 <= one < 0xDC00 <= other < 0xE000:
        return b"&#%d;" % (0x10000 + ((one - 0xD800) << 10) + other - 0xDC00)
    return b"".join(b"&#%d;" % (value if _is_xml_character(value) else 0xFFFD) for value in (one, other) if value >= 0)


def _code_point(hexadecimal: bytes | None, decimal: bytes | None) -> int:
    return int(hexadecimal, 16) if hexadecimal else int(decimal) if decimal else -1


def _is_xml_character(value: int) -> bool:
    return value in {9, 10, 13} or 32 <= value < 0xD800 or 0xE000 <= value < 0xFFFE or 0x10000 <= value < 0x110000  # XML 1.0, 2.2


def _response_error(response: Response) -> SourceError:
    remedy = "The site must let this reader in: ask whoever runs it to allow its User-Agent." if response.challenge else ""
    return SourceError(response.reason, thing=response.url, remedy=remedy)


def _only_encoding(parsed: Any) -> bool:
    return isinstance(parsed.bozo_exception, feedparser.CharacterEncodingOverride | feedparser.NonXMLContentType)


def _not_a_feed_error(response: Response, cause: Exception | None) -> SourceError:
    if response.challenge:
        return _response_error(response)
    if feed_link(response) or b"<html" in response.body[:2_000].lower() or b"<!doctype html" in response.body[:2_000].lower():
        hint = feed_link(response)
        return SourceError(
            "this is a web page, not a feed",
            thing=response.url,
            remedy=f"Its feed is {hint}" if hint else "Use the address of its feed; the page does not name one.",
        )
    return SourceError(f"this is not a feed: {cause or 'no known format'}", thing=response.url)


def feed_link(response: Response) -> str:
    """Return the address of the feed that a page names in its head, or an empty string."""
    found = _ALTERNATE.search(response.body[:200_000])
    address = found and _HREF.search(found[0])
    return link((address[1] or address[2]).decode("utf-8", "replace").replace("&amp;", "&"), response.url) if address else ""


def xml_error(parsed: Any, body: bytes) -> str:
    """Return where the XML breaks, as the parser says; empty for a wrong charset or content type, or text around a whole feed."""
    error = parsed.get("bozo_exception") if parsed.bozo else None
    if not isinstance(error, SAXParseException):
        return ""
    if len(parsed.entries) >= len(_ENTRY.findall(body)) and _END.search(body):
        return ""
    return f"malformed XML, line {error.getLineNumber()}: {error.getMessage()}"


def entry_date(entry: Any, key: str, style: DateStyle) -> datetime | None:
    """Return a date of an entry: as `dates` reads it, else as feedparser does; None if it is absent or neither can read it."""
    if key not in entry:  # get() would return the published date for `updated`
        return None
    found = moment(str(entry[key]), style)
    parsed = entry[f"{key}_parsed"] if f"{key}_parsed" in entry else None  # noqa: SIM401  for the same reason
    try:
        return found or (datetime.fromtimestamp(timegm(parsed), UTC) if parsed and 1990 < parsed[0] < 2200 else None)
    except (ValueError, OverflowError, OSError):
        return None


def published(entry: Any, style: DateStyle) -> datetime | None:
    """Return when an entry was published, else created, else updated; None if it has no date that can be read."""
    return next((date for key in ("published", "created", "updated") if (date := entry_date(entry, key, style))), None)

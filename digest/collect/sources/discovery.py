"""What kind of source a site is, and what it says of itself: asked once, when a newsletter is set up.

WordPress tells its name, motto and time zone at the root of its REST API; a page names its feeds (RSS autodiscovery, 2005), its
language and its colour. What a site says is a proposal that a person reads before it counts.
"""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from lxml import etree, html

from digest.collect.fetch import Get, Response
from digest.collect.sources import fields
from digest.collect.sources.feed import read as read_feed
from digest.config import SourcePlan
from digest.errors import DigestError, FetchError, SourceError
from digest.text.markup import plain

USUAL_FEEDS = ("feed/", "rss/", "feed.xml", "rss.xml", "atom.xml", "index.xml", "feed.json")
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
OF_COMMENTS = (
    "comment",
    "kommentar",
    "commentaire",
    "comentario",
    "komentarz",
    "sylwad",
    "reactie",
)  # in its title or address
MAX_PARSED = 2_000_000  # bytes of a page
MAX_NAME, MAX_TEXT = 100, 2_000  # characters that are kept of a text, and that are read of it


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveredSite:
    """A site as a source: its kind and address, and what it says of itself; empty where it says nothing."""

    kind: str
    url: str
    site: str
    name: str = ""
    tagline: str = ""
    language: str = ""
    timezone: str = ""
    accent: str = ""
    generator: str = ""


class FrontPage(NamedTuple):
    """What a front page says: of its site, and where its REST API and its feeds are; `folder` is where it is itself."""

    about: DiscoveredSite
    folder: str
    api: str = ""
    feeds: tuple[str, ...] = ()


async def discover(address: str, get: Get) -> DiscoveredSite:
    """Return what a site is; raise FetchError if it does not answer, SourceError if it has nothing that can be read."""
    address = address if "://" in address else f"https://{address}"
    front = await get(address)
    if not front.ok:
        raise FetchError(f"answers with {front.status}", thing=address, remedy="Is the address right?")
    site = f"{urlsplit(front.url).scheme}://{urlsplit(front.url).netloc}"
    if _is_feed(front):
        return await _feed_at(get, front.url, DiscoveredSite(kind="feed", url=front.url, site=site))
    said = await fields.off_loop(_said_by, front, site)
    if found := await _wordpress(get, said) or await _feed(get, said):
        return found
    what = "has neither WordPress's REST API nor a feed"
    raise SourceError(what, thing=address, remedy="Give the address of its feed; see docs/reference/sources.md.")


def _said_by(front: Response, site: str) -> FrontPage:
    """Return what the front page says of its site."""
    found, tree = DiscoveredSite(kind="", url="", site=site), _tree(front)
    folder = front.url.split("?")[0].rpartition("/")[0] + "/" if urlsplit(front.url).path else f"{front.url}/"
    if tree is None:
        return FrontPage(found, folder)
    links = [(row, urljoin(front.url, row.get("href") or "")) for row in tree.iter("link")]
    api = next((url for row, url in links if row.get("rel") == "https://api.w.org/"), "")
    feeds = tuple(url for row, url in links if _names_a_feed(row))
    meta = {(row.get("name") or row.get("property") or "").lower(): row.get("content") or "" for row in tree.iter("meta")}
    title = next((row.text_content() for row in tree.iter("title")), "")
    accent = meta.get("theme-color", "").strip().lower()
    own = replace(
        found,
        name=_line(meta.get("og:site_name") or re.split(r"\s[|–—-]\s", title)[0]),
        tagline=_line(meta.get("description", "")),
        language=_language(tree.get("lang") or ""),
        accent=accent if re.fullmatch("#[0-9a-f]{6}", accent) and accent not in {"#ffffff", "#000000"} else "",
        generator=_line(meta.get("generator", "")),
    )
    return FrontPage(own, folder, api, feeds)


async def _wordpress(get: Get, said: FrontPage) -> DiscoveredSite | None:
    """Return a WordPress site, if its REST API gives strangers its posts; it may be in a folder of the site."""
    bases = dict.fromkeys([re.sub(r"(wp-json/|index\.php/.*|\?.*)$", "", said.api), said.folder, f"{said.about.site}/"])
    for root in (f"{base}{path}" for base in bases if base for path in ("wp-json/", "?rest_route=/")):
        with suppress(FetchError, ValueError):
            posts = await get(f"{root}wp/v2/posts{'&' if '?' in root else '?'}per_page=1")
            if not posts.ok or not isinstance(json.loads(posts.body), list):
                continue
            index = json.loads((await get(root)).body)
            own = index if isinstance(index, dict) else {}
            return replace(
                said.about,
                kind="wordpress",
                url=root.removesuffix("wp-json/").removesuffix("?rest_route=/").rstrip("/"),
                name=_line(own.get("name")) or said.about.name,
                tagline=_line(own.get("description")) or said.about.tagline,
                timezone=_zone(own.get("timezone_string")),
            )
    return None


async def _feed(get: Get, said: FrontPage) -> DiscoveredSite | None:
    """Return a site by the first of its feeds that can be read: those that its page names, or the usual addresses."""
    usual = [f"{base}{name}" for base in (said.folder, f"{said.about.site}/") for name in USUAL_FEEDS]
    for url in dict.fromkeys([*said.feeds, *usual]):
        with suppress(DigestError):
            return await _feed_at(get, url, said.about)
    return None


async def _feed_at(get: Get, url: str, page: DiscoveredSite) -> DiscoveredSite:
    """Return a site by a feed; raise FetchError or SourceError if that cannot be read."""
    await read_feed(SourcePlan(kind="feed", url=url), get, LONG_AGO)
    return replace(page, kind="feed", url=url)


def _names_a_feed(row: html.HtmlElement) -> bool:
    kind, told = (row.get("type") or "").lower(), f"{row.get('title') or ''} {row.get('href') or ''}".lower()
    if any(word in told for word in OF_COMMENTS):
        return False
    return "alternate" in (row.get("rel") or "").lower().split() and ("rss" in kind or "atom" in kind or "feed+json" in kind)


def _is_feed(front: Response) -> bool:
    return bool(re.match(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:rss|feed|rdf:RDF)\b", front.body[:2_000], re.DOTALL))


def _tree(front: Response) -> html.HtmlElement | None:
    try:
        return html.document_fromstring(front.body[:MAX_PARSED])
    except (etree.ParserError, ValueError):
        return None


def _line(value: object) -> str:
    """Return a stranger's text as one short line."""
    return " ".join(plain(value[:MAX_TEXT]).split())[:MAX_NAME] if isinstance(value, str) else ""


def _language(tag: str) -> str:
    return tag if re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", tag) else ""


def _zone(name: object) -> str:
    try:
        return ZoneInfo(name).key if isinstance(name, str) and name else ""
    except (OSError, ValueError, KeyError):
        return ""

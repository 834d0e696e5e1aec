"""The web archive: past editions for everybody, with an RSS and a JSON feed. It leaves out everything personal to a recipient."""

import re
from collections import Counter
from collections.abc import Sequence
from email.utils import format_datetime
from html import escape
from itertools import islice

from aiohttp import web

from digest.app import App
from digest.service.calendar_file import as_icalendar
from digest.service.timetable import scheduled_editions
from digest.store import FrozenEdition
from digest.text.placeholders import split
from digest.web.pages import mail_headers
from digest.web.reader_templates import ReaderTemplates

MAX_LISTED_EDITIONS = 60  # editions on the page of the archive
MAX_FEED_EDITIONS = 20  # editions in a feed
MAX_OFFERED_TOPICS = 24  # topics that a reader may choose, if none are configured
_BODY = re.compile("<body[^>]*>")
_READER_ONLY = re.compile(r'<(p|div|td|span)\b[^>]*class="[^"]*\breader-only\b[^"]*"[^>]*>.*?</\1>', re.DOTALL)


class ArchivePages:
    """The pages of the archive and its feeds."""

    def __init__(self, app: App, templates: ReaderTemplates) -> None:
        self._app = app
        self._templates = templates
        self._topics: tuple[str, tuple[str, ...]] = ("", ())

    def add_routes(self, router: web.UrlDispatcher, prefix: str = "") -> None:
        """Add the routes, below a path."""
        router.add_get(f"{prefix}/archive", self.index_page)
        router.add_get(f"{prefix}/archive/feed.xml", self.rss_feed)
        router.add_get(f"{prefix}/archive/feed.json", self.json_feed)
        router.add_get(f"{prefix}/calendar.ics", self.calendar)
        router.add_get(f"{prefix}/archive/{{key:[a-z0-9-]{{1,60}}}}", self.edition_page)

    def offered_topics(self) -> Sequence[str]:
        """Return the topics that a reader may choose: those configured, otherwise the site's sections in the latest editions."""
        if self._app.config.newsletter.topics:
            return self._app.config.newsletter.topics
        newest = next((row.key for row in self._app.store.editions.headlines(1)), "")
        if newest != self._topics[0]:
            editions = self._app.store.editions.made(MAX_FEED_EDITIONS)
            counts = Counter(topic for frozen in editions for story in frozen.edition.stories for topic in story.article.categories)
            self._topics = (newest, tuple(sorted(topic for topic, _ in counts.most_common(MAX_OFFERED_TOPICS))))
        return self._topics[1]

    async def index_page(self, request: web.Request) -> web.Response:
        """Show the list of editions, newest first."""
        return self._templates.render(
            "archive.html.j2", rows=self._app.store.editions.headlines(MAX_LISTED_EDITIONS), indexed=self._app.config.web.indexed
        )

    async def edition_page(self, request: web.Request) -> web.Response:
        """Show an edition without anything personal to a recipient; 404 if it does not exist."""
        frozen = self._app.store.editions.frozen(request.match_info["key"])
        if frozen is None:
            links = {"subscribe": False, "archive": True}
            return self._templates.render("not_found.html.j2", status=404, links=links, what="edition")
        robots = {"X-Robots-Tag": "all"} if self._app.config.web.indexed else {}
        return web.Response(text=self._public_html(frozen), content_type="text/html", headers={**mail_headers(), **robots})

    def _public_html(self, frozen: FrozenEdition) -> str:
        own = {"view_url": self._address(frozen.key), "preferences_url": f"{self._base}/preferences", "unsubscribe_url": self._base}
        *turns, last = split(_READER_ONLY.sub("", with_correction(self._app, frozen, frozen.rendered.html)))
        return "".join(text + escape(own.get(name, "")) for text, name in zip(turns[::2], turns[1::2], strict=True)) + last

    async def calendar(self, request: web.Request) -> web.Response:
        """Return the editions to come, for a calendar program."""
        editions = islice(scheduled_editions(self._app), MAX_FEED_EDITIONS)
        body = as_icalendar(self._app.config.newsletter, editions, self._app.clock())
        return web.Response(body=body, content_type="text/calendar", charset="utf-8")

    async def rss_feed(self, request: web.Request) -> web.Response:
        """Return the RSS 2.0 feed."""
        newsletter = self._app.config.newsletter
        items = "".join(
            f"<item><title>{_xml(row.subject)}</title><link>{_xml(self._address(row.key))}</link>"
            f'<guid isPermaLink="true">{_xml(self._address(row.key))}</guid>'
            f"<pubDate>{format_datetime(row.frozen_at)}</pubDate>"
            f"<description>{_xml(row.preheader)}</description></item>"
            for row in self._app.store.editions.headlines(MAX_FEED_EDITIONS)
        )
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
            f"<title>{_xml(newsletter.name)}</title><link>{_xml(self._base)}/archive</link>"
            f"<description>{_xml(newsletter.tagline or newsletter.name)}</description>"
            f"<language>{_xml(newsletter.language)}</language>"
            f'<atom:link href="{_xml(self._base)}/archive/feed.xml" rel="self" type="application/rss+xml"/>'
            f"{items}</channel></rss>\n"
        )
        return web.Response(text=text, content_type="application/rss+xml", charset="utf-8")

    async def json_feed(self, request: web.Request) -> web.Response:
        """Return the feed as JSON Feed 1.1."""
        newsletter = self._app.config.newsletter
        items = [
            {
                "id": self._address(row.key),
                "url": self._address(row.key),
                "title": row.subject,
                "content_text": row.preheader,
                "date_published": row.frozen_at.isoformat(),
            }
            for row in self._app.store.editions.headlines(MAX_FEED_EDITIONS)
        ]
        feed = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": newsletter.name,
            "home_page_url": f"{self._base}/archive",
            "feed_url": f"{self._base}/archive/feed.json",
            "language": newsletter.language,
            "items": items,
        }
        return web.json_response(feed, content_type="application/feed+json")

    @property
    def _base(self) -> str:
        return (self._app.config.newsletter.public_url or "").rstrip("/")

    def _address(self, key: str) -> str:
        return f"{self._base}/archive/{key}"


def with_correction(app: App, frozen: FrozenEdition, html: str) -> str:
    """Return the page of an edition with what was corrected in it, and when, above it, if that was so."""
    if frozen.corrected_at is None:
        return html
    at = frozen.corrected_at.astimezone(app.config.newsletter.timezone)
    note = app.design().correction_note(frozen.correction, at)
    return _BODY.sub(lambda found: found[0] + note, html, count=1)


def _xml(text: str) -> str:
    """Escape text for an XML element or attribute, and remove the control characters and non-characters that XML 1.0 forbids."""
    return escape(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text))

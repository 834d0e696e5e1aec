"""JSON Feed 1.0 and 1.1 (jsonfeed.org), for the `feed` kind."""

import json
import re
from collections import Counter
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError, model_validator

from digest.collect.fetch import Response
from digest.collect.sources import fields
from digest.collect.sources.dates import date_style, moment
from digest.config import SourcePlan
from digest.errors import SourceError
from digest.model import UNDATED, Article
from digest.text.markup import link, tidy

_VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/1")

_AFTER_NOTICE = re.compile(rb"\{\s*\"(?:version|title|home_page_url|feed_url)\"\s*:")

_Text = Annotated[
    str, BeforeValidator(lambda value: value if isinstance(value, str) else "" if value is None or value is False else str(value))
]


def _rows(value: object) -> list[Any]:
    """Return a list: of one if only one value is given, and an empty one if it is absent."""
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


class _Author(BaseModel):
    name: _Text = ""

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value or {}


_Authors = Annotated[list[_Author], BeforeValidator(_rows)]


class _Item(BaseModel):
    """An item; any field may be missing or null, and many are."""

    id: _Text = ""
    url: _Text = ""
    external_url: _Text = ""
    title: _Text = ""
    content_html: _Text = ""
    content_text: _Text = ""
    summary: _Text = ""
    image: _Text = ""
    banner_image: _Text = ""
    date_published: _Text = ""
    date_modified: _Text = ""
    tags: Annotated[list[_Text], BeforeValidator(_rows)] = []
    authors: _Authors = []
    author: _Authors = []


def matches(response: Response) -> bool:
    """Return whether a response is JSON rather than XML; a notice from PHP may come before the JSON."""
    return response.ok and _json_start(response.body) >= 0


def _json_start(body: bytes) -> int:
    """Return where the JSON begins, or -1."""
    bare = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if bare.startswith(b"{"):
        return len(body) - len(bare)
    found = _AFTER_NOTICE.search(body[:20_000])
    return found.start() if found else -1


def articles(response: Response, plan: SourcePlan) -> tuple[list[Article], int]:
    """Return the items that have an address, and how many have none; raise SourceError if the JSON is not a feed."""
    try:
        data = json.loads(response.body[_json_start(response.body) :].decode("utf-8-sig"), strict=False)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"malformed JSON: {error}", thing=response.url) from error
    if not isinstance(data, dict) or not _VERSION.match(str(data.get("version", ""))):
        raise SourceError("this is JSON, but not a JSON Feed", thing=response.url)
    if not isinstance(data.get("items"), list):
        raise SourceError("this JSON Feed has no list of items", thing=response.url)
    try:
        feed = _Item.model_validate({"authors": data.get("authors"), "author": data.get("author")})
    except ValidationError:
        feed = _Item()
    items = [_item(row) for row in data["items"][:1_000]]
    keys = Counter(item.id or item.url for item in items if item)
    found = [item and _article(item, plan, response.url, feed, shared=keys[item.id or item.url] > 1) for item in items]
    kept = [article for article in found if article]
    return kept, len(found) - len(kept)


def _item(row: Any) -> _Item | None:
    try:
        return _Item.model_validate(row)
    except ValidationError:
        return None


def _article(item: _Item, plan: SourcePlan, base: str, feed: _Item, *, shared: bool) -> Article | None:
    """Return one item; None if it has no address. Its title, summary, names and tags are plain text (JSON Feed 1.1, “Items”)."""
    url = link(item.url or item.external_url, base) if item.url or item.external_url else link(item.id)
    if not url:
        return None
    text = fields.body(item.content_html) or tidy(item.content_text[: fields.MAX_BODY_CHARS])
    published, title = (
        moment(item.date_published or item.date_modified, date_style(plan)),
        fields.title(fields.escaped(item.title), text),
    )
    names = item.authors or item.author or feed.authors or feed.author
    return Article(
        id=fields.article_id(f"{url} {title}" if shared else item.id or url, plan.url, url),
        source=plan.label,
        url=url,
        title=title,
        author=fields.byline(fields.escaped(row.name) for row in names),
        summary=fields.summary(fields.escaped(item.summary), text),
        body_text=text,
        image=fields.image(item.image or item.banner_image, base),
        topics=fields.topics([fields.escaped(tag) for tag in item.tags]),
        published=published or UNDATED,
        updated=moment(item.date_modified, date_style(plan)) or published or UNDATED,
        guessed=published is None,
    )

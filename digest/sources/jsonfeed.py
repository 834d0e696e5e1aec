"""JSON Feed 1.0 and 1.1 (jsonfeed.org), for the `feed` kind."""

import json
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ValidationError, field_validator

from digest.config import SourcePlan
from digest.errors import SourceError
from digest.fetch import Response
from digest.markup import inline, link, tidy
from digest.model import Article
from digest.sources import written


class _Author(BaseModel):
    name: str = ""


class _Item(BaseModel):
    id: str
    url: str = ""
    external_url: str = ""
    title: str = ""
    content_html: str = ""
    content_text: str = ""
    summary: str = ""
    image: str = ""
    banner_image: str = ""
    date_published: datetime
    date_modified: datetime | None = None
    tags: list[str] = []
    authors: list[_Author] = []
    author: _Author = _Author()

    @field_validator("date_published", "date_modified")
    @classmethod
    def _sane(cls, value: datetime | None) -> datetime | None:
        if value is not None and not 1990 < value.year < 2200:
            raise ValueError("not a date of a publication")
        return value

    @field_validator("id", mode="before")
    @classmethod
    def _text(cls, value: object) -> str:
        return str(value)  # the specification asks readers to take a number


def matches(response: Response) -> bool:
    """Whether an answer is JSON rather than XML."""
    return response.ok and response.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def articles(response: Response, plan: SourcePlan) -> tuple[list[Article], int]:
    """The items that have an address and a date, and how many have not; SourceError where the JSON is no feed."""
    try:
        data = json.loads(response.body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"malformed JSON: {error}", thing=response.url) from error
    if not isinstance(data, dict) or not str(data.get("version", "")).startswith("https://jsonfeed.org/version/1"):
        raise SourceError("this is JSON, but not a JSON Feed", thing=response.url)
    if not isinstance(data.get("items"), list):
        raise SourceError("this JSON Feed has no list of items", thing=response.url)
    rows = [_item(row) for row in data["items"][:1_000]]
    found = [row and _article(row, plan, response.url) for row in rows]
    kept = [article for article in found if article]
    return kept, len(found) - len(kept)


def _item(row: Any) -> _Item | None:
    try:
        return _Item.model_validate(row)
    except ValidationError:
        return None  # an item without id or date cannot be placed in any edition


def _article(item: _Item, plan: SourcePlan, base: str) -> Article | None:
    url = link(item.url or item.external_url, base)
    if not url:
        return None
    text = written.body(item.content_html) or tidy(item.content_text[: written.BODY])
    published = _utc(item.date_published)
    return Article(
        id=written.article_id(item.id, plan.url),
        source=plan.label,
        url=url,
        title=written.title(item.title, text),
        author=inline((item.authors or [item.author])[0].name)[:120],
        summary=written.summary(item.summary, text),
        body_text=text,
        image=written.image(item.image or item.banner_image, base),
        topics=written.topics(item.tags),
        published=published,
        updated=_utc(item.date_modified) if item.date_modified else published,
    )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

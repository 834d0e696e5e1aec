"""The comments on an article from a feed: often only the ten newest, and without votes."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from digest.collect.fetch import Get, Response
from digest.collect.sources import fields
from digest.collect.sources.dates import UTC_STYLE
from digest.collect.sources.parsed_feed import parse, published
from digest.errors import FetchError
from digest.model import Article, Comment, Failure, Harvest, ThreadCoverage
from digest.text.markup import link

MAX_ENTRIES = 1_000
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_IN_REPLY = (
    "In reply to", "Als Antwort auf", "En réponse à", "Réponse à", "En respuesta a", "In risposta a", "Em resposta a",
    "Als antwoord op",
    "Als reactie op", "W odpowiedzi na", "V odpovědi na", "V reakci na",
    "Som svar till", "Som svar på", "Som svar til", "Vastauksena",
    "В ответ на", "У відповідь на", "У відповідь до", "Válasz erre", "Ca răspuns la", "Σε απάντηση", "En resposta a", "Mewn ateb i",
)  # fmt: skip
_REPLY = re.compile(  # how WordPress begins a reply in its languages
    rf"""^\s*(?:<p>)?(?:{"|".join(_IN_REPLY)})\s*:?\s*<a href=["']([^"']+)["'][^>]*>.{{0,300}}?</a>\s*[.:。]?\s*(?:</p>)?""",
    re.DOTALL,
)


async def read_thread(get: Get, on: Article, url: str) -> Harvest:
    """Return an article's comments from a feed, or a Failure, which leaves the article as it is."""
    try:
        found = await fields.off_loop(_comments, await get(url), on)
    except FetchError as error:
        return Harvest(failures=(Failure(source=on.source, reason=f"comments of “{on.title}” are missing: {error}"),))
    return Harvest(comments=found, threads=_reach(on, found))


def _comments(response: Response, on: Article) -> tuple[Comment, ...]:
    return tuple(row for entry in parse(response).entries[:MAX_ENTRIES] if (row := comment(entry, on)))


def _reach(on: Article, found: Sequence[Comment]) -> tuple[ThreadCoverage, ...]:
    """Return how far back a comment feed is whole: to its oldest entry, or to the beginning if it has all comments."""
    if len(found) == on.comment_count:
        return (ThreadCoverage(article_id=on.id, complete_since=BEGINNING),)
    return (ThreadCoverage(article_id=on.id, complete_since=min(row.written for row in found)),) if found else ()


def comment(entry: Any, on: Article) -> Comment | None:
    """Return one entry of a comment feed as a comment; None if it has no date."""
    written_at = published(entry, UTC_STYLE)
    markup = max((part.get("value", "") for part in entry.get("content", [])), key=len, default="") or entry.get("summary", "")
    answered = _REPLY.match(markup)
    url = link(entry.get("link", ""), on.url) or on.url
    if written_at is None:
        return None
    text = fields.comment_text(markup[answered.end() :] if answered else markup)
    return Comment(
        id=fields.comment_id(entry.get("id") or url, on.id),
        article_id=on.id,
        parent_id=_parent(entry, answered, on),
        author=fields.name(entry.get("author", "")),
        text=text,
        links=fields.count_links(markup[answered.end() :] if answered else markup),
        written=written_at,
        url=url,
        kind="pingback" if fields.is_pingback(text) else "comment",
    )


def _parent(entry: Any, answered: re.Match[str] | None, on: Article) -> str | None:
    """Return the id of the answered comment: from RFC 4685 if the feed has it, else from WordPress's “In reply to”."""
    reference = str((entry.get("thr_in-reply-to") or {}).get("ref", ""))
    if reference:
        return None if on.id.endswith(reference) or reference == on.url else fields.comment_id(reference, on.id)
    fragment = answered[1].partition("#")[2] if answered else ""
    return fields.comment_id(f"#{fragment}", on.id) if fragment else None

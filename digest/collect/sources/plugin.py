"""Names that another package may import to add a kind of source: the types of its function and helpers for its strings.

    async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest: ...
    async def discuss(plan: CommentsPlan, get: Get, articles: Sequence[Article]) -> Harvest: ...

The entry points are `digest.sources` and `digest.comments`. These names are stable: CONTRIBUTING.md says what that means.
"""

from digest.collect.fetch import Get, Response
from digest.collect.sources import Discuss, Read
from digest.collect.sources.dates import date_style, moment
from digest.collect.sources.fields import article_id, body, byline, comment_text, image, name, off_loop, summary, title, topics
from digest.config import CommentsPlan, SourcePlan
from digest.errors import FetchError, SourceError
from digest.model import UNDATED, Article, Comment, Failure, Harvest, Image, ThreadCoverage
from digest.text.markup import link

__all__ = [
    "UNDATED",
    "Article",
    "Comment",
    "CommentsPlan",
    "Discuss",
    "Failure",
    "FetchError",
    "Get",
    "Harvest",
    "Image",
    "Read",
    "Response",
    "SourceError",
    "SourcePlan",
    "ThreadCoverage",
    "article_id",
    "body",
    "byline",
    "comment_text",
    "date_style",
    "image",
    "link",
    "moment",
    "name",
    "off_loop",
    "summary",
    "title",
    "topics",
]

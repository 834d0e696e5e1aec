"""Where articles and comments come from: one module a kind, wire format → values.

A kind is a function `read(plan, get, since)` that returns a Harvest of the articles published since an instant, with their
comments; a kind of comments apart is `discuss(plan, get, articles)`. Both raise FetchError or SourceError when the source as
a whole cannot be read; what can be read of a source that is partly broken is returned, with a Failure beside it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import entry_points
from typing import Any

from digest.config import CommentsPlan, SourcePlan
from digest.errors import ConfigError
from digest.fetch import Get
from digest.model import Article, Harvest
from digest.sources import (
    bluesky,
    discourse,
    disqus,
    feed,
    ghost,
    hackernews,
    lemmy,
    lobsters,
    mastodon,
    page,
    reddit,
    wordpress,
)

Read = Callable[[SourcePlan, Get, datetime], Awaitable[Harvest]]
Discuss = Callable[[CommentsPlan, Get, Sequence[Article]], Awaitable[Harvest]]

KINDS: Mapping[str, Read] = {
    "feed": feed.read,
    "wordpress": wordpress.read,
    "ghost": ghost.read,
    "discourse": discourse.read,
    "hackernews": hackernews.read,
    "lobsters": lobsters.read,
    "reddit": reddit.read,
    "lemmy": lemmy.read,
    "mastodon": mastodon.read,
    "bluesky": bluesky.read,
    "page": page.read,
}
DISCUSSIONS: Mapping[str, Discuss] = {
    "disqus": disqus.discuss,
    "discourse": discourse.discuss,
    "hackernews": hackernews.discuss,
    "reddit": reddit.discuss,
    "lemmy": lemmy.discuss,
    "mastodon": mastodon.discuss,
    "bluesky": bluesky.discuss,
}


def reader(plan: SourcePlan) -> Read:
    """The function that reads a source of this kind: one of ours, or another package's by the entry point `digest.sources`."""
    read: Read = _named("digest.sources", "sources.kind", plan.kind, KINDS)
    return read


def discusser(plan: CommentsPlan) -> Discuss:
    """The function that finds comments on given articles: one of ours, or another package's by entry point `digest.comments`."""
    discuss: Discuss = _named("digest.comments", "sources.comments.kind", plan.kind, DISCUSSIONS)
    return discuss


def _named(group: str, key: str, kind: str, ours: Mapping[str, Any]) -> Any:
    if kind in ours:
        return ours[kind]
    others = {point.name: point for point in entry_points(group=group)}
    if kind not in others:
        raise ConfigError(f"{key} {kind!r} is not known", thing="digest.toml", remedy=f"There is: {', '.join([*ours, *others])}.")
    return others[kind].load()

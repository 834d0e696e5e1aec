"""Adapters for articles and comments: one module for each kind of source, from wire format to values.

`read(plan, get, since)` returns a Harvest of the articles published since an instant, with their comments.
`discuss(plan, get, articles)` returns a Harvest of the comments elsewhere on given articles. Both raise FetchError or
SourceError if the source as a whole cannot be read. If only part of it can be read, they return that part with a Failure.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from digest.collect.fetch import Get
from digest.config import CommentsPlan, SourcePlan
from digest.errors import ConfigError, SourceError
from digest.model import Article, Harvest

Read = Callable[[SourcePlan, Get, datetime], Awaitable[Harvest]]
Discuss = Callable[[CommentsPlan, Get, Sequence[Article]], Awaitable[Harvest]]

# Each kind is a module of that name here, imported only when a source names it: a missing library affects no other kind.
KINDS = (
    "wordpress", "feed", "ghost", "discourse", "hackernews", "lobsters", "reddit", "lemmy", "mastodon", "bluesky", "page",
)  # fmt: skip
DISCUSSIONS = ("disqus", "discourse", "hackernews", "reddit", "lemmy", "mastodon", "bluesky")


def source_reader(plan: SourcePlan) -> Read:
    """Return the function that reads this kind of source: ours, or another package's from the entry point `digest.sources`.

    Raises ConfigError if the kind is unknown, SourceError if a library it needs cannot be imported.
    """
    read: Read = _load_function("digest.sources", "sources.kind", plan.kind, KINDS, "read")
    return read


def comment_reader(plan: CommentsPlan) -> Discuss:
    """Return the function that finds comments on given articles: ours, or another package's from entry point `digest.comments`."""
    discuss: Discuss = _load_function("digest.comments", "sources.comments.kind", plan.kind, DISCUSSIONS, "discuss")
    return discuss


def _load_function(group: str, key: str, kind: str, ours: Sequence[str], function: str) -> Any:
    try:
        if kind in ours:
            return getattr(import_module(f"digest.collect.sources.{kind}"), function)
        others = {point.name: point for point in entry_points(group=group)}
        if kind in others:
            return others[kind].load()
    except ImportError as error:
        raise SourceError(
            f"{key} {kind!r} needs a library that cannot be imported: {error}",
            thing="digest.toml",
            remedy="Install digest anew, with all that it depends on.",
        ) from error
    raise ConfigError(f"unknown {key} {kind!r}", thing="digest.toml", remedy=f"Available: {', '.join([*ours, *others])}.")

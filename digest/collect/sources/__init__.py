"""Where articles and comments come from: one module a kind, wire format → values.

A kind is a function `read(plan, get, since)` that returns a Harvest of the articles published since an instant, with their
comments; a kind of comments apart is `discuss(plan, get, articles)`. Both raise FetchError or SourceError when the source as
a whole cannot be read; what can be read of a source that is partly broken is returned, with a Failure beside it.
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

# Each is a module here of the same name, imported only when a source names it: what one kind needs is no other's trouble.
KINDS = (
    "wordpress", "feed", "ghost", "discourse", "hackernews", "lobsters", "reddit", "lemmy", "mastodon", "bluesky", "page",
)  # fmt: skip
DISCUSSIONS = ("disqus", "discourse", "hackernews", "reddit", "lemmy", "mastodon", "bluesky")


def source_reader(plan: SourcePlan) -> Read:
    """The function that reads a source of this kind: one of ours, or another package's by the entry point `digest.sources`.

    ConfigError where nobody knows the kind, SourceError where what it needs cannot be imported.
    """
    read: Read = _named("digest.sources", "sources.kind", plan.kind, KINDS, "read")
    return read


def comment_reader(plan: CommentsPlan) -> Discuss:
    """The function that finds comments on given articles: one of ours, or another package's by entry point `digest.comments`."""
    discuss: Discuss = _named("digest.comments", "sources.comments.kind", plan.kind, DISCUSSIONS, "discuss")
    return discuss


def _named(group: str, key: str, kind: str, ours: Sequence[str], function: str) -> Any:
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

"""Where articles come from: one module a kind, wire format → values.

A kind is a function `read(plan, get, since)` that returns a Harvest of the articles published since an instant, with
their comments. It raises FetchError or SourceError when the source as a whole cannot be read; what can be read of a
source that is partly broken is returned, with a Failure beside it.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from digest.config import SourcePlan
from digest.errors import ConfigError
from digest.fetch import Get
from digest.model import Harvest
from digest.sources import feed, wordpress

Read = Callable[[SourcePlan, Get, datetime], Awaitable[Harvest]]

KINDS: Mapping[str, Read] = {"feed": feed.read, "wordpress": wordpress.read}


def reader(plan: SourcePlan) -> Read:
    """The function that reads a source of this kind."""
    if plan.kind not in KINDS:
        raise ConfigError(f"sources.kind {plan.kind!r} is not known", thing="digest.toml", remedy=f"There is: {', '.join(KINDS)}.")
    return KINDS[plan.kind]

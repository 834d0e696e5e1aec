"""Stage 1: all sources read at once; a source that fails is a Failure in the harvest, never another's problem."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial

from digest.config import CommentsPlan, SourcePlan
from digest.errors import ConfigError, FetchError
from digest.fetch import Fetcher, Get
from digest.model import Article, Failure, Harvest
from digest.sources import discusser, reader

log = logging.getLogger("digest")
DEADLINE = 60.0  # seconds for one source with all its pages and threads


async def collect(
    plans: Sequence[SourcePlan],
    fetcher: Fetcher,
    since: Mapping[str, datetime],
    *,
    conditional: bool = True,
    deadline: float = DEADLINE,
) -> Harvest:
    """What the sources published since an instant, each its own (by label), with the comments of those articles.

    `conditional=False` asks every address in full: a 304 on a comment feed does not prove that nothing was removed.
    """
    with _giving_way():
        read = await asyncio.gather(*(_one(plan, fetcher, since[plan.label], conditional, deadline) for plan in plans))
    return sum(read, Harvest())


@contextmanager
def _giving_way() -> Iterator[None]:
    """Whoever parses beside the event loop hands the interpreter back in 0.2 ms, not 5: the loop asks for it at each request."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0002)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


async def _one(plan: SourcePlan, fetcher: Fetcher, since: datetime, conditional: bool, deadline: float) -> Harvest:
    get = partial(fetcher.get, allow_private=plan.allow_private, conditional=conditional)
    harvest = await _settled(_read(plan, get, since), plan.label, deadline)
    if plan.comments and harvest.articles:
        label = f"{plan.label}, comments by {plan.comments.kind}"
        harvest = _with(harvest, await _settled(_discuss(plan.comments, get, harvest.articles), label, deadline))
    return harvest if harvest.failures else replace(harvest, read=(plan.label,))


async def _read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    return await reader(plan)(plan, get, since)


async def _discuss(plan: CommentsPlan, get: Get, articles: Sequence[Article]) -> Harvest:
    return await discusser(plan)(plan, get, articles)


async def _settled(work: Awaitable[Harvest], label: str, deadline: float) -> Harvest:
    """What a reading brings; what is wrong with it is a value."""
    try:
        async with asyncio.timeout(deadline):
            return await work
    except ConfigError:
        raise
    except FetchError as error:
        return Harvest(failures=(Failure(source=label, reason=str(error)),))
    except TimeoutError:
        return Harvest(failures=(Failure(source=label, reason=f"not read to its end within {deadline:.0f} s"),))
    except Exception as error:  # a fault of ours that one source's bytes brought out must not cost the others their edition
        log.exception("reading %s failed", label)
        return Harvest(failures=(Failure(source=label, reason=f"unexpected {type(error).__name__}: {error}"),))


def _with(native: Harvest, apart: Harvest) -> Harvest:
    """Articles with the comments from elsewhere. Nobody is taken for removed where either side failed, or only one knows."""
    promised = {row.article_id for row in native.threads}
    spoken = {row.article_id for row in native.comments}
    both = tuple(row for row in apart.threads if row.article_id in promised or row.article_id not in spoken)
    whole = replace(native + apart, threads=both)
    return replace(whole, threads=()) if whole.failures else whole

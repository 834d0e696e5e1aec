"""Stage 1: all sources read at once; a source that fails is a Failure in the harvest, never another's problem."""

import asyncio
import logging
import re
import sys
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial

from digest.collect.fetch import Fetcher, Get
from digest.collect.sources import comment_reader, source_reader
from digest.collect.sources.fields import BUDGET, Budget
from digest.config import CommentsPlan, SourcePlan
from digest.errors import ConfigError, FetchError
from digest.model import Article, Failure, Harvest

log = logging.getLogger("digest")
SOURCE_TIMEOUT = 60.0  # seconds for one source with all its pages and threads
ARTICLE_TIMEOUT = 15.0  # seconds for one article's address
TAKEN_DOWN = "taken down by its site: "
_LOGIN = re.compile(r"/(?:wp-login\.php|log-?in|sign-?in|anmelden|connexion)(?:[/?#]|$)", re.IGNORECASE)


async def collect(
    plans: Sequence[SourcePlan],
    fetcher: Fetcher,
    since: Mapping[str, datetime],
    *,
    conditional: bool = True,
    deadline: float = SOURCE_TIMEOUT,
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
    BUDGET.set(Budget())  # each source's reading is a task of its own, so it has this to itself
    get = partial(fetcher.get, allow_private=plan.allow_private, conditional=conditional)
    harvest = await _settled(_read(plan, get, since), plan.label, deadline)
    if plan.comments and harvest.articles:
        label = f"{plan.label}, comments by {plan.comments.kind}"
        harvest = _with(harvest, await _settled(_discuss(plan.comments, get, harvest.articles), label, deadline))
    return harvest if harvest.failures else replace(harvest, read=(plan.label,))


async def _read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    return await source_reader(plan)(plan, get, since)


async def _discuss(plan: CommentsPlan, get: Get, articles: Sequence[Article]) -> Harvest:
    return await comment_reader(plan)(plan, get, articles)


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
        return Harvest(failures=(Failure(source=label, reason=f"timed out after {deadline:.0f} seconds"),))
    except Exception as error:  # a fault of ours that one source's bytes brought out must not cost the others their edition
        log.exception("could not read %s", label)
        return Harvest(
            failures=(Failure(source=label, reason=f"internal error: {type(error).__name__}: {error}. Please report it."),)
        )


def _with(native: Harvest, apart: Harvest) -> Harvest:
    """Articles with the comments from elsewhere. Nobody is taken for removed where either side failed, or only one knows."""
    promised = {row.article_id for row in native.threads}
    spoken = {row.article_id for row in native.comments}
    both = tuple(row for row in apart.threads if row.article_id in promised or row.article_id not in spoken)
    whole = replace(native + apart, threads=both)
    return replace(whole, threads=()) if whole.failures else whole


async def taken_down(
    articles: Sequence[Article], harvest: Harvest, plans: Sequence[SourcePlan], fetcher: Fetcher
) -> Mapping[str, str]:
    """Why some articles are not on their site any more, by their ids, after a reading of the sources.

    What that reading brought is there. Of the rest a source's own list tells, where it was whole, else the article's address.
    """
    there = {row.id for row in (*harvest.articles, *harvest.older)}
    missing = [article for article in articles if article.id not in there]
    private = {plan.label: plan.allow_private for plan in plans}
    lists = dict(harvest.listed)
    asked = [row for row in missing if not _off_the_list(row, lists) and row.source in private]
    answers = await asyncio.gather(*(_why_not(row, fetcher, allow_private=private[row.source]) for row in asked))
    found = {row.id: f"{TAKEN_DOWN}it is not in its site's list any more" for row in missing if _off_the_list(row, lists)}
    return found | {row.id: why for row, why in zip(asked, answers, strict=True) if why}


def _off_the_list(article: Article, lists: Mapping[str, datetime]) -> bool:
    return article.source in lists and article.published >= lists[article.source]


async def _why_not(article: Article, fetcher: Fetcher, *, allow_private: bool) -> str:
    """Why an article cannot be read at its address; empty where it can, or where nobody knows: a shield's 403 proves nothing."""
    try:
        async with asyncio.timeout(ARTICLE_TIMEOUT):
            response = await fetcher.get(article.url, allow_private=allow_private, conditional=False)
    except (FetchError, TimeoutError):
        return ""
    if response.challenge:
        return ""
    if response.status in {404, 410}:
        return f"{TAKEN_DOWN}its address answers {response.status}"
    return f"{TAKEN_DOWN}its address asks for a login" if response.status == 401 or _LOGIN.search(response.url) else ""

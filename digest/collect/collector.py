"""Stage 1: read all sources at once. A source that fails becomes a Failure in the harvest and does not affect the others."""

import asyncio
import logging
import re
import sys
from collections.abc import Awaitable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from digest.collect.fetch import Fetcher, Get
from digest.collect.sources import comment_reader, source_reader
from digest.collect.sources.fields import BUDGET, Budget
from digest.config import CommentsPlan, SourcePlan
from digest.errors import ConfigError, FetchError, SourceError
from digest.model import UNDATED, Article, Failure, Harvest
from digest.text.markup import link

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
    """Return what each source published since its own instant (`since`, by label), with the comments on those articles.

    `conditional=False` requests every address in full, because a 304 on a comment feed does not prove that nothing was removed.
    """
    with _short_switch_interval():
        read = await asyncio.gather(*(_read_source(plan, fetcher, since[plan.label], conditional, deadline) for plan in plans))
    return sum(read, Harvest())


@contextmanager
def _short_switch_interval() -> Iterator[None]:
    """Make threads beside the event loop release the interpreter after 0.2 ms, not 5: the loop needs it at each request."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0002)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


async def _read_source(plan: SourcePlan, fetcher: Fetcher, since: datetime, conditional: bool, deadline: float) -> Harvest:
    BUDGET.set(Budget())  # each source is read in a task of its own, so each has its own budget
    get = partial(fetcher.get, allow_private=plan.allow_private, conditional=conditional)
    harvest = await _catch_failures(_read(plan, get, since), plan.label, deadline)
    if plan.comments and harvest.articles:
        label = f"{plan.label}, comments by {plan.comments.kind}"
        harvest = _merge_comments(harvest, await _catch_failures(_discuss(plan.comments, get, harvest.articles), label, deadline))
    return harvest if harvest.failures else replace(harvest, read=(plan.label,))


async def _read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    return await source_reader(plan)(plan, get, since)


async def _discuss(plan: CommentsPlan, get: Get, articles: Sequence[Article]) -> Harvest:
    return await comment_reader(plan)(plan, get, articles)


async def _catch_failures(work: Awaitable[Harvest], label: str, deadline: float) -> Harvest:
    """Return the harvest of `work`; if it fails or passes the deadline (seconds), return a Failure, but raise a ConfigError."""
    try:
        async with asyncio.timeout(deadline):
            return await work
    except ConfigError:
        raise
    except FetchError as error:
        return Harvest(failures=(Failure(source=label, reason=str(error)),))
    except TimeoutError:
        return Harvest(failures=(Failure(source=label, reason=f"timed out after {deadline:.0f} seconds"),))
    except Exception as error:  # our own bug, triggered by one source's bytes, must not cost the others their edition
        log.exception("could not read %s", label)
        return Harvest(
            failures=(Failure(source=label, reason=f"internal error: {type(error).__name__}: {error}. Please report it."),)
        )


def _merge_comments(native: Harvest, external: Harvest) -> Harvest:
    """Add the comments from elsewhere to the articles and their own comments.

    A missing comment counts as removed only if neither side failed and `external` has its thread whole. The thread must also be
    whole in `native`, or have no comments there.
    """
    covered = {row.article_id for row in native.threads}
    commented = {row.article_id for row in native.comments}
    threads = tuple(row for row in external.threads if row.article_id in covered or row.article_id not in commented)
    whole = replace(native + external, threads=threads)
    return replace(whole, threads=()) if whole.failures else whole


async def article_at(url: str, fetcher: Fetcher, private_hosts: Collection[str] = ()) -> Article:
    """Return the article of a page that an editor names; raise SourceError if the page declares none, FetchError if it cannot be
    read.
    """
    if not (address := link(url.strip())):
        raise SourceError("not a web address", thing=url, remedy="Give one that begins with https://.")
    host = urlsplit(address).hostname or ""
    plan = SourcePlan(kind="page", url=address, name=host, allow_private=host in private_hosts)
    BUDGET.set(Budget())
    get = partial(fetcher.get, allow_private=plan.allow_private, conditional=False)
    try:
        async with asyncio.timeout(ARTICLE_TIMEOUT):
            found = await source_reader(plan)(plan, get, UNDATED)
    except TimeoutError as error:
        raise FetchError("that address did not answer", thing=address, remedy="Try again in a moment.") from error
    if len(found.articles) != 1:
        raise SourceError("that page has no story we can read", thing=address)
    return found.articles[0]


async def taken_down(
    articles: Sequence[Article], harvest: Harvest, plans: Sequence[SourcePlan], fetcher: Fetcher
) -> Mapping[str, str]:
    """Return why articles are no longer on their site, by article id, after the sources were read.

    Articles in the harvest are still there. For the others, the source's list decides if it was read whole, else their address.
    """
    there = {row.id for row in (*harvest.articles, *harvest.older)}
    missing = [article for article in articles if article.id not in there]
    private = {plan.label: plan.allow_private for plan in plans}
    lists = dict(harvest.listed)
    asked = [row for row in missing if not _off_the_list(row, lists) and row.source in private]
    answers = await asyncio.gather(*(_removal_reason(row, fetcher, allow_private=private[row.source]) for row in asked))
    found = {row.id: f"{TAKEN_DOWN}it is not in its site's list any more" for row in missing if _off_the_list(row, lists)}
    return found | {row.id: why for row, why in zip(asked, answers, strict=True) if why}


def _off_the_list(article: Article, lists: Mapping[str, datetime]) -> bool:
    return article.source in lists and article.published >= lists[article.source]


async def _removal_reason(article: Article, fetcher: Fetcher, *, allow_private: bool) -> str:
    """Return why an article is gone from its address; empty if it is there or nobody knows: a bot shield's 403 proves nothing."""
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

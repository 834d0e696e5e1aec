"""Checks of everything that the next edition needs. Each part is tried; nothing is changed and nothing is sent."""

import asyncio
from collections.abc import Awaitable, Iterable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from digest.app import App
from digest.bounces.mailboxes import check_mailbox
from digest.config import Newsletter, Relay
from digest.config.file_permissions import open_to_others, others_may_read
from digest.deliver import Extensions, Session
from digest.edition.editor_file import misnamed_files
from digest.edition.guards import would_hold
from digest.edition.readership import count_recipients
from digest.errors import DigestError
from digest.service.design_checks import check_design
from digest.service.dns_checks import check_dns
from digest.service.finding import Finding
from digest.service.judge_check import try_judge
from digest.text.prose import counted


async def run_checks(app: App) -> list[Finding]:
    """Run every check and return the findings, part by part in a fixed order."""
    parts: Iterable[Awaitable[list[Finding]]] = (
        _config(app), _subscribers(app), _sources(app), _judge(app), check_design(app), _relays(app), _bounces(app),
        check_dns(app), _alarms(app),
    )  # fmt: skip
    return [row for rows in await asyncio.gather(*parts) for row in rows]


async def _config(app: App) -> list[Finding]:
    newsletter = app.config.newsletter
    summary = f"{newsletter.name}, time zone {newsletter.timezone.key}"
    nameless = "is the file of no edition, and nobody reads it: call it after the edition's day, as in 2026-11-24.md"
    unread = [Finding("config", "warning", f"{name} {nameless}") for name in misnamed_files(app.config.root)]
    return [
        Finding("config", "ok", summary),
        *_setting_warnings(newsletter),
        *_desk_warnings(app),
        *_exposed_files(app),
        *unread,
    ]


async def _alarms(app: App) -> list[Finding]:
    """Say who is told when an edition does not go."""
    plan = app.config.alarms
    ways = [*map(str, plan.mail_to), *(["a webhook"] if plan.webhook else []), *(["a ping"] if plan.ping else [])]
    if not ways:
        return [Finding("alarms", "warning", "nobody is told when an edition does not go: see [alarms]")]
    by = f" by {plan.relay.label}" if plan.relay and plan.mail_to else ""
    found = [Finding("alarms", "ok", f"they go to {', '.join(ways)}{by}")]
    if plan.mail_to and plan.relay is None:
        found.append(
            Finding("alarms", "warning", "they go by the same relay as editions, which may be what is down: set alarms.relay")
        )
    return found


def _desk_warnings(app: App) -> Iterator[Finding]:
    """Yield a warning for a desk that nobody can open, or an approval that nobody is asked for."""
    editors, asking = app.config.desk.editors, [plan.name for plan in app.config.editions if plan.approval != "none"]
    if asking and not editors:
        yield Finding("config", "warning", f"approval of {', '.join(asking)} is asked of nobody: name your editors in [desk]")
    if editors and not app.config.newsletter.public_url:
        yield Finding("config", "warning", "the desk cannot be opened and its editors get no mail: set newsletter.public_url")


def _exposed_files(app: App) -> Iterator[Finding]:
    """Yield a warning for each file that others on this machine can read and should not."""
    keys = [key.key_file for key in app.config.dkim if key.key_file.exists() and others_may_read(key.key_file)]
    for path in [*open_to_others(app.config.root), *keys]:
        yield Finding("config", "warning", f"{path} can be read by others on this machine; close it: chmod go= {path}")


def _setting_warnings(newsletter: Newsletter) -> Iterator[Finding]:
    """Yield a warning for each missing or insecure setting, with its consequence."""
    if not newsletter.public_url:
        yield Finding(
            "config",
            "warning",
            "public_url is not set: readers can unsubscribe only by email, and Gmail requires one click of bulk senders",
        )
    elif urlsplit(newsletter.public_url).scheme != "https":
        yield Finding(
            "config", "warning", "public_url is not https: email programs will not offer one-click unsubscribe (RFC 8058)"
        )
    if not newsletter.postal_address:
        yield Finding("config", "warning", "postal_address is not set: the law in many countries requires one")
    if not newsletter.site_url:
        yield Finding("config", "warning", "site_url is not set: the footer has no link to your site")


async def _subscribers(app: App) -> list[Finding]:
    try:
        summary = app.subscriber_file().summarise()
    except DigestError as error:
        return [Finding("subscribers", "error", str(error))]
    active, skipped = summary.active, summary.skipped + summary.duplicates
    ambiguous = app.subscriber_file().columns().ambiguous
    problem = "may say who must not be written to, and is not known: write status, unsubscribed or bounced there, or rename it"
    found = [
        *(Finding("subscribers", "error", f"the column “{name}” {problem}") for name in ambiguous),
        *_guards(app),
        Finding(
            "subscribers",
            "ok" if active else "error",
            f"{counted(active, 'active subscriber')}"
            if active
            else "subscribers.csv has no active subscribers. Add one, for example with `digest subscribers add EMAIL`",
        ),
    ]
    if skipped:
        first = next(row for row in app.subscriber_file().problems() if row.skipped)
        found.append(
            Finding(
                "subscribers",
                "warning",
                f"{counted(skipped, 'row')} skipped; first, line {first.line}: {first.what}. Run `digest subscribers check`",
            )
        )
    return found


def _guards(app: App) -> Iterator[Finding]:
    """Yield an error for each edition that a guard would hold if it came out now."""
    plans = app.config.editions
    wanting = [app.readership(plan).gets for plan in plans]
    counts = count_recipients(app.store, app.subscriber_file(), app.clock().date(), wanting)
    for plan, recipients in zip(plans, counts, strict=True):
        if error := would_hold(app.config.guards, app.store, app.series[plan.name], recipients):
            yield Finding("subscribers", "error", f"a guard would hold the next edition: {error}")


async def _sources(app: App) -> list[Finding]:
    try:
        harvest = await app.collect(app.clock() - timedelta(days=7))
    except DigestError as error:
        return [Finding("sources", "error", str(error))]
    failed = [Finding("sources", "error" if not harvest.articles else "warning", str(row)) for row in harvest.failures]
    summary = f"{counted(len(harvest.articles), 'article')} and {counted(len(harvest.comments), 'comment')} in the last 7 days"
    return [
        *([Finding("sources", "ok" if harvest.articles else "warning", summary)] if harvest.articles or not failed else []),
        *failed,
    ]


async def _judge(app: App) -> list[Finding]:
    if app.config.judge is None:
        return []
    works, text = await try_judge(app.config.judge, app.config.root)
    return [Finding("judge", "ok" if works else "warning", text)]


async def _relays(app: App) -> list[Finding]:
    return [await _relay(app, relay) for relay in app.config.smtp.fleet]


async def _relay(app: App, relay: Relay) -> Finding:
    session = Session(relay, app.config.newsletter.address, app.clock, Extensions())
    try:
        await session.connect()
        offers = ", ".join(name.upper() for name in session.offers) or "no extensions"
    except DigestError as error:
        return Finding("relay", "error", str(error))
    finally:
        await session.close()
    login = "logged in" if relay.user else "no login used"
    name = f"{relay.name}: " if relay.name else ""
    return Finding("relay", "ok", f"{name}{relay.host}:{relay.port} connected (TLS {relay.tls}, {login}); supports {offers}")


async def _bounces(app: App) -> list[Finding]:
    """Check that bounces have an address to return to and that digest can read them."""
    bounces = app.config.bounces
    if not bounces.address:
        return [Finding("bounces", "warning", "bounces.address is not set: bounces that arrive later by email are not seen")]
    if not bounces.mailbox:
        message = "bounces.mailbox is not set: pipe bounces to `digest bounces -`, or set up a webhook"
        return [Finding("bounces", "ok" if bounces.webhooks else "warning", message)]
    try:
        await asyncio.to_thread(check_mailbox, bounces.mailbox, app.config.root, bounces.password)
    except DigestError as error:
        return [Finding("bounces", "error", str(error))]
    return [Finding("bounces", "ok", f"{bounces.address}: the {bounces.mailbox.partition(':')[0]} mailbox can be read")]

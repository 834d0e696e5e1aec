"""Checks of everything that the next edition needs. Each part is tried; nothing is changed and nothing is sent."""

import asyncio
import difflib
from collections.abc import Awaitable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

import dns.asyncresolver
import dns.exception
import dns.resolver

from digest.app import App
from digest.bounces.mailboxes import check_mailbox
from digest.compose.dkim import Signer
from digest.config import Dkim, Newsletter, Relay, split_mailbox
from digest.config.file_permissions import open_to_others, others_may_read
from digest.deliver import Extensions, Session
from digest.edition.guards import would_hold
from digest.errors import DigestError
from digest.model import Article, Comment, Edition, Pick, Story
from digest.publish import count_recipients
from digest.render.renderer import MAX_HTML_BYTES, PACKAGED
from digest.service.dmarc_alignment import is_aligned, organisational_domain
from digest.service.judge_check import try_judge
from digest.text.prose import counted

RENAMED_TEMPLATES = {  # former name to present name
    "letter.mjml.j2": "email.mjml.j2", "letter.txt.j2": "email.txt.j2",
    "web/lost.html.j2": "web/request_link.html.j2", "web/mine.html.j2": "web/my_data.html.j2",
    "web/missing.html.j2": "web/not_found.html.j2", "web/sorry.html.j2": "web/error.html.j2",
}  # fmt: skip
DNS_TIMEOUT = 4.0  # seconds for each record


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; an `error` would stop the edition, a `warning` would harm it."""

    area: str
    level: Literal["ok", "warning", "error"]
    text: str


async def run_checks(app: App) -> list[Finding]:
    """Run every check and return the findings, part by part in a fixed order."""
    parts: Iterable[Awaitable[list[Finding]]] = (
        _config(app), _subscribers(app), _sources(app), _judge(app), _templates(app), _relays(app), _bounces(app), _dns(app),
    )  # fmt: skip
    return [row for rows in await asyncio.gather(*parts) for row in rows]


async def _config(app: App) -> list[Finding]:
    newsletter = app.config.newsletter
    summary = f"{newsletter.name}, time zone {newsletter.timezone.key}"
    return [Finding("config", "ok", summary), *_setting_warnings(newsletter), *_exposed_files(app)]


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
    recipients = count_recipients(app.store, app.subscriber_file(), app.clock().date())
    for plan in app.config.editions:
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


async def _templates(app: App) -> list[Finding]:
    try:
        size = app.design().size(_specimen(app))
    except DigestError as error:
        return [Finding("templates", "error", str(error))]
    return [_size(size), *_stray_templates(app)]


def _stray_templates(app: App) -> Iterator[Finding]:
    """Yield a warning for each newsletter template that replaces no built-in one: its name is an old one or has a typing error."""
    folder = app.config.root / "templates"
    built_in = [str(path.relative_to(PACKAGED)) for path in PACKAGED.rglob("*.j2")]
    for path in sorted(folder.rglob("*.j2")):
        name = str(path.relative_to(folder))
        if name not in built_in:
            near = difflib.get_close_matches(name, built_in, n=1)
            hint = (
                f". It is called {RENAMED_TEMPLATES[name]} now"
                if name in RENAMED_TEMPLATES
                else f". Did you mean {near[0]}?"
                if near
                else ""
            )
            yield Finding("templates", "warning", f"templates/{name} replaces no built-in template{hint}")


def _size(size: int) -> Finding:
    if size > MAX_HTML_BYTES:
        problem = f"a specimen of two stories makes {size // 1000} KB of HTML; mail programs cut off at 102"
        return Finding("templates", "error", f"{problem}. Shorten what your templates add to each mail.")
    return Finding("templates", "ok", f"a specimen renders to {size // 1000} KB of HTML")


def _specimen(app: App) -> Edition:
    """Return a sample edition that fills every place in the templates."""
    plan = app.config.editions[0]
    slot = app.slot(plan, app.calendar(plan).latest(app.clock()))
    now, url = app.clock(), app.config.newsletter.site_url or "https://news.example"
    stories = []
    for position in range(2):
        article = Article(
            id=f"specimen-{position}", source="specimen", url=f"{url}/specimen-{position}/", title="A headline with “quotes”",
            author="A Writer", summary="A summary of one sentence.", topics=("News",), published=now, updated=now,
        )  # fmt: skip
        comment = Comment(id="c", article_id=article.id, author="A Reader", text="Words.", written=now, url=f"{article.url}#c")
        pick = Pick(comment=comment, excerpt="Words.", score=1.0, parent_author="Another", parent_excerpt="Other words.")
        stories.append(Story(article=article, position=position, picks=(pick,)))
    return Edition(newsletter=app.config.newsletter.name, slot=slot, number=1, stories=tuple(stories), left_out=(), frozen_at=now)


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


async def _dns(app: App) -> list[Finding]:
    """Check alignment and the records that receivers look up. A failed lookup is a warning: this machine's DNS may differ."""
    domain = app.config.newsletter.domain
    lookups = [
        _record(domain, "v=spf1", "SPF"),
        _record(f"_dmarc.{domain}", "v=DMARC1", "DMARC"),
        *(_key(key) for key in app.config.dkim),
    ]
    misaligned = [*_alignment(app)]
    unsigned = (
        []
        if app.config.dkim
        else [Finding("dns", "warning", "[dkim] is not set: messages are unsigned unless the relay signs them")]
    )
    return [*await asyncio.gather(*lookups), *unsigned, *misaligned]


def _alignment(app: App) -> Iterator[Finding]:
    """Yield a finding for each key, and for the envelope, outside From's organisation: DMARC counts only those inside it."""
    domain, bounces = app.config.newsletter.domain, app.config.bounces.address
    for key in app.config.dkim:
        if not is_aligned(key.domain, domain):
            problem = f"dkim.domain {key.domain} and the domain of `from`, {domain}, are two organisations: DMARC counts none such"
            yield Finding("dkim", "error", f"{problem}. Sign with a key of {organisational_domain(domain)}.")
    envelope = split_mailbox(bounces)[1].rpartition("@")[2] if bounces else domain
    if not is_aligned(envelope, domain):
        problem = f"bounces.address is at {envelope} and `from` at {domain}: SPF proves nothing of {domain} to DMARC"
        yield Finding("dns", "warning", f"{problem}. Use an address below {organisational_domain(domain)}.")


async def _record(name: str, begins: str, label: str) -> Finding:
    texts = await _texts(name)
    if isinstance(texts, str):
        return Finding("dns", "warning", f"{label} of {name}: {texts}")
    found = next((text for text in texts if text.startswith(begins)), None)
    return Finding(
        "dns", "ok" if found else "warning", f"{label} of {name}: {found or 'no record; many mail providers require one'}"
    )


async def _key(key: Dkim) -> Finding:
    name = f"{key.selector}._domainkey.{key.domain}"
    try:
        signer = Signer.load(key.domain, key.selector, key.key_file)
    except DigestError as error:
        return Finding("dkim", "error", str(error))
    if signer.weakness:
        return Finding("dkim", "warning", f"{name}: {signer.weakness}")
    wanted = signer.dns_record()
    texts = await _texts(name)
    if isinstance(texts, str):
        return Finding("dkim", "warning", f"{name}: {texts}; it should contain {wanted}")
    public = wanted.rpartition("p=")[2]
    good = any(public in text.replace(" ", "") for text in texts)
    return Finding(
        "dkim",
        "ok" if good else "warning",
        f"{name} {'matches the key' if good else f'does not match the key; set it to {wanted}'}",
    )


async def _texts(name: str) -> list[str] | str:
    """Return the TXT records of a name, or the reason why the lookup failed."""
    try:
        answer = await dns.asyncresolver.resolve(name, "TXT", lifetime=DNS_TIMEOUT)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        return f"DNS lookup failed ({type(error).__name__})"
    return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]

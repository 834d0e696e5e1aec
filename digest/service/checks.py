"""What would keep tomorrow's edition from its readers: every part is tried, none is changed, nothing is sent."""

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
from digest.config.file_modes import open_to_others, others_may_read
from digest.deliver import Extensions, Session
from digest.edition.guards import would_hold
from digest.errors import DigestError
from digest.model import Article, Comment, Edition, Pick, Story
from digest.publish import count_recipients
from digest.render.renderer import MAX_HTML_BYTES, PACKAGED
from digest.service.alignment import is_aligned, organisational_domain
from digest.text.prose import counted

RENAMED = {"letter.mjml.j2": "email.mjml.j2", "letter.txt.j2": "email.txt.j2"}  # templates, by the names they had
DNS_PATIENCE = 4.0  # seconds for each record


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; an `error` would break the edition, a `warning` would hurt it."""

    area: str
    level: Literal["ok", "warning", "error"]
    text: str


async def run_checks(app: App) -> list[Finding]:
    """Everything, in the order of the line."""
    parts: Iterable[Awaitable[list[Finding]]] = (
        _config(app), _subscribers(app), _sources(app), _templates(app), _relays(app), _bounces(app), _dns(app),
    )  # fmt: skip
    return [row for rows in await asyncio.gather(*parts) for row in rows]


async def _config(app: App) -> list[Finding]:
    newsletter = app.config.newsletter
    told = f"{newsletter.name}, time zone {newsletter.timezone.key}"
    return [Finding("config", "ok", told), *_wishes(newsletter), *_open(app)]


def _open(app: App) -> Iterator[Finding]:
    """The files that others on this machine may read, and should not."""
    keys = [key.key_file for key in app.config.dkim if key.key_file.exists() and others_may_read(key.key_file)]
    for path in [*open_to_others(app.config.root), *keys]:
        yield Finding("config", "warning", f"{path} can be read by others on this machine; close it: chmod go= {path}")


def _wishes(newsletter: Newsletter) -> Iterator[Finding]:
    """What a mailing may lack, and what that costs."""
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
        survey = app.subscriber_file().survey()
    except DigestError as error:
        return [Finding("subscribers", "error", str(error))]
    active, skipped = survey.active, survey.skipped + survey.repeated
    undecided = app.subscriber_file().columns().undecided
    meant = "may say who must not be written to, and is not known: write status, unsubscribed or bounced there, or rename it"
    found = [
        *(Finding("subscribers", "error", f"the column “{name}” {meant}") for name in undecided),
        *_held(app),
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


def _held(app: App) -> Iterator[Finding]:
    """What the guards would say if the edition came out now."""
    readers = count_recipients(app.store, app.subscriber_file(), app.clock().date())
    for plan in app.config.editions:
        if error := would_hold(app.config.guards, app.store, app.series[plan.name], readers):
            yield Finding("subscribers", "error", f"a guard would hold the next edition: {error}")


async def _sources(app: App) -> list[Finding]:
    try:
        harvest = await app.collect(app.clock() - timedelta(days=7))
    except DigestError as error:
        return [Finding("sources", "error", str(error))]
    failed = [Finding("sources", "error" if not harvest.articles else "warning", str(row)) for row in harvest.failures]
    told = f"{counted(len(harvest.articles), 'article')} and {counted(len(harvest.comments), 'comment')} in the last 7 days"
    return [
        *([Finding("sources", "ok" if harvest.articles else "warning", told)] if harvest.articles or not failed else []),
        *failed,
    ]


async def _templates(app: App) -> list[Finding]:
    try:
        size = app.design().size(_specimen(app))
    except DigestError as error:
        return [Finding("templates", "error", str(error))]
    return [_size(size), *_strays(app)]


def _strays(app: App) -> Iterator[Finding]:
    """Files in the newsletter's templates that replace none of ours: they had another name once, or there is a typing error."""
    own = app.config.root / "templates"
    ours = [str(path.relative_to(PACKAGED)) for path in PACKAGED.rglob("*.j2")]
    for path in sorted(own.rglob("*.j2")):
        name = str(path.relative_to(own))
        if name not in ours:
            near = difflib.get_close_matches(name, ours, n=1)
            hint = f". It is called {RENAMED[name]} now" if name in RENAMED else f". Did you mean {near[0]}?" if near else ""
            yield Finding("templates", "warning", f"templates/{name} replaces no built-in template{hint}")


def _size(size: int) -> Finding:
    if size > MAX_HTML_BYTES:
        told = f"a specimen of two stories makes {size // 1000} KB of HTML; mail programs cut off at 102"
        return Finding("templates", "error", f"{told}. Shorten what your templates add to each mail.")
    return Finding("templates", "ok", f"a specimen renders to {size // 1000} KB of HTML")


def _specimen(app: App) -> Edition:
    """An edition with something in every place that the templates have."""
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
        offers = ", ".join(name.upper() for name in session.greeted()) or "no extensions"
    except DigestError as error:
        return Finding("relay", "error", str(error))
    finally:
        await session.close()
    login = "logged in" if relay.user else "no login used"
    name = f"{relay.name}: " if relay.name else ""
    return Finding("relay", "ok", f"{name}{relay.host}:{relay.port} connected (TLS {relay.tls}, {login}); supports {offers}")


async def _bounces(app: App) -> list[Finding]:
    """Where mail that cannot be delivered comes back to, and whether anybody reads it."""
    bounces = app.config.bounces
    if not bounces.address:
        return [Finding("bounces", "warning", "bounces.address is not set: bounces that arrive later by email are not seen")]
    if not bounces.mailbox:
        told = "bounces.mailbox is not set: pipe bounces to `digest bounces -`, or set up a webhook"
        return [Finding("bounces", "ok" if bounces.webhooks else "warning", told)]
    try:
        await asyncio.to_thread(check_mailbox, bounces.mailbox, app.config.root, bounces.password)
    except DigestError as error:
        return [Finding("bounces", "error", str(error))]
    return [Finding("bounces", "ok", f"{bounces.address}: the {bounces.mailbox.partition(':')[0]} mailbox can be read")]


async def _dns(app: App) -> list[Finding]:
    """What receivers look up; never an error, since this machine's DNS may not be the world's."""
    domain = app.config.newsletter.domain
    asked = [
        _record(domain, "v=spf1", "SPF"),
        _record(f"_dmarc.{domain}", "v=DMARC1", "DMARC"),
        *(_key(key) for key in app.config.dkim),
    ]
    strangers = [*_alignment(app)]
    unsigned = (
        []
        if app.config.dkim
        else [Finding("dns", "warning", "[dkim] is not set: messages are unsigned unless the relay signs them")]
    )
    return [*await asyncio.gather(*asked), *unsigned, *strangers]


def _alignment(app: App) -> Iterator[Finding]:
    """DMARC wants a signature or an envelope of From's own organisation; one that is neither proves nothing of it."""
    domain, bounces = app.config.newsletter.domain, app.config.bounces.address
    for key in app.config.dkim:
        if not is_aligned(key.domain, domain):
            told = f"dkim.domain {key.domain} and the domain of `from`, {domain}, are two organisations: DMARC counts none such"
            yield Finding("dkim", "error", f"{told}. Sign with a key of {organisational_domain(domain)}.")
    envelope = split_mailbox(bounces)[1].rpartition("@")[2] if bounces else domain
    if not is_aligned(envelope, domain):
        told = f"bounces.address is at {envelope} and `from` at {domain}: SPF proves nothing of {domain} to DMARC"
        yield Finding("dns", "warning", f"{told}. Use an address below {organisational_domain(domain)}.")


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
    if signer.weak:
        return Finding("dkim", "warning", f"{name}: {signer.weak}")
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
    """The TXT records of a name, or why they are not known."""
    try:
        answer = await dns.asyncresolver.resolve(name, "TXT", lifetime=DNS_PATIENCE)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        return f"DNS lookup failed ({type(error).__name__})"
    return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]

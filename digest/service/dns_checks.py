"""Checks of the DNS records that receivers look up, with the lines to paste into the zone where one is missing."""

import asyncio
from collections.abc import Iterator

import dns.asyncresolver
import dns.exception
import dns.resolver

from digest.app import App
from digest.compose.dkim import Signer
from digest.config import Dkim, split_mailbox
from digest.errors import DigestError
from digest.service.dmarc_alignment import is_aligned, organisational_domain
from digest.service.finding import Finding

DNS_TIMEOUT = 4.0  # seconds for each record
MAX_STRING = 255  # octets of one string of a TXT record (RFC 1035, section 3.3)
MAX_SPF_LOOKUPS = 10
_SPF_LOOKUPS = {"include", "a", "mx", "ptr", "exists", "redirect"}
_ENFORCED = ("quarantine", "reject")
_MISSING = "no record; many mail providers require one. Add one"


async def check_dns(app: App) -> list[Finding]:
    """Check alignment and the records that receivers look up. A failed lookup is a warning: this machine's DNS may differ."""
    domain, envelope = app.config.newsletter.domain, envelope_domain(app)
    found = await asyncio.gather(
        _spf(app, envelope), _dmarc(domain), _mx(envelope), _bimi(domain), *(_key(key) for key in app.config.dkim)
    )
    unsigned = Finding("dns", "warning", "[dkim] is not set: messages are unsigned unless the relay signs them")
    return [*(row for rows in found for row in rows), *([] if app.config.dkim else [unsigned]), *_alignment(app)]


def envelope_domain(app: App) -> str:
    """Return the domain to which bounces go, for which SPF is looked up (RFC 7208, section 2.4)."""
    address = app.config.bounces.address
    return split_mailbox(address)[1].rpartition("@")[2] if address else app.config.newsletter.domain


def zone_line(name: str, kind: str, value: str) -> str:
    """Return a line for a zone file (RFC 1035, section 5.1); a long text is cut into strings of at most 255 octets."""
    if kind != "TXT":
        return f"{name}. 3600 IN {kind} {value}"
    strings = " ".join(f'"{value[at : at + MAX_STRING]}"' for at in range(0, len(value), MAX_STRING))
    return f"{name}. 3600 IN TXT {f'( {strings} )' if len(value) > MAX_STRING else strings}"


def _alignment(app: App) -> Iterator[Finding]:
    """Yield a finding for each key, and for the envelope, outside From's organisation: DMARC counts only those inside it."""
    domain, envelope = app.config.newsletter.domain, envelope_domain(app)
    for key in app.config.dkim:
        if not is_aligned(key.domain, domain):
            problem = f"dkim.domain {key.domain} and the domain of `from`, {domain}, are two organisations: DMARC counts none such"
            yield Finding("dkim", "error", f"{problem}. Sign with a key of {organisational_domain(domain)}.")
    if not is_aligned(envelope, domain):
        problem = f"bounces.address is at {envelope} and `from` at {domain}: SPF proves nothing of {domain} to DMARC"
        yield Finding("dns", "warning", f"{problem}. Use an address below {organisational_domain(domain)}.")


async def _spf(app: App, domain: str) -> list[Finding]:
    texts = await _texts(domain)
    if isinstance(texts, str):
        return [Finding("dns", "warning", f"SPF of {domain}: {texts}")]
    found = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    if not found:
        relays = [f"a:{relay.host}" for relay in app.config.smtp.fleet if not relay.local]
        line = zone_line(domain, "TXT", " ".join(["v=spf1", "mx", *relays, "~all"]))
        return [Finding("dns", "warning", f"SPF of {domain}: {_MISSING}, with what your relay asks for, for example: {line}")]
    if len(found) > 1:
        return [
            Finding("dns", "warning", f"SPF of {domain}: {len(found)} records, so none counts (RFC 7208, section 4.5). Keep one.")
        ]
    words = found[0].lower().split()
    if {"all", "+all"} & set(words):
        return [Finding("dns", "warning", f"SPF of {domain}: {found[0]} lets everybody send for you. End it with ~all or -all.")]
    lookups = sum(word.lstrip("+-~?").split(":")[0].split("=")[0].split("/")[0] in _SPF_LOOKUPS for word in words)
    if lookups > MAX_SPF_LOOKUPS:
        problem = f"{lookups} lookups, of which receivers make {MAX_SPF_LOOKUPS} (RFC 7208, section 4.6.4)"
        return [Finding("dns", "warning", f"SPF of {domain}: {problem}. Remove what no longer sends for you.")]
    return [Finding("dns", "ok", f"SPF of {domain}: {found[0]}")]


async def _dmarc(domain: str) -> list[Finding]:
    texts = await _dmarc_texts(domain)
    if isinstance(texts, str):
        return [Finding("dns", "warning", f"DMARC of _dmarc.{domain}: {texts}")]
    if texts:
        return [Finding("dns", "ok", f"DMARC of _dmarc.{domain}: {texts[0]}")]
    line = zone_line(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}")
    return [Finding("dns", "warning", f"DMARC of _dmarc.{domain}: {_MISSING}, for example: {line}")]


async def _dmarc_texts(domain: str) -> list[str] | str:
    """Return the DMARC records of a domain, or of its organisation if it has none (RFC 7489, section 6.6.3)."""
    found: list[str] = []
    for name in dict.fromkeys([domain, organisational_domain(domain)]):
        texts = await _texts(f"_dmarc.{name}")
        if isinstance(texts, str):
            return texts
        found = found or [text for text in texts if text.startswith("v=DMARC1")]
    return found


async def _mx(domain: str) -> list[Finding]:
    """Check that bounces can be delivered: their domain needs a mail server (RFC 5321, section 5.1)."""
    if await _exists(domain, "MX") or await _exists(domain, "A") or await _exists(domain, "AAAA"):
        return []
    line = zone_line(domain, "MX", f"10 mail.{domain}.")
    problem = f"{domain} has no mail server, so bounces and replies to it are lost, and some receivers refuse its mail"
    return [Finding("dns", "warning", f"MX: {problem}. Add one, for example: {line}")]


async def _bimi(domain: str) -> list[Finding]:
    """Say what BIMI would show, to those whose DMARC allows it: without quarantine or reject no receiver shows a logo."""
    policies = await _dmarc_texts(domain)
    if isinstance(policies, str) or not any(f"p={policy}" in text.replace(" ", "") for text in policies for policy in _ENFORCED):
        return []
    texts = await _texts(f"default._bimi.{domain}")
    if isinstance(texts, str) or any(text.startswith("v=BIMI1") for text in texts):
        return [] if isinstance(texts, str) else [Finding("dns", "ok", f"BIMI of {domain}: {texts[0]}")]
    line = zone_line(f"default._bimi.{domain}", "TXT", f"v=BIMI1; l=https://{domain}/logo.svg; a=")
    return [Finding("dns", "ok", f"BIMI of {domain}: none; to show your logo in some inboxes, add: {line}")]


async def _key(key: Dkim) -> list[Finding]:
    name = f"{key.selector}._domainkey.{key.domain}"
    try:
        signer = Signer.load(key.domain, key.selector, key.key_file)
    except DigestError as error:
        return [Finding("dkim", "error", str(error))]
    if signer.weakness:
        return [Finding("dkim", "warning", f"{name}: {signer.weakness}")]
    wanted = signer.dns_record()
    texts = await _texts(name)
    if isinstance(texts, str):
        return [Finding("dkim", "warning", f"{name}: {texts}; it should contain {wanted}")]
    public = wanted.rpartition("p=")[2]
    if any(public in text.replace(" ", "") for text in texts):
        return [Finding("dkim", "ok", f"{name} matches the key")]
    return [Finding("dkim", "warning", f"{name} does not match the key; set it to: {zone_line(name, 'TXT', wanted)}")]


async def _texts(name: str) -> list[str] | str:
    """Return the TXT records of a name, or the reason why the lookup failed."""
    try:
        answer = await dns.asyncresolver.resolve(name, "TXT", lifetime=DNS_TIMEOUT)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        return f"DNS lookup failed ({type(error).__name__})"
    return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]


async def _exists(name: str, kind: str) -> bool:
    """Return whether a name has records of a kind; also if the lookup failed, which says nothing."""
    try:
        await dns.asyncresolver.resolve(name, kind, lifetime=DNS_TIMEOUT)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return False
    except dns.exception.DNSException:
        return True
    return True

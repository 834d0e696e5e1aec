"""Preflight of one edition: what a person would look for before they send it. `digest check --edition` and the preview show it."""

import asyncio
import re
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from email.message import EmailMessage
from html import unescape
from typing import Literal
from urllib.parse import urlsplit

from digest.app import App
from digest.child_process import answer_of
from digest.collect.fetch import Fetcher, Limits, Response
from digest.compose import Composer
from digest.errors import FetchError
from digest.model import Edition, Recipient, Rendered
from digest.render.colours import MIN_CONTRAST, contrast
from digest.render.renderer import MAX_HTML_BYTES
from digest.render.tokens import Tokens
from digest.service.finding import Finding
from digest.text.prose import counted
from digest.text.raw_message import html_part, parse_message, text_part

READER_PAGES = ("unsubscribe/", "preferences", "view/", "subscribe", "archive")
MAX_LINKS = 80  # addresses of one edition that are asked
MAX_PICTURE_BYTES = 500_000  # of one picture; a phone on the train waits for more
MAX_ALL_PICTURES_BYTES = 2_000_000
HUGE_WORDS = 6_000  # of an edition that nobody reads to its end
SPAM_TIMEOUT = 60.0  # seconds
SPAM_ERROR = 5.0  # points at which SpamAssassin calls a mail spam, as it is installed
_LIMITS = Limits(connect=5.0, idle=8.0, total=15.0, size=3_000_000, attempts=1)
_LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]+)"')
_IMAGE = re.compile(r"<img\b[^>]*>")
_ATTRIBUTE = re.compile(r'\b(src|width|alt)="([^"]*)"')
_NEEDED = ("From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "Feedback-ID")


async def check_edition(app: App, edition: Edition, rendered: Rendered) -> list[Finding]:
    """Return what is to be said of an edition; an `error` means that it should not go out like this."""
    at = app.clock()
    compose = Composer(app.pipeline.sender, rendered, edition.slot.key, edition.frozen_at, signed_at=at)
    raw = compose(Recipient(id=0, email=f"preflight@{app.config.newsletter.domain}", name="Preflight")).raw
    html, message = html_part(raw), parse_message(raw)
    found = [*_size(html), *_amount(app, edition, text_part(raw)), *_parts(html, text_part(raw)), *_headers(app, message)]
    found += [*_contrast(app.design().tokens), *_picture_sizes(html)]
    asked, spam = await asyncio.gather(_addresses(app, html), _spamassassin(raw))
    return [*found, *asked, *spam]


def _size(html: str) -> Iterator[Finding]:
    size = len(html.encode())
    yield Finding("size", "ok" if size <= MAX_HTML_BYTES else "error", f"{size // 1000} KB of HTML; mail programs cut off at 102")


def _amount(app: App, edition: Edition, text: str) -> Iterator[Finding]:
    plan, stories, words = app.plan_of(edition.slot.name), len(edition.stories), len(text.split())
    told = counted(stories, "story", "stories")
    if plan and stories < plan.fewest:
        yield Finding("stories", "error", f"{told}, fewer than min_articles ({plan.min_articles})")
    elif words > HUGE_WORDS:
        problem = f"{told}, {words:,} words; few people read more than {HUGE_WORDS:,}"
        yield Finding("stories", "warning", f"{problem}. Lower `articles` or `design.ranks`.")
    else:
        yield Finding("stories", "ok", f"{told}, {words:,} words")


def _parts(html: str, text: str) -> Iterator[Finding]:
    """Check that whoever reads the text has what whoever reads the HTML has."""
    links = Counter(unescape(link) for link in _LINK.findall(html))
    lacking = [link for link in links if link not in text]
    if lacking:
        problem = f"{counted(len(lacking), 'link')} of the HTML not in the text part; first: {lacking[0]}"
        yield Finding("text", "warning", f"{problem}. Add it to your edition.txt.j2.")
    else:
        yield Finding("text", "ok", f"the text part has all {counted(sum(links.values()), 'link')} of the HTML")


def _headers(app: App, message: EmailMessage) -> Iterator[Finding]:
    names = Counter(name.lower() for name in message.keys())  # noqa: SIM118  of a message, not of a dictionary
    wrong = [name for name in _NEEDED if names[name.lower()] != 1]
    if wrong:
        yield Finding("headers", "error", f"{wrong[0]} is there {names[wrong[0].lower()]} times; it must be there once")
    signatures, keys = names["dkim-signature"], len(app.config.dkim)
    if signatures != keys:
        yield Finding("headers", "error", f"{counted(signatures, 'signature')} for {counted(keys, 'key')}")
    elif not wrong:
        yield Finding("headers", "ok", f"every header is there, with {counted(signatures, 'signature')}")
    if "list-unsubscribe-post" not in names:
        yield Finding(
            "unsubscribe", "warning", "no one-click link, which Gmail and Yahoo ask bulk senders for: set public_url to https"
        )
    elif "/unsubscribe/" not in html_part(message.as_bytes()):
        yield Finding(
            "unsubscribe", "error", "the HTML has no link to unsubscribe. Put `reader.unsubscribe_url` back into your footer."
        )
    else:
        yield Finding("unsubscribe", "ok", "one click in the mail program, and a link in the mail")


def _contrast(tokens: Tokens) -> Iterator[Finding]:
    """Check every text's colour on every ground, in light and in dark mode."""
    for mode, colours in (("light", tokens.light), ("dark", tokens.dark)):
        rows = [
            (contrast(colours[text], colours[on]), text, on)
            for text in ("ink", "quiet", "accent")
            for on in ("paper", "tint", "page")
        ]
        least, text, on = min(rows)
        if least < MIN_CONTRAST:
            yield Finding("contrast", "error", f"{text} on {on} has {least:.1f} : 1 in {mode} mode; text needs {MIN_CONTRAST} : 1")
        else:
            yield Finding("contrast", "ok", f"at least {least:.1f} : 1 in {mode} mode")


def _picture_sizes(html: str) -> Iterator[Finding]:
    for tag in _IMAGE.findall(html):
        attributes = dict(_ATTRIBUTE.findall(tag))
        if not attributes.get("width"):
            yield Finding(
                "pictures", "warning", f"{attributes.get('src', 'a picture')} has no width: Outlook shows it in its own size"
            )
        if "alt" not in attributes:
            yield Finding("pictures", "warning", f"{attributes.get('src', 'a picture')} has no alt text")


async def _addresses(app: App, html: str) -> list[Finding]:
    """Ask every address once, a few at a time, without reading what is there."""
    links = list(dict.fromkeys(unescape(link).partition("#")[0] for link in _LINK.findall(html)))
    pictures = list(dict.fromkeys(unescape(dict(_ATTRIBUTE.findall(tag)).get("src", "")) for tag in _IMAGE.findall(html)))
    own = (app.config.newsletter.public_url or "").rstrip("/")
    pages = tuple(f"{own}/{page}" for page in READER_PAGES) if own else ()  # they may not be up yet, and some are made for nobody
    asked = [url for url in [*links, *pictures] if url.startswith(("https://", "http://")) and not url.startswith(pages)][
        :MAX_LINKS
    ]
    private = app.config.private_hosts
    async with Fetcher(agent="link check", limits=_LIMITS) as fetcher:
        answers = dict(zip(asked, await asyncio.gather(*(_answer(fetcher, url, private) for url in asked)), strict=True))
    dead = [f"{url}: {answer}" for url, answer in answers.items() if isinstance(answer, str)]
    found = [Finding("links", "warning", text) for text in dead]
    if not dead:
        found = [Finding("links", "ok", f"{counted(len(asked), 'address', 'addresses')} answered")]
    return [*found, *_weights({url: answer for url, answer in answers.items() if url in pictures and isinstance(answer, Response)})]


async def _answer(fetcher: Fetcher, url: str, private_hosts: Collection[str]) -> Response | str:
    """Return what a server says of an address, or in words why nobody can open it."""
    try:
        response = await fetcher.probe(url, allow_private=urlsplit(url).hostname in private_hosts)
    except FetchError as error:
        return error.what
    return response if response.ok or response.status in {401, 403, 429} else f"HTTP {response.status}"


def _weights(pictures: dict[str, Response]) -> Iterator[Finding]:
    sizes = {url: int(length) for url, row in pictures.items() if (length := row.headers.get("content-length", "")).isdigit()}
    for url, size in sizes.items():
        if size > MAX_PICTURE_BYTES:
            yield Finding("pictures", "warning", f"{url} has {size // 1000} KB; keep a picture below {MAX_PICTURE_BYTES // 1000}")
    total = sum(sizes.values())
    if total > MAX_ALL_PICTURES_BYTES:
        yield Finding(
            "pictures",
            "warning",
            f"all pictures together have {total / 1e6:.1f} MB; keep them below {MAX_ALL_PICTURES_BYTES // 10**6}",
        )
    elif sizes:
        yield Finding("pictures", "ok", f"{counted(len(sizes), 'picture')}, {total // 1000} KB")


async def _spamassassin(raw: bytes) -> Sequence[Finding]:
    """Ask SpamAssassin, if it is installed on this machine; it looks nothing up and nothing leaves the machine."""
    program = shutil.which("spamassassin")
    if program is None:
        return []
    try:
        text = (await answer_of([program, "-L", "-t"], raw, SPAM_TIMEOUT)).decode("utf-8", "replace")
    except TimeoutError:
        return [Finding("spam", "warning", f"SpamAssassin did not answer within {SPAM_TIMEOUT:.0f} seconds")]
    score = re.search(r"Content analysis details:\s+\((-?[\d.]+) points", text)
    if score is None:
        return [Finding("spam", "warning", "SpamAssassin gave no score. Try `spamassassin --lint`.")]
    points, found = float(score[1]), re.findall(r"(?m)^ *([\d.]*[1-9][\d.]*) +([A-Z_0-9]{4,})", text[score.end() :])
    level: Literal["ok", "warning", "error"] = "ok" if points <= 0 else "error" if points >= SPAM_ERROR else "warning"
    rules = ", ".join(f"{rule} {value}" for value, rule in found)
    return [Finding("spam", level, f"SpamAssassin: {points} points{f' ({rules})' if points > 0 else ''}")]

"""The questions with which a newsletter begins, and the digest.toml that their answers make."""

import asyncio
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from digest.errors import DigestError, UsageError

if TYPE_CHECKING:
    from digest.collect.sources.discovery import DiscoveredSite

LOCAL_RELAY = "smtp://localhost:25"
LIGHT_GROUNDS = ("#ffffff", "#f3f0e8")  # what an accent stands on in our themes; `digest check` looks again


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a person has said, by an option or at a prompt; None where nobody has asked yet."""

    site: str | None = None
    name: str | None = None
    sender: str | None = None
    relay: str | None = None
    reader: str | None = None

    @property
    def any(self) -> bool:
        """Whether there is an answer."""
        return any(value is not None for value in (self.site, self.name, self.sender, self.relay, self.reader))


def look_at(address: str) -> "DiscoveredSite":
    """Return what a site is; raise DigestError if it cannot be read."""
    from functools import partial

    from digest.collect.fetch import Fetcher
    from digest.collect.sources.discovery import discover

    private = is_private(address)

    async def look() -> "DiscoveredSite":
        async with Fetcher(agent="digest init") as fetcher:
            return await discover(address, partial(fetcher.get, allow_private=private))

    return asyncio.run(look())


def is_private(address: str) -> bool:
    """Return whether an address is one of this machine: a person who types it means it."""
    host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
    return host == "localhost" or host.startswith("127.") or host == "::1"


def ask(given: Answers) -> tuple[Answers, "DiscoveredSite"]:
    """Ask for what is not given, and propose what the site says of itself; return the answers, and the site."""
    while True:
        site = given.site or click.prompt("Your site's address")
        try:
            found = look_at(site)
        except DigestError as error:
            if given.site:
                raise
            click.echo(f"  {error}")
            continue
        click.echo(f"  {_described(found)}")
        break
    proposed = _with_proposals(given, found)
    answers = replace(
        proposed,
        site=site,
        name=given.name or click.prompt("The newsletter's name", default=proposed.name),
        sender=given.sender or click.prompt("The address that it comes from", default=proposed.sender),
        relay=given.relay or click.prompt("Your mail relay", default=proposed.relay),
        reader=given.reader if given.reader is not None else click.prompt("Your own address, as the first reader", default=""),
    )
    return answers, found


def settle(given: Answers) -> tuple[Answers, "DiscoveredSite"]:
    """Return the answers that options give without asking anything; raise UsageError if the site is not among them."""
    if given.site is None:
        raise UsageError("the site is missing", remedy="Add --site ADDRESS.")
    found = look_at(given.site)
    return _with_proposals(given, found), found


def _with_proposals(given: Answers, found: "DiscoveredSite") -> Answers:
    """Return the answers, and where there is none what the site suggests."""
    host = (urlsplit(found.site).hostname or "news.example").removeprefix("www.")
    name, sender = given.name or found.name or host, given.sender or f"daily@{host}"
    return replace(given, name=name, sender=sender, relay=given.relay or LOCAL_RELAY)


def _described(found: "DiscoveredSite") -> str:
    kind = {"wordpress": "WordPress, with its comments", "feed": f"the feed {found.url}"}.get(found.kind, found.kind)
    more = [found.name, found.language, found.timezone, f"colour {found.accent}" if found.accent else ""]
    return f"Found {kind} ({', '.join(filter(None, more))})." if any(more) else f"Found {kind}."


def relay_url(text: str) -> str:
    """Return the URL of a relay that may be written without its scheme: `user@mail.example.net` is one with STARTTLS."""
    if "://" in text:
        return text
    host = text.rpartition("@")[2]
    return f"smtp://{text}" if host.split(":")[0] in {"localhost", "127.0.0.1"} else f"smtp+starttls://{text}"


def with_answers(starter: str, answers: Answers, found: "DiscoveredSite") -> str:
    """Return the starter's digest.toml with the answers in their places, and the rest as it was."""
    name, sender = answers.name or "", answers.sender or ""
    mailbox = sender if "<" in sender else f"{_display_name(name)} <{sender}>"
    text = _set(starter, "name", name)
    text = _set(text, "from", mailbox)
    values = {
        "tagline": found.tagline,
        "language": found.language,
        "timezone": found.timezone or _machine_zone(),
        "site_url": found.site,
    }
    for key, value in values.items():
        text = _set(text, key, value) if value else text
    text = _set(text, "kind", found.kind)
    text = re.sub(r'(?m)^url = "https://news\.example"$', lambda _: f"url = {_quoted(found.url)}", text, count=1)
    if is_private(found.url):
        text = re.sub(r"(?m)^# allow_private = true.*$", "allow_private = true", text, count=1)
    relay = f"[smtp]\nurl = {_quoted(relay_url(answers.relay or LOCAL_RELAY))}"
    text = re.sub(r"(?m)^# \[smtp\]\n# url = .*$", lambda _: relay, text, count=1)
    if found.accent:
        accent = _quoted(_readable(found.accent))
        design = re.compile(r"^# \[design\](.*)\n(# theme = .*\n)# accent = .*$", re.MULTILINE)
        text = design.sub(lambda part: f"[design]\n{part[2]}accent = {accent}", text, count=1)
    return text


def _set(text: str, key: str, value: str) -> str:
    """Return a TOML text with the first line of a key set, in place of its example."""
    return re.sub(rf"(?m)^(?:# )?{key} = .*$", lambda _: f"{key} = {_quoted(value)}", text, count=1)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "")


def _display_name(name: str) -> str:
    return re.sub(r'[<>"\\\x00-\x1f]', "", name)


def _readable(accent: str) -> str:
    from digest.render.colours import nearest_readable

    return nearest_readable(accent, LIGHT_GROUNDS)


def _machine_zone() -> str:
    """Return the time zone of this machine, if it has a name."""
    file = Path("/etc/timezone")
    name = file.read_text(encoding="utf-8").strip() if file.is_file() else ""
    return name if "/" in name else ""

"""What an editor types, checked: lengths, addresses, times, and sentences by their numbers."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from digest.errors import UsageError
from digest.model import Comment
from digest.text.markup import link, tidy, without_quotes
from digest.text.prose import sentences, squeeze

MOST = {"headline": 200, "summary": 1_000, "kicker": 40, "picture": 10, "section": 60, "note": 4_000, "reason": 300,
        "subject": 110, "preheader": 200, "correction": 4_000}  # fmt: skip
_LONG = frozenset({"note", "summary", "correction"})  # may have several paragraphs
SWITCHABLE = ("correction", "note", "sponsor", "comment-of-the-day", "discussed", "events", "poll", "support")


class ValueFieldError(UsageError):
    """A field of a form is wrong: which, and what to do about it."""

    def __init__(self, what: str, name: str = "") -> None:
        super().__init__(what)
        self.name = name


def checked_text(name: str, text: str) -> str:
    """Return a text as it is kept; raise ValueFieldError if it is too long."""
    kept = tidy(text.replace("\r\n", "\n")).strip() if name in _LONG else squeeze(tidy(text))
    if len(kept) > MOST[name]:
        raise ValueFieldError(f"The {name} is {len(kept):,} characters; {MOST[name]:,} is the most", name)
    if name == "headline" and not kept:
        raise ValueFieldError("The headline is empty", name)
    return kept


def edition_value(name: str, fields: Mapping[str, str]) -> Any:
    """Return what is kept of a field of the edition: a text, blocks, or a sponsor."""
    if name == "without":
        return [block for block in SWITCHABLE if block in fields[name].split()]
    if name == "sponsor":
        return _sponsor(fields)
    return checked_text(name, fields[name])


def _sponsor(fields: Mapping[str, str]) -> dict[str, str] | None:
    """Return a sponsor's text, link, address and name; None without a text."""
    text = tidy(fields["sponsor"]).strip()
    if not text:
        return None
    url, label = link(fields.get("sponsor-url", "").strip()), squeeze(tidy(fields.get("sponsor-link", "")))
    if not url:
        raise ValueFieldError("The sponsor needs an address that begins with https://", "sponsor-url")
    if not label:
        raise ValueFieldError("The sponsor’s link needs words", "sponsor-link")
    return {"text": text[:4_000], "url": url, "link": label[:200], "name": squeeze(tidy(fields.get("sponsor-name", "")))[:200]}


def comment_sentences(comment: Comment) -> list[str]:
    """Return the sentences of a comment, without what it quotes."""
    return sentences(squeeze(without_quotes(comment.text)))


def kept_sentence_numbers(comment: Comment, text: str) -> list[int]:
    """Return which sentences are kept, from 0, of numbers from 1 such as `1,3`."""
    numbers = {int(part) - 1 for part in text.replace(",", " ").split() if part.isascii() and part.isdigit() and len(part) < 5}
    found = sorted(number for number in numbers if 0 <= number < len(comment_sentences(comment)))
    if not found:
        raise ValueFieldError("Keep at least one sentence", "keep")
    return found


def send_time(text: str, latest: datetime, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when to send: now, or at an hour of today such as 07:20, before it is too late."""
    if not text.strip():
        return now
    try:
        hour = time.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueFieldError("Write a time like 07:20", "at") from error
    at = datetime.combine(now.astimezone(zone).date(), hour.replace(tzinfo=None), zone)
    if at <= now - timedelta(minutes=1) or at > latest:
        passed = "has passed" if at <= now else "is too late"
        raise ValueFieldError(f"{at:%H:%M} {passed}; choose a time before {latest.astimezone(zone):%H:%M}", "at")
    return at

"""What a message that came back reports. Pure: no network, no store.

A message is tried in this order: a complaint (RFC 5965), a delivery status notification (RFC 3464), an automatic reply, list
mail. Last come Mailman's detectors (flufl.bounce) and our own patterns, but only for what a mail system sent.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email import message_from_string
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from typing import Literal

from flufl.bounce import all_failures

from digest.bounces import patterns
from digest.bounces.dsn import (
    RecipientStatus,
    addresses,
    decoded_header,
    feedback_report,
    original_message,
    recipient_statuses,
    status_code_in,
)
from digest.bounces.refusals import Cause, cause_of
from digest.text.markup import plain as plain_of

log = logging.getLogger("digest")
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it would log the traceback of each detector that fails
MAX_MESSAGE_BYTES = 256_000  # bytes that are read of a message: what matters is at its beginning
MAX_PART_CHARS = 20_000  # characters of a part that are searched: a notice is short, and patterns are slow
MAX_RECIPIENTS = 50  # recipients of one report
ReportKind = Literal["hard", "full", "ours", "soft", "delay", "complaint", "leave", "auto", "other"]
FAILURE_KINDS = frozenset(("hard", "full", "ours", "soft"))
_LEAST_SEVERE_FIRST = (Cause.OURS, Cause.LATER, Cause.UNCLEAR, Cause.FULL, Cause.GONE)
_GREETING = re.compile(
    r"(?im)^.*(?:this (?:message|is an? auto)\w* (?:was created|generated|reply)|delivery status notification|please do not reply|"
    r"this is (?:a|the) (?:mime|permanent|qmail|mailer)|a message that you sent|diese nachricht wurde|this report relates|"
    r"google tried to deliver|(?:subject|date|sent|from|message-id|x-[\w-]+):).*$"
)
_COPY = re.compile(
    r"(?im)^.{0,6}(?:-{2,}.{0,50}(?:copy|original|returned|unsent|message (?:text )?follows|below this line|headers).*|"
    r"(?:return-path|received|x-[\w-]+|message-id|dkim-signature|mime-version):\s.*)$"
)
_NON_RECIPIENT_FIELDS = re.compile(
    r"(?im)^[> \t]*(?:message-?id|from|sender|mail from|reply-to|in-reply-to|references|date|return-path|envelope-from|x-[\w-]+|cc)"
    r"\s*:.*$|"
    r"\(envelope-from [^)\n]{0,200}\)|\bfrom <[^>\n]{0,300}>"
)
_LIKELY_RECIPIENT = re.compile(
    r"(?im)^[>\s*-]{0,4}<?([^\s<>\"',;:()]+@[^\s<>\"',;:()]+?)>?\s*(?:[:(]|$|\.\.\.|--? )|"
    r"(?:recipient|rcpt to|destination|undeliverable to|deliver\w*\b.{0,40}?\bto|mail to|message to|address(?:es)?|user|account|"
    r"mailbox|for|to)\b[^\n@]{0,40}?[\s:<'\"(]([^\s<>\"',;:()]+@[^\s<>\"',;:()]+)"
)
_TOKEN = re.compile(r"/unsubscribe/([A-Za-z0-9_-]{27})\b")
_SENT_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc", "X-RCPT-To")


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceReport:
    """What a message reports. `hard`: the address is dead; `full`: its mailbox is full or disabled; `ours`: it was refused for
    what we are or do; `soft`: this message was not taken, a later one may be; `leave`: the recipient unsubscribes.
    `unattributed`: it seems to be a bounce but names no recipient.

    `addresses`: the recipients that it is about, in lower case. `sent_to`: the addresses that the report itself was sent to,
    which may hold a recipient's VERP address. `message_id`: that of our message, if the report holds it. `tokens`: recipients'
    tokens in the links of our message.
    """

    kind: ReportKind
    addresses: tuple[str, ...] = ()
    status: str = ""
    detail: str = ""
    sent_to: tuple[str, ...] = ()
    message_id: str = ""
    tokens: tuple[str, ...] = ()
    unattributed: bool = False


def classify(raw: bytes) -> BounceReport:
    """Return what a message reports; any bytes are accepted, and a message that cannot be parsed reports nothing."""
    try:
        return _parse(raw)
    except Exception:  # a parser may fail on a stranger's bytes: nested a thousand deep, in an invalid charset
        log.exception("could not parse a message")
        return BounceReport(kind="other")


def _parse(raw: bytes) -> BounceReport:
    message = message_from_string(raw[:MAX_MESSAGE_BYTES].decode("latin-1"))  # so that every header is text, whatever its bytes
    sent_to = tuple(
        address for name in _SENT_TO for address in addresses(" ".join(map(str, message.get_all(name, [])))[:MAX_PART_CHARS])
    )
    original = original_message(message)
    message_id = str(original.get("Message-ID", "")).strip() if original is not None else ""
    kind, named, status, detail = _interpret(message, original, sent_to)
    return BounceReport(
        kind="other" if kind in FAILURE_KINDS and not named else kind,
        addresses=tuple(filter(None, map(_printable, dict.fromkeys(named[:MAX_RECIPIENTS])))),
        status=_printable(status),
        detail=" ".join(_printable(detail).split())[:300],
        sent_to=sent_to[:MAX_RECIPIENTS],
        message_id=_printable(message_id)[:300],
        unattributed=kind in FAILURE_KINDS and not named,
        tokens=tuple(dict.fromkeys(_TOKEN.findall(original.as_string() if original is not None else "")))[:5],
    )


def _printable(text: str) -> str:
    """Return the text with a space for each character that a database, a log or a terminal may not take."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


_Finding = tuple[ReportKind, Sequence[str], str, str]  # kind, recipients, status code, detail


def _interpret(message: Message, original: Message | None, sent_to: Sequence[str]) -> _Finding:
    feedback = feedback_report(message)
    if feedback is not None:
        named, kind = feedback
        return ("other" if kind == "not-spam" else "complaint"), named or _addressee(original), "", kind
    statuses = recipient_statuses(message) if message.get_content_type() == "multipart/report" or _by_a_system(message) else []
    if any(row.action == "failed" for row in statuses) and not _is_challenge(message):
        return _from_statuses([row for row in statuses if row.action == "failed"], message)
    if statuses:
        return ("delay" if any(row.action == "delayed" for row in statuses) else "other"), [row.address for row in statuses], "", ""
    if _is_automatic_reply(message):
        return "auto", (), "", ""
    if not _by_a_system(message):
        return "other", (), "", ""
    return _from_text(message, original, sent_to)


def _from_statuses(statuses: Sequence[RecipientStatus], message: Message) -> _Finding:
    """Return the finding for the failed recipients: a cause for each, of which the least severe gives the kind."""
    details, text = " ".join(row.detail for row in statuses), _text(message)[:2_000]
    causes = [cause_of(row.status, row.detail or text) for row in statuses]
    status = next((row.status for row in statuses if row.status), "")
    return _kind(min(causes, key=_LEAST_SEVERE_FIRST.index)), [row.address for row in statuses], status, details or text


def _from_text(message: Message, original: Message | None, sent_to: Sequence[str]) -> _Finding:
    """Return the finding for a notice that has only text."""
    text = _text(message)
    head = _COPY.split(text, maxsplit=1)[0]
    subject = _header(message, "Subject")
    failed = addresses(" ".join(map(str, message.get_all("X-Failed-Recipients", []))))
    named = failed or _clean(_run_detectors(message), sent_to, text)
    if patterns.is_delay_notice(f"{subject}\n{head[:4_000]}") and not failed:
        return "delay", named, "", ""
    notice = f"{subject}\n{head[:4_000]}"
    is_failure = patterns.reports_failure(notice) or cause_of("", _without_greeting(notice)) in {Cause.GONE, Cause.FULL}
    if not named and is_failure:
        skip = {*sent_to, *addresses(_header(message, "From"))}
        named = _guess(head[:20_000], skip) or _guess(text[:20_000], skip)[:1] or _addressee(original) or _quoted_addressee(text)
    if not named and not is_failure:
        return "other", (), "", ""
    status = status_code_in(notice)
    return _kind(cause_of(status, _without_greeting(notice))), named, status, head[:600]


def _without_greeting(notice: str) -> str:
    """Return a notice without the lines that its system writes in every notice, because their words mean nothing here."""
    return _GREETING.sub(" ", notice)


def _kind(why: Cause) -> ReportKind:
    kinds: dict[Cause, ReportKind] = {Cause.GONE: "hard", Cause.FULL: "full", Cause.OURS: "ours"}
    return kinds.get(why, "soft")


def _run_detectors(message: Message) -> set[object]:
    """Return what Mailman's detectors find; nothing if one fails, as they do on some damaged messages."""
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001  a detector may raise anything on a stranger's bytes
        return set()
    return {*temporary, *permanent}


def _guess(text: str, skip: Iterable[str]) -> list[str]:
    """Guess the recipients: the addresses that the wording points to, else all; never those in `skip` or of mail systems."""
    text = _NON_RECIPIENT_FIELDS.sub(" ", text)
    likely = addresses(" ".join(part for pair in _LIKELY_RECIPIENT.findall(text) for part in pair))
    for found in (likely, addresses(text)):
        if named := [address for address in found if address not in skip and not patterns.names_a_system(address)]:
            return named
    return []


def _clean(found: Iterable[object], sent_to: Sequence[str], text: str) -> list[str]:
    """Return the detected addresses; if others remain, without `sent_to` and those only in lines about sender or message."""
    texts = [value.decode("ascii", "replace") if isinstance(value, bytes) else str(value) for value in found]
    named = list(dict.fromkeys(address for value in sorted(texts) for address in addresses(value)))
    mentioned = set(addresses(_NON_RECIPIENT_FIELDS.sub(" ", text)))
    likely = [address for address in named if address not in sent_to and address in mentioned]
    return likely or [address for address in named if address not in sent_to] or named


def _addressee(original: Message | None) -> list[str]:
    """Return the address that the original was written to, in a list; empty unless there is exactly one."""
    if original is None:
        return []
    named = [address.lower() for _, address in getaddresses([str(value) for value in original.get_all("To", [])]) if "@" in address]
    return named if len(named) == 1 else []


def _quoted_addressee(text: str) -> list[str]:
    """Return the same for an original that is quoted in the text."""
    found = re.findall(r"(?im)^[> ]*to:\s*(.+)$", text)
    named = addresses(found[-1]) if found else []
    return named if len(named) == 1 else []


def _is_automatic_reply(message: Message) -> bool:
    """Return whether it is an automatic reply (RFC 3834), a receipt (RFC 8098), or a question whether we are human."""
    submitted = _header(message, "Auto-Submitted").lower()
    precedence = _header(message, "Precedence").lower()
    names = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Vacation", "X-Mail-Autoreply", "X-Auto-Reply", "X-Autogenerated")
    kind = str(message.get_param("report-type", "") or "").lower()
    if (kind == "disposition-notification" and "rejected" not in submitted) or patterns.is_auto_reply(_header(message, "Subject")):
        return True
    if (
        submitted.startswith("auto-replied")
        or precedence in {"auto_reply", "auto-reply"}
        or any(message.get(name) for name in names)
    ):
        system = patterns.names_a_system(sender := _header(message, "From")) or sender.strip() in {"", "<>"}
        return not (
            patterns.is_bounce_subject(_header(message, "Subject")) or (system and patterns.reports_failure(_text(message)))
        )
    return _is_challenge(message)


def _is_challenge(message: Message) -> bool:
    return "boxbe" in _header(message, "From").lower() or any(name.lower().startswith("x-boxbe") for name, _ in message.items())


def _by_a_system(message: Message) -> bool:
    """Return whether a mail system sent it, rather than a person or a list."""
    sender, path = _header(message, "From"), message.get("Return-Path")
    subject = _header(message, "Subject")
    daemon = patterns.names_a_system(sender) or sender.strip() in {"", "<>"}
    if message.get("List-Id") or message.get("List-Post") or message.get("List-Unsubscribe"):
        return patterns.has_system_address(sender)
    if re.match(r"(?i)\s*(re|aw|fwd?|wg|tr)\s*:", subject) and not daemon:
        return False
    empty = path is not None and str(path).strip() == "<>"
    return daemon or empty or patterns.is_bounce_subject(subject)


def _header(message: Message, name: str) -> str:
    value = decoded_header(message.get(name, ""))
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        return value


def _text(message: Message) -> str:
    """Return the text of a message, without that of a message inside it."""
    texts = []
    for part in _own_parts(message):
        payload = bytes(part.get_payload(decode=True) or b"")
        try:
            text = payload.decode(part.get_content_charset() or "utf-8", "replace")
        except (LookupError, ValueError):
            text = payload.decode("utf-8", "replace")
        texts.append(
            (plain_of(text[: 4 * MAX_PART_CHARS].replace("<", " <")) if part.get_content_subtype() == "html" else text)[
                :MAX_PART_CHARS
            ]
        )
        if len(texts) == MAX_RECIPIENTS:
            break
    return "\n".join(texts)[: 4 * MAX_PART_CHARS]


def _own_parts(message: Message) -> Iterable[Message]:
    payload = message.get_payload()
    if message.get_content_maintype() == "text":
        if "rfc822" not in message.get_content_subtype():
            yield message
    elif message.get_content_maintype() == "multipart":
        if isinstance(payload, str):  # its parts cannot be separated
            yield message
        else:
            for part in payload or ():
                yield from _own_parts(part) if isinstance(part, Message) else ()

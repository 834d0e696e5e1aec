"""A message that came back → what it reports. Pure: no network, no store.

In this order: a complaint (RFC 5965), a delivery status notification (RFC 3464), an automatic reply, list mail; then Mailman's
detectors (flufl.bounce) and our own reading of the words, but only of what a mail system sent.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email import message_from_string
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
from digest.bounces.refusals import Cause, cause
from digest.text.markup import plain as plain_of

log = logging.getLogger("digest")
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it would print the traceback of each detector that trips
MAX_MESSAGE_BYTES = 256_000  # bytes that are read of a message: what it has to say is at its beginning
MAX_PART_CHARS = 20_000  # letters of a part that are looked through: a notice is short, and patterns are slow
MAX_RECIPIENTS = 50  # recipients of one report
Kind = Literal["hard", "full", "ours", "soft", "delay", "complaint", "leave", "auto", "other"]
FAILED = frozenset(("hard", "full", "ours", "soft"))
_LEAST = (Cause.OURS, Cause.LATER, Cause.UNCLEAR, Cause.FULL, Cause.GONE)
_GREETING = re.compile(
    r"(?im)^.*(?:this (?:message|is an? auto)\w* (?:was created|generated|reply)|delivery status notification|please do not reply|"
    r"this is (?:a|the) (?:mime|permanent|qmail|mailer)|a message that you sent|diese nachricht wurde|this report relates|"
    r"google tried to deliver|(?:subject|date|sent|from|message-id|x-[\w-]+):).*$"
)
_COPY = re.compile(
    r"(?im)^.{0,6}(?:-{2,}.{0,50}(?:copy|original|returned|unsent|message (?:text )?follows|below this line|headers).*|"
    r"(?:return-path|received|x-[\w-]+|message-id|dkim-signature|mime-version):\s.*)$"
)
_OTHERS = re.compile(
    r"(?im)^[> \t]*(?:message-?id|from|sender|mail from|reply-to|in-reply-to|references|date|return-path|envelope-from|x-[\w-]+|cc)"
    r"\s*:.*$|"
    r"\(envelope-from [^)\n]{0,200}\)|\bfrom <[^>\n]{0,300}>"
)
_POINTED = re.compile(
    r"(?im)^[>\s*-]{0,4}<?([^\s<>\"',;:()]+@[^\s<>\"',;:()]+?)>?\s*(?:[:(]|$|\.\.\.|--? )|"
    r"(?:recipient|rcpt to|destination|undeliverable to|deliver\w*\b.{0,40}?\bto|mail to|message to|address(?:es)?|user|account|"
    r"mailbox|for|to)\b[^\n@]{0,40}?[\s:<'\"(]([^\s<>\"',;:()]+@[^\s<>\"',;:()]+)"
)
_TOKEN = re.compile(r"/unsubscribe/([A-Za-z0-9_-]{27})\b")
_ENVELOPE = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc", "X-RCPT-To")


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceReport:
    """What a message reports. `hard`: the address is dead; `full`: its mailbox is full or disabled; `ours`: it was refused for
    what we are or do; `soft`: it was not taken, and another may be; `leave`: a reader leaves by what a provider tells. `doubt` is
    a notice that seems to be of a bounce and names nobody.

    `addresses` are the recipients it is about, in lower case; `sent_to` where the message itself was sent, by which an
    address of ours with a reader's mark is known; `message_id` that of our mail, where it is told; `tokens` are readers'
    own that stand in its links.
    """

    kind: Kind
    addresses: tuple[str, ...] = ()
    status: str = ""
    detail: str = ""
    sent_to: tuple[str, ...] = ()
    message_id: str = ""
    tokens: tuple[str, ...] = ()
    doubt: bool = False


def classify(raw: bytes) -> BounceReport:
    """What a message reports; any bytes are read, and what cannot be taken apart reports nothing."""
    try:
        return _read(raw)
    except Exception:  # a parser that trips over a stranger's bytes: nested a thousand deep, in a charset that is none
        log.exception("could not parse a message")
        return BounceReport(kind="other")


def _read(raw: bytes) -> BounceReport:
    message = message_from_string(raw[:MAX_MESSAGE_BYTES].decode("latin-1"))  # so that every header is text, whatever its bytes
    sent_to = tuple(
        address for name in _ENVELOPE for address in addresses(" ".join(map(str, message.get_all(name, [])))[:MAX_PART_CHARS])
    )
    about = original_message(message)
    message_id = str(about.get("Message-ID", "")).strip() if about is not None else ""
    kind, named, status, detail = _reported(message, about, sent_to)
    return BounceReport(
        kind="other" if kind in FAILED and not named else kind,
        addresses=tuple(filter(None, map(_printable, dict.fromkeys(named[:MAX_RECIPIENTS])))),
        status=_printable(status),
        detail=" ".join(_printable(detail).split())[:300],
        sent_to=sent_to[:MAX_RECIPIENTS],
        message_id=_printable(message_id)[:300],
        doubt=kind in FAILED and not named,
        tokens=tuple(dict.fromkeys(_TOKEN.findall(about.as_string() if about is not None else "")))[:5],
    )


def _printable(text: str) -> str:
    """Text that a database, a log and a terminal take."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


_Reported = tuple[Kind, Sequence[str], str, str]


def _reported(message: Message, about: Message | None, sent_to: Sequence[str]) -> _Reported:
    feedback = feedback_report(message)
    if feedback is not None:
        named, kind = feedback
        return ("other" if kind == "not-spam" else "complaint"), named or _written_to(about), "", kind
    told = recipient_statuses(message) if message.get_content_type() == "multipart/report" or _by_a_system(message) else []
    if any(fate.action == "failed" for fate in told) and not _challenge(message):
        return _failed([fate for fate in told if fate.action == "failed"], message)
    if told:
        return ("delay" if any(fate.action == "delayed" for fate in told) else "other"), [fate.address for fate in told], "", ""
    if _answers(message):
        return "auto", (), "", ""
    if not _by_a_system(message):
        return "other", (), "", ""
    return _worded(message, about, sent_to)


def _failed(told: Sequence[RecipientStatus], message: Message) -> _Reported:
    """Each recipient by what is said of it; the report as a whole says the least that is said of any."""
    words, about = " ".join(fate.detail for fate in told), _text(message)[:2_000]
    causes = [cause(fate.status, fate.detail or about) for fate in told]
    status = next((fate.status for fate in told if fate.status), "")
    return _kind(min(causes, key=_LEAST.index)), [fate.address for fate in told], status, words or about


def _worded(message: Message, about: Message | None, sent_to: Sequence[str]) -> _Reported:
    """A bounce in words only."""
    text = _text(message)
    head = _COPY.split(text, maxsplit=1)[0]
    subject = _header(message, "Subject")
    failed = addresses(" ".join(map(str, message.get_all("X-Failed-Recipients", []))))
    named = failed or _clean(_detected(message), sent_to, text)
    if patterns.is_delay_notice(f"{subject}\n{head[:4_000]}") and not failed:
        return "delay", named, "", ""
    words = f"{subject}\n{head[:4_000]}"
    speaks = patterns.speaks_of_failure(words) or cause("", _without_greeting(words)) in {Cause.GONE, Cause.FULL}
    if not named and speaks:
        ours = {*sent_to, *addresses(_header(message, "From"))}
        named = _near(head[:20_000], ours) or _near(text[:20_000], ours)[:1] or _written_to(about) or _copied_to(text)
    if not named and not speaks:
        return "other", (), "", ""
    status = status_code_in(words)
    return _kind(cause(status, _without_greeting(words))), named, status, head[:600]


def _without_greeting(words: str) -> str:
    """A notice without what its system says of every one, in which words of ours stand for nothing."""
    return _GREETING.sub(" ", words)


def _kind(why: Cause) -> Kind:
    kinds: dict[Cause, Kind] = {Cause.GONE: "hard", Cause.FULL: "full", Cause.OURS: "ours"}
    return kinds.get(why, "soft")


def _detected(message: Message) -> set[object]:
    """What Mailman's detectors find. They trip over some damaged messages, and then have found nothing."""
    try:
        late, dead = all_failures(message)
    except Exception:  # noqa: BLE001  whatever a detector raises at a stranger's bytes
        return set()
    return {*late, *dead}


def _near(text: str, ours: Iterable[str]) -> list[str]:
    """The addresses in a text, without those of the sender and of mail systems; those that its words point at, if any."""
    text = _OTHERS.sub(" ", text)
    pointed = addresses(" ".join(part for pair in _POINTED.findall(text) for part in pair))
    for found in (pointed, addresses(text)):
        if named := [address for address in found if address not in ours and not patterns.from_a_system(address)]:
            return named
    return []


def _clean(found: Iterable[object], sent_to: Sequence[str], text: str) -> list[str]:
    """What Mailman's detectors found, without what stands only in lines about the sender or the message."""
    texts = [value.decode("ascii", "replace") if isinstance(value, bytes) else str(value) for value in found]
    named = list(dict.fromkeys(address for value in sorted(texts) for address in addresses(value)))
    there = set(addresses(_OTHERS.sub(" ", text)))
    likely = [address for address in named if address not in sent_to and address in there]
    return likely or [address for address in named if address not in sent_to] or named


def _written_to(about: Message | None) -> list[str]:
    """To whom the original was written, where it was one."""
    if about is None:
        return []
    named = [address.lower() for _, address in getaddresses([str(value) for value in about.get_all("To", [])]) if "@" in address]
    return named if len(named) == 1 else []


def _copied_to(text: str) -> list[str]:
    """The same of an original that stands in the text."""
    found = re.findall(r"(?im)^[> ]*to:\s*(.+)$", text)
    named = addresses(found[-1]) if found else []
    return named if len(named) == 1 else []


def _answers(message: Message) -> bool:
    """An automatic reply (RFC 3834), a receipt (RFC 8098), or a question whether we are human."""
    submitted = _header(message, "Auto-Submitted").lower()
    precedence = _header(message, "Precedence").lower()
    marks = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Vacation", "X-Mail-Autoreply", "X-Auto-Reply", "X-Autogenerated")
    kind = str(message.get_param("report-type", "") or "").lower()
    if (kind == "disposition-notification" and "rejected" not in submitted) or patterns.is_auto_reply(_header(message, "Subject")):
        return True
    if (
        submitted.startswith("auto-replied")
        or precedence in {"auto_reply", "auto-reply"}
        or any(message.get(name) for name in marks)
    ):
        system = patterns.from_a_system(sender := _header(message, "From")) or sender.strip() in {"", "<>"}
        return not (
            patterns.speaks_of_a_bounce(_header(message, "Subject")) or (system and patterns.speaks_of_failure(_text(message)))
        )
    return _challenge(message)


def _challenge(message: Message) -> bool:
    return "boxbe" in _header(message, "From").lower() or any(name.lower().startswith("x-boxbe") for name, _ in message.items())


def _by_a_system(message: Message) -> bool:
    """Whether a mail system sent it, rather than a person or a list."""
    sender, path = _header(message, "From"), message.get("Return-Path")
    subject = _header(message, "Subject")
    daemon = patterns.from_a_system(sender) or sender.strip() in {"", "<>"}
    if message.get("List-Id") or message.get("List-Post") or message.get("List-Unsubscribe"):
        return patterns.is_a_system(sender)
    if re.match(r"(?i)\s*(re|aw|fwd?|wg|tr)\s*:", subject) and not daemon:
        return False
    empty = path is not None and str(path).strip() == "<>"
    return daemon or empty or patterns.speaks_of_a_bounce(subject)


def _header(message: Message, name: str) -> str:
    value = decoded_header(message.get(name, ""))
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, ValueError, UnicodeError):
        return value


def _text(message: Message) -> str:
    """The words of a message, without those of a message inside it."""
    words = []
    for part in _outer(message):
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            words.append(str(part.get_payload())[:MAX_PART_CHARS])
            continue
        try:
            text = payload.decode(part.get_content_charset() or "utf-8", "replace")
        except (LookupError, ValueError):
            text = payload.decode("utf-8", "replace")
        words.append(
            (plain_of(text[: 4 * MAX_PART_CHARS].replace("<", " <")) if part.get_content_subtype() == "html" else text)[
                :MAX_PART_CHARS
            ]
        )
        if len(words) == MAX_RECIPIENTS:
            break
    return "\n".join(words)[: 4 * MAX_PART_CHARS]


def _outer(message: Message) -> Iterable[Message]:
    payload = message.get_payload()
    if message.get_content_maintype() == "text":
        if "rfc822" not in message.get_content_subtype():
            yield message
    elif message.get_content_maintype() == "multipart":
        if isinstance(payload, str):  # its parts cannot be told apart
            yield message
        else:
            for part in payload or ():
                yield from _outer(part) if isinstance(part, Message) else ()

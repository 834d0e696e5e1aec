"""The parts of a finished message, for viewing. Its own media query is rewritten to force dark or light mode."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape

_DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)")


@dataclass(frozen=True, slots=True)
class MessageSummary:
    """What an email program shows of a message in a list."""

    sender: str
    recipient: str
    subject: str
    preheader: str


def parse_message(raw: bytes) -> EmailMessage:
    """Parse a message with Python's own parser."""
    return message_from_bytes(raw, policy=policy.default)


def summarise(raw: bytes) -> MessageSummary:
    """Return the headers that a person sees, and the beginning of the text."""
    message = parse_message(raw)
    return MessageSummary(
        sender=str(message.get("From", "")),
        recipient=str(message.get("To", "")),
        subject=str(message.get("Subject", "")),
        preheader=_first_words(html_part(raw)),
    )


def _first_words(html: str) -> str:
    body = re.sub(r"(?s)<head.*?</head>|<!--.*?-->|<[^>]+>", " ", html)
    return " ".join(unescape(body).split())[:140]


def html_part(raw: bytes) -> str:
    """Return the HTML of a message, or an empty string."""
    return _content(raw, "html")


def text_part(raw: bytes) -> str:
    """Return the plain text of a message, or an empty string."""
    return _content(raw, "plain")


def _content(raw: bytes, subtype: str) -> str:
    part = parse_message(raw).get_body(preferencelist=(subtype,))
    return str(part.get_content()) if part is not None else ""


def force_dark(html: str) -> str:
    """Return the HTML as an email program in dark mode shows it, also for a browser in light mode."""
    return _DARK.sub("all", html).replace("color-scheme: light dark", "color-scheme: dark")


def force_light(html: str) -> str:
    """Return the HTML as an email program in light mode shows it, also for a browser in dark mode."""
    return _DARK.sub("not all", html).replace("color-scheme: light dark", "color-scheme: light")

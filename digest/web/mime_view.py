"""A finished message, taken apart again to be looked at; the dark look is forced by its own media query."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape

_DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)")


@dataclass(frozen=True, slots=True)
class MimeView:
    """What a mail program shows of a message in a list."""

    sender: str
    recipient: str
    subject: str
    preheader: str


def parsed(raw: bytes) -> EmailMessage:
    """The message as Python's own parser reads it."""
    return message_from_bytes(raw, policy=policy.default)


def seen(raw: bytes) -> MimeView:
    """The headers a person sees, and the beginning of the text."""
    message = parsed(raw)
    return MimeView(
        sender=str(message.get("From", "")),
        recipient=str(message.get("To", "")),
        subject=str(message.get("Subject", "")),
        preheader=_first_words(html_part(raw)),
    )


def _first_words(html: str) -> str:
    body = re.sub(r"(?s)<head.*?</head>|<!--.*?-->|<[^>]+>", " ", html)
    return " ".join(unescape(body).split())[:140]


def html_part(raw: bytes) -> str:
    """The HTML of a message, or an empty string."""
    return _content(raw, "html")


def text_part(raw: bytes) -> str:
    """The plain text of a message, or an empty string."""
    return _content(raw, "plain")


def _content(raw: bytes, subtype: str) -> str:
    part = parsed(raw).get_body(preferencelist=(subtype,))
    return str(part.get_content()) if part is not None else ""


def darkened(html: str) -> str:
    """The HTML as a mail program in dark mode shows it, in a browser that is not."""
    return _DARK.sub("all", html).replace("color-scheme: light dark", "color-scheme: dark")


def lightened(html: str) -> str:
    """The HTML as a mail program in light mode shows it, in a browser that is in dark mode."""
    return _DARK.sub("not all", html).replace("color-scheme: light dark", "color-scheme: light")

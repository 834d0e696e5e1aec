"""The mailbox that bounces arrive in: a Maildir, an mbox or an IMAP mailbox. Messages are marked as seen, never deleted."""

import mailbox
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import unquote, urlsplit

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from digest.bounces.classify import MAX_MESSAGE_BYTES
from digest.errors import DigestError

IMAP_TIMEOUT = 30.0  # seconds to wait for a reply of the server
IDLE_RENEWAL = 600.0  # seconds until an IDLE is renewed; servers end one after half an hour (RFC 2177)
MAX_MESSAGES = 500  # messages that are read at a time

Take = Callable[[bytes], None]
"""A function that handles one message; the message is marked as seen when it returns."""


def read_new(place: str, root: Path, password: str, take: Take) -> int:
    """Give each new message of a mailbox to `take`, at most MAX_MESSAGES, and return their number.

    Raise DigestError if the mailbox cannot be read.
    """
    scheme, _, rest = place.partition(":")
    if scheme == "maildir":
        return _maildir(root / rest, take)
    if scheme == "mbox":
        return _mbox(root / rest, take)
    with Imap.connected(place, password) as imap:
        return imap.read_new(take)


def count_new(location: str, root: Path, password: str) -> int:
    """Return how many new messages a mailbox has; change nothing in it. Raise DigestError if it cannot be read."""
    scheme, _, rest = location.partition(":")
    if scheme == "maildir":
        return sum(_is_new_file(file) for folder in ("new", "cur") for file in (root / rest / folder).iterdir())
    if scheme == "mbox":
        with closing(mailbox.mbox(root / rest, create=False)) as box:
            return sum(_is_new_message(message) for message in box)
    with Imap.connected(location, password) as imap:
        return len(imap.client.search("UNSEEN"))


def check_mailbox(place: str, root: Path, password: str) -> None:
    """Raise DigestError if a mailbox cannot be read; change nothing in it."""
    scheme, _, rest = place.partition(":")
    if scheme.startswith("imap"):
        with Imap.connected(place, password):
            return
    if not ((root / rest / "new").is_dir() if scheme == "maildir" else (root / rest).is_file()):
        raise DigestError("not found", thing=str(root / rest), remedy="Set bounces.mailbox to a Maildir or an mbox file.")


def _maildir(path: Path, take: Take) -> int:
    """Read a Maildir: a message is a file with its flags at the end of the name; `S` is seen.

    The format is described at https://cr.yp.to/proto/maildir.html.
    """
    if not (path / "new").is_dir():
        raise DigestError("not a Maildir", thing=str(path), remedy="Use the folder that contains cur, new and tmp.")
    count = 0
    for file in [*sorted((path / "new").iterdir()), *sorted((path / "cur").iterdir())]:
        name, _, flags = file.name.partition(":2,")
        if count == MAX_MESSAGES or not _is_new_file(file):
            continue
        try:
            with file.open("rb") as message:
                raw = message.read(MAX_MESSAGE_BYTES)
        except FileNotFoundError:
            continue  # another program has moved it in the meantime
        take(raw)
        with suppress(FileNotFoundError):
            file.rename(path / "cur" / f"{name}:2,{''.join(sorted({*flags, 'S'}))}")
        count += 1
    return count


def _mbox(path: Path, take: Take) -> int:
    if not path.is_file():
        raise DigestError("not found", thing=str(path), remedy="Name the file that the mail is delivered to.")
    box, count = mailbox.mbox(path, create=False), 0
    try:
        box.lock()
        for key, message in list(box.iteritems()):
            if not _is_new_message(message):
                continue
            take(box.get_bytes(key))
            message.set_flags("".join(sorted({*message.get_flags(), "R", "O"})))
            box[key] = message
            count += 1
            if count == MAX_MESSAGES:
                break
        box.flush()
    except mailbox.Error as error:
        raise DigestError(
            f"cannot be read: {error}", thing=str(path), remedy="Another program holds it; it is tried again."
        ) from error
    finally:
        box.close()
    return count


def _is_new_file(file: Path) -> bool:
    return not file.name.startswith(".") and "S" not in file.name.partition(":2,")[2]


def _is_new_message(message: mailbox.mboxMessage) -> bool:
    return "R" not in message.get_flags()


@dataclass
class Imap:
    """A mailbox on an IMAP server."""

    client: IMAPClient
    folder: str
    _state: object = None  # UIDVALIDITY, UIDNEXT and EXISTS, as the server last reported them

    @classmethod
    @contextmanager
    def connected(cls, place: str, password: str) -> Iterator["Imap"]:
        """Log in to `imaps://user@host/INBOX` while the block runs; raise DigestError if the mailbox cannot be read.

        With imap://, STARTTLS is used, except on this machine, where there is no TLS.
        """
        parts, host = urlsplit(place), urlsplit(place).hostname or ""
        local = host in {"localhost", "::1"} or host.startswith("127.")
        try:
            secure = parts.scheme == "imaps"
            client = IMAPClient(host, port=parts.port or (993 if secure else 143), ssl=secure, timeout=IMAP_TIMEOUT)
            try:
                if not secure and not local:
                    client.starttls(ssl.create_default_context())
                client.login(unquote(parts.username or ""), password)
                imap = cls(client, unquote(parts.path.strip("/")) or "INBOX")
                imap.grown()
                yield imap
            finally:
                with suppress(IMAPClientError, OSError):
                    client.logout()
        except (IMAPClientError, OSError) as error:
            thing = f"bounces.mailbox {host}"
            raise DigestError(
                f"cannot read the mailbox: {error}", thing=thing, remedy="Check the address and DIGEST_IMAP_PASSWORD."
            ) from error

    def read_new(self, take: Take) -> int:
        """Give each unseen message to `take`, at most MAX_MESSAGES, one after the other; return their number."""
        found = self.client.search("UNSEEN")[:MAX_MESSAGES]
        for number in found:
            parts = self.client.fetch([number], [f"BODY.PEEK[]<0.{MAX_MESSAGE_BYTES}>"]).get(number, {})
            raw = next((value for value in parts.values() if isinstance(value, bytes)), b"")
            take(raw)
            self.client.add_flags([number], [b"\\Seen"], silent=True)
        return len(found)

    def grown(self) -> bool:
        """Select the mailbox, and return whether it has changed since it was last selected (RFC 3501, UIDNEXT)."""
        reply = self.client.select_folder(self.folder)
        before, self._state = self._state, (reply.get(b"UIDVALIDITY"), reply.get(b"UIDNEXT"), reply.get(b"EXISTS"))
        return before != self._state

    def wait(self, seconds: float, stop: Callable[[], bool]) -> None:
        """Wait until a message arrives (RFC 2177, IDLE), `stop` returns True, or the seconds pass, at most IDLE_RENEWAL.

        The time is limited because some servers have no IDLE, and some fail to report an arrival.
        A server reports an arrival once, perhaps beside the reply to a search that did not find the message. So the mailbox
        is first selected again; IDLE must report what arrives after that.
        """
        if self.grown():
            return
        ends = monotonic() + min(seconds, IDLE_RENEWAL)
        idle = self.client.has_capability("IDLE")
        if idle:
            self.client.idle()
        try:
            while monotonic() < ends and not stop():
                if idle and self.client.idle_check(timeout=1.0):
                    return
                if not idle:
                    sleep(1.0)
        finally:
            if idle:
                self.client.idle_done()

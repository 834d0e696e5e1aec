"""Where bounces are found: a Maildir, an mbox, a mailbox on an IMAP server. What has been read is marked as seen, never deleted."""

import mailbox
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import unquote, urlsplit

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from digest.bounces.classify import MAX_MESSAGE_BYTES
from digest.errors import DigestError

IMAP_TIMEOUT = 30.0  # seconds for an answer of the server
IDLE_RENEWAL = 600.0  # seconds until an IDLE is renewed; servers end one after half an hour (RFC 2177)
MAX_MESSAGES = 500  # messages of one reading

Take = Callable[[bytes], None]
"""Deals with one message; it is marked as seen when this returns."""


def read_new(place: str, root: Path, password: str, take: Take) -> int:
    """Give every new message of a mailbox to `take`; returns how many that were. DigestError where it cannot be read."""
    scheme, _, rest = place.partition(":")
    if scheme == "maildir":
        return _maildir(root / rest, take)
    if scheme == "mbox":
        return _mbox(root / rest, take)
    with Imap.connected(place, password) as imap:
        return imap.read_new(take)


def check_mailbox(place: str, root: Path, password: str) -> None:
    """See whether a mailbox can be read; DigestError where it cannot. Nothing in it is touched."""
    scheme, _, rest = place.partition(":")
    if scheme.startswith("imap"):
        with Imap.connected(place, password):
            return
    if not ((root / rest / "new").is_dir() if scheme == "maildir" else (root / rest).is_file()):
        raise DigestError("not found", thing=str(root / rest), remedy="Set bounces.mailbox to a Maildir or an mbox file.")


def _maildir(path: Path, take: Take) -> int:
    """A message is a file, its flags are at the end of its name: `S` is seen (https://cr.yp.to/proto/maildir.html)."""
    if not (path / "new").is_dir():
        raise DigestError("not a Maildir", thing=str(path), remedy="Use the folder that contains cur, new and tmp.")
    count = 0
    for file in [*sorted((path / "new").iterdir()), *sorted((path / "cur").iterdir())]:
        name, _, flags = file.name.partition(":2,")
        if count == MAX_MESSAGES or "S" in flags or file.name.startswith("."):
            continue
        try:
            with file.open("rb") as message:
                raw = message.read(MAX_MESSAGE_BYTES)
        except FileNotFoundError:
            continue  # another program has moved it meanwhile
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
            if "R" in message.get_flags():
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


@dataclass
class Imap:
    """A mailbox on a server."""

    client: IMAPClient
    folder: str
    _state: object = None  # what the server said last of how far the mailbox reaches

    @classmethod
    @contextmanager
    def connected(cls, place: str, password: str) -> Iterator["Imap"]:
        """Log in to `imaps://user@host/INBOX` (or imap:// with STARTTLS, or without on this machine), for as long as the block."""
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
            told = f"bounces.mailbox {host}"
            raise DigestError(
                f"cannot read the mailbox: {error}", thing=told, remedy="Check the address and DIGEST_IMAP_PASSWORD."
            ) from error

    def read_new(self, take: Take) -> int:
        """Give every unseen message to `take`, one after the other."""
        found = self.client.search("UNSEEN")[:MAX_MESSAGES]
        for number in found:
            parts = self.client.fetch([number], [f"BODY.PEEK[]<0.{MAX_MESSAGE_BYTES}>"]).get(number, {})
            raw = next((value for value in parts.values() if isinstance(value, bytes)), b"")
            take(raw)
            self.client.add_flags([number], [b"\\Seen"], silent=True)
        return len(found)

    def grown(self) -> bool:
        """Select the mailbox, and tell whether it reaches further than when that was done last (RFC 3501, UIDNEXT)."""
        told = self.client.select_folder(self.folder)
        before, self._state = self._state, (told.get(b"UIDVALIDITY"), told.get(b"UIDNEXT"), told.get(b"EXISTS"))
        return before != self._state

    def wait(self, seconds: float, stop: Callable[[], bool]) -> None:
        """Until something arrives (RFC 2177, IDLE), somebody stops it, or so many seconds have passed: some servers have no
        IDLE, and some forget to tell.

        A server tells of an arrival once. It may have done so beside the answer to a search that did not find it, so the
        mailbox is selected anew first: what comes after that, IDLE has to tell.
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

"""A relay for the demo: a real SMTP server on loopback that keeps what it accepts, and refuses one recipient who moved away."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from aiosmtpd.smtp import SMTP, Envelope, Session

from digest.model import Edition
from digest.service.finding import Finding
from digest.text.raw_message import summarise
from digest.web.message_viewer import MessageRow, ShownMessage

REFUSED_PREFIX = "moved-away@"
MAX_MESSAGES = 1_000  # messages in the inbox


class Inbox:
    """The messages accepted so far, as a mail program would list them."""

    title = "Inbox of the demo"

    def __init__(self) -> None:
        self._messages: list[tuple[str, bytes]] = []

    async def handle_RCPT(  # noqa: N802  the server's name for it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Sequence[str]
    ) -> str:
        """Accept every address but one."""
        if address.startswith(REFUSED_PREFIX):
            return "550 5.1.1 This mailbox does not exist"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a message, or defer it if the inbox is full."""
        raw = envelope.original_content or b""
        if len(self._messages) >= MAX_MESSAGES:
            return "452 4.3.1 The demo's inbox is full"
        self._messages += [(address, raw) for address in envelope.rcpt_tos]
        return "250 2.0.0 Ok"

    def __len__(self) -> int:
        return len(self._messages)

    def rows(self) -> Sequence[MessageRow]:
        """Return the rows of the list at the side."""
        return [MessageRow(str(at), address, summarise(raw).subject) for at, (address, raw) in enumerate(self._messages)]

    def message(self, name: str) -> ShownMessage | None:
        """Return a message, or None if there is no such message."""
        at = int(name) if name.isdigit() else -1
        return ShownMessage(self._messages[at][1]) if 0 <= at < len(self._messages) else None

    def edition(self) -> Edition | None:
        """Return None, because an inbox has no edition."""
        return None

    async def findings(self, name: str) -> Sequence[Finding] | None:
        """Return None, because an inbox has no edition."""
        return None

    def version(self) -> str:
        """Return a string that changes with every message."""
        return str(len(self._messages))


@asynccontextmanager
async def serve_smtp(inbox: Inbox) -> AsyncIterator[int]:
    """Run the SMTP server while the block runs; yield its port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(SMTP, inbox, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        with suppress(TimeoutError):  # from Python 3.12 on it waits for connections, and some never report that they are closed
            async with asyncio.timeout(1):
                await server.wait_closed()

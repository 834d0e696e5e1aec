"""Emails to one person who asked for them: a confirmation, a link. They are sent in the background, after the answer.

So neither the text of an answer nor its timing tells a stranger whether an address is on the list.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from digest.app import App
from digest.compose import Composer
from digest.deliver import deliver_unrecorded
from digest.errors import DigestError
from digest.model import NOTHING, Recipient

log = logging.getLogger("digest")
NO_EMAILS = ("complained", "suppressed")  # an address suppressed for one of these gets no email, whoever asks


class TransactionalEmails:
    """The emails of one newsletter that are not editions; the words of each are in `templates/emails/`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Start some work that may send emails, and return at once."""
        task = asyncio.create_task(_run_and_log(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self) -> None:
        """Wait until all work that was started is done."""
        while self._tasks:  # some of it may start more
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.sleep(0)  # until it is discarded

    async def send(self, email: str, name: str, url: str, more: Mapping[str, str] = NOTHING, **values: Any) -> None:
        """Send the email of a template, with a button that leads to a URL and `more` links; log a warning if it is refused."""
        app, now = self._app, self._app.clock()
        rendered = app.design().email(name, url, more, **values)
        compose = Composer(app.pipeline.sender, rendered, f"letter-{now.timestamp():.6f}", now, transactional=True)
        message = compose(Recipient(id=0, email=email))
        (receipt,) = await deliver_unrecorded(app.config.smtp, app.config.newsletter.address, app.clock, [message])
        if receipt.outcome != "sent":
            log.warning("could not send an email to %s: %s %s", email, receipt.code, receipt.reply)


async def _run_and_log(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except DigestError as error:
        log.warning("could not send an email: %s", error)

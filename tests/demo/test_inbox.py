"""The demo's relay keeps what it takes, refuses who has moved away, and says when it is full."""

import asyncio
import smtplib
from functools import partial

import pytest

from digest.demo import inbox
from digest.demo.inbox import Inbox, serve_smtp


def send(port: int, to: str, subject: str = "Hello") -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.sendmail("daily@gazette.example", [to], f"Subject: {subject}\r\n\r\nText.\r\n")


async def test_what_is_taken_is_listed_and_shown_as_it_came() -> None:
    kept = Inbox()
    async with serve_smtp(kept) as port:
        await asyncio.to_thread(send, port, "ada@readers.example", "The tram")
    assert [(row.id, row.detail) for row in kept.rows()] == [("0", "The tram")]
    message = kept.message("0")
    assert message is not None
    assert message.raw.startswith(b"Subject: The tram")


@pytest.mark.parametrize("name", ["1", "-1", "ada"])
async def test_a_message_that_it_does_not_have_is_none(name: str) -> None:
    kept = Inbox()
    async with serve_smtp(kept) as port:
        await asyncio.to_thread(send, port, "ada@readers.example")
    assert kept.message(name) is None


async def test_its_version_changes_with_every_message() -> None:
    kept = Inbox()
    before = kept.version()
    async with serve_smtp(kept) as port:
        await asyncio.to_thread(send, port, "ada@readers.example")
    assert kept.version() != before


async def test_who_has_moved_away_is_refused() -> None:
    kept = Inbox()
    async with serve_smtp(kept) as port:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            await asyncio.to_thread(send, port, "moved-away@readers.example")
    assert caught.value.recipients["moved-away@readers.example"][0] == 550
    assert len(kept) == 0


async def test_a_full_inbox_asks_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MAX_MESSAGES", 1)
    kept = Inbox()
    async with serve_smtp(kept) as port:
        await asyncio.to_thread(send, port, "ada@readers.example")
        with pytest.raises(smtplib.SMTPDataError) as caught:
            await asyncio.to_thread(partial(send, port, "bo@readers.example"))
    assert caught.value.smtp_code == 452
    assert len(kept) == 1

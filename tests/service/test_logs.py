"""One line for each event, whatever a library logs."""

import logging

import pytest

from digest.service.logs import RepeatFilter


@pytest.mark.parametrize(
    ("text", "error", "line"),
    [
        ("", None, ""),
        ("", ValueError("bad status line"), "ValueError('bad status line')"),
        ("\nlate", None, ""),
        ("first\nsecond", ValueError("no"), "first: ValueError('no')"),
    ],
)
@pytest.mark.parametrize("name", ["aiohttp.server", "asyncio"])
def test_a_record_without_a_message_is_logged_too(name: str, text: str, error: Exception | None, line: str) -> None:
    info = (type(error), error, None) if error else None
    record = logging.LogRecord(name, logging.ERROR, "", 0, text, (), info)
    assert RepeatFilter().filter(record)
    assert (record.getMessage(), record.exc_info) == (line, None)

"""One line for each event, whatever a library logs."""

import json
import logging

import pytest

from digest.service.logs import JsonFormatter, RepeatFilter, TextFormatter, logged_edition


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


@pytest.mark.parametrize(
    "address", ["ada@x.example", "o'brien@x.example", "ada+x=y@x.example", "<ada@über.example>", "ada@xn--ber-goa.example"]
)
def test_no_line_above_debug_has_a_readers_address(address: str) -> None:
    bare = address.strip("<>")
    for level, shown in ((logging.INFO, False), (logging.ERROR, False), (logging.DEBUG, True)):
        record = logging.LogRecord("digest", level, "", 0, "refused %s: gone", (address,), None)
        for formatter in (TextFormatter(), JsonFormatter()):
            line = formatter.format(record)
            assert (bare in line) == shown
            assert shown or f"{bare[0]}…@{bare.partition('@')[2]}" in line


def test_a_line_of_a_run_says_to_which_edition() -> None:
    record = logging.LogRecord("digest", logging.INFO, "", 0, "sent", (), None)
    with logged_edition("weekday-2026-11-24"):
        assert json.loads(JsonFormatter().format(record))["edition"] == "weekday-2026-11-24"
    assert "edition" not in json.loads(JsonFormatter().format(record))

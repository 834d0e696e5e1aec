"""A relay's words become one printable line: in the database, in a log, on a terminal."""

import pytest

from digest.deliver.replies import one_line_reply


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("2.0.0 Ok: queued as 4F1", "2.0.0 Ok: queued as 4F1"),
        ("2.0.0 Ok\nqueued as \x00abc", "2.0.0 Ok queued as abc"),
        ("\x1b[31mno\x1b[0m such\tuser.", "[31mno [0m such user"),
        ("caf\udce9 closed", "caf closed"),
        ("x" * 900, "x" * 500),
    ],
)
def test_one_line(text: str, line: str) -> None:
    assert one_line_reply(text) == line

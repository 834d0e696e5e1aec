"""Which domains are one sender's."""

import pytest

from digest.service.dmarc_alignment import is_aligned


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("gazette.example", "news.gazette.example", True),
        ("mail.gazette.co.uk", "gazette.co.uk", True),
        ("gazette.co.uk", "herald.co.uk", False),
        ("Gazette.Example.", "gazette.example", True),
        ("gazette.com", "relay.example", False),
        ("gazette.github.io", "herald.github.io", False),
    ],
)
def test_receivers_take_them_for_one_sender(one: str, other: str, same: bool) -> None:
    assert is_aligned(one, other) is same

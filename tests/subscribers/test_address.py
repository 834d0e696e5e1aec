"""Addresses as people and programs write them, and the mailboxes that are odd."""

import pytest

from digest.errors import SubscriberFileError
from digest.subscribers.address import address_problem, count_odd_addresses, normalise


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Ada Holm <ada@readers.example>", "ada@readers.example"),
        ("<ada@readers.example>", "ada@readers.example"),
        ("mailto:ada@readers.example", "ada@readers.example"),
        ("ada@readers.example.", "ada@readers.example"),
        ("\u200eada@readers.example\u200b", "ada@readers.example"),
        ("ada@readers.example <ada@readers.example>", "ada@readers.example"),
    ],
)
def test_an_address_is_found_in_what_surrounds_it(written: str, read: str) -> None:
    assert normalise(written) == read


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("ada@readers.example, bo@readers.example", "has 2 addresses in one field; give each a line of its own"),
        ("‘ada@readers.example", "it has a stray ‘ in it; take it out"),
        ("ada»@readers.example", "it has a stray mark in it; take it out"),
        ("ada.readers.example", "no @ sign"),
        (f"{'a' * 2_000}@readers.example", "is not a valid address: too long"),
    ],
)
def test_what_is_no_single_address_says_why(written: str, message: str) -> None:
    with pytest.raises(SubscriberFileError) as caught:
        normalise(written)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 250


def test_a_shared_mailbox_and_one_for_throwing_away_are_odd() -> None:
    assert "role address" in address_problem("postmaster@readers.example")
    assert address_problem("ada@mailinator.com") == "disposable address"
    assert address_problem("ada@readers.example") == ""
    odd = ["ada@readers.example", "postmaster@readers.example", "bo@mailinator.com"]
    assert [count_odd_addresses(emails) for emails in (odd, odd[:1], [])] == [2, 0, 0]


@pytest.mark.parametrize(
    ("text", "reason"), [("x@nodot", "period"), ("a@@b.example", "contains invalid characters"), ("nobody", "no @ sign")]
)
def test_what_is_wrong_with_an_address_is_what_is_said(text: str, reason: str) -> None:
    with pytest.raises(SubscriberFileError, match=reason):
        normalise(text)

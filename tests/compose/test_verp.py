"""Addresses that say whom mail to them is about, and that nobody else can make."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.verp import Purpose, parse_verp, verp_address

BOX = "bounces@gazette.example"


@given(st.sampled_from(["bounce", "leave"]), st.integers(1, 16**12 - 1))
def test_an_address_says_what_for_and_about_whom(purpose: Purpose, recipient_id: int) -> None:
    assert parse_verp("s", verp_address("s", purpose, recipient_id, BOX)) == (purpose, recipient_id)


def test_an_address_survives_mail_systems_that_change_its_case() -> None:
    assert parse_verp("s", verp_address("s", "bounce", 0xBEEF, BOX).upper()) == ("bounce", 0xBEEF)


def test_an_address_stays_below_the_mailbox_and_within_the_limit_of_a_local_part() -> None:
    local, _, domain = verp_address("s", "leave", 16**12 - 1, BOX).partition("@")
    assert local.startswith("bounces+l")
    assert domain == "gazette.example"
    assert len(local) <= 64  # RFC 5321, section 4.5.3.1.1


@pytest.mark.parametrize(
    "address", ["bounces@gazette.example", "bounces+summer@gazette.example", "", "bounces+b1-@gazette.example"]
)
def test_an_address_without_a_recipient_is_about_nobody(address: str) -> None:
    assert parse_verp("s", address) is None


def test_an_address_that_others_made_is_about_nobody() -> None:
    address = verp_address("s", "leave", 7, BOX)
    assert parse_verp("another secret", address) is None
    assert parse_verp("s", address.replace("+l7-", "+l8-")) is None  # another recipient
    assert parse_verp("s", address.replace("+l", "+b")) is None  # another purpose

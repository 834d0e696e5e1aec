"""Placeholders: what a template asks of a recipient, and what a recipient has of it."""

import copy

import pytest

from digest.text.placeholders import Placeholders, columns, extra_values, filled_size, split


def test_an_extra_column_is_asked_for_in_three_ways() -> None:
    extra = Placeholders().extra
    assert extra.town == extra["town"] == extra("Town")
    assert columns([f"In {extra.town}, {extra['Home town']}"]) == {"town", "home town"}


def test_who_has_nothing_in_a_column_gets_the_other_words() -> None:
    extra = Placeholders().extra
    names = split(f"{extra('town', 'our town')} {extra('street')}")[1::2]
    assert list(extra_values(names, {"town": "Hull"}).values()) == ["Hull", ""]
    assert list(extra_values(names, {}).values()) == ["our town", ""]


def test_the_names_of_python_itself_are_no_columns() -> None:
    """A template engine, or a copy, asks an object for these; a placeholder in their place would be taken for a method."""
    extra = Placeholders().extra
    with pytest.raises(AttributeError, match="__html__"):
        getattr(extra, "__html__")  # noqa: B009  as a template engine asks
    assert copy.deepcopy(extra).town == extra.town


def test_the_size_counts_what_a_recipient_may_need() -> None:
    placeholders = Placeholders()
    assert filled_size("Zoë", 30) == 4
    assert filled_size(f"To {placeholders.name}", 30) == len("To ") + 120
    assert filled_size(f"{placeholders.view_url}", 30) == filled_size(f"{placeholders.view_url}", 20) + 10

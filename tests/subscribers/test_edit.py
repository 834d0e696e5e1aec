"""Edits: who comes back is active again in every column, and in a list without such columns nothing is invented."""

from pathlib import Path

import pytest

from digest.errors import SubscriberFileError
from digest.subscribers import NewRow, SubscriberFile, activate, add, set_columns, set_status
from tests.subscribers.test_subscriber_file import TODAY


def edited(tmp_path: Path, before: str, *emails: str) -> str:
    path = tmp_path / "subscribers.csv"
    path.write_text(before)
    activate(path, [NewRow(email=email, values={"status": "active"}) for email in emails])
    return path.read_text()


def test_who_comes_back_has_one_row_and_who_is_new_gets_one(tmp_path: Path) -> None:
    before = "email,status,paused_until\nada@r.example,unsubscribed,2027-01-01\nbo@r.example,paused,\n"
    after = edited(tmp_path, before, "ada@r.example", "cy@r.example")
    assert after == "email,status,paused_until\nada@r.example,active,\nbo@r.example,paused,\ncy@r.example,active,\n"


def test_in_a_list_of_addresses_alone_who_is_on_it_stays_and_who_is_not_is_added(tmp_path: Path) -> None:
    assert edited(tmp_path, "email\nada@r.example\n", "ada@r.example", "bo@r.example") == "email\nada@r.example\nbo@r.example\n"


def test_an_opt_out_in_another_column_is_taken_back_where_the_row_has_one(tmp_path: Path) -> None:
    before = "email,name,unsubscribed\nada@r.example,Ada,yes\nbo@r.example\ncy@r.example,Cy,no\n"
    after = edited(tmp_path, before, "ada@r.example", "bo@r.example", "cy@r.example")
    assert after == "email,name,unsubscribed\nada@r.example,Ada,\nbo@r.example\ncy@r.example,Cy,no\n"
    assert [row.status for row in SubscriberFile(tmp_path / "subscribers.csv")] == ["active"] * 3


def test_columns_that_a_list_does_not_have_are_not_set(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.csv"
    path.write_text("email,Town\nada@r.example,Hull\n")
    assert set_columns(path, lambda: {"ada@r.example": {"street": "Quay"}}) == 0
    assert set_columns(path, lambda: {"ada@r.example": {"town": "York"}, "bo@r.example": {"town": "Hull"}}) == 1
    assert path.read_text() == "email,Town\nada@r.example,York\n"
    assert not set_status(path, "ada@r.example", "paused")


def test_an_address_that_is_none_is_not_added(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.csv"
    path.write_text("email\n")
    with pytest.raises(SubscriberFileError, match="no @ sign"):
        add(path, "ada.r.example", today=TODAY)
    assert path.read_text() == "email\n"

"""Lists that come in a ZIP: what is in it, and what is said of one that is no use."""

import io
import zipfile
from pathlib import Path

import pytest

from digest.errors import SubscriberFileError
from digest.subscribers import import_zip
from digest.subscribers.import_zip import unpack_lists

LIST = "email\n" + "ada@readers.example\n" * 40


def bundle(tmp_path: Path, *names: str) -> Path:
    file = tmp_path / "lists.zip"
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, LIST)
    return file


def error_message(file: Path) -> str:
    with pytest.raises(SubscriberFileError) as caught, unpack_lists(file):
        pass
    return str(caught.value)


def unpacked(file: Path) -> list[tuple[str, str | None]]:
    with unpack_lists(file) as lists:
        assert all(row.path.read_bytes() for row in lists)
        return [(row.path.name, row.status) for row in lists]


def test_a_list_that_is_no_zip_is_the_list_itself(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(LIST)
    assert unpacked(file) == [("list.csv", None)]


def test_a_workbook_is_left_to_whoever_reads_it(tmp_path: Path) -> None:
    assert unpacked(bundle(tmp_path, "[Content_Types].xml", "xl/workbook.xml")) == [("lists.zip", None)]


def test_the_names_of_several_lists_say_what_their_subscribers_are(tmp_path: Path) -> None:
    file = bundle(
        tmp_path, "a/subscribed.csv", "a/Un-subscribed.CSV", "cleaned_2026.csv", "__MACOSX/a/._subscribed.csv", "read me.txt"
    )
    assert unpacked(file) == [
        ("1-subscribed.csv", None),
        ("2-Un-subscribed.CSV", "unsubscribed"),
        ("3-cleaned_2026.csv", "bounced"),
    ]


def test_what_was_unpacked_does_not_stay(tmp_path: Path) -> None:
    with unpack_lists(bundle(tmp_path, "subscribed.csv")) as lists:
        place = lists[0].path
    assert not place.exists()


def test_a_zip_without_a_list_says_so(tmp_path: Path) -> None:
    assert "lists.zip: holds no CSV" in error_message(bundle(tmp_path, "read me.txt"))


def test_lists_beyond_measure_are_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_zip, "MAX_LIST_BYTES", len(LIST))
    assert unpacked(bundle(tmp_path, "subscribed.csv"))
    assert "too large" in error_message(bundle(tmp_path, "subscribed.csv", "cleaned.csv"))


def test_a_zip_that_is_cut_off_says_what_to_do(tmp_path: Path) -> None:
    file = bundle(tmp_path, "subscribed.csv")
    file.write_bytes(file.read_bytes()[:200])
    assert "damaged or cut off. Download it again" in error_message(file)


def spoilt(kind: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        target.writestr("subscribed.csv", LIST)
    raw = bytearray(made.getvalue())
    directory = raw.index(b"PK\x01\x02")
    match kind:
        case "a bit has turned":
            raw[60] ^= 1
        case "it has a password":
            raw[6] |= 1
            raw[directory + 8] |= 1
        case "its packing is unknown":
            raw[8] = raw[directory + 10] = 99
    return bytes(raw)


@pytest.mark.parametrize("kind", ["a bit has turned", "it has a password", "its packing is unknown"])
def test_a_zip_that_cannot_be_unpacked_is_named_with_what_to_do(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "lists.zip"
    file.write_bytes(spoilt(kind))
    assert "lists.zip: cannot be unpacked: " in error_message(file)
    assert "Unpack it yourself" in error_message(file)

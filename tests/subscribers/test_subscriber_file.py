"""subscribers.csv: reading, checking, changing in place."""

import csv
import io
import multiprocessing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from unittest import mock

import pytest
from email_validator import validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import BusyError, SubscriberFileError, UsageError
from digest.model import Subscriber
from digest.subscribers import FileEdit, Problem, SubscriberFile, add, backups, normalise, remove, rewrite, set_status
from digest.subscribers.address import PLAIN_ADDRESS
from digest.subscribers.columns import Columns, iso_date, parse_meanings, resume_date
from digest.subscribers.csv_table import CsvTable, Record
from digest.subscribers.encoding import Encoding
from digest.subscribers.import_batch import ImportRow, changes
from digest.subscribers.rewrite import Edit

TODAY = date(2026, 11, 24)


@dataclass
class Found:
    """A whole subscriber list."""

    subscribers: list[Subscriber]
    active: list[Subscriber]
    problems: list[Problem]


def read(path: Path) -> Found:
    subscriber_file = SubscriberFile(path)
    known = [row for row in subscriber_file.distinct() if not row.status.startswith("?")]
    found = Found(known, list(subscriber_file.active()), list(subscriber_file.problems()))
    summary = subscriber_file.summarise()
    assert summary.subscribers == len(found.subscribers)
    assert summary.active == len(found.active)
    assert summary.skipped + summary.duplicates == sum(problem.skipped for problem in found.problems)
    return found


def subscriber_file(tmp_path: Path, data: bytes | str) -> Found:
    path = tmp_path / "subscribers.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read(path)


def parsed(data: bytes) -> tuple[CsvTable, list[Record], bytes]:
    """A table, its records, and its bytes put together again."""
    charset = Encoding.of(data[:4096])
    text = io.StringIO(data[len(charset.bom) :].decode(charset.codec, charset.errors), newline="")
    table = CsvTable.from_lines(iter(text), "x.csv", charset)
    records = list(table.records)
    whole = table.prologue + table.header.raw + "".join(record.raw for record in records)
    return table, records, charset.bom + charset.encode(whole)


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_ways_programs_write_it(tmp_path: Path, bom: bytes, delimiter: str, newline: str) -> None:
    rows = ["Email|Name|Status|City", 'ada@r.example|"Ada, L; x"|active|Hull', "BO@R.EXAMPLE|Bo|||", "", "cy@r.example|Cy|Paused|"]
    data = bom + newline.join(rows).replace("|", delimiter).replace("Ada, L; x", f"Ada{delimiter} L").encode()
    found = subscriber_file(tmp_path, data)
    assert [row.email for row in found.subscribers] == ["ada@r.example", "bo@r.example", "cy@r.example"]
    assert [row.line for row in found.subscribers] == [2, 3, 5]
    assert found.subscribers[0].name == f"Ada{delimiter} L".replace("\t", "\t")
    assert found.subscribers[0].extra == {"City": "Hull"}
    assert [row.email for row in found.active] == ["ada@r.example", "bo@r.example"]
    assert found.problems == []


def test_a_bad_row_is_named_and_the_others_are_not_harmed(tmp_path: Path) -> None:
    bad = [
        "@",
        "no at sign",
        "a@b",
        "a@@b.example",
        "x y@b.example",
        "",
        "a@b.example)",
        "a@-b.example",
        "a..b@c.example",
        "a@b_c.example",
    ]
    rows = [f'"{value}"' for value in bad] + [f"good{number}@r.example" for number in range(20)]
    found = subscriber_file(tmp_path, "email\n" + "\n".join(rows))
    assert len(found.active) == 20
    assert [problem.line for problem in found.problems] == [2, 3, 4, 5, 6, 8, 9, 10, 11]  # a row without anything is blank


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    found = subscriber_file(
        tmp_path,
        "email,name,status\nada@r.example,Ada,activ\nbo@r.example,Bo,active,more,fields\ncy@r.example,Cy,\nCY@r.example,Cy,\n,Nobody,\n",
    )
    assert {problem.line: problem.what.replace(";", ". ").split(". ")[0] for problem in found.problems} == {
        2: "unknown status 'activ'",
        3: "5 fields, but 3 columns",
        5: "duplicate of line 4",
        6: "no email address",
    }


def test_a_row_that_says_no_wins_over_its_double(tmp_path: Path) -> None:
    found = subscriber_file(tmp_path, "email,status\nada@r.example,active\nada@r.example,unsubscribed\n")
    assert found.active == []


def test_an_open_quotation_mark_costs_one_row(tmp_path: Path) -> None:
    found = subscriber_file(tmp_path, 'email,name\nada@r.example,"Ada\nbo@r.example,Bo\n"cy@r.example",Cy\ndi@r.example,Di\n')
    assert [row.email for row in found.active] == ["bo@r.example", "cy@r.example", "di@r.example"]
    assert [(problem.line, problem.what) for problem in found.problems] == [(2, "missing closing quotation mark")]


@pytest.mark.parametrize("header", ["email,name", "email,status,name"])
def test_an_open_quotation_mark_in_the_last_column_costs_one_row_too(tmp_path: Path, header: str) -> None:
    middle = "," * (header.count(",") - 1)
    data = f'{header}\na@x.example,{middle}"Bob\nb@x.example,{middle}Bo\nc@x.example,{middle}Cy\nd@x.example,{middle}"Di"\n'
    found = subscriber_file(tmp_path, data)
    assert [row.email for row in found.active] == ["b@x.example", "c@x.example", "d@x.example"]
    assert [(problem.line, problem.what) for problem in found.problems] == [(2, "missing closing quotation mark")]


def test_a_line_break_inside_quotes_is_a_field(tmp_path: Path) -> None:
    found = subscriber_file(tmp_path, 'email,note\nada@r.example,"two\nlines"\nbo@r.example,x\n')
    assert [(row.line, row.extra["note"]) for row in found.active] == [(2, "two\nlines"), (4, "x")]


def test_latin_1_is_read(tmp_path: Path) -> None:
    found = subscriber_file(tmp_path, "email,name\nada@r.example,Zoë\n".encode("latin-1") + "bo@r.example,Bó\n".encode())
    assert [row.name for row in found.active] == ["Zoë", "Bó"]
    assert "Windows-1252" in SubscriberFile(tmp_path / "subscribers.csv").summarise().format
    assert found.problems == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"name,post\nx,y\n", "no email column.*name, post"),
        ("email\nada@r.example".encode("utf-16")[:-1], "UTF-16"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(SubscriberFileError, match=message):
        subscriber_file(tmp_path, data)


def test_no_file_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(SubscriberFileError, match="first line: email"):
        read(tmp_path / "none.csv")


def test_addresses_in_one_form() -> None:
    assert normalise(" Ada@Gazette.EXAMPLE ") == "ada@gazette.example"
    assert normalise("ada@bücher.example") == "ada@xn--bcher-kva.example"
    assert normalise("zoë@r.example") == "zoë@r.example"


CLOSED = "email;name;status;note\r\nada@r.example;Ada;active;'x'\r\n\r\nbo@r.example;\"Bo; B\";;\r\ncy@r.example;Cy;active"


def test_changes_touch_their_row_and_no_other_byte(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.csv"
    path.write_bytes(b"\xef\xbb\xbf" + CLOSED.encode())
    add(path, "Di@R.example", name="Di", today=TODAY)
    assert path.read_bytes() == b"\xef\xbb\xbf" + CLOSED.encode() + b"\r\ndi@r.example;Di;active;\r\n"
    assert set_status(path, "bo@r.example", "unsubscribed")
    assert (
        path.read_bytes()
        == b"\xef\xbb\xbf" + CLOSED.replace('"Bo; B";;', '"Bo; B";unsubscribed;').encode() + b"\r\ndi@r.example;Di;active;\r\n"
    )
    assert remove(path, "di@r.example") == 1
    assert remove(path, "bo@r.example") == 1
    kept = CLOSED.replace('bo@r.example;"Bo; B";;\r\n', "") + "\r\n"
    assert path.read_bytes().decode("utf-8-sig") == kept


def test_adding_twice_and_removing_nobody(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.csv"
    path.write_text("email\nada@r.example\n")
    with pytest.raises(SubscriberFileError, match=r"subscribers\.csv:2.*already"):
        add(path, "ADA@r.example", today=TODAY)
    with pytest.raises(SubscriberFileError, match="not on the subscriber list"):
        remove(path, "bo@r.example")
    assert not set_status(path, "ada@r.example", "unsubscribed")
    assert path.read_text() == "email\nada@r.example\n"


FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=12)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(FIELD, FIELD), max_size=6), st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n"]), st.booleans()
)
def test_a_round_trip_changes_no_byte(rows: list[tuple[str, str]], delimiter: str, newline: str, bom: bool) -> None:
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=delimiter, lineterminator=newline)
    writer.writerow(["email", "name"])
    writer.writerows(rows)
    data = ("\ufeff" if bom else "").encode() + target.getvalue().encode()
    _, records, whole = parsed(data)
    assert whole == data
    assert [tuple(field.lstrip(" ") for field in record.fields) for record in records if record.raw.strip("\r\n")] == [
        tuple(field.lstrip(" ") for field in row) for row in rows if delimiter.join(row).strip("\r\n") or any(row)
    ]  # a blank before a field is none of it


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        _, _, whole = parsed(b"email,name\n" + data)
    except (SubscriberFileError, UnicodeDecodeError):
        return
    assert whole == b"email,name\n" + data


CHANGES = 1_000  # by both processes together


def _changing(path: str, first: int) -> None:
    """Add, pause and remove: of each three, one stays, one is paused, one goes."""
    for number in range(first, first + CHANGES // 2 // 5 * 3, 3):
        stays, paused, goes = (f"r{at}@r.example" for at in (number, number + 1, number + 2))
        for email in (stays, paused, goes):
            add(Path(path), email, today=TODAY)
        assert set_status(Path(path), paused, "paused")
        remove(Path(path), goes)


def test_two_processes_lose_no_change(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.csv"
    path.write_text("email;status;joined\r\n")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_changing, args=(str(path), first)) for first in (0, 3_000)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    found = {row.email: row.status for row in SubscriberFile(path)}
    each = CHANGES // 2 // 5
    expected = {f"r{first + 3 * at}@r.example": "active" for first in (0, 3_000) for at in range(each)}
    expected |= {f"r{first + 3 * at + 1}@r.example": "paused" for first in (0, 3_000) for at in range(each)}
    assert found == expected
    assert len(list((tmp_path / "state" / "backups").iterdir())) == 1  # not one for each change


def test_a_file_that_somebody_saves_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.csv"
    path.write_text("email\nada@r.example\n")
    saves = iter(range(10))

    def saving(table: CsvTable, columns: Columns) -> dict[str, Edit]:
        path.write_text(f"email\nada@r.example\nsaved{next(saves)}@r.example\n")
        return {"ada@r.example": lambda record: None}

    with pytest.raises(BusyError, match=r"subscribers\.csv: the file was changed by another program.*try again"):
        rewrite(path, FileEdit(edits=saving))
    assert path.read_text() == "email\nada@r.example\nsaved2@r.example\n"
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == [".subscribers.csv.lock"]


def test_the_last_versions_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.csv"
    path.write_text("email\n")
    for number in range(backups.MAX_BACKUPS + 3):
        before = path.read_text()
        backups.back_up(path, min_interval=timedelta(0))
        path.with_name("new").write_text(f"{before}r{number}@r.example\n")
        path.with_name("new").replace(path)
    kept = sorted(backups.folder_of(path).iterdir())
    assert len(kept) == backups.MAX_BACKUPS
    assert kept[-1].read_text() == before


CHARACTERS = "abAZ09._+-%'"


@given(
    st.text(CHARACTERS, max_size=12),
    st.lists(st.text("abzAZ09-", max_size=8), max_size=4),
    st.sampled_from(["com", "c", "x9", "local", "test", "COM", "example", ""]),
)
def test_the_quick_look_at_an_address_agrees_with_the_long_one(local: str, labels: list[str], top: str) -> None:
    address = f"{local}@{'.'.join([*labels, top])}"
    if PLAIN_ADDRESS.match(address.lower()):
        checked = validate_email(address, check_deliverability=False, test_environment=True)
        assert (checked.ascii_email or checked.normalized).lower() == normalise(address) == address.lower()


def test_plain_addresses_need_no_long_look() -> None:
    for address in ("ada@readers.example", "Ada.Lovelace+news@mail.readers.co.uk", "r2-d2@x9.org"):
        assert PLAIN_ADDRESS.match(address.lower())


def test_rows_are_read_one_by_one_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.csv"
    lines = [
        "email,status",
        "ada@r.example,active",
        "nonsense,",
        "",
        'bo@r.example,"unsubscribed',
        "cy@r.example,",
        "ada@r.example,paused",
    ]
    path.write_text("\n".join(lines))
    rows = SubscriberFile(path)
    found = [(row.email, row.status) for row in rows]
    assert found == [("ada@r.example", "active"), ("cy@r.example", "active"), ("ada@r.example", "paused")]
    assert rows.skipped == 2
    assert [row.email for row in rows] == [email for email, _ in found]
    assert [row.email for row in read(path).subscribers] == ["cy@r.example", "ada@r.example"]


@settings(max_examples=200)
@given(st.lists(st.text('ab,;"\r\n\udcff\ufeff@.', max_size=20), max_size=12))
def test_a_block_at_a_time_is_read_as_row_by_row(lines: list[str]) -> None:
    data = ("email,name\n" + "\n".join(lines)).encode("utf-8", "surrogateescape")
    with mock.patch("digest.subscribers.csv_table.BLOCK_LINES", 1):
        _, one_by_one, _ = parsed(data)
    _, together, _ = parsed(data)
    assert [(row.line, row.raw, tuple(row.fields)) for row in together] == [
        (row.line, row.raw, tuple(row.fields)) for row in one_by_one
    ]


def test_what_is_odd_about_a_row_is_said_and_the_row_counts(tmp_path: Path) -> None:
    rows = [
        "postmaster@r.example,,,", "ada@mailinator.com,,,", "bo@r.example,Europe/Nowhere,,", "cy@r.example,,English,",
        "di@r.example,,,hourly", "ed@r.example,Europe/London,en-GB,Weekly",
    ]  # fmt: skip
    path = tmp_path / "subscribers.csv"
    path.write_text("email,timezone,language,frequency\n" + "\n".join(rows))
    found = SubscriberFile(path, frequency_remark=lambda word: f"what is {word}?" if word == "hourly" else "")
    assert len(list(found.active())) == 6
    assert found.summarise().remarks == 4
    assert {problem.line: problem.what for problem in found.problems()} == {
        2: "role address (shared mailbox); complaints are more likely",
        3: "disposable address",
        4: "unknown time zone 'Europe/Nowhere'. Use a name like Europe/London",
        6: "what is hourly?",
    }
    assert not any(problem.skipped for problem in found.problems())


@pytest.mark.parametrize(
    ("data", "email"),
    [
        (b"email\nADA@R.example\n", "ada@r.example"),
        ("email\nada@r.example\n".encode("utf-16"), "ada@r.example"),
        ("email\nada@bücher.example\n".encode(), "ada@xn--bcher-kva.example"),
        (b"email\nada@xn--bcher-kva.example\n", "ada@bücher.example"),
        ("email\nzoë@r.example\n".encode("latin-1"), "zoë@r.example"),
    ],
)
def test_an_address_is_found_however_the_file_spells_it(tmp_path: Path, data: bytes, email: str) -> None:
    path = tmp_path / "subscribers.csv"
    path.write_bytes(data)
    found = SubscriberFile(path).find(email)
    assert found
    assert found.email == normalise(email)
    assert SubscriberFile(path).find("nobody@r.example") is None


def test_to_look_for_an_address_in_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(SubscriberFileError, match=r"none\.csv: cannot be read: No such file"):
        SubscriberFile(tmp_path / "none.csv").find("ada@r.example")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(SubscriberFileError, match="empty"):
        SubscriberFile(tmp_path / "empty.csv").find("ada@r.example")


def test_a_space_before_a_quotation_mark_is_none_of_the_name(tmp_path: Path) -> None:
    found = subscriber_file(tmp_path, '"email", "name", "town, county"\nada@r.example, "Holm, Ada", "Hull"\n')
    assert [(row.email, row.name, row.extra) for row in found.active] == [("ada@r.example", "Holm, Ada", {"town, county": "Hull"})]


def test_a_cell_beyond_measure_costs_only_its_row(tmp_path: Path) -> None:
    long = '"' + "x" * 200_000 + '"'
    found = subscriber_file(tmp_path, f"email,note\nada@r.example,a\nbo@r.example,{long}\ncy@r.example,c\n")
    assert [row.email for row in found.active] == ["ada@r.example", "cy@r.example"]
    assert [problem.line for problem in found.problems] == [3]


def test_the_cells_of_some_columns_are_those_of_the_rows_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.csv"
    path.write_bytes('email,name,note\nada@r.example, Zoë ,x\n\nbo@r.example\n"cy@r.example\ndi@r.example,Di\n'.encode("latin-1"))
    assert list(SubscriberFile(path).cells([1, 2])) == [(2, ["Zoë", "x"]), (4, ["", ""]), (6, ["Di", ""])]


@pytest.mark.parametrize(
    ("date_", "day"),
    [("2026-11-24 07:15", "2026-11-24"), ("2026/1/2", "2026-01-02"), ("2026-13-45", ""), ("24.11.2026", ""), ("", "")],
)
def test_only_a_date_that_can_be_read_in_one_way_is_one(date_: str, day: str) -> None:
    assert iso_date(date_) == day
    assert resume_date(date_) == (date.fromisoformat(day) if day else None)


@pytest.mark.parametrize("given", ["Opt Out", "=unsubscribed", "Opt Out=gone", ""])
def test_an_unknown_meaning_is_refused_with_a_list_of_the_known_ones(given: str) -> None:
    with pytest.raises(UsageError, match=r"is not understood.*Email Opt Out=unsubscribed.*there is: .*paused"):
        parse_meanings([given])


@pytest.mark.parametrize(
    ("meaning", "cells"),
    [
        ("unsubscribed", {"yes": "unsubscribed", "2026-01-02": "unsubscribed", "no": "active", "": "active"}),
        ("active", {"yes": "active", "no": "unsubscribed", "": "active", "paused": "paused", "perhaps": "?perhaps"}),
    ],
)
def test_a_column_that_somebody_has_explained_decides(tmp_path: Path, meaning: str, cells: dict[str, str]) -> None:
    path = tmp_path / "subscribers.csv"
    path.write_text("email,wish\n" + "".join(f"r{number}@r.example,{cell}\n" for number, cell in enumerate(cells)))
    rows = SubscriberFile(path, meanings=parse_meanings([f"Wish={meaning}"]))
    assert [row.status for row in rows] == list(cells.values())


def test_a_row_whose_status_nobody_knows_changes_nothing_on_the_list() -> None:
    listed = Subscriber(email="ada@r.example", line=2, status="active")
    row = ImportRow(email="ada@r.example", line=7, status="?perhaps", values={"name": "Eve"})
    assert changes(listed, row) == {}
    assert changes(listed, replace(row, status="active")) == {"name": "Eve"}
    assert changes(listed, replace(row, status="unsubscribed")) == {"status": "unsubscribed"}

"""Files of some forty programs: read right, and changed in nothing but the rows that are meant."""

import gzip
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.audience.import_undo import UndoneImport, undo_import
from digest.audience.importer import Importer, ImportPlan
from digest.errors import SubscriberFileError, UsageError
from digest.store import Store
from digest.subscribers import SubscriberFile, add, remove, set_status
from digest.subscribers.import_batch import open_batch
from digest.subscribers.import_journal import ImportJournal
from digest.subscribers.import_zip import ImportFile
from tests.subscribers.programs import ADA, BARE, BO, CY, DI, PROGRAMS, ZOE, Written

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
NEW = "new.reader@elsewhere.example"
ALL = [pytest.param(name, id=name) for name in PROGRAMS]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open("sqlite:///state/digest.db", tmp_path)
    yield opened
    opened.close()


def written_file(tmp_path: Path, written: Written) -> Path:
    path = tmp_path / "subscribers.csv"
    path.write_bytes(written.data)
    return path


def took(store: Store, subscriber_file: Path, file: Path, *, status: str | None = None, apply: bool = True) -> ImportPlan:
    with open_batch() as rows:
        way = Importer(store, subscriber_file, lambda email: f"token of {email}", NOW, rows)
        plan = way.plan([ImportFile(file, status)], {"gdpr": "ignore"})  # Sendy's tells of a form; a person has to say so
        if apply:
            way.apply(file.name, "asked at the fair")
    return plan


@pytest.mark.parametrize("name", ALL)
def test_every_program_is_read_right(tmp_path: Path, name: str) -> None:
    written = PROGRAMS[name]
    rows = list(SubscriberFile(written_file(tmp_path, written)).distinct())
    assert {row.email: row.status for row in rows} == dict(written.statuses)
    assert {row.email: row.name for row in rows if row.email in written.names} == dict(written.names)


@pytest.mark.parametrize("name", ALL)
def test_adding_and_removing_gives_the_bytes_back(tmp_path: Path, name: str) -> None:
    path = written_file(tmp_path, PROGRAMS[name])
    before = path.read_bytes()
    add(path, NEW, name="Ünï Newman", today=NOW.date())
    assert path.read_bytes().startswith(before)
    added = SubscriberFile(path).find(NEW)
    assert added is not None
    assert added.name in {"Ünï Newman", ""}
    assert remove(path, NEW) == 1
    ending = path.read_bytes().removeprefix(before)
    assert ending in {b"", b"\n", b"\r", b"\r\n", "\r\n".encode("utf-16-le"), "\n".encode("utf-16-le")}


@pytest.mark.parametrize("name", ALL)
def test_setting_a_status_changes_its_field_only(tmp_path: Path, name: str) -> None:
    written = PROGRAMS[name]
    path = written_file(tmp_path, written)
    encoding = "utf-16" if written.encoding == "utf-16" else written.encoding
    before = path.read_bytes().decode(encoding)
    who = next(iter(written.statuses))
    if not set_status(path, who, "complained"):
        assert "status" not in SubscriberFile(path).columns().positions
        assert path.read_bytes().decode(encoding) == before
        return
    after = path.read_bytes().decode(encoding)
    row = SubscriberFile(path).find(who)
    assert row is not None
    assert row.status == "complained"
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    changed = [(left, right) for left, right in zip(old, new, strict=True) if left != right]
    assert 1 <= len(changed) <= 2  # MailPoet has a row for each list
    for left, right in changed:
        assert "complained" in right
        assert who.split("@")[0] in left.lower()


@pytest.mark.parametrize("name", ALL)
def test_an_import_can_be_taken_back_to_the_byte(tmp_path: Path, store: Store, name: str) -> None:
    subscriber_file = tmp_path / "subscribers.csv"
    subscriber_file.write_bytes(
        "email;Name;Status;joined\r\nada@readers.example;Ada;;2020-01-01\r\nbo@readers.example;;;\r\n".encode("utf-8-sig")
    )
    before = subscriber_file.read_bytes()
    file = tmp_path / f"{name}.csv"
    file.write_bytes(PROGRAMS[name].data)
    plan = took(store, subscriber_file, file)
    statuses = PROGRAMS[name].statuses
    assert sum(plan.counts.values()) == len(statuses)
    found = {row.email: row.status for row in SubscriberFile(subscriber_file).distinct()}
    gone = store.suppressions.among(statuses)
    for email, status in statuses.items():
        if status in {"unsubscribed", "bounced", "complained"}:
            assert gone[email] == status
            assert found.get(email, status) == status
        elif email not in {ADA, BO}:
            assert found[email] == status
    undo_import(store, subscriber_file, NOW)
    assert subscriber_file.read_bytes() == before
    assert store.suppressions.among(statuses) == {}
    with pytest.raises(UsageError, match="no import"):
        undo_import(store, subscriber_file, NOW)


@pytest.mark.parametrize("name", ALL)
def test_importing_into_every_programs_file_touches_no_other_row(tmp_path: Path, store: Store, name: str) -> None:
    subscriber_file, file = written_file(tmp_path, PROGRAMS[name]), tmp_path / "new.csv"
    before = subscriber_file.read_bytes()
    file.write_text(f"email,name,status\n{NEW},Nell Newman,active\nsecond@elsewhere.example,,active\n")
    took(store, subscriber_file, file)
    assert subscriber_file.read_bytes().startswith(before)
    assert {NEW, "second@elsewhere.example"} <= {row.email for row in SubscriberFile(subscriber_file).active()}
    undo_import(store, subscriber_file, NOW)
    ending = subscriber_file.read_bytes().removeprefix(before)
    assert ending in {b"", b"\n", b"\r", b"\r\n", "\r\n".encode("utf-16-le"), "\n".encode("utf-16-le")}


@pytest.mark.parametrize("name", list(BARE))
def test_a_list_without_a_header_can_be_imported(tmp_path: Path, store: Store, name: str) -> None:
    subscriber_file, file = tmp_path / "subscribers.csv", tmp_path / "list.csv"
    subscriber_file.write_text("email,name\n")
    file.write_bytes(BARE[name].data)
    took(store, subscriber_file, file)
    assert {row.email: row.status for row in SubscriberFile(subscriber_file).distinct()} == dict(BARE[name].statuses)
    assert {row.email: row.name for row in SubscriberFile(subscriber_file) if row.email in BARE[name].names} == dict(
        BARE[name].names
    )


def test_imports_are_taken_back_one_by_one(tmp_path: Path, store: Store) -> None:
    subscriber_file, file = tmp_path / "subscribers.csv", tmp_path / "new.csv"
    subscriber_file.write_text("email,name\n")
    for email in (ADA, BO):
        file.write_text(f"email\n{email}\n")
        took(store, subscriber_file, file)
    assert took(store, subscriber_file, file, apply=False).is_empty
    assert undo_import(store, subscriber_file, NOW).removed == 1
    assert subscriber_file.read_text() == f"email,name\n{ADA},\n"
    assert undo_import(store, subscriber_file, NOW).removed == 1
    assert subscriber_file.read_text() == "email,name\n"


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04\x14\x00xl/workbook.xml", b"\xd0\xcf\x11\xe0\xa1\xb1", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"a" * 90]
)
def test_a_workbook_is_named_as_one(tmp_path: Path, store: Store, data: bytes) -> None:
    subscriber_file, file = tmp_path / "subscribers.csv", tmp_path / "list.xlsx"
    subscriber_file.write_text("email\n")
    file.write_bytes(data)
    with pytest.raises(SubscriberFileError, match=r"list\.xlsx: (this is a spreadsheet|is not a text file).*CSV UTF-8"):
        took(store, subscriber_file, file)


def test_new_text_goes_into_a_windows_file_in_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.csv"
    path.write_bytes("email,name\r\nada@r.example,Zoë\r\n".encode("cp1252"))
    add(path, NEW, name="Łukasz Öz 漢", today=NOW.date())
    assert path.read_bytes() == f"email,name\r\nada@r.example,Zoë\r\n{NEW},?ukasz Öz ?\r\n".encode("cp1252")


def test_a_file_whose_name_says_they_left_is_not_taken_for_subscribers(tmp_path: Path, store: Store) -> None:
    subscriber_file, file = tmp_path / "subscribers.csv", tmp_path / "daily-unsubscribed.csv"
    subscriber_file.write_text("email,name\n")
    file.write_text(f"email,name\n{BO},Bo\n")
    with pytest.raises(UsageError, match="--status"):
        took(store, subscriber_file, file)
    took(store, subscriber_file, file, status="unsubscribed")
    assert store.suppressions.among([BO]) == {BO: "unsubscribed"}
    assert subscriber_file.read_text() == "email,name\n"


def test_nobody_is_brought_back(tmp_path: Path, store: Store) -> None:
    subscriber_file, file = tmp_path / "subscribers.csv", tmp_path / "new.csv"
    subscriber_file.write_text(f"email,status\n{BO},unsubscribed\n{ADA},\n")
    file.write_text(f"email,status\n{BO},active\n{ADA},active\n{CY},active\n{DI},active\n{ZOE},active\n")
    store.suppressions.add(ADA, "complained", NOW)
    store.suppressions.add(CY, "bounced", NOW)
    store.subscribers.erase(DI, f"token of {DI}", NOW)
    plan = took(store, subscriber_file, file)
    assert plan.counts == {"kept out": 4, "new": 1}
    assert subscriber_file.read_text() == f"email,status\n{BO},unsubscribed\n{ADA},\n{ZOE},active\n"
    took(store, subscriber_file, file)
    assert subscriber_file.read_text().count("@") == 3


def test_a_rehearsal_changes_nothing_and_says_everything(tmp_path: Path, store: Store) -> None:
    subscriber_file, file = tmp_path / "subscribers.csv", tmp_path / "new.csv"
    subscriber_file.write_text(f"email,name,City\n{ADA},Ada,Hull\n{BO},Bo,\n")
    file.write_text(f"Email,Name,city,Shoe size\n{ADA},Ada H.,Hull,39\n{BO},Bo,,\nnonsense,,,\n{ZOE},Zoë,Leeds,\n")
    before = subscriber_file.read_bytes()
    plan = took(store, subscriber_file, file, apply=False)
    assert subscriber_file.read_bytes() == before
    assert plan.counts == {"changed": 1, "unchanged": 1, "new": 1}
    assert plan.invalid == 1
    assert list(plan.unknown_columns) == ["Shoe size"]
    assert [problem.line for problem in plan.problems] == [4]
    took(store, subscriber_file, file)
    assert subscriber_file.read_text() == f"email,name,City\n{ADA},Ada H.,Hull\n{BO},Bo,\n{ZOE},Zoë,Leeds\n"
    assert [entry.detail for entry in store.history.of(ZOE)] == ["from new.csv; consent: asked at the fair"]


def test_undo_leaves_what_has_changed_since(tmp_path: Path, store: Store) -> None:
    subscriber_file, file = tmp_path / "subscribers.csv", tmp_path / "new.csv"
    subscriber_file.write_text(f"email,name\n{ADA},Ada\n{BO},Bo\n")
    file.write_text(f"email,name\n{ADA},Ada H.\n{BO},Bo C.\n{ZOE},Zoë\n")
    took(store, subscriber_file, file)
    subscriber_file.write_text(subscriber_file.read_text().replace("Bo C.", "Bo the Bold"))
    assert undo_import(store, subscriber_file, NOW) == UndoneImport(removed=1, restored=1, released=0, skipped=1)
    assert subscriber_file.read_text() == f"email,name\n{ADA},Ada\n{BO},Bo the Bold\n"


FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=10)
ADDRESS = st.from_regex(r"[a-z]{1,8}@[a-z]{2,8}\.example", fullmatch=True)


@settings(max_examples=150)
@given(
    rows=st.lists(st.tuples(ADDRESS, FIELD, FIELD), max_size=6),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoted=st.booleans(),
    ended=st.booleans(),
)
def test_any_file_keeps_its_bytes(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    delimiter: str,
    newline: str,
    encoding: str,
    quoted: bool,
    ended: bool,
) -> None:
    def cell(value: str) -> str:
        needs = quoted or any(letter in value for letter in f'"{delimiter}\r\n')
        doubled = value.replace('"', '""')
        return f'"{doubled}"' if needs else value

    lines = [
        delimiter.join(map(cell, row)) for row in [("email", "note", "status"), *((email, note, "") for email, note, _ in rows)]
    ]
    text = newline.join(lines) + (newline if ended else "")
    folder = tmp_path_factory.mktemp("any")
    path = folder / "subscribers.csv"
    path.write_bytes(text.encode(encoding))
    before = path.read_bytes()
    try:
        add(path, NEW, today=date(2026, 11, 24))
    except SubscriberFileError:
        assert path.read_bytes() == before
        return
    remove(path, NEW)
    endings = [""] if ended else ["", newline, "\n"]  # a file of one line without an end says nothing of how its lines end
    bare = encoding.replace("-sig", "").replace("utf-16", "utf-16-le")
    assert path.read_bytes() in [before + ending.encode(bare) for ending in endings]
    known = [row.email for row in SubscriberFile(path)]
    if known:
        set_status(path, known[0], "unsubscribed")
        assert {row.email: row.status for row in SubscriberFile(path).distinct()}[known[0]] == "unsubscribed"
        others = [row for row in SubscriberFile(path) if row.email != known[0]]
        assert [row.email for row in others] == [email for email in known if email != known[0]]
    shutil.rmtree(folder)


def test_undoing_an_import_leaves_what_subscribers_did_themselves(tmp_path: Path, store: Store) -> None:
    subscriber_file, file = tmp_path / "subscribers.csv", tmp_path / "new.csv"
    subscriber_file.write_text(f"email,status\n{ADA},active\n{BO},active\n")
    file.write_text(f"email,status\n{ADA},unsubscribed\n{BO},unsubscribed\n")
    store.subscribers.enrol(ADA, "t" * 27)
    took(store, subscriber_file, file)
    store.suppressions.opt_out([("t" * 27, "on the unsubscribe page")], NOW)
    assert undo_import(store, subscriber_file, NOW).released == 1
    assert store.suppressions.among([ADA, BO]) == {ADA: "unsubscribed"}


def test_a_status_that_nobody_knows_says_no(tmp_path: Path, store: Store) -> None:
    subscriber_file, file = tmp_path / "subscribers.csv", tmp_path / "new.csv"
    subscriber_file.write_text(f"email,status\n{BO},do not mail\n{ADA},\n{ADA},never again\n")
    assert list(SubscriberFile(subscriber_file).active()) == []
    file.write_text(f"email,status\n{BO},active\n{CY},whatever\n{CY},active\n")
    plan = took(store, subscriber_file, file)
    assert plan.counts == {"kept out": 2}
    assert "active" not in subscriber_file.read_text()
    assert [problem.line for problem in SubscriberFile(subscriber_file).problems()] == [2, 3, 4]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("email,name,unsubscribed_at,status", "bo@readers.example,Bo,2024-01-01,"),
        ("email,name,email_disabled", "bo@readers.example,Bo,true"),
        ("email,subscribed_to_emails,status", "bo@readers.example,FALSE,unsubscribed"),
        ("email,List status,Global status", "bo@readers.example,unsubscribed,subscribed"),
    ],
)
def test_who_comes_back_is_active_in_every_column(tmp_path: Path, header: str, row: str) -> None:
    subscriber_file = tmp_path / "subscribers.csv"
    subscriber_file.write_text(f"{header}\n{row}\nada@readers.example{',' * header.count(',')}\n")
    assert set_status(subscriber_file, BO, "active")
    found = SubscriberFile(subscriber_file).find(BO)
    assert found is not None
    assert found.status == "active"
    assert subscriber_file.read_text().endswith(f"\nada@readers.example{',' * header.count(',')}\n")


def test_a_row_in_windows_1252_can_be_changed(tmp_path: Path) -> None:
    subscriber_file = tmp_path / "subscribers.csv"
    subscriber_file.write_bytes("email,status\r\nada@b\xfccher.example,\r\n".encode("latin-1"))
    assert set_status(subscriber_file, "ada@bücher.example", "unsubscribed")
    assert subscriber_file.read_bytes() == "email,status\r\nada@b\xfccher.example,unsubscribed\r\n".encode("latin-1")
    assert remove(subscriber_file, "ada@xn--bcher-kva.example") == 1


def test_what_an_import_kept_of_somebody_can_be_forgotten(tmp_path: Path, store: Store) -> None:
    subscriber_file, file = tmp_path / "subscribers.csv", tmp_path / "new.csv"
    subscriber_file.write_text(f"email,name\n{ADA},Ada\n")
    file.write_text(f"email,name\n{ADA},Ada H.\n{BO},Bo\n")
    took(store, subscriber_file, file)
    for email in (ADA, BO):
        ImportJournal.forget(subscriber_file, email)
    kept = b"".join(gzip.decompress(path.read_bytes()) for path in (tmp_path / "state" / "imports").iterdir())
    assert b"readers.example" not in kept

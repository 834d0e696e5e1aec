"""`digest subscribers export`, `import` and `undo`, as the operator who moves a list in or out sees them."""

import csv
import io
import json
from pathlib import Path

import pytest

from digest.app import open_newsletter
from digest.audience.importer import MAX_EXAMPLES
from digest.errors import SubscriberFileError, UsageError
from tests.cli.running import call
from tests.conftest import Furnish
from tests.newsroom import NOW

LIST = """\
email,name,status,topics,language,joined,paused_until,Town
ada@readers.example,Ada,active,"Health, Traffic",en,2024-05-01,,Harbour
bo@readers.example,Bo,unsubscribed,,de,2025-06-01,,Quay
cy@elsewhere.example,=HYPERLINK("http://evil.example"),active,Traffic,,2026-01-31,2026-12-24,@SUM(1)
dee@notreaders.example,,active,,,,,-2
"""


@pytest.fixture
def root(furnish: Furnish) -> Path:
    root = furnish("http://127.0.0.1:9", 9)
    (root / "subscribers.csv").write_text(LIST)
    return root


def export(root: Path, *words: str) -> list[dict[str, str]]:
    done = call(root, "export", *words)
    assert done.exit_code == 0, done.output
    return list(csv.DictReader(io.StringIO(done.stdout)))


def emails(rows: list[dict[str, str]]) -> list[str]:
    return [row["email"].partition("@")[0] for row in rows]


def test_an_export_has_every_column_of_the_list_and_those_that_digest_knows(root: Path) -> None:
    ada, *_ = export(root)
    assert ada == {
        "email": "ada@readers.example", "name": "Ada", "status": "active", "topics": "Health, Traffic", "timezone": "",
        "language": "en", "frequency": "", "joined": "2024-05-01", "paused_until": "", "Town": "Harbour",
    }  # fmt: skip


def test_an_export_says_when_a_pause_ends(root: Path) -> None:
    assert [row["paused_until"] for row in export(root)] == ["", "", "2026-12-24", ""]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), ["ada", "bo", "cy", "dee"]),
        (("--status", "unsubscribed"), ["bo"]),
        (("--status", "active", "--status", "unsubscribed"), ["ada", "bo", "cy", "dee"]),
        (("--topic", "traffic"), ["ada", "cy"]),  # as a reader would write it
        (("--domain", "READERS.example"), ["ada", "bo"]),  # not notreaders.example
        (("--domain", "@readers.example"), ["ada", "bo"]),
        (("--joined-since", "2025-06-01"), ["bo", "cy"]),  # that day too, and nobody whose day is not known
        (("--topic", "Traffic", "--domain", "readers.example"), ["ada"]),
        (("--topic", "Sport"), []),
    ],
)
def test_an_export_has_only_those_that_every_filter_lets_through(root: Path, words: tuple[str, ...], found: list[str]) -> None:
    assert emails(export(root, *words)) == found


@pytest.mark.parametrize("day", ["31.01.2026", "2026-02-30", "last week"])
def test_a_day_that_is_none_is_refused_and_not_taken_for_a_day_on_which_nobody_joined(root: Path, day: str) -> None:
    done = call(root, "export", "--joined-since", day)
    assert done.exit_code == 2
    assert "--joined-since" in done.output
    assert day in done.output


def test_no_cell_of_an_export_is_a_formula(root: Path) -> None:
    cy, dee = export(root)[2:]
    assert cy["name"] == '\'=HYPERLINK("http://evil.example")'
    assert cy["Town"] == "'@SUM(1)"
    assert dee["Town"] == "'-2"


def test_an_export_has_the_suppressions_applied(root: Path) -> None:
    assert call(root, "suppress", "ada@readers.example", "--reason", "legal").exit_code == 0
    assert [row["status"] for row in export(root)] == ["suppressed", "unsubscribed", "active", "active"]
    assert emails(export(root, "--status", "active")) == ["cy", "dee"]
    assert emails(export(root, "--status", "suppressed")) == ["ada"]


def test_a_status_that_nobody_knows_is_exported_as_the_list_has_it(root: Path) -> None:
    (root / "subscribers.csv").write_text("email,status\nada@readers.example,activ\n")
    assert [row["status"] for row in export(root)] == ["activ"]


def test_an_export_as_json_has_the_same_rows(root: Path) -> None:
    done = call(root, "export", "--domain", "elsewhere.example", "--json")
    assert json.loads(done.stdout)["subscribers"] == export(root, "--domain", "elsewhere.example")


def test_an_export_is_written_to_a_file(root: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    done = call(root, "export", "--status", "unsubscribed", "--output", str(target))
    assert (done.exit_code, done.output) == (0, "")
    assert target.read_bytes() == (
        b"email,name,status,topics,timezone,language,frequency,joined,paused_until,Town\n"
        b"bo@readers.example,Bo,unsubscribed,,,de,,2025-06-01,,Quay\n"
    )


@pytest.mark.parametrize("command", ["export", "suppressed"])
def test_no_list_is_written_over_the_subscriber_list(root: Path, command: str) -> None:
    with pytest.raises(UsageError, match="the subscriber list itself"):
        call(root, command, "--output", str(root / "subscribers.csv"))
    assert (root / "subscribers.csv").read_text() == LIST


def test_a_list_that_cannot_be_read_leaves_the_last_export_as_it_is(root: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("the export of yesterday\n")
    (root / "subscribers.csv").write_text("name\nAda\n")
    with pytest.raises(SubscriberFileError, match="no email column"):
        call(root, "export", "--output", str(target))
    assert target.read_text() == "the export of yesterday\n"


# — import and undo —


def new_list(tmp_path: Path, text: str) -> str:
    (tmp_path / "new.csv").write_text(text)
    return str(tmp_path / "new.csv")


def test_an_import_shows_what_it_would_do_and_does_nothing(root: Path, tmp_path: Path) -> None:
    new = new_list(
        tmp_path,
        "email,name,status,Shoe size\nnew@readers.example,Nell,active,39\nada@readers.example,Ada Low,active,40\n"
        "cy@elsewhere.example,,unsubscribed,\nbo@readers.example,Bo,active,\nnot an address,,,\n",
    )
    done = call(root, "import", new)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert "+ new@readers.example" in lines
    assert "~ ada@readers.example" in "\n".join(lines)
    assert any(line.startswith("- cy@elsewhere.example") for line in lines)
    assert any(line.startswith("x bo@readers.example  (") for line in lines)
    assert any(line.startswith("! new.csv:6: ") for line in lines)
    assert any(line.startswith("Columns not imported: Shoe size.") for line in lines)
    assert "1 new, 1 changed, 0 unchanged, 1 suppressed, 1 left out, 0 duplicates, 1 invalid." in lines
    assert lines[-1] == "No changes made. To apply them, add --apply."
    assert (root / "subscribers.csv").read_text() == LIST


def test_a_long_import_shows_some_of_each_and_counts_the_rest(root: Path, tmp_path: Path) -> None:
    rows = "".join(f"n{number}@readers.example\n" for number in range(MAX_EXAMPLES + 7))
    lines = call(root, "import", new_list(tmp_path, f"email\n{rows}")).stdout.splitlines()
    assert sum(line.startswith("+ n") for line in lines) == MAX_EXAMPLES
    assert "+ … and 7 more" in lines


def test_an_import_of_what_is_there_already_changes_nothing(root: Path, tmp_path: Path) -> None:
    done = call(root, "import", new_list(tmp_path, "email\nada@readers.example\n"), "--apply")
    assert done.stdout.splitlines()[-1] == "No changes to make."
    assert (root / "subscribers.csv").read_text() == LIST


def test_an_import_is_undone_to_the_byte_and_says_what_that_was(root: Path, tmp_path: Path) -> None:
    new = new_list(tmp_path, "email,name,status\nnew@readers.example,Nell,active\nada@readers.example,Ada Low,active\n"
                             "cy@elsewhere.example,,unsubscribed\n")  # fmt: skip
    done = call(root, "import", new, "--apply")
    assert done.stdout.splitlines()[-1] == "Import applied. To reverse it, run `digest subscribers undo`."
    assert "new@readers.example" in (root / "subscribers.csv").read_text()
    done = call(root, "undo")
    assert done.stdout == "1 row removed, 2 rows restored, 1 suppression lifted.\n"
    assert (root / "subscribers.csv").read_text() == LIST
    assert emails(export(root, "--status", "unsubscribed")) == ["bo"]


def test_undoing_leaves_alone_what_was_changed_since(root: Path, tmp_path: Path) -> None:
    call(root, "import", new_list(tmp_path, "email,name\nada@readers.example,Ada Low\n"), "--apply")
    text = (root / "subscribers.csv").read_text()
    (root / "subscribers.csv").write_text(text.replace("Ada Low", "Ada Lowe"))
    done = call(root, "undo")
    assert done.stdout.splitlines() == [
        "0 rows removed, 0 rows restored, 0 suppressions lifted.",
        "1 row left alone, because changed since the import.",
    ]
    assert "Ada Lowe" in (root / "subscribers.csv").read_text()


def test_undoing_as_json_has_the_same_numbers(root: Path, tmp_path: Path) -> None:
    call(root, "import", new_list(tmp_path, "email,name\nnew@readers.example,Nell\n"), "--apply")
    assert json.loads(call(root, "undo", "--json").stdout) == {"taken_out": 1, "put_back": 0, "released": 0, "kept": 0}


def test_without_an_import_there_is_nothing_to_undo(root: Path) -> None:
    with pytest.raises(UsageError, match="no import to undo"):
        call(root, "undo")


def test_the_consent_to_an_import_is_kept_in_each_history(root: Path, tmp_path: Path) -> None:
    call(root, "import", new_list(tmp_path, "email\nnew@readers.example\n"), "--apply", "--consent", "the fair of 2026")
    with open_newsletter(root, lambda: NOW) as app:
        (entry,) = app.store.history.of("new@readers.example")
    assert entry.event == "imported"
    assert entry.detail.endswith("; consent: the fair of 2026")

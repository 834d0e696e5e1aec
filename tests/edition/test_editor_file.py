"""What an editor adds by hand: a file beside digest.toml."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from digest.app import App
from digest.edition.editor_file import MAX_FILE_BYTES, editor_parts
from digest.edition.report import RunReport
from digest.errors import UsageError
from digest.model import EditorParts, Slot, Window
from digest.publish import Unwatched, publish
from tests.relay import Relay
from tests.render.test_variants import words

END = datetime(2026, 11, 24, 7, tzinfo=UTC)
SLOT = Slot(name="weekday", day=date(2026, 11, 24), window=Window(start=END - timedelta(days=1), end=END))
WHOLE = """\
+++
subject = "The night boat is back"
preheader = "And the pool is saved."
name = "Hesper Lund"
office = "Editor"
portrait = "https://gazette.example/hesper.jpg"
correction = "Yesterday we gave the wrong day for the market. It is **Saturday**."

[sponsor]
name = "Quay Books"
text = "The winter list is here."
link = "See the list"
url = "https://quay-books.example/winter"
image = { url = "https://gazette.example/books.png", width = 584, height = 200 }

[poll]
question = "Should the ferry run on Sundays?"
answers = [
  { text = "Yes", url = "https://gazette.example/poll?a=1" },
  { text = "No", url = "https://gazette.example/poll?a=2" },
]
+++
Good morning. The night boat is **back**, and [nobody knows](https://gazette.example/lorries) where the lorries go.

* one thing
* another
"""


def write(root: Path, text: str | bytes, name: str = "2026-11-24") -> Path:
    path = root / "editions" / f"{name}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def test_without_a_file_nothing_is_added(tmp_path: Path) -> None:
    assert editor_parts(tmp_path, SLOT) == EditorParts()


def test_a_note_alone_is_a_file(tmp_path: Path) -> None:
    note = editor_parts(write(tmp_path, "Good *morning*.\r\n"), SLOT).note
    assert note is not None
    assert note.text == "Good *morning*."


def test_a_blank_line_before_the_front_matter_is_no_matter(tmp_path: Path) -> None:
    parts = editor_parts(write(tmp_path, "\ufeff\n\n+++\nsubject = 'x'\n+++\nHello"), SLOT)
    assert parts.subject == "x"
    assert parts.note is not None
    assert parts.note.text == "Hello"


def sponsored(root: Path, url: str) -> EditorParts:
    return editor_parts(write(root, f"+++\n[sponsor]\ntext = 'x'\nlink = 'y'\nurl = '{url}'\n+++\n"), SLOT)


@pytest.mark.parametrize("url", ["https://user:pass@quay.example/", "https://", "ftp://quay.example/x", "//quay.example/x"])
def test_an_address_is_one_that_a_reader_may_follow(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match="must be a web address that begins with https://"):
        sponsored(tmp_path, url)


def test_what_an_address_must_not_hold_is_written_otherwise(tmp_path: Path) -> None:
    made = sponsored(tmp_path, 'https://quay.example/" onclick="x').sponsor
    assert made is not None
    assert made.url == "https://quay.example/%22%20onclick=%22x"


def test_everything_an_editor_may_add(tmp_path: Path) -> None:
    parts = editor_parts(write(tmp_path, WHOLE), SLOT)
    assert (parts.subject, parts.preheader) == ("The night boat is back", "And the pool is saved.")
    assert parts.note is not None
    assert (parts.note.name, parts.note.office) == ("Hesper Lund", "Editor")
    assert parts.sponsor is not None
    assert (parts.sponsor.name, parts.sponsor.link) == ("Quay Books", "See the list")
    assert parts.poll is not None
    assert [answer.text for answer in parts.poll.answers] == ["Yes", "No"]
    assert "wrong day" in parts.correction


def test_a_file_for_one_series_comes_before_that_for_all(tmp_path: Path) -> None:
    write(tmp_path, "For all.")
    write(tmp_path, "For weekdays.", "weekday-2026-11-24")
    for series, text in (("weekday", "For weekdays."), ("sunday", "For all.")):
        note = editor_parts(tmp_path, Slot(name=series, day=SLOT.day, window=SLOT.window)).note
        assert note is not None
        assert note.text == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("+++\nsubjct = 'x'\n+++\n", "subjct: unknown key. Did you mean subject?"),
        ("+++\nsubject = 'x'\n", "its front matter has no end. End it with a second line of +++."),
        ("---\nsubject: x\n---\nHello", "its front matter begins with ---. Write it in TOML, between two lines of +++."),
        ("+++\nsubject = \n+++\n", "invalid TOML"),
        ("+++\nname = 'Hesper'\n+++\n", "name, office and portrait stand below a note"),
        ("+++\n[sponsor]\ntext = 'x'\n+++\n", "sponsor.url: required"),
        (
            "+++\n[sponsor]\ntext = 'x'\nlink = 'y'\nurl = 'javascript:alert(1)'\n+++\n",
            "must be a web address that begins with https://",
        ),
        ("+++\nnote = 'x'\n+++\n", "note: unknown key. Write the note below the second +++."),
        (b"Caf\xe9", "not UTF-8 (byte 3). Save it as UTF-8."),
        ("x" * (MAX_FILE_BYTES + 1), "longer than 100 KB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, text: str | bytes, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        editor_parts(write(tmp_path, text), SLOT)
    assert str(caught.value).startswith("editions/2026-11-24.md: ")
    assert problem in str(caught.value)


def test_a_file_that_the_disk_does_not_give_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object) -> None:
        raise PermissionError(13, "Permission denied")

    write(tmp_path, "x")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UsageError, match=r"editions/2026-11-24\.md: cannot be read: Permission denied"):
        editor_parts(tmp_path, SLOT)


async def test_it_is_in_the_mail_and_frozen_with_it(app: App, relay: Relay) -> None:
    write(app.config.root, WHOLE)
    report = await publish_edition(app)
    text = words(relay, "ada")
    for part in (
        "Good morning. The night boat is back",
        "• one thing",
        "Hesper Lund, Editor",
        "Paid for by Quay Books",
        "wrong day",
    ):
        assert part in " ".join(text.replace("\u2002", " ").split()), part
    assert "https://quay-books.example/winter" in text.splitlines()
    assert "https://gazette.example/lorries" in text.splitlines()
    assert str(relay.message("ada@readers.example")["Subject"]) == "The night boat is back"
    assert report.failures == ()
    frozen = app.store.editions.frozen("weekday-2026-11-24")
    assert frozen is not None
    assert frozen.edition.parts.note is not None
    html = frozen.rendered.html
    assert 'rel="sponsored"' in html
    assert html.index("Paid for by Quay Books") > html.index("<h2")
    assert html.index("And the pool is saved.") < html.index("<h1")


async def test_a_file_with_a_mistake_holds_nothing_up_and_is_reported(app: App, relay: Relay) -> None:
    write(app.config.root, "+++\nsubjct = 'x'\n+++\n")
    report = await publish_edition(app)
    assert report.counts["sent"] == 2
    (failure,) = report.failures
    assert str(failure).startswith("editions/2026-11-24.md: subjct: unknown key. Did you mean subject?")
    assert str(failure).endswith("The edition goes without it.")


async def publish_edition(app: App) -> RunReport:
    plan = app.config.editions[0]
    return await publish(app.pipeline, plan, app.slot(plan, app.calendar(plan).latest(app.clock())), Unwatched())

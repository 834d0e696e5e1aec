"""What an editor adds to an edition by hand, from `editions/2026-11-24.md`: front matter in TOML, and the note in Markdown.

    +++
    subject = "Night ferry returns"
    name = "Hesper Lund"
    office = "Editor"

    [sponsor]
    name = "Quay Books"
    text = "The winter list is here."
    link = "Have a look"
    url = "https://quay-books.example/winter"
    +++
    Good morning. The night boat is **back**.

A file for one series of editions has its name before the day: `editions/weekday-2026-11-24.md`.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from digest.config import Table, complaints
from digest.errors import UsageError
from digest.model import EditorNote, EditorParts, Image, Poll, PollAnswer, Slot, Sponsor
from digest.text.markup import link, tidy
from digest.text.prose import squeeze

FOLDER = "editions"
MAX_FILE_BYTES = 100_000
_NAME = re.compile(r"(?:[a-z][a-z0-9-]*-)?\d{4}-\d{2}-\d{2}\.md|\..*|README.*")
_FRONT = re.compile(r"\+\+\+[ \t]*\n(?P<front>.*?)^\+\+\+[ \t]*$\n?(?P<note>.*)", re.DOTALL | re.MULTILINE)


def _line(text: str) -> str:
    return squeeze(tidy(text))


def _address(value: str) -> str:
    if not (safe := link(value)) or value != value.strip():
        raise ValueError("must be a web address that begins with https://")
    return safe


Address = Annotated[str, AfterValidator(_address)]
Line = Annotated[str, AfterValidator(_line), Field(max_length=200)]
Text = Annotated[str, AfterValidator(tidy), Field(max_length=4_000)]


class _Picture(Table):
    url: Address
    alt: Line = ""
    width: int = Field(default=584, ge=16, le=584)
    height: int = Field(default=0, ge=0, le=2_000)

    def image(self) -> Image:
        return Image(url=self.url, alt=self.alt, width=self.width, height=self.height)


class _SponsorTable(Table):
    text: Text
    url: Address
    link: Line
    name: Line = ""
    image: _Picture | None = None


class _Answer(Table):
    text: Line
    url: Address


class _PollTable(Table):
    question: Line
    answers: tuple[_Answer, ...] = Field(min_length=2, max_length=8)


class _EditorFile(Table):
    subject: Line = ""
    preheader: Line = ""
    name: Line = ""
    office: Line = ""
    portrait: Address | None = None
    correction: Text = ""
    sponsor: _SponsorTable | None = None
    poll: _PollTable | None = None
    note: Text = Field(default="", exclude=True)

    @model_validator(mode="after")
    def _check_note(self) -> Self:
        if (self.name or self.office or self.portrait) and not self.note:
            raise ValueError("name, office and portrait stand below a note, and there is none below the second +++")
        return self


def editor_parts(root: Path, slot: Slot) -> EditorParts:
    """Return what an editor has written for an edition; nothing if there is no file. Raise UsageError if it cannot be read."""
    names = (f"{slot.key}.md", f"{slot.day.isoformat()}.md")
    path = next((path for name in names if (path := root / FOLDER / name).is_file()), None)
    if path is None:
        return EditorParts()
    where = f"{FOLDER}/{path.name}"
    try:
        return _parts(_parsed(path, where))
    except ValidationError as error:
        raise UsageError("; ".join(complaints(error, _EditorFile)), thing=where) from error


def misnamed_files(root: Path) -> list[str]:
    """Return the editor's files whose name is that of no edition, so that nobody reads them."""
    return [
        f"{FOLDER}/{path.name}" for path in sorted((root / FOLDER).glob("*")) if path.is_file() and not _NAME.fullmatch(path.name)
    ]


def _parsed(path: Path, where: str) -> _EditorFile:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
        if len(raw) > MAX_FILE_BYTES:
            raise UsageError(f"longer than {MAX_FILE_BYTES // 1000} KB", thing=where)
        text = raw.decode("utf-8-sig").replace("\r\n", "\n").lstrip()
    except UnicodeDecodeError as error:
        raise UsageError(f"not UTF-8 (byte {error.start})", thing=where, remedy="Save it as UTF-8.") from error
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", thing=where) from error
    if text.startswith("---"):
        raise UsageError("its front matter begins with ---", thing=where, remedy="Write it in TOML, between two lines of +++.")
    found = _FRONT.fullmatch(text) if text.startswith("+++") else None
    if text.startswith("+++") and found is None:
        raise UsageError("its front matter has no end", thing=where, remedy="End it with a second line of +++.")
    try:
        front = tomllib.loads(found["front"]) if found else {}
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"invalid TOML: {error}", thing=where) from error
    if "note" in front:
        raise UsageError("note: unknown key", thing=where, remedy="Write the note below the second +++.")
    return _EditorFile(note=found["note"] if found else text, **front)


def _parts(file: _EditorFile) -> EditorParts:
    portrait = Image(url=file.portrait) if file.portrait else None
    paid = file.sponsor
    return EditorParts(
        subject=file.subject,
        preheader=file.preheader,
        note=EditorNote(text=file.note, name=file.name, office=file.office, portrait=portrait) if file.note else None,
        sponsor=Sponsor(
            text=paid.text, url=paid.url, link=paid.link, name=paid.name, image=paid.image.image() if paid.image else None
        )
        if paid
        else None,
        poll=Poll(question=file.poll.question, answers=tuple(PollAnswer(text=row.text, url=row.url) for row in file.poll.answers))
        if file.poll
        else None,
        correction=file.correction,
    )

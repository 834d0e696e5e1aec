"""What a theme's `theme.toml` may say: each theme begins with the tokens of `broadsheet` and names only what differs."""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from digest.config import Block, Colour, Ranks, Table, complaints, every_story_has_a_block
from digest.errors import TemplateError
from digest.render.templates import PACKAGED

THEME_FILE = "theme.toml"
Lines = tuple[Annotated[int, Field(ge=8, le=120)], Annotated[int, Field(ge=8, le=160)]]  # size and line height
Distance = Annotated[int, Field(ge=0, le=200)]
Fonts = Annotated[str, Field(pattern=r'^[^"<>;{}]+$')]  # they are written into attributes


class _Role(Table):
    """How the texts of one kind look, in px. A theme that names a role writes all of it."""

    size: Lines
    phone: Lines | None = None
    weight: Literal["normal", "bold"] | None = None
    face: str = "serif"
    tracking: float = Field(default=0, ge=-4, le=10)
    capitals: bool = False
    italic: bool = False
    colour: Literal["ink", "quiet", "accent", "on_accent"] = "ink"
    margin: tuple[Distance, Distance] | None = None


class _Edition(Table):
    blocks: Annotated[tuple[Block, ...], AfterValidator(every_story_has_a_block)] = ()
    pictures: bool = True
    one_sentence: bool = False
    ranks: Ranks = Ranks()


class _ThemeFile(Table):
    colours: Mapping[str, tuple[Colour, Colour]] = {}
    fonts: Mapping[str, Fonts] = {}
    type: Mapping[str, _Role] = {}
    space: Mapping[str, Distance] = {}
    edition: _Edition = _Edition()


def theme_tables(folders: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """Return the tables of the `theme.toml` in some folders, laid over each other; raise TemplateError if one is wrong."""
    merged: dict[str, dict[str, Any]] = {}
    for path in (folder / THEME_FILE for folder in folders):
        for table, rows in _read(path).items():
            before = merged.get(table, {})
            ranks = {"ranks": {**before["ranks"], **rows["ranks"]}} if "ranks" in before and "ranks" in rows else {}
            merged[table] = {**before, **rows, **ranks}
        _check_names(path, merged)
        if unknown := {row.get("face", "serif") for row in merged["type"].values()} - merged["fonts"].keys():
            faces = ", ".join(merged["fonts"])
            raise TemplateError(f"no font named {min(unknown)!r}", thing=str(path), remedy=f"Names in [fonts]: {faces}.")
    return merged


def _check_names(path: Path, merged: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise TemplateError for a name that is nearly one of the usual names; a theme may have others, for its templates."""
    usual = _read(PACKAGED / THEME_FILE)
    for table in ("colours", "fonts", "type", "space"):
        for name in merged.get(table, {}).keys() - usual[table].keys():
            if near := difflib.get_close_matches(name, usual[table], n=1, cutoff=0.8):
                raise TemplateError(f"{table}.{name}: unknown name", thing=str(path), remedy=f"Did you mean {near[0]}?")


def _read(path: Path) -> dict[str, Any]:
    try:
        return _ThemeFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).model_dump(exclude_unset=True)
    except FileNotFoundError:
        return {}
    except ValidationError as error:
        raise TemplateError("; ".join(complaints(error, _ThemeFile)), thing=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise TemplateError(f"cannot be read: {error}", thing=str(path)) from error

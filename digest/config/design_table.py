"""The tables [design] and [[sections]] of digest.toml: how the mail and the pages look, and what stands where in an edition."""

import re
import string
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from digest.config.values import Count, Table, Web

THEMES = ("broadsheet", "compact", "letter")  # the packaged ones; any other name is a folder in the newsletter's templates/themes
Block = Literal[
    "correction", "note", "lead", "stories", "sponsor", "brief", "comment-of-the-day", "discussed", "events", "poll", "support"
]
STORY_BLOCKS = ("lead", "stories", "brief")  # together they hold every story of an edition
SUBJECT_FIELDS = frozenset({"lead", "lead_short", "count", "newsletter", "date", "number"})


def _colour(value: str) -> str:
    if not re.fullmatch("#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})", value):
        raise ValueError('must be a colour like "#9c1c2c"')
    digits = value[1:].lower()
    return f"#{digits if len(digits) == 6 else ''.join(digit * 2 for digit in digits)}"


def _pattern(value: str) -> str:
    try:
        parts = list(string.Formatter().parse(value))
    except ValueError as error:
        raise ValueError(f"cannot be read: {error}") from error
    if unknown := {name for _, name, _, _ in parts if name is not None} - SUBJECT_FIELDS:
        known = ", ".join(f"{{{name}}}" for name in sorted(SUBJECT_FIELDS))
        raise ValueError(f"unknown field {{{min(unknown)}}}; it may have {known}")
    if any(spec or conversion for _, _, spec, conversion in parts):
        raise ValueError("a field is a name in braces and no more, such as {lead}")
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def every_story_has_a_block(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return the blocks; raise ValueError if one is named twice, or if there are some but none for a rank of the stories."""
    if len(set(blocks)) < len(blocks):
        raise ValueError("each may be named once")
    if blocks and (missing := [name for name in STORY_BLOCKS if name not in blocks]):
        raise ValueError(f"{missing[0]} is missing, so stories would be lost; lead, stories and brief hold them all")
    return blocks


Colour = Annotated[str, AfterValidator(_colour)]


class Logo(Table):
    """A picture in place of the newsletter's name at the top, in pixels, with another for dark mode."""

    url: Web
    width: Count = Field(ge=16, le=300)
    height: Count = Field(ge=8, le=120)
    dark_url: Web | None = None


class Ranks(Table):
    """How many stories are printed in full, the lead among them, with how many comments; the theme's numbers if not set."""

    full: Count | None = Field(default=None, ge=1, le=16)
    voiced: Count | None = Field(default=None, ge=0, le=16)  # of the full stories, the first so many have comments
    voices: Count | None = Field(default=None, ge=0, le=5)


class DesignPlan(Table):
    """How the mail looks: what is not set comes from the theme."""

    theme: str = Field(default="broadsheet", pattern=r"^[a-z][a-z0-9-]{0,39}$")
    accent: Colour | None = None
    dark_accent: Colour | None = None
    logo: Logo | None = None
    type: Literal["serif", "sans"] | tuple[str, ...] | None = None
    blocks: Annotated[tuple[Block, ...], AfterValidator(every_story_has_a_block)] = ()
    ranks: Ranks = Ranks()
    list_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$")
    subject: Annotated[str, AfterValidator(_pattern)] = "{lead}"
    values: Mapping[str, str | int | float | bool] = Field(default_factory=dict)  # for a newsletter's own templates

    @model_validator(mode="after")
    def _check_fonts(self) -> Self:
        if isinstance(self.type, tuple) and not all(re.fullmatch(r"[A-Za-z0-9 _-]{1,60}", name) for name in self.type):
            raise ValueError("type: must be serif, sans, or a list of names of fonts")
        return self


class Section(Table):
    """A list of its own for the stories in brief on some topics, or of some sources."""

    title: str = Field(min_length=1, max_length=60)
    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check_contents(self) -> Self:
        if not self.topics and not self.sources:
            raise ValueError("needs topics or sources")
        return self

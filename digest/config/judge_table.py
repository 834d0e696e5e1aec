"""The table [judge] of digest.toml: whose second opinion on comments is asked for, and how long it may take."""

import shlex
from datetime import timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from digest.config.values import Table, Wait


def _arguments(value: object) -> object:
    """Return the words of a command line as a shell would split them; a list is one already."""
    return tuple(shlex.split(value)) if isinstance(value, str) else value


class JudgePlan(Table):
    """A newsroom's own judge of comments: a command, or a function of another package by the name of its entry point."""

    command: Annotated[tuple[str, ...], BeforeValidator(_arguments)] = ()
    use: str = ""
    name: str = Field(default="", max_length=60)  # in reports and reasons
    timeout: Wait = timedelta(seconds=30)

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if bool(self.command) == bool(self.use):
            raise ValueError("needs command or use, and not both")
        if any("\0" in word for word in self.command) or self.command[:1] == ("",):
            raise ValueError("command: must begin with the name of a program, and hold no NUL")
        return self

    @property
    def label(self) -> str:
        """The judge's name in reports and reasons."""
        return " ".join(self.name.split()) or self.use or "the newsroom's judge"

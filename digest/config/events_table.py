"""The table [events] of digest.toml: the calendar whose next events stand in each edition."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from digest.config.values import Count, Table, Web, Yes


class EventsPlan(Table):
    """A calendar (iCalendar, RFC 5545): an address or a file, how many days of it are told, and how many events at most."""

    url: Web | None = None
    file: Path | None = None
    title: str = Field(default="", max_length=60)  # “What is on” in the language of the mail, if empty
    days: Count = Field(default=3, ge=1, le=31)
    most: Count = Field(default=6, ge=1, le=20)
    allow_private: Yes = False

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.url is None) == (self.file is None):
            raise ValueError("needs url or file, and not both")
        return self

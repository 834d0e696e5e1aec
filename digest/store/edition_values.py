"""Editions as the database gives them: whole, as a line of a list, or as what a later one is compared with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from digest.model import Edition, Rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenEdition:
    """An edition in the database: its stories, its rendered text and its state."""

    edition: Edition
    rendered: Rendered
    finished_at: datetime | None
    variants: Mapping[str, Rendered] = field(default_factory=dict)
    revision: int = 0  # how often it was changed after it was made
    corrected_at: datetime | None = None
    correction: str = ""  # what the readers of its page are told, in Markdown
    corrects: str | None = None  # the key of the edition that it corrects, if it is such a mail

    @property
    def key(self) -> str:
        """The edition's permanent key."""
        return self.edition.slot.key


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionEntry:
    """One edition in a list; if it was skipped, `number` is None and `note` says why."""

    key: str
    number: int | None
    window_end: datetime
    finished_at: datetime | None
    note: str
    counts: dict[str, int]
    corrects: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousEdition:
    """What a later edition is compared with: when an edition was frozen, and its number of recipients."""

    frozen_at: datetime
    recipients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedEdition:
    """An edition in the archive's list."""

    key: str
    day: date
    subject: str
    preheader: str
    frozen_at: datetime

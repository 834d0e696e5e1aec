"""What an editor has decided, as one row of the log that it is kept in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision on a thing, for an edition (its key; empty: for any), and who has undone it and when, if anybody has.

    A thing is named by its kind and its id: a comment, an article, a comment's writer, the edition of a slot. `value` has what else
    the verb says, such as a reason.
    """

    id: int
    thing_kind: str
    thing_id: str
    verb: str
    value: Mapping[str, Any]
    made_by: str
    made_at: datetime
    edition: str = ""
    undone_by: str | None = None
    undone_at: datetime | None = None
    once: str | None = None

"""What a check found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; an `error` would stop the edition, a `warning` would harm it."""

    area: str
    level: Literal["ok", "warning", "error"]
    text: str

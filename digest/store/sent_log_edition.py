"""An edition that `sent.log` knows, and a restored database may not."""

from dataclasses import dataclass
from datetime import datetime

from digest.model import ArticleSigns


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEdition:
    """An edition that was made, as the log records it."""

    key: str
    number: int
    name: str
    day: str
    start: datetime
    end: datetime
    at: datetime
    articles: tuple[ArticleSigns, ...]

"""An edition as rows of the tables."""

from typing import Any

from pydantic import TypeAdapter

from digest.model import ArticleSigns, Edition, Rendered, Slot
from digest.text.article_identity import signs_of

_EDITION = TypeAdapter(Edition)


def as_json(edition: Edition) -> dict[str, Any]:
    """Return an edition as it is stored and shown to programs, without `signs`: the signs of articles have their own table."""
    dumped: dict[str, Any] = _EDITION.dump_python(edition, mode="json", exclude={"left_out": {"__all__": {"signs"}}})
    return dumped


def slot_row(slot: Slot) -> dict[str, Any]:
    """Return the columns of a slot in the table of editions."""
    return {
        "key": slot.key,
        "name": slot.name,
        "day": slot.day,
        "window_start": slot.window.start,
        "window_end": slot.window.end,
    }


def edition_row(edition: Edition, rendered: Rendered) -> dict[str, Any]:
    """Return the row of an edition that was made."""
    return {
        **slot_row(edition.slot),
        "number": edition.number,
        "frozen_at": edition.frozen_at,
        "note": "",
        "data": as_json(edition),
        "subject": rendered.subject,
        "preheader": rendered.preheader,
        "html": rendered.html,
        "text": rendered.text,
    }


def article_rows(edition: Edition) -> list[dict[str, Any]]:
    """Return the rows of the articles that an edition prints or leaves out for good."""
    printed = [(signs_of(story.source_article), story.position, "; ".join(story.reasons)) for story in edition.stories]
    left = [(row.signs, None, row.reason) for row in edition.left_out if row.kind == "article" and row.final and row.signs]
    return [article_row(edition.slot.key, row, position, reason) for row, position, reason in [*printed, *left]]


def article_row(edition: str, row: ArticleSigns, position: int | None, reason: str) -> dict[str, Any]:
    """Return the row of one such article; `position` is None if it is left out."""
    return {
        "edition": edition,
        "article_id": row.id,
        "identity": row.address,
        "position": position,
        "reason": reason,
        **{name: getattr(row, name) for name in ("anchor", "title", "opening", "published", "source")},
    }


def variant_row(key: str, name: str, rendered: Rendered) -> dict[str, Any]:
    """Return the row of one variant of an edition."""
    parts = {part: getattr(rendered, part) for part in ("subject", "preheader", "html", "text")}
    return {"edition": key, "name": name, **parts}

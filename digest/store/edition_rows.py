"""An edition as rows of the tables."""

from typing import Any

from pydantic import TypeAdapter

from digest.model import ArticleSigns, Edition, Rendered, Slot
from digest.text.same_article import signs_of

_EDITION = TypeAdapter(Edition)


def as_json(edition: Edition) -> dict[str, Any]:
    """An edition as it is kept and shown to machines; what articles are known again by is kept apart."""
    dumped: dict[str, Any] = _EDITION.dump_python(edition, mode="json", exclude={"left_out": {"__all__": {"told"}}})
    return dumped


def slot_row(slot: Slot) -> dict[str, Any]:
    """A slot's place in the table of editions."""
    return {
        "key": slot.key,
        "name": slot.name,
        "day": slot.day,
        "window_start": slot.window.start,
        "window_end": slot.window.end,
    }


def edition_row(edition: Edition, rendered: Rendered) -> dict[str, Any]:
    """An edition that was made."""
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


def settled_rows(edition: Edition) -> list[dict[str, Any]]:
    """The articles that an edition prints or leaves out for good."""
    printed = [(signs_of(story.article), story.position, "; ".join(story.reasons)) for story in edition.stories]
    left = [(row.told, None, row.reason) for row in edition.left_out if row.kind == "article" and row.final and row.told]
    return [settled_row(edition.slot.key, row, position, reason) for row, position, reason in [*printed, *left]]


def settled_row(edition: str, row: ArticleSigns, position: int | None, reason: str) -> dict[str, Any]:
    """One of them; `position` is None where it is left out."""
    return {
        "edition": edition,
        "article_id": row.id,
        "identity": row.address,
        "position": position,
        "reason": reason,
        **{name: getattr(row, name) for name in ("anchor", "title", "opening", "published", "source")},
    }


def variant_row(key: str, name: str, rendered: Rendered) -> dict[str, Any]:
    """A version of an edition in words."""
    words = {part: getattr(rendered, part) for part in ("subject", "preheader", "html", "text")}
    return {"edition": key, "name": name, **words}

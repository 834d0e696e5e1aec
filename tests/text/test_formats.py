"""How days, instants and JSON are written."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.text.formats import day_text, instant_text, json_text


def test_a_day_and_an_instant_are_written_as_people_read_them() -> None:
    assert day_text(date(2026, 11, 3)) == "Tue 3 Nov 2026"
    at = datetime(2026, 6, 24, 6, 0, tzinfo=UTC)
    assert instant_text(at, ZoneInfo("Europe/London")) == "Wed 24 Jun 2026 07:00 BST"
    assert instant_text(at, UTC) == "Wed 24 Jun 2026 06:00 UTC"


def test_json_is_safe_inside_a_page() -> None:
    out = json_text({"title": "</script><b>Zoë"})
    assert "<" not in out
    assert "Zoë" in out
    assert json.loads(out) == {"title": "</script><b>Zoë"}


def test_dates_in_json_are_iso_8601_and_other_values_are_words() -> None:
    value = {"day": date(2026, 11, 24), "at": datetime(2026, 11, 24, 7, tzinfo=UTC), "file": Path("state/digest.db")}
    assert json.loads(json_text(value)) == {"day": "2026-11-24", "at": "2026-11-24T07:00:00+00:00", "file": "state/digest.db"}

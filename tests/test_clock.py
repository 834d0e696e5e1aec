"""DIGEST_NOW."""

from datetime import UTC, datetime

import pytest

from digest.clock import command_clock, service_clock
from digest.errors import ConfigError


def test_time_does_not_pass_during_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_NOW", "2026-05-26T06:50:00+01:00")
    clock = command_clock()
    assert clock() == clock() == datetime(2026, 5, 26, 5, 50, tzinfo=UTC)


def test_time_passes_during_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_NOW", "2026-05-26T06:50:00Z")
    clock = service_clock()
    first = clock()
    assert first >= datetime(2026, 5, 26, 6, 50, tzinfo=UTC)
    assert clock() > first


@pytest.mark.parametrize("text", ["yesterday", "2026-05-26T06:50:00"])
def test_what_is_no_instant_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("DIGEST_NOW", text)
    with pytest.raises(ConfigError, match="DIGEST_NOW"):
        command_clock()


def test_without_it_the_machines_clock_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIGEST_NOW", raising=False)
    assert abs((command_clock()() - datetime.now(UTC)).total_seconds()) < 5

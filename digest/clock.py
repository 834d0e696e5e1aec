"""The time, from the machine or from DIGEST_NOW."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from digest.errors import ConfigError

Clock = Callable[[], datetime]


def _system() -> datetime:
    return datetime.now(UTC)


def digest_now() -> datetime | None:
    """Return DIGEST_NOW as an instant in UTC, or None if it is not set; raise ConfigError if it is invalid."""
    text = os.environ.get("DIGEST_NOW", "").strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(
            f"invalid time {text!r}", thing="DIGEST_NOW", remedy="Use the format 2026-05-26T06:50:00+01:00."
        ) from error
    if moment.tzinfo is None:
        raise ConfigError(f"{text!r} has no time zone", thing="DIGEST_NOW", remedy="Add an offset, such as +01:00 or Z.")
    if not 1990 < moment.year < 2200:
        raise ConfigError(f"{text!r} is out of range", thing="DIGEST_NOW", remedy="Use the format 2026-05-26T06:50:00+01:00.")
    return moment.astimezone(UTC)


def command_clock() -> Clock:
    """Return the clock of a single command; under DIGEST_NOW it does not move, so that two runs give the same bytes."""
    moment = digest_now()
    return _system if moment is None else lambda: moment


def service_clock() -> Clock:
    """Return the clock of a service; under DIGEST_NOW it starts at that time and runs on."""
    moment = digest_now()
    if moment is None:
        return _system
    began = time.monotonic()
    return lambda: moment + timedelta(seconds=time.monotonic() - began)

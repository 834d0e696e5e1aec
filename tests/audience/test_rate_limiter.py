"""How often each client may ask: at once, after a while, and however many clients there are."""

import pytest

from digest.audience import rate_limiter
from digest.audience.rate_limiter import RateLimiter


class Time:
    """A clock to be set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_client_may_ask_a_few_times_at_once_and_then_once_in_a_while() -> None:
    time = Time()
    limiter = RateLimiter(2, 60.0, clock=time)
    assert [limiter.allow("ada") for _ in range(3)] == [True, True, False]
    time.now = 59.0
    assert not limiter.allow("ada")
    time.now = 61.0
    assert [limiter.allow("ada") for _ in range(2)] == [True, False]


def test_a_client_who_waits_for_days_may_not_ask_more_often_at_once() -> None:
    time = Time()
    limiter = RateLimiter(2, 60.0, clock=time)
    limiter.allow("ada")
    time.now = 1e6
    assert [limiter.allow("ada") for _ in range(3)] == [True, True, False]


def test_one_client_uses_up_nothing_of_anothers() -> None:
    limiter = RateLimiter(1, 60.0)
    assert limiter.allow("ada")
    assert not limiter.allow("ada")
    assert limiter.allow("bo")


def test_what_cost_nothing_is_given_back_and_no_more() -> None:
    limiter = RateLimiter(1, 60.0)
    limiter.allow("ada")
    for _ in range(3):
        limiter.refund("ada")
    assert [limiter.allow("ada") for _ in range(2)] == [True, False]


def test_a_refund_to_somebody_who_was_forgotten_meanwhile_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limiter, "MAX_CLIENTS", 2)
    limiter = RateLimiter(1, 60.0)
    for client in ("ada", "bo", "cy"):  # a flood of clients does not fill the memory: the one that asked longest ago is forgotten
        limiter.allow(client)
    limiter.refund("ada")
    assert [limiter.allow(client) for client in ("ada", "cy")] == [True, False]

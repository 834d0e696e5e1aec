"""A rate for each recipient domain that has one: its messages wait aside, and those behind them go on."""

from collections import deque
from collections.abc import Iterator, Mapping

from digest.model import Message

MAX_DELAYED_MESSAGES = 500  # messages that may wait aside


class DomainQueue:
    """Messages in their order, except those whose domain has reached its rate for now.

    `rates` are messages a second by domain; times are seconds of one monotonic clock.
    """

    def __init__(self, messages: Iterator[Message], rates: Mapping[str, float]) -> None:
        self._messages = messages
        self._rates = {domain.casefold(): rate for domain, rate in rates.items()}
        self._delayed: dict[str, deque[Message]] = {domain: deque() for domain in self._rates}
        self._next: dict[str, float] = dict.fromkeys(self._rates, 0.0)
        self._head: Message | None = None

    def empty(self) -> bool:
        """Return whether no message is left."""
        return not any(self._delayed.values()) and self._peek() is None

    def _peek(self) -> Message | None:
        self._head = self._head or next(self._messages, None)
        return self._head

    def take(self, now: float) -> Message | None:
        """Return a message that may go now; None if there is none, or if all those within `MAX_DELAYED_MESSAGES` must wait."""
        for domain, waiting in self._delayed.items():
            if waiting and self._next[domain] <= now:
                return self._reserve(domain, waiting.popleft(), now)
        while sum(map(len, self._delayed.values())) < MAX_DELAYED_MESSAGES and (message := self._peek()):
            self._head = None
            domain = message.recipient.email.rpartition("@")[2]
            if domain not in self._rates:
                return message
            if self._next[domain] <= now:
                return self._reserve(domain, message, now)
            self._delayed[domain].append(message)
        return None

    def _reserve(self, domain: str, message: Message, now: float) -> Message:
        self._next[domain] = max(self._next[domain], now) + 1 / self._rates[domain]
        return message

    def delay(self, now: float) -> float:
        """Return the seconds until the first message that waits aside may go."""
        return max(0.0, min((self._next[domain] for domain, waiting in self._delayed.items() if waiting), default=now) - now)

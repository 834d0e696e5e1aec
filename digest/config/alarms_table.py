"""`[alarms]`: who is told when something is wrong, and by which way."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from digest.config.relays import Relay
from digest.config.values import Duration, Mailbox, Table

_Address = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$", max_length=2_000)]


class AlarmsPlan(Table):
    """The ways of an alarm; none by default, and nothing is sent."""

    mail_to: tuple[Mailbox, ...] = ()
    relay: Relay | None = None  # another than [smtp], since that may be what is down
    webhook: _Address | None = None  # gets each alarm as JSON
    ping: _Address | None = None  # is asked for after each edition that went, in the protocol of healthchecks.io
    late_by: Duration = timedelta(minutes=15)  # after its hour, an edition that has not begun is one

    @property
    def tells(self) -> bool:
        """Whether anybody is told anything."""
        return bool(self.mail_to or self.webhook or self.ping)

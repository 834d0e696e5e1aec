"""`[desk]`: who steers the editions, and who may look on."""

from typing import Self

from pydantic import model_validator

from digest.config.values import Mailbox, Table, split_mailbox


class DeskPlan(Table):
    """The people of the desk, each `Name <address>`: editors decide, viewers see everything and change nothing."""

    editors: tuple[Mailbox, ...] = ()
    viewers: tuple[Mailbox, ...] = ()

    @model_validator(mode="after")
    def _check_roles(self) -> Self:
        addresses = [split_mailbox(mailbox)[1].casefold() for mailbox in (*self.editors, *self.viewers)]
        if twice := {address for address in addresses if addresses.count(address) > 1}:
            raise ValueError(f"{min(twice)} is named twice; each person has one role")
        return self

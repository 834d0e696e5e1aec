"""How strongly a status forbids mail, in one order for rows, imports and suppressions; and who set it."""

from enum import StrEnum

UNKNOWN_PREFIX = "?"  # before an unknown status: its row gets no mail, and outranks rows of its address that may
STATUSES = ("active", "pending", "paused", "unsubscribed", "bounced", "complained")  # of a row in the subscriber list
ORDER = ("active", "paused", "pending", UNKNOWN_PREFIX, "bounced", "suppressed", "unsubscribed", "complained")
FINAL_STATUSES = ("bounced", "unsubscribed", "complained")  # an address with one gets no mail again, whatever a file says later


class Origin(StrEnum):
    """Who says that an address must not get mail."""

    READER = "reader"  # by email, on a page or in an email program; a complaint too
    MAIL = "mail"  # a bounce that came in, or a relay's refusal
    OPERATOR = "operator"
    LIST = "list"  # a status in the subscriber list
    IMPORT = "import"
    LOG = "log"  # sent.log, when a restored database had lost it


REPORTED = frozenset({Origin.LIST, Origin.IMPORT, Origin.LOG})  # reports of what happened elsewhere or before


def severity(status: str) -> int:
    """Return how strongly a status forbids mail; an unknown one ranks above every status that may get mail again."""
    return ORDER.index(UNKNOWN_PREFIX if status.startswith(UNKNOWN_PREFIX) else status)


def described_status(status: str) -> str:
    """Return a status as a person reads it: `active`, or `invalid (activ)` for one that is unknown."""
    return f"invalid ({status.removeprefix(UNKNOWN_PREFIX)})" if status.startswith(UNKNOWN_PREFIX) else status

"""What a status says: how much it says no, in one order for rows, imports and suppressions, and who said it."""

from enum import StrEnum

UNCLEAR = "?"  # before a status in words that nobody knows: its row gets no mail, and stands against others of its address
STATUSES = ("active", "pending", "paused", "unsubscribed", "bounced", "complained")  # that a row of the subscriber list may have
ORDER = ("active", "paused", "pending", UNCLEAR, "bounced", "suppressed", "unsubscribed", "complained")
GONE = ("bounced", "unsubscribed", "complained")  # whoever has one is never written to again, whatever a file says later


class Origin(StrEnum):
    """Who says that an address must not be written to."""

    READER = "reader"  # by a letter, a page or their mail program
    MAIL = "mail"  # a bounce or a complaint that came in
    OPERATOR = "operator"
    LIST = "list"  # the subscriber list marks it so
    IMPORT = "import"
    LOG = "log"  # sent.log, of which a restored database knew nothing


HEARSAY = frozenset({Origin.LIST, Origin.IMPORT, Origin.LOG})  # it did not happen here and now


def severity(status: str) -> int:
    """How much a status says no; a word that nobody knows says it more than any that may get mail again."""
    return ORDER.index(UNCLEAR if status.startswith(UNCLEAR) else status)

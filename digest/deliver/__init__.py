"""Stage 5: messages → receipts, over several connections to one relay or to several.

Every message is recorded before its bytes leave and after the relay's reply (`Journal`). What a relay refuses for one
recipient is a receipt; what it refuses for all (no connection, no login, not this sender) puts the relay out, and its
messages go another way. Where no relay is left the run stops with a RelayError and the rest still queued.

    Run      one pass over the messages                   (run.py)
    Lane     a relay: its health, pace and share          (lane.py, pace.py)
    Queue    messages recorded and handed out             (feed.py, domains.py)
    Session  a connection: DATA or BDAT over a wire       (session.py, talk.py, data.py, bdat.py, wire.py, dial.py)
    verdict  what a reply means
"""

from digest.deliver.connect import Extensions
from digest.deliver.relay import MAX_POLICY_REFUSALS, MAX_REFUSALS_IN_A_ROW
from digest.deliver.run import Run, deliver_unrecorded
from digest.deliver.send_queue import DeliveryLog, NoDeliveryLog
from digest.deliver.session import Session

__all__ = [
    "MAX_POLICY_REFUSALS",
    "MAX_REFUSALS_IN_A_ROW",
    "DeliveryLog",
    "Extensions",
    "NoDeliveryLog",
    "Run",
    "Session",
    "deliver_unrecorded",
]

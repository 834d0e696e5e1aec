"""Stage 5: sends messages and returns receipts, over several connections to one relay or to several.

Every message is recorded before its bytes leave and after the relay's reply (`DeliveryLog`). A refusal of one recipient is a
receipt. A refusal of everything (no connection, no login, not this sender) stops the use of that relay, and its messages go
over another. If no relay is left, the run stops with a RelayError and the rest stays queued.

    Run          one pass over the messages                 delivery_run.py, connection_queue.py
    RelayState   a relay: its health, rate and share        relay.py, relay_rate.py
    SendQueue    messages recorded and handed out           send_queue.py; the rate of one domain: domain_rate.py
    Session      a connection and its messages (RFC 5321)   session.py; connect.py (TLS, login: oauth.py), transactions.py,
                                                            data_command.py or bdat_command.py, protocol.py
    replies      what a reply means, and the retry delays   replies.py, retry.py
"""

from digest.deliver.connect import Extensions
from digest.deliver.delivery_run import Run, deliver_unrecorded
from digest.deliver.relay import MAX_POLICY_REFUSALS, MAX_REFUSALS_IN_A_ROW
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

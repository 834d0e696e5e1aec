"""Stage 4: turns a rendered edition and a recipient into the bytes of a message.

Composer          one edition, made ready for any number of recipients   message.py, headers.py, header_encoding.py, body.py
compose_all       its messages, signed on up to five cores               signing_pool.py, dkim.py
SubscriberLinks   unsubscribe links and Message-IDs                      subscriber_links.py; VERP: verp.py
"""

from digest.compose.headers import MailingList
from digest.compose.message import Composer, Sender, unsubscribe_mailto
from digest.compose.signing_pool import compose_all

__all__ = ["Composer", "MailingList", "Sender", "compose_all", "unsubscribe_mailto"]

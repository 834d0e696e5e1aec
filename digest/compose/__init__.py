"""Stage 4: a rendered edition and a reader → the bytes of a message.

Composer     one edition, made ready for any number of readers   (message.py: every header; body.py: the parts)
composed     its messages, signed by as many cores as there are  (aside.py)
"""

from digest.compose.message import Composer, Sender, unsubscribe_mailto
from digest.compose.signing_pool import compose_all

__all__ = ["Composer", "Sender", "compose_all", "unsubscribe_mailto"]

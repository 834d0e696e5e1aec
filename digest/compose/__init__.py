"""Stage 4: a rendered edition and a reader → the bytes of a message.

Composer     one edition, made ready for any number of readers   (message.py: every header; body.py: the parts)
composed     its messages, signed by as many cores as there are  (aside.py)
"""

from digest.compose.aside import composed
from digest.compose.message import Composer, Sender, unsubscribe_mailto

__all__ = ["Composer", "Sender", "composed", "unsubscribe_mailto"]

"""What comes back: bounces, complaints, readers who leave by mail. Reading is pure; `digest.returns` says what follows from it.

read          a message → what it reports           (reading.py, notification.py, wording.py; whose fault: digest.refusals)
read_call     what a provider tells → what it means  (providers.py, seals.py)
read_new      where messages are found               (mailboxes.py)
"""

from digest.bounces.classify import FAILED, BounceReport, classify

__all__ = ["FAILED", "BounceReport", "classify"]

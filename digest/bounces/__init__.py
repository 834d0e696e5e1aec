"""What comes back: bounces, complaints, readers who leave by mail. Reading is pure; the book says what follows from it.

read          a message → what it reports        (reading.py, notification.py, wording.py)
Desk          a report → suppressions, history   (desk.py)
mailboxes     where messages are found           (mailboxes.py)
"""

from digest.bounces.reading import Report, read

__all__ = ["Report", "read"]

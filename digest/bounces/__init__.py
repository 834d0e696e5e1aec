"""Bounces, complaints, and emails to the List-Unsubscribe address. Reading is pure; `audience/bounce_handler.py` says what follows.

classify    a message to what it reports             classify.py, dsn.py (RFC 3464), patterns.py
read_call   a provider's webhook to what it reports  providers/: a module a provider, and their table
read_new    where such messages are found            mailboxes.py
cause       whose fault a refusal speaks of          refusals.py: one table for relays, bounces and webhooks
"""

from digest.bounces.classify import FAILED, BounceReport, classify

__all__ = ["FAILED", "BounceReport", "classify"]

"""Bounces, complaints, and emails to the List-Unsubscribe address. `audience/bounce_handler.py` acts on what is found here.

classify    what a message reports             classify.py, dsn.py (RFC 3464), patterns.py; pure
read_call   what a provider's webhook reports  providers/: one module for each provider, and their table
read_new    new messages in the mailbox        mailboxes.py
cause_of    whose fault a refusal is           refusals.py: one table for relays, bounces and webhooks; pure
"""

from digest.bounces.classify import FAILURE_KINDS, BounceReport, classify

__all__ = ["FAILURE_KINDS", "BounceReport", "classify"]

"""The subscriber list, `subscribers.csv`: read, checked and changed in place."""

from digest.subscribers import backups
from digest.subscribers.address import normalise
from digest.subscribers.edit import activate, add, remove, set_columns, set_status
from digest.subscribers.rewrite import FileEdit, NewRow, rewrite
from digest.subscribers.row_parser import Problem, parse_topics
from digest.subscribers.subscriber_file import FileSummary, SubscriberFile

SUBSCRIBERS_FILE = "subscribers.csv"

__all__ = [
    "SUBSCRIBERS_FILE",
    "FileEdit",
    "FileSummary",
    "NewRow",
    "Problem",
    "SubscriberFile",
    "activate",
    "add",
    "backups",
    "normalise",
    "parse_topics",
    "remove",
    "rewrite",
    "set_columns",
    "set_status",
]

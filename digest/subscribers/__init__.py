"""The subscriber list, `subscribers.csv`: read, checked and changed in place."""

from digest.subscribers import backups
from digest.subscribers.address import normalise
from digest.subscribers.edit import FileEdit, NewRow, add, remove, rewrite, set_columns, set_status
from digest.subscribers.row_parser import Problem, topics_in
from digest.subscribers.subscriber_file import FileSummary, SubscriberFile

FILE = "subscribers.csv"

__all__ = [
    "FILE",
    "FileEdit",
    "FileSummary",
    "NewRow",
    "Problem",
    "SubscriberFile",
    "add",
    "backups",
    "normalise",
    "remove",
    "rewrite",
    "set_columns",
    "set_status",
    "topics_in",
]

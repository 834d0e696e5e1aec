"""The roll: `subscribers.csv`, read and checked, and changed in place."""

from digest.subscribers import backups
from digest.subscribers.address import normal
from digest.subscribers.edit import FileEdit, NewRow, add, mark, remove, rewrite, write_down
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
    "mark",
    "normal",
    "remove",
    "rewrite",
    "topics_in",
    "write_down",
]

"""The roll: `subscribers.csv`, read and checked, and changed in place."""

from digest.subscribers import backups
from digest.subscribers.address import normal
from digest.subscribers.change import Change, NewRow, add, mark, remove, rewrite, write_down
from digest.subscribers.roll import Roll, Survey
from digest.subscribers.rows import Problem, topics_in

FILE = "subscribers.csv"

__all__ = [
    "FILE",
    "Change",
    "NewRow",
    "Problem",
    "Roll",
    "Survey",
    "add",
    "backups",
    "mark",
    "normal",
    "remove",
    "rewrite",
    "topics_in",
    "write_down",
]

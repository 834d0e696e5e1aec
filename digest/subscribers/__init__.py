"""The roll: `subscribers.csv`, read and checked, and changed in place."""

from digest.subscribers.change import add, mark, remove
from digest.subscribers.roll import Problem, Roll, Rows, normal, read

__all__ = ["Problem", "Roll", "Rows", "add", "mark", "normal", "read", "remove"]

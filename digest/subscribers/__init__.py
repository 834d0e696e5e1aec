"""The roll: `subscribers.csv`, read and checked, and changed in place."""

from digest.subscribers.change import add, mark, remove
from digest.subscribers.roll import GONE, Problem, Roll, normal, read

__all__ = ["GONE", "Problem", "Roll", "add", "mark", "normal", "read", "remove"]

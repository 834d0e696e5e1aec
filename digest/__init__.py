"""A newsroom's weekday morning email: collect, curate, render, compose, deliver."""

from importlib.metadata import version

DISTRIBUTION = "newsroom-digest"  # the name of the package; `digest` belongs to somebody else
__version__ = version(DISTRIBUTION)

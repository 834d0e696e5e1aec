"""A newsroom's weekday morning e-mail: collect, curate, render, compose, deliver."""

from importlib.metadata import version

DISTRIBUTION = "newsroom-digest"  # its name among the packages; `digest` is somebody else's
__version__ = version(DISTRIBUTION)

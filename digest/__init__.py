"""A newsroom's weekday morning e-mail: collect, curate, render, compose, deliver."""

from importlib.metadata import version

__version__ = version("digest")

"""Strangers' text: HTML to plain text, cutting at sentence ends, and whether two articles are the same.

`placeholders` stand for a recipient's own values in a rendered edition.
"""

"""Strangers' text: HTML to plain text, cutting at sentence ends, and when two articles are one.

`placeholders` stand for a subscriber's own words in a rendered edition.
"""

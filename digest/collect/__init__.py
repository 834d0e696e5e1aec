"""Stage 1: articles and comments from the sources, all at once.

`collector` asks them; `fetch` is HTTP with manners, `allowed_hosts` the hosts that may be reached; `sources/` has a file for
each kind of source.
"""

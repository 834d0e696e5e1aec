"""Stage 1: collect articles and comments from all sources at once.

`collector` reads the sources. `fetch` is a polite HTTP client, and `allowed_hosts` decides which hosts it may reach.
`sources/` has one module for each kind of source.
"""

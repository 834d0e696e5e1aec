"""Subscribers as people: what they decide themselves, what follows from bounces, and lists that come and go.

`subscriptions` (join, leave, choose, be erased) and `emails` (the words of the emails to one person); `bounce_handler`;
`subscriber_record` (all that is known of one address); `importer` and `exporter`; `csv_sync` (the store's decisions, written
into the CSV file); `rate_limiter`.
"""

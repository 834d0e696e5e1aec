"""Subscribers as people: what they decide themselves, what follows from bounces, and lists that are imported and exported.

`subscriptions` (subscribe, unsubscribe, choose, have data deleted); `bounce_handler`; `subscriber_record` (all that is known of
one address); `importer` and `exporter`; `csv_sync` (copies the store's decisions into the CSV file); `rate_limiter`.
"""

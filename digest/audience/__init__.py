"""Subscribers as people: what they decide themselves, what follows from bounces, and lists that are imported and exported.

`subscriptions` (unsubscribe) with `consent` (double opt-in), `preferences` and `data_requests`; `emails` to one person;
`signed_links`; `bounce_handler`; `subscriber_record` (all that is known of one address); `importer` and `exporter`; `csv_sync`
(copies the store's decisions into the CSV file); `rate_limiter`.
"""

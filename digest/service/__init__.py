"""What runs around the pipeline: `scheduler` (alarms), `checks` and `alignment` (`digest check`), `dry_run`, `logs`."""

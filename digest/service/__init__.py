"""The code around the pipeline: `scheduler` (timed jobs), `checks` and `alignment` (`digest check`), `dry_run`, `logs`."""

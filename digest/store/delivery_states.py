"""The states of a delivery that are no outcome yet, or none at the relay."""

QUEUED, SENDING, SKIPPED = "queued", "sending", "skipped"

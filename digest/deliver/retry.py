"""When a failure is tried again: every delay and limit in one table, and the delay of a deferred message.

| What failed | Tried again |
|---|---|
| a message deferred (4yz) | after `RETRY_BACKOFF`, plus or minus `RETRY_JITTER`, until `smtp.give_up_after` |
| a message refused because of the sender (5yz) | the same, `OUR_FAULT_STEPS` steps on: the cause does not change within a minute |
| a message that may have arrived | as one deferred, `MAX_IN_DOUBT_TRIES` tries in all, unless `smtp.in_doubt = "hold"` |
| a run that left messages deferred | after `RUN_RETRY_DELAYS`; the service does not wait but checks each minute |
| a relay that fails | after `RELAY_REST_DELAYS`; when they are used up, the relay is out for the run |
| a connection that a relay refused while others were open | after `RECONNECT_DELAY` |
| a connection lost under a message | over another one; deferred at `MAX_LOST_CONNECTIONS` a pass (421 counts as a third) |
| a message that a relay asks for later | `MAX_POSTPONEMENTS` times a pass |
"""

import random
from datetime import timedelta

RETRY_BACKOFF = (timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30))
RETRY_JITTER = 0.25  # of a delay, so that messages deferred together do not come back together
OUR_FAULT_STEPS = 2  # steps of the backoff
MAX_IN_DOUBT_TRIES = 5
RUN_RETRY_DELAYS = (15.0, 60.0)  # seconds
RELAY_REST_DELAYS = (5.0, 20.0, 60.0, 180.0)  # seconds, longer after each failure
RECONNECT_DELAY = 0.5  # seconds
MAX_LOST_CONNECTIONS = 5
MAX_POSTPONEMENTS = 60


def retry_delay(attempts: int) -> timedelta:
    """Return how long a message waits for its next try: longer each time, with a random part."""
    wait = RETRY_BACKOFF[min(attempts, len(RETRY_BACKOFF) - 1)]
    return wait * random.uniform(1 - RETRY_JITTER, 1 + RETRY_JITTER)

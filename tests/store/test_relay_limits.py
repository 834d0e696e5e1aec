"""What relays have shown is kept for a morning."""

from datetime import timedelta

from digest.config import RelayLimit
from digest.store import Store
from digest.store.relay_limits import MORNING
from tests.curate.test_curate import END


def test_limits_are_kept_and_replaced_and_forgotten(store: Store) -> None:
    limits = {"main": RelayLimit(rate=12.5, connections=3, messages=50)}
    store.relay_limits.keep(limits, END)
    assert store.relay_limits.known(END + timedelta(hours=1)) == limits
    assert store.relay_limits.known(END + MORNING) == {}
    store.relay_limits.keep({}, END)
    assert store.relay_limits.known(END) == {}

"""A newsletter with enough readers to stop an edition half way, at the second after its hour."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from digest.app import App, open_newsletter
from tests.conftest import Furnish
from tests.desk.conftest import CUTOFF, DESK, days_material
from tests.newsroom import Moment, RecordedSite
from tests.relay import Relay

READERS = 300


@pytest.fixture(name="app")
def crowd(site: RecordedSite, relay: Relay, furnish: Furnish, moment: Moment) -> Iterator[App]:
    emails = [f"r{number:03}@readers.example" for number in range(READERS)]
    with open_newsletter(furnish(site.base, relay.port, extra=DESK, emails=emails), moment, retry_delays=()) as app:
        app.store.content.keep(days_material(), moment())
        moment.now = CUTOFF + timedelta(seconds=1)
        relay.delay = 0.02
        yield app

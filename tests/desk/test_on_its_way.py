"""An edition that is being sent is stopped, goes on, or is given up: nobody twice, and nobody who should not."""

import asyncio

import pytest

from digest.app import App
from digest.desk.edition_view import Desk
from digest.desk.state import state_of
from digest.desk.verbs import Verbs
from digest.errors import UsageError
from digest.publish import Unwatched, publish
from digest.service.catch_up import CatchUp
from tests.desk.conftest import KEY
from tests.desk.crowd import READERS, crowd
from tests.newsroom import Moment
from tests.relay import Relay

__all__ = ["crowd"]  # the fixture


async def stopped_half_way(app: App, relay: Relay) -> Verbs:
    """An edition that somebody has stopped while it was sent."""
    plan, verbs = app.config.editions[0], Verbs(Desk(app))
    run = asyncio.create_task(publish(app.pipeline, plan, app.coming_slot(plan), Unwatched()))
    while len(relay.taken) < 30:
        await asyncio.sleep(0.01)
    assert verbs.made.stop(KEY, "Ada").said.startswith("Stopped.")
    report = await run
    assert report.status == "unfinished"
    assert 30 <= len(relay.taken) < READERS
    return verbs


async def test_it_stops_and_goes_on_and_everybody_has_it_once(app: App, relay: Relay) -> None:
    verbs = await stopped_half_way(app, relay)
    got = len(relay.taken)
    state = state_of(Desk(app).by_key(KEY), app.config.newsletter.timezone)
    assert (state.kind, state.title) == ("stopped", "Stopped at 07:00.")
    await CatchUp(app).run()
    assert len(relay.taken) == got  # no run goes on by itself
    assert verbs.made.carry_on(KEY, "Tom").said == f"Goes on, to {READERS - got} readers"
    relay.delay = 0
    await CatchUp(app).run()
    assert set(relay.counts.values()) == {1}
    assert len(relay.counts) == READERS


async def test_the_rest_is_given_up_and_never_sent(app: App, relay: Relay) -> None:
    verbs = await stopped_half_way(app, relay)
    got = len(relay.taken)
    assert verbs.made.give_up(KEY, "Tom").said == f"Given up: {READERS - got} readers will not get it"
    await CatchUp(app).run()
    assert len(relay.taken) == got
    counts = app.store.deliveries.counts(KEY)
    assert counts == {"sent": got, "skipped": READERS - got}
    with pytest.raises(UsageError, match="it is not being sent"):
        verbs.made.carry_on(KEY, "Ada")


async def test_what_is_not_on_its_way_is_not_stopped(app: App, moment: Moment) -> None:
    verbs = Verbs(Desk(app))
    for verb in (verbs.made.stop, verbs.made.carry_on, verbs.made.give_up):
        with pytest.raises(UsageError, match="it is not being sent"):
            verb(KEY, "Ada")

"""Editions that only `sent.log` knows."""

from datetime import timedelta

from digest.store import Store
from digest.store.sent_log_edition import LoggedEdition
from tests.curate.test_curate import END


def logged(number: int = 7) -> LoggedEdition:
    start = END - timedelta(days=1)
    return LoggedEdition(
        key="weekday-2026-11-24", number=number, name="weekday", day="2026-11-24", start=start, end=END, at=END, articles=()
    )


def test_one_without_articles_covers_its_window(store: Store) -> None:
    store.editions.add_logged(logged())
    assert store.editions.has_slot("weekday-2026-11-24")
    assert store.editions.covered_until("weekday", END + timedelta(days=1)) == END
    assert not store.editions.used_articles("weekday")


def test_one_that_the_database_knows_is_not_added_again(store: Store) -> None:
    store.editions.add_logged(logged())
    store.editions.add_logged(logged(number=8))
    assert store.editions.next_number() == 8

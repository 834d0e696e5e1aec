"""What was seen of a source before, and so is not new: articles of old dates, and those without any."""

from datetime import datetime, timedelta

from digest.model import UNDATED, Article, Harvest
from digest.store import Store
from tests.curate.test_curate import END, article

DAY = timedelta(days=1)
LATE = article("late", 24 * 9)
UNDATED_ONE = article("undated", published=UNDATED, updated=UNDATED, guessed=True)


def there(store: Store, since: datetime = END - DAY) -> dict[str, Article]:
    return {row.id: row for row in store.content.material(since).articles}


def read(store: Store, now: datetime, *older: Article, articles: tuple[Article, ...] = (), older_ids: tuple[str, ...] = ()) -> None:
    store.content.keep(Harvest(articles=articles, older=older, older_ids=older_ids, read=("s",), older_lists=(("s", "feed"),)), now)


def test_an_old_date_never_seen_before_came_in_late(store: Store) -> None:
    read(store, END - DAY)
    read(store, END, LATE)
    assert there(store) == {"late": LATE}


def test_of_a_first_reading_nothing_old_is_new(store: Store) -> None:
    read(store, END, LATE)
    read(store, END + DAY, LATE)
    assert there(store) == {}


def test_another_sources_reading_says_nothing_of_this_one(store: Store) -> None:
    store.content.keep(Harvest(read=("another",), older_lists=(("another", "feed"),)), END - DAY)
    read(store, END, LATE)
    assert there(store) == {}


def test_a_list_that_reaches_further_than_the_last_brings_nothing_new(store: Store) -> None:
    read(store, END - DAY)
    store.content.keep(Harvest(older=(LATE,), read=("s",), older_lists=(("s", "posts"),)), END)
    read(store, END + DAY, LATE)
    assert there(store) == {}


def test_a_reading_that_failed_is_none(store: Store) -> None:
    store.content.keep(Harvest(), END - DAY)
    read(store, END, LATE)
    assert there(store) == {}


def test_one_that_was_sighted_and_is_edited_is_not_new(store: Store) -> None:
    read(store, END - DAY, older_ids=("late",))
    read(store, END, LATE)
    assert there(store) == {}


def test_one_that_was_printed_and_is_old_by_now_is_not_new(store: Store) -> None:
    read(store, END - DAY, articles=(article("a", 30),))
    read(store, END + 2 * DAY, article("a", 30, title="Corrected"))
    assert there(store, END - 3 * DAY)["a"].title == "Title a"
    assert there(store, END) == {}


def test_what_has_no_date_keeps_that_of_its_first_sighting(store: Store) -> None:
    read(store, END, articles=(UNDATED_ONE,))
    read(store, END + DAY, articles=(UNDATED_ONE,))
    read(store, END + 9 * DAY, articles=(UNDATED_ONE,))
    found = there(store)["undated"]
    assert found.published == END
    assert found.updated == END
    assert found.guessed


def test_what_was_forgotten_but_seen_does_not_come_again(store: Store) -> None:
    read(store, END - DAY)
    read(store, END, LATE, articles=(UNDATED_ONE,))
    assert set(there(store)) == {"late", "undated"}
    for day in (20, 40, 60, 120):
        read(store, END + day * DAY, LATE, articles=(UNDATED_ONE,))
        assert set(there(store, END + timedelta(hours=1))) == set()
    assert there(store, END - 30 * DAY) == {}


def test_a_sighting_lasts_as_long_as_it_is_renewed_and_a_season_more(store: Store) -> None:
    read(store, END - DAY, LATE)
    read(store, END + 80 * DAY, LATE)
    read(store, END + 160 * DAY, LATE)
    assert there(store) == {}
    read(store, END + 251 * DAY, LATE)
    assert set(there(store)) == {"late"}

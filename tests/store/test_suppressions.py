"""The suppression list: the strongest reason counts, and all that is recorded is reported after its commit."""

from datetime import timedelta
from functools import partial

import pytest

from digest.model import Subscriber
from digest.store import HistoryEvent, RecipientRules, Store, Suppression
from digest.store.bounces import SOFT
from digest.subscriber_statuses import Origin
from tests.curate.test_curate import END, article, made
from tests.store.test_store import WORDS

ADA, BO = "ada@readers.example", "bo@readers.example"


@pytest.fixture
def reported(store: Store) -> dict[str, str]:
    found: dict[str, str] = {}
    store.suppressions.listen(on_suppressed=found.update, on_released=lambda email: None)
    return found


def row(reason: str, origin: Origin = Origin.LIST, email: str = ADA) -> Suppression:
    return Suppression(email=email, reason=reason, since=END, origin=origin)


@pytest.mark.parametrize("reasons", [("bounced", "unsubscribed"), ("unsubscribed", "bounced")])
def test_of_two_rows_for_one_address_the_stronger_counts(store: Store, reported: dict[str, str], reasons: tuple[str, str]) -> None:
    assert store.suppressions.adopt([row(reason) for reason in reasons]) == 1
    assert store.suppressions.among([ADA]) == reported == {ADA: "unsubscribed"}


def test_of_two_alike_the_subscribers_own_word_counts(store: Store) -> None:
    store.suppressions.adopt([row("unsubscribed"), row("unsubscribed", Origin.READER)])
    assert [found.origin for found in store.suppressions.of([ADA])] == [Origin.READER]


def test_a_reason_that_becomes_stronger_is_reported(store: Store, reported: dict[str, str]) -> None:
    store.suppressions.adopt([row("bounced", Origin.MAIL)])
    reported.clear()
    assert store.suppressions.adopt([row("unsubscribed", Origin.READER)]) == 0
    assert reported == {ADA: "unsubscribed"}
    reported.clear()
    store.suppressions.adopt([row("bounced", Origin.MAIL)])
    assert reported == {}
    assert store.suppressions.among([ADA]) == {ADA: "unsubscribed"}


def test_what_freezing_suppresses_is_reported_once_it_is_committed(store: Store, reported: dict[str, str]) -> None:
    people = [Subscriber(email=ADA, status="unsubscribed"), Subscriber(email=BO)]

    def refuse(_count: int) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        store.editions.freeze(made([article("a")], []), WORDS, people, RecipientRules(token=str, guard=refuse))
    assert reported == store.suppressions.among([ADA]) == {}
    store.editions.freeze(made([article("a")], []), WORDS, people, RecipientRules(token=str))
    assert reported == store.suppressions.among([ADA]) == {ADA: "unsubscribed"}


def test_the_whole_list_is_read_in_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.store.suppressions._PAGE", 2)
    people = [f"{name}@readers.example" for name in "abcde"]
    store.suppressions.adopt(row("unsubscribed", email=email) for email in people)
    assert list(store.suppressions.emails()) == people
    assert [found.email for found in store.suppressions.all()] == people


def test_a_report_that_comes_twice_counts_once(store: Store) -> None:
    events = [HistoryEvent(email=ADA, at=END, event=SOFT)]
    report = partial(store.bounces.report_soft, "mail 1", events, END, limit=2, since=END - timedelta(days=30))
    assert report() == ([ADA], [])
    assert report() == ([], [])
    assert store.suppressions.among([ADA]) == {}


def test_whose_data_was_deleted_gets_no_id_and_no_edition(store: Store) -> None:
    store.subscribers.erase(ADA, ADA, END)
    assert store.subscribers.enrol(ADA, ADA) == 0
    store.editions.freeze(made([article("a")], []), WORDS, [Subscriber(email=ADA)], RecipientRules(token=str))
    assert store.deliveries.counts("weekday-2026-11-24") == {}

"""Deliveries of old editions are folded: who got what stays known, in a hundredth of the room, and no kill loses any of it."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Message, Outcome, Receipt, Recipient, Subscriber
from digest.store import RecipientRules, Store
from digest.store.folding import contains, packed
from tests.curate.test_curate import END, SLOT
from tests.store.test_store import WORDS, edition

LATER, KEPT = END + timedelta(days=40), timedelta(days=30)
PEOPLE = [f"r{number:03}@readers.example" for number in range(60)]


@given(st.sets(st.integers(0, 100_000), max_size=300))
def test_a_set_of_numbers_comes_back(numbers: set[int]) -> None:
    data = packed(numbers)
    assert all(contains(data, number) for number in numbers)
    assert not any(contains(data, number) for number in range(0, 2_000, 7) if number not in numbers)
    assert not contains(data, 1 << 40)


def sent(store: Store, *, finish: bool = True) -> None:
    """An edition with all that can become of a message: sent in two variants, refused, in doubt, skipped."""
    rules = RecipientRules(token=lambda email: f"token-{email}", variant=lambda topics, *_: "0q" if topics else "")
    people = [Subscriber(email=email, name="Ada", topics=("x",) if at % 3 == 0 else ()) for at, email in enumerate(PEOPLE)]
    store.editions.freeze(edition(), WORDS, people, rules, render_variant=lambda _name: WORDS)
    store.suppressions.add(PEOPLE[5], "unsubscribed", END)
    waiting = list(store.deliveries.to_send(SLOT.key, None))
    store.deliveries.record(SLOT.key, [Message(recipient=row, message_id="", raw=b"") for row in waiting], [])
    store.deliveries.record(SLOT.key, [], [receipt(row) for row in waiting if row.email != PEOPLE[5]])
    if finish:
        store.editions.finish(SLOT.key, END)


def receipt(recipient: Recipient) -> Receipt:
    made = Receipt(
        recipient=recipient, message_id="", outcome=Outcome.SENT, code=250, reply="2.0.0 Ok: queued as 4XyZ", relay="r", at=END
    )
    if recipient.email == PEOPLE[7]:
        return replace(made, outcome=Outcome.REFUSED, code=550, reply="5.1.1 no such user", status="5.1.1")
    return replace(made, outcome=Outcome.UNKNOWN, code=0, reply="cut off") if recipient.email == PEOPLE[8] else made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open("sqlite:///state/digest.db", tmp_path)) as store:
        yield store


def known(store: Store) -> dict[str, object]:
    """All that is asked about an edition after it has gone."""
    deliveries, key = store.deliveries, SLOT.key
    return {
        "counts": deliveries.counts(key),
        "answers": deliveries.answers(key),
        "waiting": deliveries.waiting(key, None),
        "dead": store.delivery_reports.count_dead(key),
        "undelivered": store.delivery_reports.undelivered(key, 100),
        "reasons": {(row.relay, row.state, row.count) for row in store.delivery_reports.reasons(key)},
        "variants": [
            (row.variant, row.email) if (row := deliveries.recipient(key, f"token-{email}")) else None for email in PEOPLE
        ],
        "last": store.editions.last(SLOT.name),
        "of one": [(row["edition"], row["state"]) for email in PEOPLE for row in store.subscribers.deliveries_to(email)],
    }


def test_all_that_is_asked_afterwards_is_still_known(store: Store) -> None:
    sent(store)
    before = known(store)
    assert store.folding.due(LATER, KEPT) == [SLOT.key]
    assert store.folding.fold(SLOT.key) == len(PEOPLE) - 2  # the refusal and the doubt stay rows
    after = known(store)
    before["undelivered"] = [row for row in before["undelivered"] if row.state != "skipped"]  # type: ignore[attr-defined]
    skipped = PEOPLE[5]
    before["variants"] = [None if row and row[1] == skipped else row for row in before["variants"]]  # type: ignore[attr-defined]
    assert after == before
    assert store.folding.due(LATER, KEPT) == []
    assert store.folding.fold(SLOT.key) == 0


def test_nothing_is_folded_that_is_young_or_unfinished(store: Store) -> None:
    sent(store, finish=False)
    assert store.folding.due(LATER, KEPT) == []
    store.editions.finish(SLOT.key, END)
    assert store.folding.due(END + timedelta(days=29), KEPT) == []


def test_who_had_their_data_deleted_is_in_no_list_any_more(store: Store) -> None:
    sent(store)
    store.folding.fold(SLOT.key)
    store.subscribers.erase(PEOPLE[3], f"token-{PEOPLE[3]}", LATER)
    assert store.subscribers.deliveries_to(PEOPLE[3]) == []
    assert store.deliveries.recipient(SLOT.key, f"token-{PEOPLE[3]}") is None
    assert store.deliveries.counts(SLOT.key)["sent"] == len(PEOPLE) - 3


def test_free_room_goes_back_to_the_disk(store: Store, tmp_path: Path) -> None:
    sent(store)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE much (x BLOB)")
        connection.exec_driver_sql("INSERT INTO much VALUES (zeroblob(3000000))")
        connection.exec_driver_sql("DROP TABLE much")
    assert store.repair.free_bytes() > 2_900_000
    store.repair.shrink()
    assert store.repair.free_bytes() == 0
    assert store.deliveries.counts(SLOT.key)["sent"] == len(PEOPLE) - 3


FOLD = """
import sys
from pathlib import Path
from digest.store import Store
store = Store.open("sqlite:///state/digest.db", Path(sys.argv[1]))
print("ready", flush=True)
store.folding.fold("weekday-2026-11-24")
store.repair.shrink()
"""


def test_a_kill_while_it_folds_loses_nothing(tmp_path: Path) -> None:
    rng = random.Random(3)
    with closing(Store.open("sqlite:///state/digest.db", tmp_path)) as store:
        sent(store)
        whole = known(store)["counts"]
    for _ in range(int(os.environ.get("KILLS", "12"))):
        process = subprocess.Popen([sys.executable, "-c", FOLD, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with closing(Store.open("sqlite:///state/digest.db", tmp_path)) as store:
            assert known(store)["counts"] == whole
            assert store.repair.damage() == []

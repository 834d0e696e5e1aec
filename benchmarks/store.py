"""How much of the disk a delivery takes, before and after it is folded: `python benchmarks/store.py [--readers N]`.

The replies are Postfix's; the addresses are 30 letters long; 2 % are refused. Limits: 100 bytes before, 12 after, and a year of
100,000 readers within a gigabyte.
"""

import argparse
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.batching import batched
from digest.model import Edition, Message, Outcome, Receipt, Recipient, Rendered, Slot, Subscriber, Window
from digest.store import RecipientRules, Store
from digest.store.database import truncate_wal

FIRST = datetime(2026, 11, 24, 7, tzinfo=UTC)
RENDERED = Rendered(subject="s", preheader="p", html="", text="")
RELAY = "smtp.gazette.example"


def receipt(recipient: Recipient, at: datetime) -> Receipt:
    """The answer of a relay."""
    number = recipient.id
    if number % 50 == 0:
        reply = f"5.1.1 <reader.number{number}@mail.example>: Recipient address rejected: User unknown in virtual mailbox table"
        return Receipt(
            recipient=recipient, message_id="", outcome=Outcome.REFUSED, code=550, reply=reply, relay=RELAY, at=at, status="5.1.1"
        )
    reply = f"2.0.0 Ok: queued as 4XyZ{number:07x}"
    return Receipt(
        recipient=recipient, message_id="", outcome=Outcome.SENT, code=250, reply=reply, relay=RELAY, at=at, status="2.0.0"
    )


def send(store: Store, readers: int, day: int) -> str:
    """Record an edition and its deliveries as a run does."""
    at = FIRST + timedelta(days=day)
    slot = Slot(name="weekday", day=at.date(), window=Window(start=at - timedelta(days=1), end=at))
    edition = Edition(newsletter="Gazette", slot=slot, number=day + 1, stories=(), left_out=(), frozen_at=at)
    people = (Subscriber(email=f"reader.number{number:07}@mail.example") for number in range(readers))
    store.editions.freeze(edition, RENDERED, people, RecipientRules(token=lambda email: f"{hash(email):032x}"[:22]))
    for some in batched(store.deliveries.to_send(slot.key, None)):
        store.deliveries.record(slot.key, [Message(recipient=row, message_id="", raw=b"") for row in some], [])
        store.deliveries.record(slot.key, [], [receipt(row, at) for row in some])
    store.editions.finish(slot.key, at)
    return slot.key


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=100_000)
    readers = parser.parse_args().readers
    with tempfile.TemporaryDirectory() as folder, closing(Store.open("sqlite:///state/digest.db", Path(folder))) as store:
        file = Path(folder) / "state" / "digest.db"

        def size() -> int:
            truncate_wal(store.engine)
            return file.stat().st_size

        empty = size()
        send(store, readers, 0)
        first = size()
        second_key = send(store, readers, 1)
        second = size()
        began = time.perf_counter()
        count = store.folding.fold(second_key)
        folding = time.perf_counter() - began
        store.repair.shrink()
        folded = size()
        before, after = (second - first) / readers, (folded - first) / readers
        year = (first - empty) - (second - first) + 22 * (second - first) + 230 * (folded - first)
        print(f"{'bytes a reader (once)':44}{((first - empty) - (second - first)) / readers:10.1f}")
        print(f"{'bytes a delivery (limit 100)':44}{before:10.1f}")
        print(f"{'bytes a folded delivery (limit 12)':44}{after:10.2f}")
        print(f"{'a year of weekdays, GB (limit 1 for 100,000)':44}{year / 1e9:10.2f}")
        print(f"{'seconds to fold an edition':44}{folding:10.2f}  ({count} deliveries)")


if __name__ == "__main__":
    main()

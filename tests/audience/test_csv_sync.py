"""The subscriber list shows what the store knows: soon, together, and nothing is lost when the service stops."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from digest.audience.csv_sync import CsvSync
from digest.errors import SubscriberFileError
from digest.store import Store
from digest.subscribers import SubscriberFile, set_columns

ADA = "ada@readers.example"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open("sqlite:///state/digest.db", tmp_path)
    yield opened
    opened.close()


async def test_a_write_that_fails_while_the_service_stops_is_made_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "subscribers.csv"
    path.write_text(f"email,topics\n{ADA},\n")
    begun, go = threading.Event(), threading.Event()

    def fails_once(file: Path, values: Callable[[], Mapping[str, Any]]) -> int:
        if not begun.is_set():
            begun.set()
            go.wait(10)
            raise SubscriberFileError("held by another program", thing=str(file))
        return set_columns(file, values)

    monkeypatch.setattr("digest.audience.csv_sync.set_columns", fails_once)
    sync = CsvSync(store, lambda: SubscriberFile(path))
    sync.enqueue(ADA, {"topics": "Council"})
    await asyncio.to_thread(begun.wait, 10)
    closing = asyncio.create_task(sync.close())
    await asyncio.sleep(0)
    go.set()
    await closing
    assert path.read_text() == f"email,topics\n{ADA},Council\n"

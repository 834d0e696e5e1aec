"""A database file of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open("sqlite:///state/digest.db", tmp_path)
    yield opened
    opened.close()

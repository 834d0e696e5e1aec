"""A newsletter whose site and relay are away, for commands that need neither."""

from pathlib import Path

import pytest

from tests.conftest import Furnish


@pytest.fixture
def root(furnish: Furnish) -> Path:
    return furnish("http://127.0.0.1:9", 9)

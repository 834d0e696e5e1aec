"""What lies in examples/ works: the smallest newsletter, and a package that adds a kind of source."""

import ast
import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.collect.fetch import Response
from digest.collect.sources import plugin, source_reader
from digest.collect.sources.plugin import SourcePlan
from digest.config import load
from digest.errors import ConfigError
from digest.subscribers import SubscriberFile

EXAMPLES = Path(__file__).parents[2] / "examples"
SINCE = datetime(2026, 11, 23, tzinfo=UTC)
NOTICES = [
    {"id": "n-1", "board": "planning", "title": "Tram depot & sheds", "html": "<p>The plans are on show until Friday.</p>", "url": "/notices/1",
     "date": "2026-11-24", "office": "Planning office"},
    {"id": "n-2", "board": "planning", "title": "Old", "html": "<p>Over.</p>", "url": "/notices/2", "date": "2026-10-01"},
    {"id": "n-3", "board": "births", "title": "Twins", "html": "", "url": "/notices/3", "date": "2026-11-24"},
    {"id": "n-4", "board": "planning", "title": "No link", "url": "javascript:alert(1)"},
]  # fmt: skip


async def board(url: str) -> Response:
    return Response(status=200, url=url, headers={}, body=json.dumps(NOTICES).encode())


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example package on the path, with the entry points of its pyproject.toml."""
    shutil.copy(EXAMPLES / "notice-board" / "digest_notice_board.py", tmp_path)
    metadata = tmp_path / "digest_notice_board-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: digest-notice-board\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[digest.sources]\nnotice-board = digest_notice_board:read\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "digest_notice_board", raising=False)


@pytest.mark.usefixtures("installed")
async def test_another_package_adds_a_kind_of_source() -> None:
    plan = SourcePlan(kind="notice-board", url="https://townhall.example/notices.json", options={"board": "planning"})
    harvest = await source_reader(plan)(plan, board, SINCE)
    (notice,) = harvest.articles
    assert notice.title == "Tram depot & sheds"
    assert notice.url == "https://townhall.example/notices/1"
    assert notice.author == "Planning office"
    assert [row.reason for row in harvest.failures] == ["skipped 1 notices without a link"]
    with pytest.raises(ConfigError, match=r"Available: .*notice-board"):
        source_reader(SourcePlan(kind="notice", url="https://townhall.example"))


def test_it_imports_nothing_of_ours_but_what_is_promised() -> None:
    tree = ast.parse((EXAMPLES / "notice-board" / "digest_notice_board.py").read_text())
    ours = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("digest.")]
    assert {node.module for node in ours} == {"digest.collect.sources.plugin"}
    assert {alias.name for node in ours for alias in node.names} <= set(plugin.__all__)


def test_the_smallest_newsletter_is_one() -> None:
    assert load(EXAMPLES / "my-paper").newsletter.name == "The Harbour Gazette"
    assert [row.email for row in SubscriberFile(EXAMPLES / "my-paper" / "subscribers.csv").active()] == ["ada@readers.example"]

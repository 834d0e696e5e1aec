"""What editors decided, exported as threads that `digest judge` reads."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.app import App, open_newsletter
from digest.curate.judge import parse_thread
from digest.model import Article, Comment, Harvest, ThreadCoverage
from digest.service.comment_desk import decide, undo
from digest.service.comment_labels import labelled_threads
from digest.text.formats import json_text
from tests.conftest import Furnish

NOW = datetime(2026, 11, 24, 6, 40, tzinfo=UTC)
FERRY = "I worked on the ferry for eleven winters, and the berth was never the problem: the tide table was."
ARTICLE = Article(
    id="a", source="s", url="https://gazette.example/a", title="The night ferry", published=NOW - timedelta(hours=5), updated=NOW,
    author="W. Quay", body_text="It stays.",
)  # fmt: skip


def comment(key: str, text: str = FERRY, **more: object) -> Comment:
    fields = {"id": key, "article_id": "a", "author": f"Writer {key}", "text": text, "written": NOW - timedelta(hours=2), "url": ""}
    return Comment(**{**fields, **more})  # type: ignore[arg-type]


ROWS = (
    comment("1", up=4, down=1, links=2),
    comment("2", f"{FERRY} No.", parent_id="1", state="spam"),
    comment("3", "Another one altogether, about the pool."),
    comment("4", kind="pingback"),
)


@pytest.fixture
def root(furnish: Furnish) -> Path:
    return furnish("http://127.0.0.1:9", 9)


def keep(app: App, *rows: Comment) -> None:
    coverage = ThreadCoverage(article_id="a", complete_since=NOW - timedelta(days=1))
    app.store.content.keep(Harvest(articles=(ARTICLE,), comments=rows, threads=(coverage,)), NOW)


def test_a_decided_comment_has_its_label_with_the_whole_thread_around_it(root: Path) -> None:
    with open_newsletter(root, lambda: NOW) as app:
        keep(app, *ROWS)
        decide(app, "print", "1", "ada", "first-hand")
        decide(app, "refuse", "3", "bo")
        found = labelled_threads(app)
    assert (found.labels, found.without_comment) == (2, 0)
    (thread,) = found.threads
    assert thread["article"] == {
        "id": "a", "title": "The night ferry", "url": "https://gazette.example/a", "author": "W. Quay", "text": "It stays.",
    }  # fmt: skip
    assert [(row["id"], row["parent_id"], row["state"]) for row in thread["comments"]] == [
        ("1", None, "approved"), ("2", "1", "spam"), ("3", None, "approved"),
    ]  # fmt: skip
    assert [row.get("label") for row in thread["comments"]] == [
        {"print": "yes", "by": "ada", "at": NOW, "reason": "first-hand"}, None, {"print": "no", "by": "bo", "at": NOW, "reason": ""},
    ]  # fmt: skip


def test_an_exported_thread_is_read_again_as_it_was(root: Path) -> None:
    with open_newsletter(root, lambda: NOW) as app:
        keep(app, *ROWS)
        decide(app, "print", "1", "ada")
        line = json_text(labelled_threads(app).threads[0])
    assert json.loads(line)["comments"][0]["label"]["at"] == NOW.isoformat()
    article, comments = parse_thread(line, thing="-")
    assert (article.title, article.author, article.body_text) == (ARTICLE.title, ARTICLE.author, ARTICLE.body_text)
    assert [replace(row, article_id="a") for row in comments] == list(ROWS[:3])


def test_what_was_undone_is_no_label(root: Path) -> None:
    with open_newsletter(root, lambda: NOW) as app:
        keep(app, *ROWS)
        decide(app, "print", "1", "ada")
        undo(app, "1", "ada")
        assert labelled_threads(app) == ([], 0, 0)


def test_what_was_changed_or_deleted_since_has_no_label_and_is_counted(root: Path) -> None:
    with open_newsletter(root, lambda: NOW) as app:
        keep(app, *ROWS)
        for key in ("1", "2", "3"):
            decide(app, "refuse", key, "ada")
        keep(app, ROWS[0], replace(ROWS[1], text="Something else."))
        found = labelled_threads(app)
    assert (found.labels, found.without_comment) == (1, 2)
    assert ["label" in row for row in found.threads[0]["comments"]] == [True, False]

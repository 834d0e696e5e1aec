"""The rows of the store as the curating stage takes them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.curate.comment_decisions import CommentDecision
from digest.edition.editor_decisions import comment_decisions
from digest.store import Store

AT = datetime(2026, 11, 24, 6, 40, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open("sqlite:///state/digest.db", tmp_path)
    yield opened
    opened.close()


def test_the_newest_decision_on_a_comment_counts(store: Store) -> None:
    store.decisions.add(("comment", "c1"), "print", {"wording": "w", "reason": ""}, "ada", AT)
    store.decisions.add(("comment", "c1"), "refuse", {"wording": "w", "reason": "unkind"}, "bo", AT)
    assert comment_decisions(store.decisions.standing("comment")) == {"c1": CommentDecision("refuse", "w", "bo", "unkind")}


def test_a_verb_or_a_thing_of_another_kind_is_no_decision_on_a_comment(store: Store) -> None:
    store.decisions.add(("article", "a1"), "print", {"wording": "", "reason": ""}, "ada", AT)
    store.decisions.add(("comment", "c1"), "pin", {"place": 1}, "ada", AT)
    assert comment_decisions([*store.decisions.standing("article"), *store.decisions.standing("comment")]) == {}

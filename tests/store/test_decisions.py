"""The log of decisions: nothing is overwritten, and each is undone by itself."""

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.store import Store

AT = datetime(2026, 11, 24, 6, 40, tzinfo=UTC)
THING = ("comment", "c1")


def standing(store: Store) -> list[tuple[str, str]]:
    return [(row.verb, row.made_by) for row in store.decisions.standing("comment")]


def test_what_was_decided_last_is_undone_first_and_what_was_before_stands_again(store: Store) -> None:
    store.decisions.add(THING, "print", {"reason": ""}, "ada", AT)
    store.decisions.add(THING, "refuse", {"reason": "unkind"}, "bo", AT + timedelta(minutes=1))
    assert standing(store) == [("print", "ada"), ("refuse", "bo")]
    undone = store.decisions.undo(THING, "ada", AT + timedelta(minutes=2))
    assert undone is not None
    assert (undone.verb, undone.undone_by, undone.undone_at) == ("refuse", "ada", AT + timedelta(minutes=2))
    assert standing(store) == [("print", "ada")]
    assert store.decisions.undo(THING, "bo", AT) is not None
    assert standing(store) == []
    assert store.decisions.undo(THING, "bo", AT) is None


def test_what_is_undone_stays_in_the_log_with_who_and_when(store: Store) -> None:
    added = store.decisions.add(THING, "print", {"reason": "fair", "wording": "w"}, "ada", AT)
    store.decisions.undo(THING, "bo", AT + timedelta(minutes=1))
    (row,) = store.decisions.of(THING)
    assert (row.id, row.value, row.made_at) == (added.id, {"reason": "fair", "wording": "w"}, AT)
    assert (row.undone_by, row.undone_at) == ("bo", AT + timedelta(minutes=1))


def test_a_decision_is_about_one_thing_of_one_kind(store: Store) -> None:
    store.decisions.add(THING, "print", {}, "ada", AT)
    store.decisions.add(("article", "c1"), "leave-out", {}, "ada", AT)
    store.decisions.add(("comment", "c2"), "refuse", {}, "ada", AT)
    assert [row.thing_id for row in store.decisions.standing("comment")] == ["c1", "c2"]
    assert [row.verb for row in store.decisions.standing("article")] == ["leave-out"]
    assert [row.verb for row in store.decisions.of(THING)] == ["print"]


def test_deciding_and_undoing_are_both_counted(store: Store) -> None:
    assert store.decisions.count() == 0
    store.decisions.add(THING, "print", {}, "ada", AT)
    store.decisions.add(THING, "refuse", {}, "ada", AT)
    store.decisions.undo(THING, "ada", AT)
    assert store.decisions.count() == 3


def test_a_decision_is_there_when_the_database_is_opened_again(tmp_path: Path) -> None:
    first = Store.open("sqlite:///state/digest.db", tmp_path)
    first.decisions.add(THING, "print", {"reason": ""}, "ada", AT)
    first.close()
    second = Store.open("sqlite:///state/digest.db", tmp_path)
    assert standing(second) == [("print", "ada")]
    second.close()


def test_a_decision_survives_a_kill_right_behind_it(tmp_path: Path) -> None:
    program = f"""
import os, signal
from datetime import UTC, datetime
from pathlib import Path
from digest.store import Store
store = Store.open("sqlite:///state/digest.db", Path({str(tmp_path)!r}))
store.decisions.add(("comment", "c1"), "print", {{}}, "ada", datetime.now(UTC))
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    opened = Store.open("sqlite:///state/digest.db", tmp_path)
    assert standing(opened) == [("print", "ada")]
    opened.close()

"""What editors decided, as labels: whole threads in the form that `digest judge` reads, each decided comment with its label."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from digest.app import App
from digest.curate.comment_decisions import wording
from digest.curate.editor_decisions import COMMENT
from digest.model import Article, Comment, Decision

LABELS = {"print": "yes", "refuse": "no"}
_FIELDS = ("id", "parent_id", "author", "text", "written", "up", "down", "replies", "links", "place", "state")


class LabelledThreads(NamedTuple):
    """The threads with labels, how many labels are in them, and how many decisions have no comment in its old words any more."""

    threads: list[dict[str, Any]]
    labels: int
    without_comment: int


def labelled_threads(app: App) -> LabelledThreads:
    """Return the thread of every comment that an editor has printed or refused, with the other comments around it.

    A comment that was changed since, or deleted, gets no label: nobody has judged what stands there now.
    """
    decided = {row.thing_id: row for row in app.store.decisions.standing(COMMENT) if row.verb in LABELS}
    threads = [_thread(article, comments, decided) for article, comments in app.store.content.threads_of(decided)]
    threads = [thread for thread in threads if any("label" in row for row in thread["comments"])]
    labels = sum("label" in row for thread in threads for row in thread["comments"])
    return LabelledThreads(threads, labels, len(decided) - labels)


def _thread(article: Article, comments: list[Comment], decided: Mapping[str, Decision]) -> dict[str, Any]:
    by_id = {row.id: row for row in comments}
    rows = sorted((row for row in comments if row.kind == "comment"), key=lambda row: (row.written, row.id))
    about = {"id": article.id, "title": article.title, "url": article.url, "author": article.author, "text": article.body_text}
    return {"article": about, "comments": [_comment(row, by_id.get(row.parent_id or ""), decided.get(row.id)) for row in rows]}


def _comment(comment: Comment, parent: Comment | None, decision: Decision | None) -> dict[str, Any]:
    row = {name: getattr(comment, name) for name in _FIELDS}
    if decision is None or decision.value["wording"] != wording(comment, parent):
        return row
    said = {"by": decision.made_by, "at": decision.made_at, "reason": decision.value["reason"]}
    return {**row, "label": {"print": LABELS[decision.verb], **said}}

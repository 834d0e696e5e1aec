"""What a newsroom's own judge is asked, and how its answer is read. Pure.

A question is a thread as `judge` reads it, an answer a verdict as `judge` writes it, both one line of JSON:
{"left_out": [{"id", "gate", "reason"}], "ranking": [ids], "picks": …, "scores": {id: 0 to 1}}. Only "left_out" is required.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from digest.curate.comment_decisions import NOTHING_DECIDED, CommentDecisions
from digest.curate.comment_gates import CONTEXT_GATES
from digest.curate.comments import pick
from digest.curate.judge import Key, Text
from digest.curate.opinion import Opinion
from digest.curate.scoring_rules import ScoringRules
from digest.model import Article, Comment
from digest.text.formats import json_text
from digest.text.markup import tidy
from digest.text.prose import counted, shorten

MAX_ASKED = 100  # comments of one thread, the best by our own score
MAX_ARTICLE_CHARS = 20_000
MAX_TEXT_CHARS = 5_000  # of one comment; an excerpt is much shorter
MAX_REASON_CHARS = 200
MAX_ANSWER_BYTES = 10_000_000
_ADDRESS = re.compile(r"(?<![\w.%+'-])[\w.%+'-]+@[\w-]+(?:\.[\w-]+)+")


class JudgeError(Exception):
    """A second opinion that was not given, or not in its form: it becomes a Failure, and the edition goes by our own judgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thread to be judged: the comments that passed our gates, and those that they answer, oldest first.

    `unasked` are ids of comments that passed and are too many to ask about.
    """

    article: Article
    comments: tuple[Comment, ...] = ()
    unasked: frozenset[str] = frozenset()

    def covers(self, later: "Question") -> bool:
        """Return whether the answer to this question serves for a later one: of the same article, and no comment is new to it."""
        same = _about(self.article) == _about(later.article)
        new = {*map(_words, later.comments)} - {*map(_words, self.comments)}
        return same and not new and later.unasked <= self.unasked


def _about(article: Article) -> tuple[str, ...]:
    return (article.id, article.title, article.author, article.body_text)


def _words(comment: Comment) -> tuple[str | None, ...]:
    return (comment.id, comment.parent_id, comment.author, comment.text)


class _LeftOut(BaseModel):
    id: Key
    gate: Text | None = None
    reason: Text | None = None


class _Verdict(BaseModel):
    left_out: list[_LeftOut]
    ranking: list[Key] | None = None
    scores: dict[str, Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]] = Field(default_factory=dict)


def question(
    article: Article, comments: Sequence[Comment], scoring_rules: ScoringRules, decisions: CommentDecisions = NOTHING_DECIDED
) -> Question:
    """Return what to ask about a thread: what could be printed and no editor has said yes to. Nothing else leaves the house."""
    judged = pick(article, comments, 0, scoring_rules, decisions=decisions).judged
    passed = [row.comment for row in judged if not row.rejection and not row.approval]
    asked, by_id = passed[:MAX_ASKED], {comment.id: comment for comment in comments}
    answered = [by_id[comment.parent_id] for comment in asked if comment.parent_id in by_id]
    sent = {comment.id: comment for comment in [*asked, *answered]}
    return Question(
        article=article,
        comments=tuple(sorted(sent.values(), key=lambda comment: (comment.written, comment.id))),
        unasked=frozenset(comment.id for comment in passed if comment.id not in sent),
    )


def as_thread(asked: Question) -> dict[str, Any]:
    """Return a question as the object that a judge gets, without any email address."""
    article, sent = asked.article, {comment.id for comment in asked.comments}
    return {
        "article": {
            "id": article.id,
            "title": _without_addresses(article.title),
            "url": article.url,
            "author": _without_addresses(article.author),
            "text": _without_addresses(article.body_text[:MAX_ARTICLE_CHARS]),
        },
        "comments": [_as_row(comment, sent) for comment in asked.comments],
    }


def _as_row(comment: Comment, sent: set[str]) -> dict[str, Any]:
    return {
        "id": comment.id,
        "parent_id": comment.parent_id if comment.parent_id in sent else None,
        "author": _without_addresses(comment.author),
        "text": _without_addresses(comment.text[:MAX_TEXT_CHARS]),
        "written": comment.written.isoformat(),
        "up": comment.up,
        "down": comment.down,
        "replies": comment.replies,
        "place": comment.place,
        "state": comment.state,
    }


def _without_addresses(text: str) -> str:
    return _ADDRESS.sub("[email address]", text)


def as_lines(asked: Sequence[Question]) -> bytes:
    """Return questions as JSON Lines."""
    return "".join(f"{json_text(as_thread(row))}\n" for row in asked).encode()


def parse_answer(answer: bytes, asked: Sequence[Question], judge: str) -> tuple[Opinion, ...]:
    """Return a judge's opinion on each question; raise JudgeError if the answer is not one verdict for each, as JSON Lines."""
    if len(answer) > MAX_ANSWER_BYTES:
        raise JudgeError(f"answered with more than {MAX_ANSWER_BYTES // 1_000_000} MB")
    try:
        lines = [line for line in answer.decode("utf-8-sig").split("\n") if line.strip()]
    except UnicodeDecodeError as error:
        raise JudgeError(f"answered in another encoding than UTF-8 (byte {error.start})") from error
    if len(lines) != len(asked):
        raise JudgeError(f"answered with {counted(len(lines), 'line')} of JSON for {counted(len(asked), 'thread')}")
    numbered = enumerate(zip(lines, asked, strict=True), 1)
    return tuple(_opinion(_verdict(line, number), row, judge) for number, (line, row) in numbered)


def _verdict(line: str, number: int) -> _Verdict:
    try:
        return _Verdict.model_validate(json.loads(line))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))[:60]
        raise JudgeError(f"answered with something else than a verdict in line {number}: {where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise JudgeError(f"answered with something else than JSON in line {number}") from error


def _opinion(verdict: _Verdict, asked: Question, judge: str) -> Opinion:
    known = {comment.id for comment in asked.comments}
    held = {str(row.id): _one_line(row.reason or "") for row in verdict.left_out}
    ranked = None if verdict.ranking is None else set(map(str, verdict.ranking))
    factors = {**dict(_unranked(known, ranked)), **verdict.scores}
    return Opinion(
        judge=judge,
        held={key: reason for key, reason in held.items() if key in known},
        factors={**{key: factors[key] for key in factors.keys() & known}, **dict.fromkeys(asked.unasked, 0.0)},
        context={str(row.id) for row in verdict.left_out if row.gate in CONTEXT_GATES},
        unknown=frozenset((held.keys() | verdict.scores.keys() | (ranked or set())) - known),
    )


def _unranked(known: set[str], ranked: set[str] | None) -> Iterator[tuple[str, float]]:
    """Yield 0 for each comment that a ranking does not have; without a ranking, nothing."""
    yield from () if ranked is None else ((key, 0.0) for key in known - ranked)


def _one_line(reason: str) -> str:
    return shorten(tidy(reason[: 10 * MAX_REASON_CHARS]), MAX_REASON_CHARS) or "no reason given"


def verdict_lines(verdicts: object) -> bytes:
    """Return the verdicts of a function as JSON Lines, so that they are read as a command's; raise JudgeError if they are not."""
    if isinstance(verdicts, str | bytes) or not isinstance(verdicts, Sequence):
        raise JudgeError(f"returned {type(verdicts).__name__}, not a list of verdicts")
    try:
        return "".join(f"{json.dumps(dict(row) if isinstance(row, Mapping) else row)}\n" for row in verdicts).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise JudgeError(f"returned what JSON cannot hold: {error}") from error

"""The judgement of threads of any origin for `digest judge`: JSON in; the picks, what was left out and the ranking out.

A thread is {"article": {"id", "title", "url", "author", "text"}, "comments": [{"id", "parent_id", "author", "text",
"written", "up", "down", "replies", "links", "place", "state"}]}. Only "comments" and the ids and texts in it are required. Null is
allowed for the article's title, url, author and text, and for every value of a comment but its id, text and state.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ValidationError, field_validator

from digest.curate.abuse import load_lists
from digest.curate.comments import JudgedComment, JudgedThread, score_reasons
from digest.curate.scoring_rules import ABUSE_FILE, EDITOR_FILE, MODEL_FILE, SCORES_FILE, ScoringRules, parse_scoring_rules
from digest.curate.text_rules import NONE, RULES_FILE, WORDS_FOLDER, TextRules, Words, parse_rules, parse_words
from digest.errors import SourceError
from digest.model import Article, Comment
from digest.text.markup import tidy
from digest.text.prose import counted, storable

_HERE = Path(__file__).parent
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
MAX_COMMENT_CHARS = 50_000  # characters of one comment


def _clean(value: object) -> object:
    """Return a text without NULs and half characters (lone surrogates), any other value unchanged."""
    return storable(value) if isinstance(value, str) else value


def _bounded(value: object) -> object:
    """Return a stranger's number within ±10⁹, any other value unchanged."""
    return min(max(value, -(10**9)), 10**9) if isinstance(value, int) else value


Text = Annotated[str, BeforeValidator(_clean)]
Key = Annotated[str | int, BeforeValidator(_clean)]
BoundedInt = Annotated[int | None, BeforeValidator(_bounded)]


class _Article(BaseModel):
    id: Key = ""
    title: Text | None = None
    url: Text | None = None
    author: Text | None = None
    text: Text | None = None


class _Comment(BaseModel):
    id: Key
    text: Text
    parent_id: Key | None = None
    author: Text | None = None
    written: datetime | None = None
    up: BoundedInt = None
    down: BoundedInt = None
    replies: BoundedInt = None
    links: BoundedInt = None
    place: BoundedInt = None
    state: Literal["approved", "held", "spam", "deleted"] = "approved"

    @field_validator("written")
    @classmethod
    def _assume_utc(cls, value: datetime | None) -> datetime | None:
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class _Thread(BaseModel):
    article: _Article = _Article()
    comments: list[_Comment]


def load_scoring_rules(root: Path) -> ScoringRules:
    """Return the rules for a newsletter's comments: our data, changed by files of the same names in the newsletter's folder."""

    def texts(name: str) -> list[str]:
        return [file.read_text(encoding="utf-8") for file in (_HERE / name, root / name) if file.is_file()]

    def model(name: str) -> bytes:
        return next(file for file in (root / name, _HERE / name) if file.is_file()).read_bytes()

    lists = load_lists(texts(ABUSE_FILE))
    return parse_scoring_rules(lists, model(MODEL_FILE), texts(SCORES_FILE), load_text_rules(root, lists.terms), model(EDITOR_FILE))


def load_text_rules(root: Path, abuse: Words = NONE) -> TextRules:
    """Return the rules for texts and the lists of words of every language, ours changed by a newsletter's."""

    def texts(name: str) -> list[str]:
        return [file.read_text(encoding="utf-8") for file in (_HERE / name, root / name) if file.is_file()]

    def words(name: str) -> Words:
        return parse_words(texts(f"{WORDS_FOLDER}/{name}"), thing=f"{WORDS_FOLDER}/{name}")

    files = sorted({file.name for folder in (_HERE, root) for file in (folder / WORDS_FOLDER).glob("*.toml")})
    own = sorted({name for file in sorted((root / WORDS_FOLDER).glob("*.toml")) for name in words(file.name)})
    return TextRules(parse_rules(texts(RULES_FILE)), {Path(name).stem: partial(words, name) for name in files}, abuse, own)


def parse_thread(line: str, *, thing: str) -> tuple[Article, list[Comment]]:
    """Return the article and the comments of one line of JSON; raise SourceError if it is not a thread."""
    try:
        given = _Thread.model_validate(json.loads(line))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SourceError(
            f"is not a thread: {where}: {first['msg']}", thing=thing, remedy="`digest judge --help` shows its shape."
        ) from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"is not JSON: {error}", thing=thing) from error
    return _article(given.article), [_comment(row) for row in given.comments]


def _article(given: _Article) -> Article:
    return Article(
        id=str(given.id),
        source="",
        url=given.url or "",
        title=tidy(given.title or ""),
        author=tidy(given.author or ""),
        body_text=tidy(given.text or ""),
        published=_BEGINNING,
        updated=_BEGINNING,
    )


def _comment(given: _Comment) -> Comment:
    return Comment(
        id=str(given.id),
        article_id="",
        parent_id=None if given.parent_id is None else str(given.parent_id),
        author=" ".join(tidy(given.author or "").split())[:80] or "A reader",
        text=tidy(given.text[:MAX_COMMENT_CHARS]),
        written=given.written or _BEGINNING,
        url="",
        up=given.up,
        down=given.down,
        replies=given.replies or 0,
        links=given.links or 0,
        place=given.place,
        state=given.state,
    )


def as_json(judged_thread: JudgedThread) -> Mapping[str, Any]:
    """Return a judged thread as a JSON object."""
    remarks = {row.comment.id: row.remarks for row in judged_thread.judged}
    return {
        "picks": [
            {
                "id": row.comment.id,
                "author": row.comment.author,
                "excerpt": row.excerpt,
                "score": row.score,
                "reasons": list(row.reasons),
                "remarks": list(remarks[row.comment.id]),
                "parent": {"id": row.comment.parent_id, "author": row.parent_author, "excerpt": row.parent_excerpt}
                if row.parent_excerpt
                else None,
            }
            for row in judged_thread.picks
        ],
        "left_out": [
            {
                "id": row.comment.id,
                "gate": row.rejection.gate,
                "reason": row.rejection.reason,
                "held": row.rejection.held,
                "found": row.rejection.evidence._asdict() if row.rejection.evidence else None,
            }
            for row in judged_thread.judged
            if row.rejection
        ],
        "ranking": [row.comment.id for row in judged_thread.judged if not row.rejection],
    }


def explanation_lines(verdict: JudgedThread) -> list[str]:
    """Return a judged thread as lines for a person: every comment with its terms or its reason, best first."""
    chosen = {row.comment.id: row for row in verdict.picks}
    lines = [f"Picked {len(chosen)} of {counted(len(verdict.judged), 'comment')}."]
    for row in verdict.judged:
        lines += ["", _head(row, picked=row.comment.id in chosen), *_why(row)]
        if row.comment.id in chosen and chosen[row.comment.id].parent_excerpt:
            pick = chosen[row.comment.id]
            lines.append(f"    in reply to {pick.parent_author}: {pick.parent_excerpt}")
        shown = chosen[row.comment.id].excerpt if row.comment.id in chosen else " ".join(row.comment.text.split())[:160]
        lines.append(f"    {shown}")
    return lines


def _head(row: JudgedComment, *, picked: bool) -> str:
    label = "PICK " if picked else "     " if not row.rejection else "  –  "
    score = f"{row.score:.2f}" if not row.rejection else "    "
    return f"{label}{score}  {row.comment.author} ({row.comment.id})"


def _why(row: JudgedComment) -> list[str]:
    if row.rejection:
        return [f"    {row.remarks[0]}"]
    risk = "abuse model not used" if row.abuse_verdict.heat is None else f"abuse score {row.abuse_verdict.heat:+.1f}"
    return ["    " + " · ".join([*score_reasons(row), risk, *([row.abuse_verdict.reason] if row.abuse_verdict.reason else [])])]

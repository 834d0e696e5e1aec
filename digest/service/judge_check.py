"""The check of the newsroom's own judge: it is asked about one small invented thread."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.config import JudgePlan
from digest.curate.questions import JudgeError, Question
from digest.edition.second_opinion import ask, unknown_ids
from digest.model import Article, Comment

_WRITTEN = datetime(2026, 11, 24, 6, tzinfo=UTC)
_ARTICLE = Article(
    id="sample", source="", url="https://gazette.example/the-night-ferry/", title="The night ferry comes back",
    author="A Writer", body_text="The night ferry comes back in March.", published=_WRITTEN, updated=_WRITTEN,
)  # fmt: skip
_COMMENTS = tuple(
    Comment(id=str(number), article_id="sample", author=author, text=text, written=_WRITTEN + timedelta(minutes=number), url="")
    for number, (author, text) in enumerate(
        [
            ("Ada", "I took the last night ferry in 2019, and eleven of us were on it. A smaller boat at midnight would fill."),
            ("Bo", "The fare was 4 pounds then. Will the pass for residents count at night as well, or do we pay again?"),
        ]
    )
)


async def try_judge(plan: JudgePlan, root: Path) -> tuple[bool, str]:
    """Return whether the judge answers as it should, and what a person should know about it."""
    kind = f"command {plan.command[0]}" if plan.command else f"entry point {plan.use}"
    try:
        opinions = await ask(plan, root, [Question(article=_ARTICLE, comments=_COMMENTS)])
    except JudgeError as error:
        remedy = "Until it works, comments are judged without it. Mend it, or remove [judge]"
        return False, f"{plan.label} ({kind}): {error}. {remedy}"
    if problems := unknown_ids(opinions):
        return False, f"{plan.label} ({kind}): {problems[0]}. Return the ids as they are given"
    return True, f"{plan.label} ({kind}) judged a sample thread"

"""The second opinion on an edition's comments: a newsroom's own judge is asked once, about the threads of the chosen stories.

If it fails in any way, the edition goes by our own judgement, and the report says so.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from digest.config import JudgePlan
from digest.curate import ScoringRules
from digest.curate.comment_decisions import NOTHING_DECIDED, CommentDecisions
from digest.curate.opinion import Opinion, Opinions
from digest.curate.questions import JudgeError, Question, as_lines, parse_answer, question
from digest.edition.judge_function import call_function
from digest.edition.judge_process import run_command
from digest.model import Article, Comment, Failure
from digest.text.markup import tidy
from digest.text.prose import counted, shorten

Threads = Sequence[tuple[Article, Sequence[Comment]]]
log = logging.getLogger("digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondOpinion:
    """A judge's opinion on each thread that it was asked about, None on the others; what it was asked, and what failed."""

    opinions: tuple[Opinion | None, ...] = ()
    failures: tuple[Failure, ...] = ()
    questions: tuple[Question, ...] = ()

    def by_article(self, threads: Threads) -> Opinions:
        """Return the opinions by the id of their article."""
        pairs = zip(threads, self.opinions, strict=False)  # none at all, if the judge failed
        return {article.id: opinion for (article, _), opinion in pairs if opinion}

    def again(self, questions: Sequence[Question]) -> "SecondOpinion | None":
        """Return this opinion as the answer to later questions; None if one of them asks about more. A judge that failed is not
        asked again.
        """
        if self.failures and not self.opinions:
            return self
        known = {row.article.id: (row, opinion) for row, opinion in zip(self.questions, self.opinions, strict=True)}
        found = [known.get(row.article.id, (Question(article=row.article), None)) for row in questions]
        if not all(earlier.covers(row) for row, (earlier, _) in zip(questions, found, strict=True) if row.comments):
            return None
        return replace(self, opinions=tuple(opinion for _, opinion in found), questions=tuple(row for row, _ in found))


NOT_ASKED = SecondOpinion()


async def second_opinion(
    plan: JudgePlan,
    root: Path,
    threads: Threads,
    scoring_rules: ScoringRules,
    decisions: CommentDecisions = NOTHING_DECIDED,
    heard: SecondOpinion = NOT_ASKED,
) -> SecondOpinion:
    """Ask the newsletter's judge about the comments that could be printed, unless there is none or `heard` has the answer."""
    questions = await asyncio.to_thread(_questions, threads, scoring_rules, decisions)
    asked = [row for row in questions if row.comments]
    if not asked:
        return NOT_ASKED
    if earlier := heard.again(questions):
        return earlier
    source = f"second opinion by {plan.label}"
    try:
        opinions = await ask(plan, root, asked)
    except JudgeError as error:
        remedy = "The comments are judged without it. Run `digest check` to try it."
        return SecondOpinion(failures=(Failure(source=source, reason=f"{error}. {remedy}"),))
    _log(plan.label, opinions)
    answered = iter(opinions)
    return SecondOpinion(
        opinions=tuple(next(answered) if row.comments else None for row in questions),
        failures=tuple(Failure(source=source, reason=text) for text in unknown_ids(opinions)),
        questions=tuple(questions),
    )


def _questions(threads: Threads, scoring_rules: ScoringRules, decisions: CommentDecisions) -> list[Question]:
    return [question(article, comments, scoring_rules, decisions) for article, comments in threads]


async def ask(plan: JudgePlan, root: Path, asked: Sequence[Question]) -> tuple[Opinion, ...]:
    """Return a judge's opinion on each question; raise JudgeError if it fails or takes too long."""
    seconds = plan.timeout.total_seconds()
    try:
        async with asyncio.timeout(seconds):
            answer = await (_by_command(plan, root, asked) if plan.command else call_function(plan.use, asked))
            return await asyncio.to_thread(parse_answer, answer, asked, plan.label)
    except TimeoutError as error:
        raise JudgeError(f"did not answer within {counted(round(seconds), 'second')}") from error
    except JudgeError as error:
        raise JudgeError(shorten(tidy(str(error)), 400)) from error


async def _by_command(plan: JudgePlan, root: Path, asked: Sequence[Question]) -> bytes:
    return await run_command(plan.command, root, await asyncio.to_thread(as_lines, asked))


def unknown_ids(opinions: Sequence[Opinion]) -> list[str]:
    """Return a sentence about the ids that a judge has made up, if there are any."""
    count = sum(len(opinion.unknown) for opinion in opinions)
    return [f"ignored {counted(count, 'id')} of comments that it was not asked about"] if count else []


def _log(label: str, opinions: Sequence[Opinion]) -> None:
    held, lowered = sum(len(row.held) for row in opinions), sum(len(row.factors) for row in opinions)
    log.info("second opinion by %s: %s held, %d lowered", label, counted(held, "comment"), lowered)

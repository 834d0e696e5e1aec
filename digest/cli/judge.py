"""`digest judge`: show which comments of a thread are worth reading, and why."""

import asyncio
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from digest.cli.options import common_options, running_app
from digest.errors import ConfigError, SourceError, UsageError
from digest.text.formats import json_text

if TYPE_CHECKING:
    from digest.config import JudgePlan
    from digest.curate import ScoringRules
    from digest.curate.opinion import Opinion
    from digest.model import Article, Comment

    Thread = tuple[Article, list[Comment]]

THREADS_AT_ONCE = 16  # as many as an edition has at most
THREAD_SHAPE = """{"article": {"title": "…", "author": "…", "text": "…"},
     "comments": [{"id": "1", "parent_id": null, "author": "…", "text": "…", "written": "2026-11-24T06:00:00Z",
                   "up": 3, "down": 0}]}"""


@click.command("judge", epilog=f"Each line is one thread, as JSON:\n\n\b\n    {THREAD_SHAPE}")
@click.argument("file", required=False, type=click.File(encoding="utf-8-sig", errors="replace"))
@click.option("--url", default="", help="Score the comments of this article, from a configured source.")
@click.option(
    "--score",
    "labels",
    default=None,
    metavar="LABELS",
    type=click.File(encoding="utf-8-sig", errors="replace"),
    help="Compare the judgement with the labels in this file (see `digest comments export`).",
)
@click.option("--explain", is_flag=True, help="Print every comment with its scores or the reason it was left out.")
@click.option("--second-opinion", is_flag=True, help="Also ask the judge in digest.toml, as an edition does.")
@click.option("--top", default=3, show_default=True, type=click.IntRange(0, 20), help="Maximum number of picks per thread.")
@common_options
def command(
    root: Path,
    file: IO[str] | None,
    url: str,
    labels: IO[str] | None,
    top: int,
    *,
    explain: bool,
    second_opinion: bool,
    as_json: bool,
) -> int:
    """Score the comment threads in FILE (JSON Lines), or from standard input (-).

    Prints one line of JSON a thread: its picks, what was left out with the reason, and the ranking of the rest. abuse.txt,
    scores.toml, text_rules.toml, words/, abuse.model and editor.model in the newsletter's folder change what comments are held to.

    With --score, prints how the judgement does on comments that your editors have printed or refused; with --explain also
    where it disagrees.
    """
    from digest.curate import judge
    from digest.curate.comments import pick

    if bool(url) + bool(file) + bool(labels) != 1:
        raise UsageError("give either FILE or --url, or --score LABELS", thing="digest judge", remedy="See `digest judge --help`.")
    rules = judge.load_scoring_rules(root)
    asked = SecondJudge(root, rules) if second_opinion else None
    if labels:
        return _print_score(labels, top, rules, asked, explain, as_json)
    threads = _threads(file) if file else [_fetch_thread(root, url)]
    for article, comments, opinion in asked.hear(threads) if asked else ((*thread, None) for thread in threads):
        verdict = pick(article, comments, top, rules, opinion=opinion)
        if explain and not as_json:
            click.echo("\n".join([f"# {article.title}" if article.title else "#", *judge.explanation_lines(verdict), ""]))
        else:
            sys.stdout.write(json_text(judge.as_json(verdict)) + "\n")
    return int(bool(asked and asked.failed))


class SecondJudge:
    """The judge in digest.toml, asked about some threads at a time; `failed` if a warning was printed."""

    def __init__(self, root: Path, rules: "ScoringRules") -> None:
        from digest.config import load

        self._plan, self._root, self._rules = load(root).judge, root, rules
        self.failed = False

    def hear(self, threads: "Iterable[Thread]") -> "Iterator[tuple[Article, list[Comment], Opinion | None]]":
        """Yield each thread with the judge's opinion, if it has one; raise ConfigError if there is no judge."""
        if self._plan is None:
            raise ConfigError("no judge is configured", thing="digest.toml", remedy="Add a [judge] table with command or use.")
        waiting = iter(threads)
        while some := list(islice(waiting, THREADS_AT_ONCE)):
            opinions = self._ask(self._plan, some) or [None] * len(some)
            yield from ((*thread, opinion) for thread, opinion in zip(some, opinions, strict=True))

    def _ask(self, plan: "JudgePlan", threads: "Sequence[Thread]") -> "Sequence[Opinion | None]":
        from digest.edition.second_opinion import second_opinion

        outcome = asyncio.run(second_opinion(plan, self._root, threads, self._rules))
        for failure in outcome.failures:
            click.echo(f"warning: {failure}", err=True)
        self.failed |= bool(outcome.failures)
        return outcome.opinions


def _threads(file: IO[str]) -> "Iterator[tuple[Article, list[Comment]]]":
    from digest.curate.judge import parse_thread

    return (parse_thread(line, thing=thing) for thing, line in _lines(file))


def _lines(file: IO[str]) -> Iterator[tuple[str, str]]:
    """Yield the lines that are not empty, each after its place: the file's name and the line's number."""
    return ((f"{getattr(file, 'name', '-')}:{number}", line) for number, line in enumerate(file, 1) if line.strip())


def _print_score(labels: IO[str], top: int, rules: "ScoringRules", asked: SecondJudge | None, explain: bool, as_json: bool) -> int:
    from digest.curate.judge import parse_thread
    from digest.curate.label_score import LabelScore, score_thread

    lines = list(_lines(labels))
    heard = asked.hear(parse_thread(line, thing=thing) for thing, line in lines) if asked else ()
    opinions = [opinion for *_, opinion in heard] or [None] * len(lines)
    threads = [score_thread(line, top, rules, opinion, thing=thing) for (thing, line), opinion in zip(lines, opinions, strict=True)]
    score = LabelScore(threads=len(threads), rows=[row for rows in threads for row in rows])
    if not score.rows:
        raise SourceError("has no label", thing=getattr(labels, "name", "-"), remedy="`digest comments export FILE` writes labels.")
    click.echo(json_text(score.as_json()) if as_json else "\n".join(score.lines(explain=explain)))
    return int(bool(asked and asked.failed))


def _fetch_thread(root: Path, url: str) -> "tuple[Article, list[Comment]]":
    """Fetch an article of a configured source as it is now, with its comments; raise SourceError if it is not found."""
    from digest.store import MAX_LOOKBACK
    from digest.text.markup import identity

    with running_app(root) as app:
        harvest = asyncio.run(app.collect(app.clock() - MAX_LOOKBACK))
    article = next((row for row in harvest.articles if identity(row.url) == identity(url)), None)
    if article is None:
        failures = "; ".join(map(str, harvest.failures))
        raise SourceError(
            f"not found in any configured source in the last {MAX_LOOKBACK.days} days{f' ({failures})' if failures else ''}",
            thing=url,
            remedy="Check the address, and run `digest collect`.",
        )
    return article, [row for row in harvest.comments if row.article_id == article.id]

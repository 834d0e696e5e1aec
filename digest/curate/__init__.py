"""Stage 2: the articles and comments of an edition, each with its reasons. Pure: no clock, no I/O."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from digest.curate.articles import Choice, Taste, article_left_out, choose
from digest.curate.comment_thread import fingerprint
from digest.curate.comments import comment_left_out, pick
from digest.curate.scoring_rules import ScoringRules
from digest.model import NOTHING, Article, ArticleSigns, Comment, Edition, Harvest, LeftOut, Slot, Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How many articles and comments an edition holds, and the rules for its comments."""

    newsletter: str
    articles: int
    comments_per_article: int
    standards: ScoringRules
    weights: Mapping[str, float] = field(default_factory=dict)  # of each source, by its label


def curate(
    slot: Slot,
    material: Harvest,
    settled: Sequence[ArticleSigns],
    rules: Rules,
    *,
    number: int,
    now: datetime,
    gone: Mapping[str, str] = NOTHING,
) -> Edition:
    """Return the edition of a slot, chosen from the collected material.

    `settled` holds the articles that an earlier edition printed or left out for good. An article from before the window that
    is not in it arrived late and may be printed, unless this is the first edition. `gone` has the reason why an article is
    no longer on its site, by the article's id.
    """
    taste = Taste(limit=rules.articles, weights=rules.weights, counts=_counts(material.comments))
    choice = choose(material.articles, slot.window, settled, taste, gone)
    threads = _threads(material.comments, choice)
    stories, left_out, printed = [], list(choice.left_out), set[str]()
    for position, (article, reasons) in enumerate(choice.chosen):
        verdict = pick(article, threads[article.id], rules.comments_per_article, rules.standards, printed)
        printed |= {fingerprint(row.comment.text) for row in verdict.picks}
        stories.append(Story(article=article, position=position, picks=verdict.picks, reasons=reasons))
        left_out += verdict.left_out()
    return Edition(
        newsletter=rules.newsletter,
        slot=slot,
        number=number,
        stories=tuple(stories),
        left_out=ordered(left_out),
        frozen_at=now,
    )


def _counts(comments: Sequence[Comment]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for comment in comments:
        counts[comment.article_id] += comment.kind == "comment" and comment.state == "approved"
    return counts


def _threads(comments: Sequence[Comment], choice: Choice) -> dict[str, list[Comment]]:
    """Return the comments of each article together with those of its duplicates, oldest first."""
    threads: dict[str, list[Comment]] = defaultdict(list)
    for comment in sorted(comments, key=lambda comment: (comment.written, comment.id)):
        threads[choice.same_as.get(comment.article_id, comment.article_id)].append(comment)
    return threads


def ordered(left_out: Sequence[LeftOut]) -> tuple[LeftOut, ...]:
    """Return the rows sorted by reason and then id, whatever order they were found in."""
    return tuple(sorted(left_out, key=lambda row: (row.reason, row.id)))


__all__ = ["Article", "Rules", "ScoringRules", "article_left_out", "comment_left_out", "curate", "ordered"]

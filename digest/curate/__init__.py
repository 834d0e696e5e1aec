"""Stage 2: the articles and comments of an edition, each with its reasons. Pure: no clock, no I/O.

`articles` chooses the articles. `comments` picks the comments of one: `gates` rejects some, and the rest get a score from
`text_features` (what a text earns, 0 to 1) and `votes`. The weights and limits of the score are in `scores.toml`, read by
`scoring_rules`; `abuse` has the word lists and the trained model. `judge` does the same for threads from anywhere. A newsroom's
own judge may hold or lower more (`opinion`, `questions`).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from digest.curate.articles import ArticleRules, Choice, article_left_out, choose
from digest.curate.comment_thread import fingerprint
from digest.curate.comments import comment_left_out, pick
from digest.curate.opinion import NO_OPINIONS, Opinions
from digest.curate.scoring_rules import ScoringRules
from digest.model import NOTHING, Article, ArticleSigns, Comment, Edition, Harvest, LeftOut, Slot, Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How many articles and comments an edition holds, and the rules for its comments."""

    newsletter: str
    articles: int
    comments_per_article: int
    scoring_rules: ScoringRules
    source_weights: Mapping[str, float] = field(default_factory=dict)  # by the source's label


def curate(
    slot: Slot,
    material: Harvest,
    used_articles: Sequence[ArticleSigns],
    rules: Rules,
    *,
    number: int,
    now: datetime,
    taken_down: Mapping[str, str] = NOTHING,
    opinions: Opinions = NO_OPINIONS,
) -> Edition:
    """Return the edition of a slot, chosen from the collected material.

    `used_articles` holds the articles that an earlier edition printed or left out for good. An article from before the window that
    is not in it arrived late and may be printed, unless this is the first edition. `taken_down` has the reason why an article is
    no longer on its site, and `opinions` a second opinion on its comments, by the article's id.
    """
    choice, threads = _choose(slot, material, used_articles, rules, taken_down)
    stories, left_out, printed = [], list(choice.left_out), set[str]()
    for position, (article, reasons) in enumerate(choice.chosen):
        most, opinion = rules.comments_per_article, opinions.get(article.id)
        judged_thread = pick(article, threads[article.id], most, rules.scoring_rules, printed, opinion)
        printed |= {fingerprint(row.comment.text) for row in judged_thread.picks}
        stories.append(Story(article=article, position=position, picks=judged_thread.picks, reasons=reasons))
        left_out += judged_thread.left_out()
    return Edition(
        newsletter=rules.newsletter,
        slot=slot,
        number=number,
        stories=tuple(stories),
        left_out=sorted_by_reason(left_out),
        frozen_at=now,
    )


def chosen_threads(
    slot: Slot, material: Harvest, used_articles: Sequence[ArticleSigns], rules: Rules, taken_down: Mapping[str, str] = NOTHING
) -> list[tuple[Article, list[Comment]]]:
    """Return each article that `curate` chooses from the same material, with its whole thread."""
    choice, threads = _choose(slot, material, used_articles, rules, taken_down)
    return [(article, threads[article.id]) for article, _ in choice.chosen]


def _choose(
    slot: Slot, material: Harvest, used_articles: Sequence[ArticleSigns], rules: Rules, taken_down: Mapping[str, str]
) -> tuple[Choice, dict[str, list[Comment]]]:
    article_rules = ArticleRules(
        limit=rules.articles, source_weights=rules.source_weights, comment_counts=_counts(material.comments)
    )
    choice = choose(material.articles, slot.window, used_articles, article_rules, taken_down)
    return choice, _threads(material.comments, choice)


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


def sorted_by_reason(left_out: Sequence[LeftOut]) -> tuple[LeftOut, ...]:
    """Return the rows sorted by reason and then id, whatever order they were found in."""
    return tuple(sorted(left_out, key=lambda row: (row.reason, row.id)))


__all__ = [
    "Article",
    "Rules",
    "ScoringRules",
    "article_left_out",
    "chosen_threads",
    "comment_left_out",
    "curate",
    "sorted_by_reason",
]

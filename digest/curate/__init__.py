"""Stage 2: the articles and comments of an edition, each with its reasons. Pure: no clock, no I/O.

`articles` chooses the articles. `comments` picks the comments of one: `gates` rejects some, and the rest get a score from
`text_features` (what a text earns, 0 to 1) and `votes`. The weights and limits of the score are in `scores.toml`, read by
`scoring_rules`; `abuse` has the word lists and the trained model. `judge` does the same for threads from anywhere. A newsroom's
own judge may hold or lower more (`opinion`, `questions`), and `comment_decisions` lays an editor's word over all of it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from digest.curate.articles import ArticleRules, Choice, article_left_out, choose
from digest.curate.comment_thread import fingerprint
from digest.curate.comments import JudgedThread, comment_left_out, pick
from digest.curate.editor_decisions import NO_DECISIONS, EditorDecisions
from digest.curate.opinion import NO_OPINIONS, Opinions
from digest.curate.scoring_rules import ScoringRules
from digest.curate.story_decisions import arranged, worded
from digest.model import NOTHING, Article, ArticleSigns, Comment, Edition, Harvest, LeftOut, Slot, Story

COMMENTS_ON_A_THIN_DAY = 4  # of each article
SAMPLE = 20  # comments of a thread that tell on which site it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How many articles and comments an edition holds, and the rules for its comments.

    `comments` says who picks them: the machine and editors (automatic), only editors (approved), or nobody (none).
    """

    newsletter: str
    articles: int
    comments_per_article: int
    scoring_rules: ScoringRules
    comments: Literal["automatic", "approved", "none"] = "automatic"
    source_weights: Mapping[str, float] = field(default_factory=dict)  # by the source's label
    fill_to: int = 0  # a day with fewer articles gets some that an earlier edition had no room for
    talk_below: int = 0  # a day with fewer articles gets more comments for each

    @property
    def machine_picks(self) -> bool:
        """Whether a comment may be printed without an editor's yes."""
        return self.comments == "automatic" and self.comments_per_article > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenStory:
    """An article that an edition prints, the reasons, and its whole thread with the judgement of every comment."""

    article: Article
    reasons: tuple[str, ...]
    thread: JudgedThread

    @property
    def comments(self) -> int:
        """How many comments the thread has: as the source says, or else as many as were read."""
        read = sum(row.comment.kind == "comment" and row.comment.state == "approved" for row in self.thread.judged)
        return read if self.article.comment_count is None else self.article.comment_count

    def placed(self, position: int) -> Story:
        """Return the story as an edition has it at a position."""
        return Story(
            article=self.article,
            position=position,
            picks=self.thread.picks,
            reasons=self.reasons,
            comments=self.comments,
            thread_url=self._thread_url,
        )

    @property
    def _thread_url(self) -> str:
        here, some = urlsplit(self.article.url).hostname, self.thread.judged[:SAMPLE]
        return next((row.comment.url for row in some if urlsplit(row.comment.url).hostname not in {here, None}), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The stories of an edition in print order with their whole threads, and the articles left out."""

    stories: tuple[ChosenStory, ...]
    left_out: tuple[LeftOut, ...]


def select(
    slot: Slot,
    material: Harvest,
    used_articles: Sequence[ArticleSigns],
    rules: Rules,
    *,
    taken_down: Mapping[str, str] = NOTHING,
    decisions: EditorDecisions = NO_DECISIONS,
    opinions: Opinions = NO_OPINIONS,
    judge_thread: Callable[..., JudgedThread] = pick,
) -> Selection:
    """Return the stories of a slot with all that was found for and against each comment; the arguments are those of `curate`.

    `judge_thread` may remember what `pick` has returned for the same arguments.
    """
    choice, threads = _choose(slot, material, used_articles, rules, taken_down, decisions)
    printed = set[str]()
    most = 0 if rules.comments == "none" else rules.comments_per_article
    if most and len(choice.chosen) < rules.talk_below:
        most = max(most, COMMENTS_ON_A_THIN_DAY)
    decided = decisions.about_comments(approved_only=rules.comments == "approved")
    stories = []
    for article, reasons in choice.chosen:
        opinion = opinions.get(article.id)
        judged_thread = judge_thread(article, threads[article.id], most, rules.scoring_rules, printed, decided, opinion)
        printed |= {fingerprint(row.comment.text) for row in judged_thread.picks}
        stories.append(ChosenStory(article=article, reasons=reasons, thread=judged_thread))
    return Selection(stories=tuple(stories), left_out=choice.left_out)


def curate(
    slot: Slot,
    material: Harvest,
    used_articles: Sequence[ArticleSigns],
    rules: Rules,
    *,
    number: int,
    now: datetime,
    taken_down: Mapping[str, str] = NOTHING,
    decisions: EditorDecisions = NO_DECISIONS,
    opinions: Opinions = NO_OPINIONS,
) -> Edition:
    """Return the edition of a slot, chosen from the collected material.

    `used_articles` holds the articles that an earlier edition printed or left out for good. An article from before the window that
    is not in it arrived late and may be printed, unless this is the first edition. `taken_down` has the reason why an article is
    no longer on its site, and `opinions` a second opinion on its comments, by the article's id. `decisions` is what editors have
    decided: it is laid over the machine's choice, and nothing decided leaves that as it is.
    """
    selection = select(slot, material, used_articles, rules, taken_down=taken_down, decisions=decisions, opinions=opinions)
    return as_edition(selection, slot, rules.newsletter, decisions, number=number, now=now)


def as_edition(
    selection: Selection, slot: Slot, newsletter: str, decisions: EditorDecisions, *, number: int, now: datetime
) -> Edition:
    """Return a selection as an edition, in the editors' words."""
    left_out = [*selection.left_out, *(row for story in selection.stories for row in story.thread.left_out)]
    return Edition(
        newsletter=newsletter,
        slot=slot,
        number=number,
        stories=tuple(worded(story.placed(position), decisions) for position, story in enumerate(selection.stories)),
        left_out=sorted_by_reason(left_out),
        frozen_at=now,
    )


def chosen_threads(
    slot: Slot,
    material: Harvest,
    used_articles: Sequence[ArticleSigns],
    rules: Rules,
    taken_down: Mapping[str, str] = NOTHING,
    decisions: EditorDecisions = NO_DECISIONS,
) -> list[tuple[Article, list[Comment]]]:
    """Return each article that `select` chooses from the same material, with its whole thread; nothing is judged for it."""
    choice, threads = _choose(slot, material, used_articles, rules, taken_down, decisions)
    return [(article, threads[article.id]) for article, _ in choice.chosen]


def _choose(
    slot: Slot,
    material: Harvest,
    used_articles: Sequence[ArticleSigns],
    rules: Rules,
    taken_down: Mapping[str, str],
    decisions: EditorDecisions,
) -> tuple[Choice, dict[str, list[Comment]]]:
    article_rules = ArticleRules(
        limit=rules.articles,
        fill_to=rules.fill_to,
        source_weights=rules.source_weights,
        comment_counts=_counts(material.comments),
    )
    choice = choose(material.articles, slot.window, used_articles, article_rules, taken_down)
    choice = arranged(choice, decisions, material.articles, taken_down, {row.id for row in used_articles})
    return choice, _threads(material.comments, choice)


def _counts(comments: Sequence[Comment]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for comment in comments:
        counts[comment.article_id] += comment.kind == "comment" and comment.state == "approved"
    return counts


def _threads(comments: Sequence[Comment], choice: Choice) -> dict[str, list[Comment]]:
    """Return the comments of each article together with those of its duplicates, oldest first."""
    threads: dict[str, list[Comment]] = defaultdict(list)
    chosen = {article.id for article, _ in choice.chosen}
    own = [row for row in comments if choice.same_as.get(row.article_id, row.article_id) in chosen]
    for comment in sorted(own, key=lambda comment: (comment.written, comment.id)):
        threads[choice.same_as.get(comment.article_id, comment.article_id)].append(comment)
    return threads


def sorted_by_reason(left_out: Sequence[LeftOut]) -> tuple[LeftOut, ...]:
    """Return the rows sorted by reason and then id, whatever order they were found in."""
    return tuple(sorted(left_out, key=lambda row: (row.reason, row.id)))


__all__ = [
    "Article",
    "ChosenStory",
    "Rules",
    "ScoringRules",
    "Selection",
    "article_left_out",
    "as_edition",
    "chosen_threads",
    "comment_left_out",
    "curate",
    "select",
    "sorted_by_reason",
]

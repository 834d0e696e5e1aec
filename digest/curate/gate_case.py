"""One comment before the gates, and what a gate says against it."""

from dataclasses import dataclass
from typing import NamedTuple

from digest.curate.abuse import AbuseVerdict
from digest.curate.comment_thread import CommentThread
from digest.curate.editor_model import EditorOpinion
from digest.curate.passages import Sentences
from digest.curate.scoring_rules import GateLimits, ScoringRules
from digest.curate.text_rules import Evidence, TextRules
from digest.curate.thread_reading import ThreadReading
from digest.model import Comment


class Rejection(NamedTuple):
    """The name of a gate and its reason against one comment; a `held` one waits for the editor, who may print it.

    `evidence` has the passage, what matched in it, and of whom it is said, if the gate knows.
    """

    gate: str
    reason: str
    held: bool = False
    evidence: Evidence | None = None

    @property
    def sentence(self) -> str:
        """The reason, with what becomes of the comment."""
        return f"{self.reason}; held" if self.held else self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One comment before the gates, with all that is known of it."""

    comment: Comment
    thread: CommentThread
    reading: ThreadReading
    verdict: AbuseVerdict
    opinion: EditorOpinion
    scoring_rules: ScoringRules

    @property
    def text(self) -> str:
        """The comment's own words, without quoted lines."""
        return self.thread.texts[self.comment.id]

    @property
    def size(self) -> int:
        """How many words of its own the comment has."""
        return self.thread.word_counts[self.comment.id]

    @property
    def sentences(self) -> Sentences:
        """The sentences of `text`."""
        return self.reading.sentences[self.comment.id]

    @property
    def limits(self) -> GateLimits:
        """The limits of the gates."""
        return self.scoring_rules.scores.gate

    @property
    def rules(self) -> TextRules:
        """The rules for texts."""
        return self.scoring_rules.text_rules

    def has(self, *classes: str) -> bool:
        """Return whether the comment has a word of one of some classes."""
        return bool(self.reading.classes[self.comment.id] & self.rules.mask(*classes))

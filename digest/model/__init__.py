"""The frozen values that flow through the pipeline: collect → curate → render → compose → deliver.

All text is plain text (never HTML); every instant is an aware datetime in UTC.
"""

from digest.model.collected import (
    LOOKBACK,
    MAX_LATENESS,
    NOTHING,
    UNDATED,
    Article,
    Comment,
    Failure,
    Harvest,
    Image,
    ImageSize,
    ThreadCoverage,
    Window,
)
from digest.model.decision import Decision
from digest.model.delivery import Message, Outcome, Receipt, Recipient, Subscriber
from digest.model.edition import (
    OVER_THE_LIMIT,
    ArticleSigns,
    Edition,
    EditorNote,
    EditorParts,
    Event,
    LeftOut,
    Pick,
    Poll,
    PollAnswer,
    Rendered,
    Slot,
    Sponsor,
    Story,
)

__all__ = [
    "LOOKBACK",
    "MAX_LATENESS",
    "NOTHING",
    "OVER_THE_LIMIT",
    "UNDATED",
    "Article",
    "ArticleSigns",
    "Comment",
    "Decision",
    "Edition",
    "EditorNote",
    "EditorParts",
    "Event",
    "Failure",
    "Harvest",
    "Image",
    "ImageSize",
    "LeftOut",
    "Message",
    "Outcome",
    "Pick",
    "Poll",
    "PollAnswer",
    "Receipt",
    "Recipient",
    "Rendered",
    "Slot",
    "Sponsor",
    "Story",
    "Subscriber",
    "ThreadCoverage",
    "Window",
]

"""Why a comment may not be printed: each gate has a name, and a reason for the editor to read. Gates come before any score."""

import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from digest.curate.abuse import AbuseState, AbuseVerdict, assess
from digest.curate.comment_spam import contact_details, is_advertising
from digest.curate.comment_thread import CommentThread, fingerprint
from digest.curate.language import is_english
from digest.curate.scoring_rules import GateLimits, ScoringRules
from digest.model import Comment
from digest.text.markup import without_quotes
from digest.text.prose import word_count

_LINK = re.compile(r"https?://\S+|www\.\S+")
_FIRST = re.compile(r"^\W*(?:first|this|same|agreed|well said|hear,? hear|\+1)\W*$", re.IGNORECASE)
_THE_COMMENTS = r"(?:my|our|your|these|all|some|of|this)\ (?:\w+\ ){0,2}(?:comments?|posts?|thread)"
_TAKEN_DOWN = ("moderat", "censor", "deleted", "removed", "disabled", "blocked")
_DOWN = rf"(?:{'|'.join(_TAKEN_DOWN)})\w*"
_META = re.compile(  # an article may be about censorship or a moderator, but not about the removal of comments
    rf"\b{_THE_COMMENTS}\b[^.!?\n]{{0,60}}\b{_DOWN}\b|\b{_DOWN}\b[^.!?\n]{{0,60}}\b{_THE_COMMENTS}\b", re.IGNORECASE
)
CONTEXT_GATES = frozenset({"short", "repeated"})  # gates that keep a comment out, but not its answers


FINAL_GATES = frozenset({"kind", "state"})  # nobody may print what these keep out; it must change where it comes from


class Rejection(NamedTuple):
    """The name of a gate and its reason against one comment; a `held` one waits for the editor, who may print it."""

    gate: str
    reason: str
    held: bool = False


def abuse_verdicts(thread: CommentThread, scoring_rules: ScoringRules) -> dict[str, AbuseVerdict]:
    """Return each comment's abuse verdict by its id; abuse may be aimed at the article's author or at any commenter."""
    people = [thread.article.author, *sorted({comment.author.casefold() for comment in thread.comments})]
    found = {}
    for comment in thread.comments:
        by_name = assess(comment.author, [], scoring_rules.lists, name=True)
        found[comment.id] = (
            by_name
            if by_name.state is AbuseState.BLOCKED
            else assess(thread.texts[comment.id], people, scoring_rules.lists, scoring_rules.heat, scoring_rules.scores.gate.held)
        )
    return found


Overrule = Callable[[Comment, CommentThread, Rejection | None], Rejection | None]


def rejections(
    thread: CommentThread, verdicts: Mapping[str, AbuseVerdict], scoring_rules: ScoringRules, overrule: Overrule
) -> dict[str, Rejection]:
    """Return the rejection of each comment that may not be printed, for its own sake or because of the comment it answers.

    `overrule` has the editor's word on each comment's own rejection.
    """
    own = {row.id: overrule(row, thread, _own_rejection(row, thread, verdicts[row.id], scoring_rules)) for row in thread.comments}
    found = {key: rejection for key, rejection in own.items() if rejection}
    answers: dict[str | None, list[Comment]] = {}
    for comment in thread.comments:
        answers.setdefault(comment.parent_id, []).append(comment)
    pending = deque(comment for comment in thread.comments if comment.parent_id is not None)
    while pending:  # an answer to abuse is rejected, and so is an answer to that answer, and so on
        comment = pending.popleft()
        if comment.id not in found and (rejection := _parent_rejection(comment, thread, found, verdicts)):
            found[comment.id] = rejection
            pending += answers.get(comment.id, ())
    return found


def _own_rejection(comment: Comment, thread: CommentThread, verdict: AbuseVerdict, scoring_rules: ScoringRules) -> Rejection | None:
    """Return the rejection by the first gate that a comment fails by itself, or None."""
    text, limits = thread.texts[comment.id], scoring_rules.scores.gate
    if comment.kind != "comment":
        return Rejection("kind", f"{comment.kind}, not an approved comment")
    if comment.state != "approved":
        return Rejection("state", f"{comment.state}, not an approved comment")
    if verdict.state is AbuseState.BLOCKED:
        return Rejection("abuse", f"abuse: {verdict.reason}")
    if comment.links >= limits.links:
        return Rejection("links", f"{limits.links} links or more")
    return _form_rejection(text, comment.text, thread.word_counts[comment.id], limits) or _thread_rejection(
        comment, thread, verdict
    )


def _form_rejection(text: str, whole: str, size: int, limits: GateLimits) -> Rejection | None:
    links, least = len(_LINK.findall(text)), limits.words
    if links >= limits.links:
        return Rejection("links", f"{limits.links} links or more")
    if not text and whole:
        return Rejection("quotation", "only a quotation")
    if (word_count(_LINK.sub(" ", text)) if links else size) < least:
        return Rejection("short", f"fewer than {least} words of its own")
    if is_advertising(text):
        return Rejection("spam", "advertising, or praise for any page")
    if _FIRST.match(text) or (_about_removed_comments(text) and is_english(text)):
        return Rejection("meta", "about the comments, not the article")
    return Rejection("capitals", "mostly capitals") if _shouted(text) else None


def _about_removed_comments(text: str) -> bool:
    """Return whether a text is about comments that were taken down."""
    small = text.casefold()
    return any(word in small for word in _TAKEN_DOWN) and _META.search(text) is not None


def _thread_rejection(comment: Comment, thread: CommentThread, verdict: AbuseVerdict) -> Rejection | None:
    if comment.id in thread.copies:
        return Rejection("repeated", "repeats another comment")
    if thread.printed and fingerprint(comment.text) in thread.printed:
        return Rejection("repeated", "printed under another article")
    if verdict.state is AbuseState.HELD:
        return Rejection("held", f"possible abuse, held: {verdict.reason}", held=True)
    contact = contact_details(comment.text) or contact_details(comment.author)
    return Rejection("held", f"held for the editor: it has {contact}", held=True) if contact else None


def _shouted(text: str) -> bool:
    large = sum(map(str.isupper, text))
    return large > 10 and large > (small := sum(map(str.islower, text))) and small + large > 20


def _parent_rejection(
    comment: Comment, thread: CommentThread, rejected: Mapping[str, Rejection], verdicts: Mapping[str, AbuseVerdict]
) -> Rejection | None:
    """Return a rejection if a reply's parent is missing or unfit: a reply is printed only with its parent's words."""
    parent = thread.by_id.get(comment.parent_id or "")
    if parent is None or parent.state != "approved" or not without_quotes(parent.text):
        return Rejection("parent", "replies to a comment that is missing or not approved")
    fit = parent.id not in rejected or rejected[parent.id].gate in CONTEXT_GATES  # a short question is enough context
    fit = fit and verdicts[parent.id].state is AbuseState.CLEAR
    return None if fit else Rejection("parent", "replies to a comment that was left out")

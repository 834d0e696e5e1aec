"""Why a comment may not be printed: each gate has a name, and a reason for the editor to read. Gates come before any score."""

import re
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from digest.curate.abuse import AbuseVerdict, State, assess
from digest.curate.comment_thread import CommentThread, fingerprint
from digest.curate.language import is_english
from digest.curate.scoring_rules import Gates, ScoringRules
from digest.curate.spam import contact_details, is_advertising
from digest.model import Comment
from digest.text.markup import without_quotes
from digest.text.prose import length

_LINK = re.compile(r"https?://\S+|www\.\S+")
_FIRST = re.compile(r"^\W*(?:first|this|same|agreed|well said|hear,? hear|\+1)\W*$", re.IGNORECASE)
_THE_COMMENTS = r"(?:my|our|your|these|all|some|of|this)\ (?:\w+\ ){0,2}(?:comments?|posts?|thread)"
_TAKEN_DOWN = ("moderat", "censor", "deleted", "removed", "disabled", "blocked")
_DOWN = rf"(?:{'|'.join(_TAKEN_DOWN)})\w*"
_META = re.compile(  # an article may be about censorship or a moderator, but not about the removal of comments
    rf"\b{_THE_COMMENTS}\b[^.!?\n]{{0,60}}\b{_DOWN}\b|\b{_DOWN}\b[^.!?\n]{{0,60}}\b{_THE_COMMENTS}\b", re.IGNORECASE
)
CONTEXT = frozenset({"short", "repeated"})  # gates that keep a comment out, but not its answers


class Refusal(NamedTuple):
    """The name of a gate and its reason against one comment."""

    gate: str
    reason: str


def abuse_verdicts(talk: CommentThread, standards: ScoringRules) -> dict[str, AbuseVerdict]:
    """Return each comment's abuse verdict by its id; abuse may be aimed at the article's author or at any commenter."""
    people = [talk.article.author, *sorted({comment.author.casefold() for comment in talk.comments})]
    found = {}
    for comment in talk.comments:
        by_name = assess(comment.author, [], standards.lists, name=True)
        found[comment.id] = (
            by_name
            if by_name.state is State.BLOCKED
            else assess(talk.texts[comment.id], people, standards.lists, standards.heat, standards.scores.gate.held)
        )
    return found


def refusals(talk: CommentThread, ruled: Mapping[str, AbuseVerdict], standards: ScoringRules) -> dict[str, Refusal]:
    """Return the refusal of each comment that may not be printed, for its own sake or because of the comment it answers."""
    own = {comment.id: _own_refusal(comment, talk, ruled[comment.id], standards) for comment in talk.comments}
    found = {key: refusal for key, refusal in own.items() if refusal}
    answers: dict[str | None, list[Comment]] = {}
    for comment in talk.comments:
        answers.setdefault(comment.parent_id, []).append(comment)
    pending = deque(comment for comment in talk.comments if comment.parent_id is not None)
    while pending:  # an answer to abuse is refused, and so is an answer to that answer, and so on
        comment = pending.popleft()
        if comment.id not in found and (refusal := _parent_refusal(comment, talk, found, ruled)):
            found[comment.id] = refusal
            pending += answers.get(comment.id, ())
    return found


def _own_refusal(comment: Comment, talk: CommentThread, ruling: AbuseVerdict, standards: ScoringRules) -> Refusal | None:
    """Return the refusal by the first gate that a comment fails by itself, or None."""
    text, limits = talk.texts[comment.id], standards.scores.gate
    if comment.kind != "comment":
        return Refusal("kind", f"{comment.kind}, not an approved comment")
    if comment.state != "approved":
        return Refusal("state", f"{comment.state}, not an approved comment")
    if ruling.state is State.BLOCKED:
        return Refusal("abuse", f"abuse: {ruling.why}")
    if comment.links >= limits.links:
        return Refusal("links", f"{limits.links} links or more")
    return _form_refusal(text, comment.text, talk.sizes[comment.id], limits) or _thread_refusal(comment, talk, ruling)


def _form_refusal(text: str, whole: str, size: int, limits: Gates) -> Refusal | None:
    links, least = len(_LINK.findall(text)), limits.words
    if links >= limits.links:
        return Refusal("links", f"{limits.links} links or more")
    if not text and whole:
        return Refusal("quotation", "only a quotation")
    if (length(_LINK.sub(" ", text)) if links else size) < least:
        return Refusal("short", f"fewer than {least} words of its own")
    if is_advertising(text):
        return Refusal("spam", "advertising, or praise for any page")
    if _FIRST.match(text) or (_about_removed_comments(text) and is_english(text)):
        return Refusal("meta", "about the comments, not the article")
    return Refusal("capitals", "mostly capitals") if _shouted(text) else None


def _about_removed_comments(text: str) -> bool:
    """Return whether a text is about comments that were taken down."""
    small = text.casefold()
    return any(word in small for word in _TAKEN_DOWN) and _META.search(text) is not None


def _thread_refusal(comment: Comment, talk: CommentThread, ruling: AbuseVerdict) -> Refusal | None:
    if comment.id in talk.copies:
        return Refusal("repeated", "repeats another comment")
    if talk.printed and fingerprint(comment.text) in talk.printed:
        return Refusal("repeated", "printed under another article")
    if ruling.state is State.HELD:
        return Refusal("held", f"possible abuse, held: {ruling.why}")
    contact = contact_details(comment.text) or contact_details(comment.author)
    return Refusal("held", f"held for the editor: it has {contact}") if contact else None


def _shouted(text: str) -> bool:
    large = sum(map(str.isupper, text))
    return large > 10 and large > (small := sum(map(str.islower, text))) and small + large > 20


def _parent_refusal(
    comment: Comment, talk: CommentThread, refused: Mapping[str, Refusal], ruled: Mapping[str, AbuseVerdict]
) -> Refusal | None:
    """Return a refusal if a reply's parent is missing or unfit: a reply is printed only with its parent's words."""
    if comment.parent_id is None:
        return None
    parent = talk.by_id.get(comment.parent_id)
    if parent is None or parent.state != "approved" or not without_quotes(parent.text):
        return Refusal("parent", "replies to a comment that is missing or not approved")
    fit = parent.id not in refused or refused[parent.id].gate in CONTEXT  # a short question is enough context
    fit = fit and ruled[parent.id].state is State.CLEAR
    return None if fit else Refusal("parent", "replies to a comment that was left out")

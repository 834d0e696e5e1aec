"""Why a comment may not be printed: each gate has a name, and a reason that the editor can read. Gates come before any score."""

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
_ONES_WORDS = r"(?:my|our|your|these|all|some|of|this)\ (?:\w+\ ){0,2}(?:comments?|posts?|thread)"
_TAKEN_DOWN = ("moderat", "censor", "deleted", "removed", "disabled", "blocked")
_DOWN = rf"(?:{'|'.join(_TAKEN_DOWN)})\w*"
_META = re.compile(  # censorship or a moderator may be what an article is about; that of comments is not
    rf"\b{_ONES_WORDS}\b[^.!?\n]{{0,60}}\b{_DOWN}\b|\b{_DOWN}\b[^.!?\n]{{0,60}}\b{_ONES_WORDS}\b", re.IGNORECASE
)
CONTEXT = frozenset({"short", "repeated"})  # gates that keep out a comment, and not those that answer it


class Refusal(NamedTuple):
    """A gate's name and what it says of one comment."""

    gate: str
    reason: str


def abuse_verdicts(talk: CommentThread, standards: ScoringRules) -> dict[str, AbuseVerdict]:
    """Whether each comment is abuse, said to or of its fellows."""
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
    """What is against each comment that may not be printed, for itself or for the comment it answers."""
    own = {comment.id: _gate(comment, talk, ruled[comment.id], standards) for comment in talk.comments}
    found = {key: refusal for key, refusal in own.items() if refusal}
    answers: dict[str | None, list[Comment]] = {}
    for comment in talk.comments:
        answers.setdefault(comment.parent_id, []).append(comment)
    asked = deque(comment for comment in talk.comments if comment.parent_id is not None)
    while asked:  # an answer to an answer to abuse, and so on
        comment = asked.popleft()
        if comment.id not in found and (refusal := _by_parent(comment, talk, found, ruled)):
            found[comment.id] = refusal
            asked += answers.get(comment.id, ())
    return found


def _gate(comment: Comment, talk: CommentThread, ruling: AbuseVerdict, standards: ScoringRules) -> Refusal | None:
    """The first gate that is against a comment by itself."""
    text, limits = talk.texts[comment.id], standards.scores.gate
    if comment.kind != "comment":
        return Refusal("kind", f"{comment.kind}, not an approved comment")
    if comment.state != "approved":
        return Refusal("state", f"{comment.state}, not an approved comment")
    if ruling.state is State.BLOCKED:
        return Refusal("abuse", f"abuse: {ruling.why}")
    if comment.links >= limits.links:
        return Refusal("links", f"{limits.links} links or more")
    return _by_form(text, comment.text, talk.sizes[comment.id], limits) or _by_fellows(comment, talk, ruling)


def _by_form(text: str, whole: str, size: int, limits: Gates) -> Refusal | None:
    links, least = len(_LINK.findall(text)), limits.words
    if links >= limits.links:
        return Refusal("links", f"{limits.links} links or more")
    if not text and whole:
        return Refusal("quotation", "only a quotation")
    if (length(_LINK.sub(" ", text)) if links else size) < least:
        return Refusal("short", f"fewer than {least} words of its own")
    if is_advertising(text):
        return Refusal("spam", "advertising, or praise for any page")
    if _FIRST.match(text) or (_of_comments(text) and is_english(text)):
        return Refusal("meta", "about the comments, not the article")
    return Refusal("capitals", "mostly capitals") if _shouted(text) else None


def _of_comments(text: str) -> bool:
    """Whether it is about comments that were taken down."""
    small = text.casefold()
    return any(word in small for word in _TAKEN_DOWN) and _META.search(text) is not None


def _by_fellows(comment: Comment, talk: CommentThread, ruling: AbuseVerdict) -> Refusal | None:
    if comment.id in talk.copies:
        return Refusal("repeated", "repeats another comment")
    if talk.printed and fingerprint(comment.text) in talk.printed:
        return Refusal("repeated", "printed under another article")
    if ruling.state is State.HELD:
        return Refusal("held", f"possible abuse, held: {ruling.why}")
    reach = contact_details(comment.text) or contact_details(comment.author)
    return Refusal("held", f"held for the editor: it has {reach}") if reach else None


def _shouted(text: str) -> bool:
    large = sum(map(str.isupper, text))
    return large > 10 and large > (small := sum(map(str.islower, text))) and small + large > 20


def _by_parent(
    comment: Comment, talk: CommentThread, refused: Mapping[str, Refusal], ruled: Mapping[str, AbuseVerdict]
) -> Refusal | None:
    """A reply stands only with its parent's words, so they must be there and fit to print."""
    if comment.parent_id is None:
        return None
    parent = talk.by_id.get(comment.parent_id)
    if parent is None or parent.state != "approved" or not without_quotes(parent.text):
        return Refusal("parent", "replies to a comment that is missing or not approved")
    fit = parent.id not in refused or refused[parent.id].gate in CONTEXT  # a short question is context enough
    fit = fit and ruled[parent.id].state is State.CLEAR
    return None if fit else Refusal("parent", "replies to a comment that was left out")

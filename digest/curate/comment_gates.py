"""Why a comment may not be printed: each gate has a name, and a reason for the editor to read. Gates come before any score."""

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from digest.curate.abuse import AbuseState, AbuseVerdict, assess
from digest.curate.comment_spam import is_advertising
from digest.curate.comment_thread import CommentThread, fingerprint
from digest.curate.contact_details import contact_details, is_public, number_plate
from digest.curate.editor_model import EditorOpinion
from digest.curate.identity import borrowed_name, claimed_name, is_unmasked
from digest.curate.language import is_english
from digest.curate.passages import LINK, NAMED, Sentence
from digest.curate.scoring_rules import GateLimits, ScoringRules
from digest.curate.text_rules import Finding, TextRules
from digest.curate.thread_reading import ThreadReading
from digest.model import Comment
from digest.text.markup import without_quotes
from digest.text.prose import word_count, words

_LINK = re.compile(r"https?://\S+|www\.\S+")
_FIRST = re.compile(r"^\W*(?:first|this|same|agreed|well said|hear,? hear|\+1)\W*$", re.IGNORECASE)
_THE_COMMENTS = r"(?:my|our|your|these|all|some|of|this)\ (?:\w+\ ){0,2}(?:comments?|posts?|thread)"
_TAKEN_DOWN = ("moderat", "censor", "deleted", "removed", "disabled", "blocked")
_DOWN = rf"(?:{'|'.join(_TAKEN_DOWN)})\w*"
_META = re.compile(  # an article may be about censorship or a moderator, but not about the removal of comments
    rf"\b{_THE_COMMENTS}\b[^.!?\n]{{0,60}}\b{_DOWN}\b|\b{_DOWN}\b[^.!?\n]{{0,60}}\b{_THE_COMMENTS}\b", re.IGNORECASE
)
_EXCERPT = re.compile(r"\[(?:…|\.\.\.)\]")
_QUOTED = re.compile(r"[\"“„«][^\"“”„«»]{3,2000}[\"”“»]")
MIN_OWN_WORDS = 4  # words that a comment must have beside a quotation
_ANSWER = re.compile(
    r"(?:^|[\s,;(])(?:no\.? ?|number |q|question |clue )?\d{1,2}(?: across| down)?(?: (?:is|was|are|=)|:|=| -) ?(?:the |a |an )?[\w'’]"
    r"|^\s*\d{1,2}(?: across| down)?[.)] ?[\w'’]",
    re.IGNORECASE | re.MULTILINE,
)
_THE_ANSWER = re.compile(
    r"\banswers? (?:to|for) (?:number |no\.? ?|question |q|clue )?\w{1,12}(?: across| down)? (?:is|was|are)\b|\b(?:prize )?(?:word|phrase|solution) is\b",
    re.I,
)
MAX_LEANING_WORDS = 45  # words of a comment that may lean on somebody else's; a longer one says enough
MIN_ANSWERS = 2  # numbered answers that give a puzzle away
CONTEXT_GATES = frozenset({"short", "repeated"})  # gates that keep a comment out, but not its answers
FINAL_GATES = frozenset({"kind", "state"})  # nobody may print what these keep out; it must change where it comes from


class Rejection(NamedTuple):
    """The name of a gate and its reason against one comment; a `held` one waits for the editor, who may print it."""

    gate: str
    reason: str
    held: bool = False
    finding: Finding | None = None


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
    thread: CommentThread,
    verdicts: Mapping[str, AbuseVerdict],
    opinions: Mapping[str, EditorOpinion],
    scoring_rules: ScoringRules,
    reading: ThreadReading,
    overrule: Overrule,
) -> dict[str, Rejection]:
    """Return the rejection of each comment that may not be printed, for its own sake or because of the comment it answers.

    `overrule` has the editor's word on each comment's own rejection.
    """
    own = {
        row.id: overrule(row, thread, _own_rejection(row, thread, verdicts[row.id], opinions[row.id], scoring_rules, reading))
        for row in thread.comments
    }
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


def _own_rejection(
    comment: Comment,
    thread: CommentThread,
    verdict: AbuseVerdict,
    opinion: EditorOpinion,
    scoring_rules: ScoringRules,
    reading: ThreadReading,
) -> Rejection | None:
    """Return the rejection by the first gate that a comment fails by itself, or None. What makes it short comes last: the words of a
    short question may still be printed above its answer.
    """
    limits = scoring_rules.scores.gate
    if comment.kind != "comment":
        return Rejection("kind", f"{comment.kind}, not an approved comment")
    if comment.state != "approved":
        return Rejection("state", f"{comment.state}, not an approved comment")
    if verdict.state is AbuseState.BLOCKED:
        return Rejection("abuse", f"abuse: {verdict.reason}")
    if comment.links >= limits.links:
        return Rejection("links", f"{limits.links} links or more")
    return (
        _form_rejection(comment, thread, limits)
        or _language_rejection(comment, reading, limits)
        or _text_rejection(comment, thread, scoring_rules, reading)
        or _thread_rejection(comment, thread, verdict)
        or _unfit_rejection(comment, opinion, limits, reading)
        or _short_rejection(comment, thread, scoring_rules, reading)
    )


def _form_rejection(comment: Comment, thread: CommentThread, limits: GateLimits) -> Rejection | None:
    text = thread.texts[comment.id]
    if len(_LINK.findall(text)) >= limits.links:
        return Rejection("links", f"{limits.links} links or more")
    if _is_quotation(text, comment.text, thread):
        return Rejection("quotation", "only a quotation")
    if _EXCERPT.match(text):
        return Rejection("excerpt", "an excerpt that another site's program left")
    if is_advertising(text):
        return Rejection("spam", "advertising, or praise for any page")
    if _FIRST.match(text) or (_about_removed_comments(text) and is_english(text)):
        return Rejection("meta", "about the comments, not the article")
    return Rejection("capitals", "mostly capitals") if _shouted(text) else None


def _is_quotation(text: str, whole: str, thread: CommentThread) -> bool:
    """Return whether a comment has hardly a word of its own beside what it quotes, marked as a quotation or taken from the article."""
    if not text:
        return bool(whole)
    quoted = [fingerprint(part) for part in _QUOTED.findall(text)]
    if quoted and len(words(_QUOTED.sub(" ", text))) < MIN_OWN_WORDS and all(part in thread.article_fingerprint for part in quoted):
        return True
    return len(thread.words) >= MIN_OWN_WORDS and fingerprint(text) in thread.article_fingerprint


def _about_removed_comments(text: str) -> bool:
    """Return whether a text is about comments that were taken down."""
    small = text.casefold()
    return any(word in small for word in _TAKEN_DOWN) and _META.search(text) is not None


def _language_rejection(comment: Comment, reading: ThreadReading, limits: GateLimits) -> Rejection | None:
    language = reading.languages[comment.id]
    allowed = {reading.language, *limits.languages}
    if language is None or reading.language is None or language in allowed:
        return None
    return Rejection("language", f"not in the article's language ({language})", held=True)


def _text_rejection(
    comment: Comment, thread: CommentThread, scoring_rules: ScoringRules, reading: ThreadReading
) -> Rejection | None:
    """Return the rejection by what a comment says, or by whose name stands above it."""
    rules, sentences = scoring_rules.text_rules, reading.sentences[comment.id]
    if found := rules.first(sentences, reading.article_classes, reading.language_by_id(comment.id)):
        rule, finding = found
        return Rejection(rule.gate, rule.reason, held=rule.held, finding=finding)
    if contact := _private_contact(comment, sentences, rules):
        return Rejection("contact", f"gives {contact}", held=True)
    others = [name for name in thread.names if name != comment.author.casefold()]
    if name := is_unmasked(comment, others, sentences, rules.bit(NAMED), rules.bit("reveals")):
        return Rejection("unmasked", f"says who another commenter is ({name})", held=True)
    if name := borrowed_name(comment.author, thread.article.author, reading.people):
        return Rejection("impersonation", f"signed with the name of {name}", held=True)
    if name := claimed_name(comment, thread.article.author, reading.people):
        return Rejection("impersonation", f"writes as {name}", held=True)
    if reading.article_classes & rules.bit("puzzle") and _gives_answers(thread.texts[comment.id]):
        return Rejection("answers", "gives the answers away", held=True)
    return None


def _private_contact(comment: Comment, sentences: Sequence[Sentence], rules: TextRules) -> str:
    """Return the kind of contact details by which a comment or its writer's name gives a private person away."""
    if contact := contact_details(comment.author):
        return contact
    if plate := number_plate(comment.text):
        return f"a number plate ({plate})"
    contact = contact_details(comment.text)
    person, private, service = rules.mask("named", "he", "kin"), rules.mask("private_contact"), rules.mask("service")
    return contact if contact and not is_public(comment.text, sentences, person, private, service) else ""


def _gives_answers(text: str) -> bool:
    return len(_ANSWER.findall(text)) >= MIN_ANSWERS or bool(_THE_ANSWER.search(text))


def _thread_rejection(comment: Comment, thread: CommentThread, verdict: AbuseVerdict) -> Rejection | None:
    if comment.id in thread.copies:
        return Rejection("repeated", "repeats another comment")
    if thread.printed and fingerprint(comment.text) in thread.printed:
        return Rejection("repeated", "printed under another article")
    if verdict.state is AbuseState.HELD:
        return Rejection("held", f"possible abuse, held: {verdict.reason}", held=True)
    if thread.is_quarrel(comment):
        return Rejection("quarrel", "the end of an exchange between two people")
    return None


def _unfit_rejection(comment: Comment, opinion: EditorOpinion, limits: GateLimits, reading: ThreadReading) -> Rejection | None:
    """Return the rejection of what reads like something that an editor would not print, with the sentence that weighed most."""
    if opinion.unfit <= limits.unfit:
        return None
    worst = reading.sentences[comment.id][opinion.worst]
    finding = Finding("unfit", worst.start, worst.end, (), "")
    return Rejection("unfit", "reads like what an editor would not print", held=True, finding=finding)


def _short_rejection(
    comment: Comment, thread: CommentThread, scoring_rules: ScoringRules, reading: ThreadReading
) -> Rejection | None:
    """Return the rejection of a comment that is too short, or that says nothing by itself. A short one with a figure or a time may say enough."""
    limits, rules, classes = scoring_rules.scores.gate, scoring_rules.text_rules, reading.classes(comment.id)
    text, size = thread.texts[comment.id], thread.word_counts[comment.id]
    size = word_count(_LINK.sub(" ", text)) if classes & rules.bit(LINK) else size
    exact = classes & (rules.bit("figure") | rules.bit("quantity") | rules.bit("when"))
    least = limits.words_if_exact if exact else limits.words
    if size < least:
        return Rejection("short", f"fewer than {least} words of its own")
    if (
        not exact
        and thread.leans(comment)
        and _begins_with(reading.sentences[comment.id], rules, "leaning", reading.language_by_id(comment.id))
    ):
        return Rejection("context", "makes no sense without what it answers", held=True)
    return None


def _begins_with(sentences: Sequence[Sentence], rules: TextRules, name: str, language: str) -> bool:
    matches = rules.vocabularies[language].matches(sentences[0].words, rules.bit(name)) if sentences else []
    return bool(matches) and matches[0].start <= 1


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

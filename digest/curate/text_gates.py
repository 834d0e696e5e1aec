"""The gates that look at what a comment says, and under whose name. Most of them only hold: an editor may print what they find."""

import re

from digest.curate.abuse import AbuseState
from digest.curate.comment_thread import MAX_READ_CHARS, fingerprint
from digest.curate.contact_details import contact_details, is_public, number_plate
from digest.curate.gate_case import Case, Rejection
from digest.curate.identity import MAX_OPENING_WORDS, borrowed_name, claimed_name, unmasked
from digest.curate.text_rules import Evidence

MIN_ANSWERS = 2  # numbered answers that give a puzzle away
_ANSWER = re.compile(
    r"(?:^|[\s,;(])(?:no\.? ?|number |q|question |clue )?\d{1,2}(?: across| down)?(?: (?:is|was|are|=)|:|=| -) ?"
    r"(?:the |a |an )?[\w'’]"
    r"|^[^\S\n]*\d{1,2}(?: across| down)?[.)] ?[\w'’]",
    re.IGNORECASE | re.MULTILINE,
)
_THE_ANSWER = re.compile(
    r"\banswers? (?:to|for) (?:number |no\.? ?|question |q|clue )?\w{1,12}(?: across| down)? (?:is|was|are)\b"
    r"|\b(?:prize )?(?:word|phrase|solution) is\b",
    re.IGNORECASE,
)


def blocked_abuse(case: Case) -> Rejection | None:
    """Reject what the lists call abuse."""
    blocked = case.verdict.state is AbuseState.BLOCKED
    return Rejection("abuse", f"abuse: {case.verdict.reason}") if blocked else None


def language(case: Case) -> Rejection | None:
    """Hold what is not in the article's language, nor in one that the newsletter allows."""
    article, own = case.reading.language, case.reading.languages[case.comment.id]
    if own is None or article is None or own in {article, *case.limits.languages}:
        return None
    return Rejection("language", f"not in the article's language ({own})", held=True)


def text_rules(case: Case) -> Rejection | None:
    """Reject or hold what one of the rules for texts finds (`text_rules.toml`)."""
    found = case.rules.first(case.sentences, case.reading.article_classes, case.reading.vocabulary(case.comment.id))
    return Rejection(found[0].gate, found[0].reason, held=found[0].held, evidence=found[1]) if found else None


def contact(case: Case) -> Rejection | None:
    """Hold what gives a private person's number, address, account or car, in the text or in the writer's name."""
    what = contact_details(case.comment.author)
    if not what and case.has("figure") and (plate := number_plate(case.text)):
        what = f"a number plate ({plate})"
    what = what or _private_details(case)
    return Rejection("contact", f"gives {what}", held=True) if what else None


def _private_details(case: Case) -> str:
    if not (case.has("figure", "spelt_contact") or "@" in case.comment.text[:MAX_READ_CHARS]):
        return ""
    text = case.comment.text[:MAX_READ_CHARS]
    found = contact_details(text)
    masks = (case.rules.mask(*names) for names in (("named", "he", "kin"), ("private_contact",), ("service",)))
    return "" if not found or is_public(text, case.sentences, *masks) else found


def identity(case: Case) -> Rejection | None:
    """Hold what says who another commenter is, and what is signed with a name from the article."""
    named, reveals = case.rules.bit("named"), case.rules.bit("reveals")
    if case.has("named") and case.has("reveals") and (name := unmasked(case.comment, case.thread, case.sentences, named, reveals)):
        return Rejection("unmasked", f"says who another commenter is ({name})", held=True)
    author, people = case.thread.article.author, case.reading.people
    if name := borrowed_name(case.comment.author, author, people):
        return Rejection("impersonation", f"signed with the name of {name}", held=True)
    name = claimed_name(case.comment, case.thread.words[case.comment.id][:MAX_OPENING_WORDS], author, people)
    return Rejection("impersonation", f"writes as {name}", held=True) if name else None


def answers(case: Case) -> Rejection | None:
    """Hold what gives the answers of a puzzle away."""
    if not case.reading.article_classes & case.rules.bit("puzzle"):
        return None
    given = len(_ANSWER.findall(case.text)) >= MIN_ANSWERS or bool(_THE_ANSWER.search(case.text))
    return Rejection("answers", "gives the answers away", held=True) if given else None


def repeated(case: Case) -> Rejection | None:
    """Reject what repeats an earlier comment, in its words or in other words, here or under another article of the edition."""
    if case.comment.id in case.thread.copies:
        return Rejection("repeated", "repeats another comment")
    elsewhere = case.thread.printed and fingerprint(case.comment.text) in case.thread.printed
    return Rejection("repeated", "printed under another article") if elsewhere else None


def possible_abuse(case: Case) -> Rejection | None:
    """Hold what may be abuse."""
    held = case.verdict.state is AbuseState.HELD
    return Rejection("held", f"possible abuse: {case.verdict.reason}", held=True) if held else None


def quarrel(case: Case) -> Rejection | None:
    """Reject what stands at the end of an exchange between only two people."""
    found = case.thread.is_quarrel(case.comment)
    return Rejection("quarrel", "the end of an exchange between two people") if found else None


def unfit(case: Case) -> Rejection | None:
    """Hold what reads like something that an editor would not print, with the sentence that weighed most."""
    if case.opinion.unfit <= case.limits.unfit:
        return None
    worst = case.sentences[case.opinion.worst]
    evidence = Evidence("unfit", worst.start, worst.end, (), "")
    return Rejection("unfit", "reads like what an editor would not print", held=True, evidence=evidence)

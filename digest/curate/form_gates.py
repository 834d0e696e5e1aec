"""The gates that look at a comment's form: where it comes from, its links, quotations and capitals, its length."""

import re

from digest.curate.comment_thread import fingerprint
from digest.curate.gate_case import Case, Rejection
from digest.text.prose import word_count, words

MIN_OWN_WORDS = 4  # words that a comment must have beside a quotation
MAX_CAPITALS = 10  # letters of words in capitals that any comment may have
MIN_LETTERS = 20  # of a comment that is judged by its capitals
MAX_LEANING_WORDS = 45  # words of a comment that may lean on somebody else's; a longer one says enough by itself
_LINK = re.compile(r"https?://\S+|www\.\S+")
_EXCERPT = re.compile(r"\W{0,3}\[(?:…|\.\.\.)\]")
_QUOTED = re.compile(r"[\"“„«][^\"“”„«»]{3,2000}[\"”“»]")
_QUOTE_MARKS = frozenset('"“„«')
_FIRST = re.compile(r"^\W*(?:first|this|same|agreed|well said|hear,? hear|\+1)\W*$", re.IGNORECASE)
_THE_COMMENTS = r"(?:my|our|your|these|all|some|of|this)\ (?:\w+\ ){0,2}(?:comments?|posts?|thread)"
_TAKEN_DOWN = ("moderat", "censor", "deleted", "removed", "disabled", "blocked")
_DOWN = rf"(?:{'|'.join(_TAKEN_DOWN)})\w*"
_META = re.compile(  # an article may be about censorship or a moderator, but not about the removal of comments
    rf"\b{_THE_COMMENTS}\b[^.!?\n]{{0,60}}\b{_DOWN}\b|\b{_DOWN}\b[^.!?\n]{{0,60}}\b{_THE_COMMENTS}\b", re.IGNORECASE
)


def kind(case: Case) -> Rejection | None:
    """Reject what is no comment but a link from another site."""
    return None if case.comment.kind == "comment" else Rejection("kind", f"{case.comment.kind}, not an approved comment")


def state(case: Case) -> Rejection | None:
    """Reject what its own site has not approved."""
    return None if case.comment.state == "approved" else Rejection("state", f"{case.comment.state}, not an approved comment")


def links(case: Case) -> Rejection | None:
    """Reject a comment with several links, in its text or only in its HTML."""
    most = case.limits.links
    found = case.comment.links >= most or (case.has("link") and len(_LINK.findall(case.text)) >= most)
    return Rejection("links", f"{most} links or more") if found else None


def quotation(case: Case) -> Rejection | None:
    """Reject a comment with hardly a word of its own beside what it quotes or takes from the article."""
    text, article = case.text, case.thread.article_fingerprint
    if not text:
        return Rejection("quotation", "only a quotation") if case.comment.text else None
    quoted = [fingerprint(part) for part in _QUOTED.findall(text)] if not _QUOTE_MARKS.isdisjoint(text) else []
    own = len(words(_QUOTED.sub(" ", text))) if quoted else case.size
    copied = own < MIN_OWN_WORDS and bool(quoted) and all(part in article for part in quoted)
    copied = copied or (case.size >= MIN_OWN_WORDS and " ".join(case.thread.words[case.comment.id]) in article)
    return Rejection("quotation", "only a quotation") if copied else None


def excerpt(case: Case) -> Rejection | None:
    """Reject the excerpt that another site's program leaves where it links to a page."""
    return Rejection("excerpt", "an excerpt that another site's program left") if _EXCERPT.match(case.text) else None


def capitals(case: Case) -> Rejection | None:
    """Reject what is mostly capitals."""
    shouted = [word for row in case.sentences for word in row.raw if word.isupper()]
    if sum(map(len, shouted)) <= MAX_CAPITALS:
        return None
    large, small = sum(map(str.isupper, case.text)), sum(map(str.islower, case.text))
    return Rejection("capitals", "mostly capitals") if large > small and small + large > MIN_LETTERS else None


def short(case: Case) -> Rejection | None:
    """Reject a comment that is too short to say something; with a figure, a number or a time it may be shorter."""
    size = word_count(_LINK.sub(" ", case.text)) if case.has("link") else case.size
    least = case.limits.words_if_exact if case.has("figure", "quantity", "when") else case.limits.words
    return Rejection("short", f"fewer than {least} words of its own") if size < least else None


def meta(case: Case) -> Rejection | None:
    """Reject what is about the comments and not about the article."""
    small = case.text.casefold()
    about = any(word in small for word in _TAKEN_DOWN) and _META.search(case.text) and case.reading.is_english(case.comment.id)
    return Rejection("meta", "about the comments, not the article") if about or _FIRST.match(case.text) else None


def context(case: Case) -> Rejection | None:
    """Hold a comment that begins with a word that leans on somebody else's, and shares none with the article or its parent."""
    if case.size > MAX_LEANING_WORDS or case.has("figure", "quantity", "when") or not case.thread.leans(case.comment):
        return None
    matches = case.reading.vocabulary(case.comment.id).matches(case.sentences[0].words, case.rules.bit("leaning"))
    leans = bool(matches) and matches[0].start <= 1
    return Rejection("context", "makes no sense without what it answers", held=True) if leans else None

"""Abuse in three states: clear, held for the editor, blocked. Only a clear comment is picked automatically.

The lists are data (`abuse.txt`). Three of them block; [held] and the trained model (`abuse.model`) only hold. All are English and
do not apply to other languages, except the terms of [everywhere] and those that a newsletter adds to [always].
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from digest.curate.abuse_model import AbuseModel
from digest.curate.hashed_words import HashedWords, hashed_text
from digest.curate.language import is_english
from digest.curate.plain_text import as_read
from digest.curate.vocabulary import Vocabulary
from digest.text.prose import sentence_spans, words

_NEWSROOM = frozenset({"author", "writer", "reporter", "journalist", "editor", "columnist", "gazette", "paper"})
_LETTERS, _DIGITS = str.maketrans("0134@$", "oieaas"), re.compile(r"[0134@$](?<=[a-z].)[0134@$]*[a-z]")
_TITLES = ("Mr", "Ms", "Miss", "Dr", "Cllr", "Councillor", "Sir", "Lady", "Lord", "Rev", "Prof", "Herr", "Frau", "Mme", "Sr", "Pan")
_TITLED = re.compile(
    r"\b(?:Mrs?|Ms|Miss|Dr|Cllr|Councillor|Sir|Lady|Lord|Rev|Prof|Herr|Frau|Mme|Sra?|Pani?)\.? [^\W\d_a-z][\w'’-]+"
)  # no abuse
_SECOND = re.compile(r"\b(?:you|your|yours|yourself|ur|u)\b", re.IGNORECASE)
_SPACED = re.compile(r"[a-z][.\-_ ](?<!\w..)(?:[a-z][.\-_ ]){2,}[a-z]\b")
_MASKED = re.compile(  # f*ck, sh***, bullsh*t; a star may also multiply (x*y), or mark gender in German
    r"(?<![\w*])(?=[a-z*]{4})(?:[a-z]{1,3}\*+[a-z]{1,5}|[a-z]{1,2}\*{3,}|(?:bull|horse|mother)[a-z]{1,2}\*+[a-z]*)(?![\w*])"
)
_SECTIONS = ("everywhere", "always", "aimed", "held", "scorn", "names")
_MAX_SCORN = 3  # words; any more of them make no difference
GENERAL = "groups"
GROUPS = (
    "blacks", "whites", "asians", "africans", "arabs", "latinos", "mexicans", "indians", "pakistanis", "gypsies", "natives",
    "aboriginals", "muslims", "moslems", "jews", "christians", "catholics", "hindus", "sikhs", "immigrants", "migrants", "refugees",
    "foreigners", "gays", "lesbians", "homosexuals", "transgenders",
)  # fmt: skip
_GROUP = f"(?:{'|'.join(GROUPS)})"
_VERB = """
    (?:are|aren't|were|will|won't|never|always|just|only|don't|do\\ not|can't|cannot|have\\ no|want|should|must|need\\ to
    |had\\ better|ought|refuse|lack|get|keep)"""
_GENERAL = re.compile(
    rf"\b(?:all|most|these|those)\ (?:\w+\ )?{_GROUP}\b|\b{_GROUP}\ {_VERB}\b", re.VERBOSE
)  # says what a whole group of people is like


class AbuseState(StrEnum):
    """The three states of a text."""

    CLEAR = "clear"
    HELD = "held"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class AbuseVerdict:
    """A state and its reason; `heat` is in log odds, or None if the model was not applied."""

    state: AbuseState
    reason: str = ""
    heat: float | None = None


@dataclass(frozen=True, slots=True)
class Lists:
    """Patterns for lower-case text: blocked in any language, in English, or if said to or of a person; held; scorn; surnames.

    `terms` are those of each list, for a vocabulary that tells which of the lists a text may have one of: so few patterns are
    searched for. `words` is one of them alone.
    """

    everywhere: re.Pattern[str]
    always: re.Pattern[str]
    aimed: re.Pattern[str]
    held: re.Pattern[str]
    scorn: re.Pattern[str]
    names: re.Pattern[str]
    terms: Mapping[str, Sequence[str]]
    words: Vocabulary

    def occurring(self, folded: str) -> frozenset[str]:
        """Return the names of the lists of which a lower-case text may have a term."""
        found = self.words.classes(words(folded))
        return frozenset(name for name in (*_SECTIONS, GENERAL) if found & self.words.bit(name)) if found else frozenset()


def load_lists(texts: Iterable[str]) -> Lists:
    """Return the lists from the texts of files in order: first ours, then a newsletter's, which adds terms or removes one with `-`.

    What a newsletter adds to [always] applies in every language.
    """
    sections: dict[str, dict[str, None]] = {name: {} for name in _SECTIONS}
    for number, text in enumerate(texts):
        section = "always"
        for raw in text.splitlines():
            line = raw.partition("#")[0].strip().casefold()
            if line.startswith("[") and line.strip("[]") in sections:
                section = line.strip("[]")
            elif line.startswith("-"):
                for terms in (sections[section], sections["everywhere"]):
                    terms.pop(line[1:].strip(), None)
            elif line:
                sections["everywhere" if number and section == "always" else section][line] = None
    all_terms = {name: tuple(filter(None, map(_as_term, terms))) for name, terms in sections.items()}
    all_terms[GENERAL] = GROUPS
    return Lists(**{name: _pattern(terms) for name, terms in sections.items()}, terms=all_terms, words=Vocabulary(all_terms))


def _as_term(term: str) -> str:
    """Return a term of the lists as a vocabulary has it: words, with a star at the end for any ending."""
    runs = " ".join(words(term))
    return f"{runs}*" if runs and term.endswith("*") else runs


def _pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of whole words; `*` at the end of a term stands for any ending, elsewhere for itself."""
    by_letter: dict[str, list[str]] = {}  # a search tries one branch for each first letter, not all terms
    for term in sorted((term for term in terms if term.strip("*")), key=len, reverse=True):
        ending = r"\w*" if term.endswith("*") else ""
        by_letter.setdefault(term[0], []).append(re.escape(term[1:].removesuffix("*")).replace(r"\ ", r"\s+") + ending)
    branches = "|".join(f"{re.escape(letter)}(?:{'|'.join(rest)})" for letter, rest in sorted(by_letter.items()))
    return re.compile(rf"(?<!\w)(?:{branches})(?!\w)" if branches else r"(?!)")


@dataclass(frozen=True, slots=True)
class Heat:
    """How much a text reads like abuse, in log odds: the trained model's value, plus `weight` for each word of scorn, three at
    most. Half of the model's value comes from the text as a whole, so one sneer in a long text of fair words counts too little.
    """

    risk: AbuseModel
    scorn: re.Pattern[str]
    weight: float

    def __call__(self, folded: str, parts: Sequence[HashedWords], *, scorned: bool) -> float:
        """Return the log odds that a lower-case text is abuse; `parts` are its sentences."""
        scorn = len(set(self.scorn.findall(folded))) if scorned else 0
        return self.risk(parts) + self.weight * min(_MAX_SCORN, scorn)


@dataclass(frozen=True, slots=True)
class _Folded:
    """A text as its lists are searched for: in lower case and undisguised, with the names of the lists that may occur in it."""

    text: str
    lists: Lists
    occurring: frozenset[str]

    def search(self, name: str) -> re.Match[str] | None:
        pattern: re.Pattern[str] = getattr(self.lists, name)
        return pattern.search(self.text) if name in self.occurring else None


def assess(
    text: str,
    people: Sequence[str],
    lists: Lists,
    heat: Heat | None = None,
    max_heat: float = 0.0,
    *,
    name: bool = False,
    english: bool | None = None,
    sentences: Sequence[HashedWords] | None = None,
    occurring: frozenset[str] | None = None,
) -> AbuseVerdict:
    """Return the verdict on a text; `people` are those it could be aimed at: the article's author, then commenters in lower case.

    If the text is a `name`, a surname in [names] does not count against it. A text is held if its heat is above `max_heat`, for a
    slogan, or for what it says about a group of people as a whole. Without `heat` no text is held. Where it is not said whether
    the text is `english`, its words tell. `sentences` are those of the text, and `occurring` the names of the lists that
    it may have a term of, if they are known.
    """
    plain = as_read(text)
    if any(title in plain for title in _TITLES):
        plain = _TITLED.sub("somebody", plain)
    plain = _unmasked(plain.casefold())
    disguised = plain != text.casefold().replace("’", "'")
    folded = _Folded(plain, lists, lists.occurring(plain) if disguised or occurring is None else occurring)
    if heat is None and not folded.occurring and "*" not in plain:
        return AbuseVerdict(AbuseState.CLEAR)
    if found := folded.search("everywhere"):
        return AbuseVerdict(AbuseState.BLOCKED, f"“{found[0]}”")
    if not (is_english(text) if english is None else english):
        return AbuseVerdict(AbuseState.CLEAR, "not English: only the words blocked in every language were checked")
    if name and lists.names.fullmatch(plain.rpartition(" ")[2]):
        folded = replace(folded, text=plain.rpartition(" ")[0])
    if why := _reason_to_block(folded, people):
        return AbuseVerdict(AbuseState.BLOCKED, why)
    if heat is None:
        return AbuseVerdict(AbuseState.CLEAR)
    return _by_heat(folded, heat, max_heat, None if disguised else sentences)


def _by_heat(folded: _Folded, heat: Heat, max_heat: float, sentences: Sequence[HashedWords] | None) -> AbuseVerdict:
    """Return the verdict by the model, the slogans, and what is said about groups as a whole."""
    parts = sentences or [hashed_text(folded.text[start:end]) for start, end in sentence_spans(folded.text)]
    odds = round(heat(folded.text, parts, scorned="scorn" in folded.occurring), 4)
    found = folded.search("held") or (_GENERAL.search(folded.text) if GENERAL in folded.occurring else None)
    why = f"likely abuse (score {odds:+.1f})" if odds > max_heat else f"“{found[0]}”" if found else ""
    return AbuseVerdict(AbuseState.HELD if why else AbuseState.CLEAR, why, odds)


def _reason_to_block(folded: _Folded, people: Sequence[str]) -> str:
    """Return why the English lists block a text, or an empty string."""
    text, aimed = folded.text, folded.lists.aimed
    if found := folded.search("always") or ("*" in text and _MASKED.search(text)):
        return f"“{found[0]}”"
    found = folded.search("aimed")
    if found and not _names_one_of(text, people):  # “you” or the newsroom must share its sentence: “you” is often anybody
        near = (part for part in re.split(r"[.!?\n]+\s", text) if _SECOND.search(part) or not _NEWSROOM.isdisjoint(words(part)))
        found = next(filter(None, map(aimed.search, near)), None)
    return f"“{found[0]}” said to or of a person" if found else ""


def _unmasked(text: str) -> str:
    """Return the text without the commonest disguises of letters: `id1ot`, `i.d.i.o.t`."""
    text = text.replace("’", "'")
    if _DIGITS.search(text):
        text = re.sub(r"[\w@$]+", lambda match: match[0].translate(_LETTERS) if _DIGITS.search(match[0]) else match[0], text)
    return _SPACED.sub(lambda match: re.sub(r"[^a-z]", "", match[0]), text)


def _names_one_of(text: str, people: Sequence[str]) -> bool:
    """Return whether a text names its article's author, by any part of the name, or a commenter, by the whole name, because many
    people may share a part of it.
    """
    author, *commenters = people or [""]
    said = {part.removesuffix("'s") for part in words(text)}
    by_name = any(len(name) > 3 and name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in commenters)
    return by_name or bool(said & {part.casefold() for part in words(author) if len(part) > 2})

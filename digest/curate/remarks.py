"""What speaks for a comment and against it, in an editor's words, and what a gate found in it."""

from collections.abc import Mapping

from digest.curate.gate_case import Case, Rejection
from digest.text.prose import shorten

MOST = 3  # remarks for one comment
PASSAGE_CHARS = 160
_FOR = (  # what a term of the score says from a value on
    ("figures", 0.03, "gives a figure"),
    ("length", 0.28, "says enough, and stops"),
    ("subject", 0.02, "on the subject"),
)
_AGAINST = (
    ("unfit", -0.11, "doubtful to an editor"),
    ("heat", -0.28, "harsh in places"),
    ("second_person", -0.14, "speaks to a person, not to the matter"),
    ("exclamations", -0.14, "shouts"),
    ("capitals", -0.11, "shouts"),
    ("questions", -0.06, "asks without wanting an answer"),
    ("trailing", -0.02, "trails off"),
)


def remarks(case: Case, terms: Mapping[str, float]) -> tuple[str, ...]:
    """Return what speaks for a comment that passed the gates, at most three remarks, and then what speaks most against it."""
    found = ["first-hand"] if case.has("i", "we") and case.has("own", "trade") else []
    found += ["answers another reader"] if case.comment.parent_id is not None and case.has("advice", "figure", "grounds") else []
    found += [said for name, least, said in _FOR if terms.get(name, 0) >= least]
    against = [(terms.get(name, 0) / most, said) for name, most, said in _AGAINST if terms.get(name, 0) <= most]
    return (*found[:MOST], *([f"but {max(against)[1]}"] if against else []))


def reason_line(text: str, rejection: Rejection) -> str:
    """Return why a comment is not printed, with the passage that says so and of whom it is said."""
    evidence = rejection.evidence
    if evidence is None:
        return rejection.sentence
    about = f", of {evidence.about}" if evidence.about else ""
    matched = f" ({', '.join(evidence.matched)}{about})" if evidence.matched else ""
    return f"{rejection.sentence}: “{shorten(text[evidence.start : evidence.end], PASSAGE_CHARS)}”{matched}"

"""What speaks for a comment and against it, in an editor's words, and what a gate found in it."""

from collections.abc import Mapping

from digest.curate.gate_case import Case, Rejection
from digest.text.prose import shorten

MOST = 3  # remarks for one comment
PASSAGE_CHARS = 160
_FOR = (  # what a term of the score says from a value on
    ("figures", 0.05, "gives a figure"),
    ("length", 0.5, "says enough, and stops"),
    ("subject", 0.1, "on the subject"),
    ("care", 0.1, "whole sentences"),
)
_AGAINST = (
    ("unfit", -0.2, "doubtful to an editor"),
    ("heat", -0.5, "harsh in places"),
    ("second_person", -0.15, "speaks to a person, not to the matter"),
    ("exclamations", -0.1, "shouts"),
    ("capitals", -0.1, "shouts"),
    ("questions", -0.1, "asks without wanting an answer"),
    ("trailing", -0.05, "trails off"),
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
    finding = rejection.finding
    if finding is None:
        return rejection.sentence
    about = f", of {finding.about}" if finding.about else ""
    matched = f" ({', '.join(finding.matched)}{about})" if finding.matched else ""
    return f"{rejection.sentence}: “{shorten(text[finding.start : finding.end], PASSAGE_CHARS)}”{matched}"

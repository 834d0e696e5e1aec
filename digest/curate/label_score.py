"""How our judgement does on comments that people have labelled: what they would print, and what we picked, held or kept out.

A label is {"print": VALUE, "by", "at", "reason"} in a comment of a thread (see `judge`). Only "print" is required.
`best`, `fine` and `yes` mean that the comment should be printed, `never`, `hold` and `no` that it should not; `dull` is neither.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from digest.curate.comments import JudgedComment, JudgedThread, pick
from digest.curate.judge import Key, Text, parse_thread
from digest.curate.opinion import Opinion
from digest.curate.scoring_rules import ScoringRules
from digest.errors import SourceError
from digest.text.prose import counted, shorten

Verdict = Literal["picked", "passed", "held", "kept out"]
VERDICTS: tuple[Verdict, ...] = ("picked", "passed", "held", "kept out")
WANTED = {
    "yes": "printed",
    "best": "printed",
    "fine": "printed",
    "no": "refused",
    "never": "refused",
    "hold": "refused",
    "dull": "dull",
}
DISAGREE = {("printed", "held"), ("printed", "kept out"), ("refused", "picked"), ("refused", "passed")}


class _Label(BaseModel):
    print: Literal["yes", "no", "best", "fine", "dull", "never", "hold"]
    by: Text | None = None
    reason: Text | None = None


class _LabelledComment(BaseModel):
    id: Key
    label: _Label | None = None


class _LabelledThread(BaseModel):
    comments: list[_LabelledComment]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredComment:
    """A labelled comment: what the editor wanted, what we made of it, and why; `said` is the editor's own reason."""

    article: str
    id: str
    author: str
    text: str
    label: str
    by: str
    said: str
    verdict: Verdict
    gate: str
    why: str

    @property
    def wanted(self) -> str:
        """Printed, refused or dull: what the label comes to."""
        return WANTED[self.label]

    @property
    def disagrees(self) -> bool:
        """Whether we keep back what the editor printed, or let through what the editor refused."""
        return (self.wanted, self.verdict) in DISAGREE

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        names = ("article", "id", "author", "text", "label", "by", "said", "verdict", "gate", "why")
        return {name: getattr(self, name) for name in names}


def score_thread(
    line: str, most: int, scoring_rules: ScoringRules, opinion: Opinion | None = None, *, thing: str
) -> list[ScoredComment]:
    """Return the labelled comments of one line, judged as if they had no label; raise SourceError if it is no labelled thread."""
    article, comments = parse_thread(line, thing=thing)
    try:
        thread = _LabelledThread.model_validate(json.loads(line))
    except ValidationError as error:
        first = error.errors()[0]
        raise SourceError(
            f"has a wrong label: {'.'.join(map(str, first['loc']))}: {first['msg']}",
            thing=thing,
            remedy='A label is {"print": "yes"} or {"print": "no"}; `digest comments export` writes them.',
        ) from error
    labels = {str(row.id): row.label for row in thread.comments if row.label}
    judged = pick(article, comments, most, scoring_rules, opinion=opinion)
    return [_scored(article.title, row, judged, label) for row in judged.judged if (label := labels.get(row.comment.id))]


def _scored(title: str, row: JudgedComment, thread: JudgedThread, label: _Label) -> ScoredComment:
    verdict = _verdict(row, thread)
    terms = ", ".join(f"{name.replace('_', ' ')} {value:+.2f}" for name, value in row.terms.items())
    return ScoredComment(
        article=title,
        id=row.comment.id,
        author=row.comment.author,
        text=row.comment.text,
        label=label.print,
        by=label.by or "",
        said=label.reason or "",
        verdict=verdict,
        gate=row.rejection.gate if row.rejection else "",
        why=row.rejection.reason if row.rejection else f"score {row.score:.2f}: {terms}",
    )


def _verdict(row: JudgedComment, thread: JudgedThread) -> Verdict:
    if row.rejection:
        return "held" if row.rejection.held else "kept out"
    return "picked" if row.comment.id in {chosen.comment.id for chosen in thread.picks} else "passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScore:
    """The score over many threads."""

    threads: int
    rows: Sequence[ScoredComment]

    def counts(self, wanted: str) -> dict[Verdict, int]:
        """Return how many of the comments with that wish got each verdict."""
        found = Counter(row.verdict for row in self.rows if row.wanted == wanted)
        return {verdict: found[verdict] for verdict in VERDICTS}

    def gates(self, wanted: str) -> dict[str, int]:
        """Return how many of the comments with that wish each gate held or kept out, the busiest gate first."""
        return dict(Counter(row.gate for row in self.rows if row.wanted == wanted and row.gate).most_common())

    def precision(self, verdicts: Iterable[Verdict]) -> float | None:
        """Return the share of printed ones among the printed and refused comments with these verdicts; None if there is none."""
        printed, refused = (sum(self.counts(wanted)[verdict] for verdict in verdicts) for wanted in ("printed", "refused"))
        return round(printed / (printed + refused), 3) if printed + refused else None

    @property
    def disagreements(self) -> list[ScoredComment]:
        """The comments that we keep back and the editor printed, or that we let through and the editor refused."""
        return [row for row in self.rows if row.disagrees]

    def as_json(self) -> Mapping[str, Any]:
        """Return what `--json` prints."""
        found = {name: {"total": sum(self.counts(name).values()), **_keyed(self.counts(name)), "gates": self.gates(name)}
                 for name in ("printed", "refused", "dull")}  # fmt: skip
        return {
            "threads": self.threads,
            "labels": len(self.rows),
            **found,
            "precision": self.precision(("picked",)),
            "precision_passed": self.precision(("picked", "passed")),
            "disagreements": [row.as_json() for row in self.disagreements],
        }

    def lines(self, *, explain: bool) -> list[str]:
        """Return the score as lines for a person, with every disagreement if they are to be explained."""
        heads = {"printed": "the editor printed", "refused": "the editor refused", "dull": "are called dull"}
        lines = [f"{counted(len(self.rows), 'labelled comment')} in {counted(self.threads, 'thread')}, judged without the labels:"]
        lines += [self._line(wanted, head) for wanted, head in heads.items() if any(self.counts(wanted).values())]
        lines += [self._precision_line("Of the comments that digest picks", ("picked",))]
        lines += [self._precision_line("Of those that pass its gates", ("picked", "passed"))]
        return [*lines, *(part for row in self.disagreements if explain for part in ("", *_explained(row)))]

    def _line(self, wanted: str, head: str) -> str:
        counts, gates = self.counts(wanted), self.gates(wanted)
        by_gate = f" (gates: {', '.join(f'{gate} {count}' for gate, count in gates.items())})" if gates else ""
        parts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
        return f"  Of {sum(counts.values())} that {head}: {parts}{by_gate}."

    def _precision_line(self, head: str, verdicts: Sequence[Verdict]) -> str:
        share = self.precision(verdicts)
        return f"{head}, none has a yes or a no." if share is None else f"{head}, the editor printed {share:.0%} (precision)."


def _keyed(counts: Mapping[Verdict, int]) -> dict[str, int]:
    return {verdict.replace(" ", "_"): count for verdict, count in counts.items()}


def _explained(row: ScoredComment) -> list[str]:
    """Return one disagreement as lines for a person."""
    label = "" if row.label in {"yes", "no"} else f" ({row.label})"
    said = " ".join(filter(None, [f"by {row.by}" if row.by else "by the editor", f"because: {row.said}" if row.said else ""]))
    return [
        f"{row.wanted.capitalize()} {said}{label}; {row.verdict} by digest: {row.why}",
        f"    {row.author} ({row.id}){f', under {row.article}' if row.article else ''}",
        f"    {shorten(row.text, 160)}",
    ]

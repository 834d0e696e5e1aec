"""Prints the recall and the false alarms of every gate and every rule for texts, as a table in Markdown.

    python benchmarks/comment_rules.py EXAM.jsonl REAL.jsonl

EXAM has threads whose comments have a label {"print": "best" | "fine" | "dull" | "never" | "hold", "kind": "…"}, as those in
`benchmarks/comments/` have; REAL has threads of real readers with a label {"good": 0 | 1, "toxicity": 1–4}. A gate catches a
comment if it is the reason why the comment is not printed. Of EXAM: how many of the traps (never, hold) it catches, and how many
of the fair comments (best, fine). Of REAL: how many of the abusive comments (toxicity of 2 or more), and how many of the
constructive and clean ones (good, toxicity below 1.5).
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from digest.curate.comment_gates import own_rejection
from digest.curate.comment_thread import CommentThread
from digest.curate.comments import cases
from digest.curate.judge import load_scoring_rules, parse_thread

CLEAN, ABUSIVE = 1.5, 2.0  # toxicity
RULES = load_scoring_rules(Path("/nonexistent"))
BAD, FAIR = {"never", "hold"}, {"best", "fine"}


def caught(file: Path) -> Iterator[tuple[dict[str, object], str]]:
    """Yield the label of every comment, and the gate and rule that keep it out, or an empty string."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        labels = {row["id"]: row.pop("label") for row in json.loads(line)["comments"]}
        for key, case in cases(CommentThread(*parse_thread(line, thing=f"{file}:{number}")), RULES).items():
            rejection = own_rejection(case)
            rule = rejection.evidence.rule if rejection and rejection.evidence else ""
            yield labels[key], f"{rejection.gate} / {rule}".removesuffix(" / ") if rejection else ""


def side(label: dict[str, object]) -> str:
    """Return what a label is counted as: bad, fair, or nothing."""
    if "print" in label:
        return "bad" if label["print"] in BAD else "fair" if label["print"] in FAIR else ""
    toxicity = float(label["toxicity"])  # type: ignore[arg-type]
    return "bad" if toxicity >= ABUSIVE else "fair" if label["good"] and toxicity < CLEAN else ""


def main() -> None:
    """Count and print."""
    columns = []
    for file in map(Path, sys.argv[1:]):
        rows = [(side(label), gate) for label, gate in caught(file)]
        columns.append((Counter(kind for kind, _ in rows), Counter(row for row in rows if row[1])))
    gates = sorted({gate for _, found in columns for _, gate in found})
    print("| Gate / rule | " + " | ".join(f"traps {all_['bad']} | fair {all_['fair']}" for all_, _ in columns) + " |")
    print("|---" * (1 + 2 * len(columns)) + "|")
    for gate in gates:
        cells = [str(found[(kind, gate)] or "") for _, found in columns for kind in ("bad", "fair")]
        print(f"| {gate} | " + " | ".join(cells) + " |")
    sums = [
        sum(count for (kind, _), count in found.items() if kind == wanted) for _, found in columns for wanted in ("bad", "fair")
    ]
    print("| **all** | " + " | ".join(f"**{count}**" for count in sums) + " |")


if __name__ == "__main__":
    main()

"""Makes `digest/curate/editor.model`, which knows what an editor prints.

    pip install scikit-learn
    python benchmarks/train_editor.py benchmarks/comments/*.jsonl [--without FILE] [--output editor.model]

Each line of a file is a thread as `digest judge` reads it, whose comments have a label: {"print": "best" | "fine" | "dull" |
"never" | "hold", "kind": "…"}. The threads in `benchmarks/comments/` were invented for this project. `unfit` is trained on never
and hold against the rest, without the kinds that only the thread shows (a copy, a quotation); `worth` on best against dull, with
fine halfway. L2-regularised logistic regression (liblinear; Fan et al., 2008); the weights are rounded to a signed byte each. The
same files give the same bytes. `--without` leaves a file out and prints the area under the curve on it.
"""

import argparse
import json
from array import array
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from digest.curate.comment_thread import CommentThread
from digest.curate.editor_model import FORMAT
from digest.curate.hashed_words import features
from digest.curate.judge import load_scoring_rules, parse_thread
from digest.curate.thread_reading import read_thread

BITS = 16
MOST = 4.0  # of a weight, before it is rounded
CLASS_VALUE = 1.5  # length of the vector of a comment's classes; that of its words is 1
LENGTHS = (8, 16, 30, 50, 75, 100, 130)  # about words; length is learned apart and left out, since here the writers chose it
STRENGTH = 3.0  # the inverse of the penalty
IN_THREAD = {
    "double",
    "astroturf",
    "repost",
    "quote",
    "pingback",
    "links",
    "foreign",
    "quiz",
}  # what only the thread or the form shows
WORTH = {"best": 1.0, "fine": 0.5, "dull": 0.0}
RULES = load_scoring_rules(Path("/nonexistent")).text_rules
NAMES = RULES.names


class Row:
    """One labelled comment: the indices of its weights, and the classes of its words."""

    def __init__(self, file: str, label: dict[str, str], marks: list[int], classes: int) -> None:
        self.file, self.print, self.kind, self.marks, self.classes = file, label["print"], label["kind"], marks, classes


def rows(files: Iterable[Path]) -> list[Row]:
    """Every comment of the files."""
    found = []
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            labels = {row["id"]: row["label"] for row in json.loads(line)["comments"]}
            thread = CommentThread(*parse_thread(line, thing=f"{file}:{number}"))
            reading = read_thread(thread, RULES)
            for comment in thread.comments:
                marks = [mark & ((1 << BITS) - 1) for row in reading.sentences[comment.id] for mark in features(row.hashed)]
                found.append(Row(file.name, labels[comment.id], marks, reading.classes[comment.id]))
    return found


def matrix(found: list[Row]) -> csr_matrix:
    """A row a comment: its hashed features, its classes, and last how long it is."""
    values = np.concatenate([np.full(len(row.marks), max(1, len(row.marks)) ** -0.5) for row in found])
    indices = np.concatenate([np.array(row.marks, dtype=np.int64) for row in found])
    words = csr_matrix((values, indices, np.cumsum([0, *(len(row.marks) for row in found)])), shape=(len(found), 1 << BITS))
    has = np.array([[float(bool(row.classes & RULES.bit(name))) for name in NAMES] for row in found])
    has *= CLASS_VALUE / np.sqrt(np.maximum(1, has.sum(axis=1, keepdims=True)))
    lengths = np.zeros((len(found), len(LENGTHS) + 1))
    lengths[np.arange(len(found)), np.searchsorted(LENGTHS, [len(row.marks) / 14 for row in found])] = 2
    return hstack([words, csr_matrix(has), csr_matrix(lengths)]).tocsr()


def trained(marks: csr_matrix, share: "np.ndarray") -> LogisticRegression:
    """The regression of a share between 0 and 1: each comment once as yes and once as no, weighed by its share."""
    labels = np.repeat([1, 0], len(share))
    weights = np.concatenate([share / share.mean(), (1 - share) / (1 - share).mean()]) / 2
    kept = weights > 0
    model = LogisticRegression(C=STRENGTH, solver="liblinear", random_state=0)
    return model.fit(vstack([marks, marks])[kept], labels[kept], sample_weight=weights[kept])


def heads(found: list[Row]) -> dict[str, LogisticRegression]:
    """Both answers' regressions."""
    told = [row for row in found if row.kind not in IN_THREAD]
    fit = [row for row in found if row.print in WORTH]
    unfit = trained(matrix(told), np.array([float(row.print not in WORTH) for row in told]))
    worth = trained(matrix(fit), np.array([WORTH[row.print] for row in fit]))
    return {"unfit": unfit, "worth": worth}


def packed(models: dict[str, LogisticRegression]) -> bytes:
    """The model's file."""
    scale = MOST / 127
    head: dict[str, object] = {"format": FORMAT}
    body = b""
    for name, model in models.items():
        words, classes = model.coef_[0][: 1 << BITS], model.coef_[0][1 << BITS : (1 << BITS) + len(NAMES)] * CLASS_VALUE
        body += array("b", np.clip(np.rint(words / scale), -127, 127).astype(int).tolist()).tobytes()
        said = {key: round(float(value), 3) for key, value in zip(NAMES, classes, strict=True)}
        usual = 2 * float(model.coef_[0][-len(LENGTHS) - 1 :].mean())  # of a comment of no particular length
        head[name] = {"bias": round(float(model.intercept_[0]) + usual, 4), "scale": round(scale, 6), "classes": said}
    return json.dumps(head).encode() + b"\n" + body


def main() -> None:
    """Train, tell, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("threads", type=Path, nargs="+")
    parser.add_argument("--without", type=Path)
    parser.add_argument("--output", type=Path, default=Path("digest/curate/editor.model"))
    given = parser.parse_args()
    models = heads(rows(file for file in sorted(given.threads) if file != given.without))
    if given.without:
        held = [row for row in rows([given.without]) if row.kind not in IN_THREAD]
        odds = models["unfit"].decision_function(matrix(held))
        print(f"{given.without.name}: unfit {roc_auc_score([row.print not in WORTH for row in held], odds):.3f}", end=", ")
        fit = [row for row in held if row.print in WORTH]
        print(f"best {roc_auc_score([row.print == 'best' for row in fit], models['worth'].decision_function(matrix(fit))):.3f}")
    given.output.write_bytes(packed(models))


if __name__ == "__main__":
    main()

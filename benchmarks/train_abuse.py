"""Makes `digest/curate/abuse.model`, the trained half of the abuse gate.

    pip install scikit-learn
    python benchmarks/train_abuse.py TEXTS.jsonl[.gz] [--output abuse.model] [--strength 0.3]

Each line of TEXTS is {"t": text, "y": share of raters who call it toxic (0..1), "w": weight}. L2-regularised logistic
regression (liblinear; Fan et al., 2008) over the features of `digest.curate.hashed_words`, each text once as toxic and once as not,
weighed by the raters' shares; the weights are rounded to a signed byte each. The same texts give the same bytes. The texts
stay where they are; only weights are kept.

Printed: the area under the curve on a tenth that was held out, and what the model makes of who people are.
"""

import argparse
import gzip
import json
import random
from array import array
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from digest.curate.abuse_model import AbuseModel
from digest.curate.hashed_words import features as hashes
from digest.curate.hashed_words import hashed_text

BITS = 16
MOST = 3.0  # of a weight, before it is rounded
IDENTITIES = ("I am a gay man and I teach here.", "Muslim neighbours helped us.", "She is a black woman who runs the shop.",
              "My Jewish grandmother came to this town.", "He is a disabled veteran.", "We are an immigrant family.")  # fmt: skip


def features(text: str) -> "np.ndarray":
    """The indices of a text's weights."""
    return np.array([*hashes(hashed_text(text))], dtype=np.int64) & ((1 << BITS) - 1)


def matrix(texts: list[str]) -> csr_matrix:
    """A row a text: each of its features counts one over the square root of their number."""
    rows = [features(text) for text in texts]
    values = [np.full(len(row), max(1, len(row)) ** -0.5) for row in rows]
    return csr_matrix(
        (np.concatenate(values), np.concatenate(rows), np.cumsum([0, *map(len, rows)])), shape=(len(texts), 1 << BITS)
    )


def read(path: Path) -> list[dict[str, object]]:
    """The texts with their labels, in an order of our own."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    random.Random(1).shuffle(rows)
    return rows


def trained(marks: csr_matrix, toxic: "np.ndarray", weight: "np.ndarray", strength: float) -> LogisticRegression:
    """The regression; `strength` is the inverse of the penalty."""
    labels, weights = np.repeat([1, 0], len(toxic)), np.concatenate([weight * toxic, weight * (1 - toxic)])
    model = LogisticRegression(C=strength, solver="liblinear", random_state=0)
    return model.fit(vstack([marks, marks])[weights > 0], labels[weights > 0], sample_weight=weights[weights > 0])


def packed(model: LogisticRegression) -> bytes:
    """The model's file."""
    scale = MOST / 127
    rounded = array("b", np.clip(np.rint(model.coef_[0] / scale), -127, 127).astype(int).tolist())
    return f"digest-abuse 1 scale={scale:.6f} bias={model.intercept_[0]:.4f}\n".encode() + rounded.tobytes()


def main() -> None:
    """Train, tell, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--output", type=Path, default=Path("digest/curate/abuse.model"))
    parser.add_argument("--strength", type=float, default=0.3)
    given = parser.parse_args()
    rows = read(given.texts)
    marks = matrix([row["t"] for row in rows])
    toxic, weight = (np.array([row.get(key, 1.0) for row in rows]) for key in "yw")
    tenth = len(rows) // 10
    held = trained(marks[tenth:], toxic[tenth:], weight[tenth:], given.strength).decision_function(marks[:tenth])
    print(f"area under the curve on {tenth} held-out texts: {roc_auc_score(toxic[:tenth] >= 0.5, held):.3f}")
    given.output.write_bytes(packed(trained(marks, toxic, weight, given.strength)))
    model = AbuseModel(given.output.read_bytes())
    for text in IDENTITIES:
        print(f"{model([hashed_text(text)]):+.2f}  {text}")


if __name__ == "__main__":
    main()

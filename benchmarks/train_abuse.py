"""Makes `digest/curate/abuse.model`, the trained half of the abuse gate.

    python benchmarks/train_abuse.py TEXTS.jsonl[.gz] [--output abuse.model] [--rounds 4]

Each line of TEXTS is {"t": text, "y": share of raters who call it toxic (0..1), "w": weight}. Logistic regression over the
features of `digest.curate.risk`, by AdaGrad (Duchi, Hazan and Singer, 2011), the weights averaged over the second half and
rounded to a signed byte each. The same texts give the same bytes. The texts stay where they are; only weights are kept.

Printed: the area under the curve on a tenth that was held out, and what the model makes of who people are.
"""

import argparse
import gzip
import json
import math
import random
import sys
from array import array
from pathlib import Path
from typing import NamedTuple

from digest.curate.risk import Risk, pair_feature, split, word_features

BITS = 16
STEP = 0.1
MOST = 3.0  # of a weight, before it is rounded
IDENTITIES = ("I am a gay man and I teach here.", "Muslim neighbours helped us.", "She is a black woman who runs the shop.",
              "My Jewish grandmother came to this town.", "He is a disabled veteran.", "We are an immigrant family.")  # fmt: skip


class Row(NamedTuple):
    """One text as the model sees it."""

    marks: "array[int]"
    toxic: float
    weight: float


def features(text: str) -> "array[int]":
    """The indices of a text's weights."""
    seen, mask = split(text), (1 << BITS) - 1
    found = [mark for word in seen for mark in word_features(word)]
    return array("I", [mark & mask for mark in [*found, *map(pair_feature, seen, seen[1:])]])


def read(path: Path) -> list[Row]:
    """The texts with their labels, in an order of our own."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    random.Random(1).shuffle(rows)
    return [Row(features(row["t"]), row["y"], row.get("w", 1.0)) for row in rows]


def trained(rows: list[Row], rounds: int) -> tuple[list[float], float]:
    """The weights and the bias."""
    weights, squares, averaged = [0.0] * (1 << BITS), [1e-2] * (1 << BITS), [0.0] * (1 << BITS)
    bias, kept, order = 0.0, 0, random.Random(2)
    for number in range(rounds):
        order.shuffle(rows)
        for row in rows:
            scale = 1 / math.sqrt(len(row.marks) or 1)
            score = bias + scale * sum(weights[mark] for mark in row.marks)
            error = row.weight * (1 / (1 + math.exp(-max(-30.0, min(30.0, score)))) - row.toxic)
            bias -= 0.01 * error
            slope = error * scale
            for mark in row.marks:
                squares[mark] += slope * slope
                weights[mark] -= STEP * slope / math.sqrt(squares[mark])
        if number >= rounds // 2:
            averaged, kept = [total + weight for total, weight in zip(averaged, weights, strict=True)], kept + 1
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return [total / kept for total in averaged], bias


def packed(weights: list[float], bias: float) -> bytes:
    """The model's file."""
    scale = MOST / 127
    rounded = array("b", [round(max(-MOST, min(MOST, weight)) / scale) for weight in weights])
    return f"digest-abuse 1 scale={scale:.6f} bias={bias:.4f}\n".encode() + rounded.tobytes()


def area(rows: list[Row], scores: list[float]) -> float:
    """The area under the curve: how often a toxic text is above another."""
    ranked = sorted(zip(scores, (row.toxic >= 0.5 for row in rows), strict=True))
    toxic = sum(label for _, label in ranked)
    ranks = sum(rank for rank, (_, label) in enumerate(ranked, 1) if label)
    return (ranks - toxic * (toxic + 1) / 2) / (toxic * (len(ranked) - toxic))


def main() -> None:
    """Train, tell, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--output", type=Path, default=Path("digest/curate/abuse.model"))
    parser.add_argument("--rounds", type=int, default=4)
    given = parser.parse_args()
    rows = read(given.texts)
    held, rest = rows[: len(rows) // 10], rows[len(rows) // 10 :]
    weights, bias = trained(rest, given.rounds)
    scores = [bias + sum(weights[mark] for mark in row.marks) / math.sqrt(len(row.marks) or 1) for row in held]
    print(f"area under the curve on {len(held)} held-out texts: {area(held, scores):.3f}")
    given.output.write_bytes(packed(weights, bias))
    model = Risk(given.output.read_bytes())
    for text in IDENTITIES:
        print(f"{model(text):+.2f}  {text}")


if __name__ == "__main__":
    main()

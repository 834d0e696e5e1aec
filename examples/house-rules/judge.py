#!/usr/bin/env python3
"""Hold comments that mention a word of words.txt. Reads threads and writes verdicts, one line of JSON for each."""

import json
import sys
from pathlib import Path

WORDS = {line.strip().casefold() for line in Path(__file__).with_name("words.txt").read_text(encoding="utf-8").splitlines()} - {""}


def verdict(thread: dict) -> dict:
    """Return what is held of a thread, and lower the comments that only ask."""
    held, scores = [], {}
    for comment in thread["comments"]:
        mentioned = WORDS & {word.strip(".,;:!?“”\"'()").casefold() for word in comment["text"].split()}
        if mentioned:
            held.append({"id": comment["id"], "gate": "words", "reason": f"mentions {', '.join(sorted(mentioned))}"})
        elif comment["text"].rstrip().endswith("?"):
            scores[comment["id"]] = 0.8
    return {"left_out": held, "scores": scores}


for line in sys.stdin:
    print(json.dumps(verdict(json.loads(line))))

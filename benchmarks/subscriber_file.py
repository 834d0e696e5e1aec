"""The subscriber list at a million rows: check and load against `csv.DictReader` with the same checks, and what one change costs.

    python benchmarks/roll.py [--rows N]

Each measurement is a process of its own, so that its peak memory is its own. Ratios of one run count, not its seconds.
"""

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from digest.model import Subscriber
from digest.store import Store
from digest.subscribers import SubscriberFile, normalise, set_status
from digest.subscribers.address import address_problem
from digest.subscribers.columns import status_of
from digest.subscribers.row_parser import parse_topics


def written(path: Path, rows: int) -> None:
    """A roll of so many readers, no two alike."""
    chance = random.Random(1)
    with path.open("w", newline="") as file:
        file.write("email,name,status,topics,joined\r\n")
        for number in range(rows):
            domain = f"example{chance.randrange(5_000)}.org"
            file.write(f"reader{number}.x{number % 97}@{domain},Reader Number{number},active,,2026-01-{number % 28 + 1:02}\r\n")


def by_dict_reader(path: Path) -> int:
    """The same by the standard library, row by row: every check that ours makes, and a subscriber of each row."""
    seen: set[str] = set()
    count = odd = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            email = normalise(row["email"])
            status = status_of(row["status"].strip().casefold())
            if status is None or email in seen:
                continue
            seen.add(email)
            odd += bool(address_problem(email))
            Subscriber(
                email=email,
                name=row["name"].strip(),
                status=status,
                topics=parse_topics(row["topics"]),
                joined=row["joined"].strip(),
                line=line,
            )
            count += 1
    return count


def checked(path: Path) -> int:
    """`digest subscribers check`: what is wrong, what is double, what is odd."""
    return SubscriberFile(path).summarise().subscribers


def loaded(path: Path) -> int:
    """What freezing an edition does with it."""
    return sum(1 for _ in SubscriberFile(path))


def left(_: Path) -> int:
    """One reader leaves: the commit that the answer waits for; milliseconds, in microseconds as an int."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open("sqlite:///d.db", Path(folder))
        store.subscribers.enrol("reader5.x5@example1.org", "t" * 27)
        store.suppressions.opt_out([("x" * 27, "warm")], datetime.now(UTC))
        began = time.perf_counter()
        store.suppressions.opt_out([("t" * 27, "one click")], datetime.now(UTC))
        took = time.perf_counter() - began
        store.close()
    return int(took * 1_000_000)


def marked(path: Path) -> int:
    """What follows behind the answer: the file shows it."""
    email = next(iter(SubscriberFile(path))).email
    return int(set_status(path, email, "unsubscribed"))


TASKS = {task.__name__: task for task in (by_dict_reader, checked, loaded, left, marked)}


def measured(name: str, path: Path) -> tuple[float, float, int]:
    """Seconds, peak megabytes and result of a task in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--task", name, str(path)], capture_output=True, text=True, check=True)
    seconds, peak, result = json.loads(done.stdout)
    return seconds, peak, result


def main() -> None:
    """Write a subscriber list, and measure each task three times."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--task", choices=TASKS)
    arguments.add_argument("path", nargs="?", type=Path)
    given = arguments.parse_args()
    if given.task:
        began = time.perf_counter()
        result = TASKS[given.task](given.path)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps([time.perf_counter() - began, peak, result]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "subscribers.csv"
        written(path, given.rows)
        runs = {name: sorted(measured(name, path) for _ in range(3))[1] for name in TASKS}
    base = runs["by_dict_reader"][0]
    for name, (seconds, peak, result) in runs.items():
        extra = f"{result / 1000:.1f} ms to the commit (limit 50)" if name == "left" else f"{seconds / base:.2f} of DictReader"
        goal = " (goal 0.6)" if name in {"checked", "loaded"} else ""
        print(f"{name:16} {seconds:6.2f} s  {peak:5.0f} MB  {extra}{goal}")


if __name__ == "__main__":
    main()

"""How long one edition takes to render, beside npm's mjml on the same edition written in plain MJML, in the same run.

    python benchmarks/render.py [--count 50]

`digest` is what freezing an edition does: layout, templates, MJML, every style on its element, and the text part. `its MJML` is the
last step of the HTML alone, from a source that is filled. npm's mjml gets such a source too, with a section for each story and
`mj-style inline`, and does nothing else. It joins where node is, installed by npm for the run.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from digest.config import DesignPlan, Ranks
from digest.edition.size_limit import fit_size
from digest.model import Edition
from digest.render.mjml_html import html_of
from digest.render.renderer import Design
from tests.render.editions import GAZETTE, eight_with_comments, sixteen, twelve_with_three, with_thread

HERE = Path(__file__).parent
STYLE = "h2 { font: bold 22px/28px Georgia, serif; margin: 0; } p, blockquote { font: 17px/27px Georgia, serif; margin: 0; }"


def plain_mjml(edition: Edition) -> str:
    """Return the edition as MJML's own documents would have it written."""
    sections = []
    for story in edition.stories:
        article = story.article
        image = f'<mj-image src="{article.image.url}" alt="{escape(article.image.alt)}" />' if article.image else ""
        voices = "".join(
            f"<blockquote>{escape(pick.excerpt)}</blockquote><p><b>{escape(pick.comment.author)}</b></p>" for pick in story.picks
        )
        text = f'<h2><a href="{escape(article.url)}">{escape(article.title)}</a></h2><p>{escape(article.summary)}</p>'
        sections.append(
            f"<mj-section><mj-column>{image}<mj-text>{text}</mj-text><mj-text>{voices}</mj-text></mj-column></mj-section>"
        )
    head = f'<mj-head><mj-title>x</mj-title>\n<mj-style inline="inline">{STYLE}</mj-style>\n</mj-head>'
    return f"<mjml>{head}<mj-body>{''.join(sections)}</mj-body></mjml>"


def milliseconds(work: Callable[[], object], count: int) -> float:
    """Return the median time of some work."""
    work()
    times = []
    for _ in range(count):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1_000)
    return statistics.median(times)


def npm_mjml(source: str, count: int) -> float | None:
    """Return the median of npm's mjml, warm, in its own process; None if it is not installed."""
    node = shutil.which("node")
    if not node:
        return None
    environment = {**os.environ, "MJML_FROM": str(mjml_folder())}
    command = [node, str(HERE / "mjml.mjs"), str(count + 5)]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True, env=environment)
    return statistics.median(float(line.split()[0]) for line in done.stdout.splitlines()[5:])


@cache
def mjml_folder() -> Path:
    """Where npm has put mjml."""
    folder = Path(tempfile.gettempdir()) / "digest-npm-mjml"
    if not (folder / "node_modules" / "mjml").is_dir():
        subprocess.run(["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder), "mjml"], check=True)
    return folder


def cut_renderings() -> int:
    """Return how many renderings it takes to cut an edition of 16 stories with 5 long comments each."""

    class Counted(Design):
        renderings = 0

        def html(self, edition: Edition) -> str:
            self.renderings += 1
            return super().html(edition)

    whole = sixteen()
    stories = [with_thread(row, 5) for row in whole.stories]
    long = [replace(row, picks=tuple(replace(pick, excerpt=pick.excerpt * 3) for pick in row.picks)) for row in stories]
    design = Counted(GAZETTE, plan=DesignPlan(ranks=Ranks(full=16, voices=5)), archive=True, subscribe=True)
    fit_size(replace(whole, stories=tuple(long)), design)
    return design.renderings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50)
    count = parser.parse_args().count
    print(
        f"{'edition':28} {'digest':>9} {'its MJML':>9} {'npm mjml':>9} {'ratio':>6} {'ratio of MJML':>14} {'HTML':>8} {'limit':>8}"
    )
    rows = [
        ("16 stories", sixteen(), DesignPlan(), 30_000),
        ("8 stories, 2 comments each", eight_with_comments(), DesignPlan(ranks=Ranks(full=8, voices=2)), 45_000),
        ("12 stories, 3 comments each", twelve_with_three(), DesignPlan(ranks=Ranks(full=12, voices=3)), 62_000),
    ]
    for name, edition, plan, limit in rows:
        design = Design(GAZETTE, plan=plan, archive=True, subscribe=True)
        own = milliseconds(lambda design=design, edition=edition: design.render(edition), count)
        filled = design.source(edition)
        step = milliseconds(lambda filled=filled: html_of(filled), count)
        peer = npm_mjml(plain_mjml(edition), count) or float("nan")
        size = len(design.render(edition).html.encode())
        print(f"{name:28} {own:6.2f} ms {step:6.2f} ms {peer:6.2f} ms {own / peer:6.2f} {step / peer:14.2f} {size:8,} {limit:8,}")
    print(f"\nrenderings to cut an edition that is too large: {cut_renderings()} (limit 2)")
    print(f"Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()

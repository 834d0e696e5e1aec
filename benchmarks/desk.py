"""How long the desk takes: its pages and its verbs, over HTTP, on a day of 60 stories with threads of 2,000 comments.

    python benchmarks/desk.py [--comments 2000]

The edition is the largest there is (16 stories in, 44 left out), the newsletter's folder is on a real disk, and every request is
what a browser sends. `first` is the first page after something was collected, when all threads are read; `page` one after that.
"""

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).parent.parent))

from digest.app import open_newsletter
from digest.audience.transactional_emails import TransactionalEmails
from digest.desk.sign_in import SignIn
from digest.model import Comment, Harvest
from digest.web.pages import serve_http
from digest.web.reader_pages import ReaderPages
from tests.render.editions import STORIES, VOICES, story

NOW = datetime(2026, 11, 24, 6, 40, tzinfo=UTC)
KEY = "weekday-2026-11-24"
LIMITS = {"page": 300, "verb": 150}  # ms
TOML = """
[newsletter]
name = "The Harbour Gazette"
from = "daily@gazette.example"
site_url = "https://gazette.example"
public_url = "https://news.gazette.example"
[[sources]]
kind = "feed"
url = "https://gazette.example/feed/"
[[editions]]
articles = 16
[desk]
editors = ["Ada Quill <ada@gazette.example>"]
"""


def day(stories: int, comments: int) -> Harvest:
    """Some stories, each with a long thread of the sample's words in other orders."""
    articles, words = [], list[Comment]()
    for number in range(stories):
        row = story(number % len(STORIES), 1)
        published = NOW - timedelta(minutes=10 * number + 5)
        article = replace(row.article, id=f"a{number}", url=f"{row.article.url}{number}/", title=f"{row.article.title} {number}")
        articles.append(replace(article, published=published, updated=published, image=None, comment_count=None))
        for at in range(comments):
            name, _, text = VOICES[(number + at) % len(VOICES)]
            parts = text.split(". ")
            text = ". ".join(
                [
                    *parts[at % len(parts) :],
                    *parts[: at % len(parts)],
                    f"That is {at} of {number}, as I counted it on the {at % 28}th.",
                ]
            )
            words.append(
                Comment(
                    id=f"c{number}-{at}", article_id=article.id, author=f"{name} {at % 400}", text=text, url=f"{article.url}#c{at}",
                    written=published + timedelta(seconds=at), parent_id=f"c{number}-{at // 3}" if at % 4 == 3 else None,
                )
            )  # fmt: skip
    return Harvest(articles=tuple(articles), comments=tuple(words))


class Browser:
    """What sends the requests of a signed-in editor."""

    def __init__(self, client: aiohttp.ClientSession, base: str) -> None:
        self._client, self._base, self.page = client, base, ""

    async def open(self, path: str) -> float:
        """Open a page; return the milliseconds until it was there."""
        began = time.perf_counter()
        async with self._client.get(f"{self._base}/desk/{KEY}{path}") as answer:
            self.page = await answer.text()
            assert answer.status == 200, answer.status
        return (time.perf_counter() - began) * 1_000

    async def do(self, verb: str, **fields: str) -> float:
        """Post a verb, without the page that it leads to; return the milliseconds until it was answered."""
        hidden = {name: re.findall(rf'name="{name}" value="([^"]*)"', self.page)[0] for name in ("csrf", "seen", "back", "once")}
        given = {name.replace("_", "-"): value for name, value in fields.items()}
        began = time.perf_counter()
        async with self._client.post(
            f"{self._base}/desk/{KEY}/do", data={**hidden, "once": f"{time.time_ns()}", "verb": verb, **given},
            headers={"Origin": self._base}, allow_redirects=False,
        ) as answer:  # fmt: skip
            assert answer.status == 303, (answer.status, await answer.text())
        return (time.perf_counter() - began) * 1_000


async def measure(root: Path, stories: int, comments: int) -> dict[str, list[float]]:
    """Return the times of each page and verb."""
    times: dict[str, list[float]] = {}
    with open_newsletter(root, lambda: NOW) as app:
        app.store.content.keep(day(stories, comments), NOW)
        sign_in = SignIn(app, TransactionalEmails(app))
        person = sign_in.person("ada@gazette.example")
        assert person is not None
        cookies = {"digest_desk": sign_in.here(person, "benchmark")}
        async with (
            serve_http(ReaderPages(app).application(), "127.0.0.1", 0) as base,
            aiohttp.ClientSession(cookies=cookies, cookie_jar=aiohttp.CookieJar(unsafe=True)) as client,
        ):
            browser = Browser(client, base)
            times["first edition"] = [await browser.open("")]
            shown = list(dict.fromkeys(re.findall(r'id="s-(a\d+)" class="row"', browser.page)))
            comment = f"c{shown[0][1:]}-0"
            for path, name in (
                ("", "page edition"),
                (f"/story?id={shown[0]}", "page story"),
                ("/held", "page held"),
                ("/log", "page log"),
            ):
                times[name] = [await browser.open(path) for _ in range(7)]
            for verb, fields in (
                ("move", {"id": shown[2], "place": "2"}), ("edit", {"id": shown[1], "headline": "{at}"}), ("hold", {}),
                ("comment-take", {"id": comment}), ("leave-out", {"id": "{story}"}),
            ):  # fmt: skip
                times[f"verb {verb}"] = []
                times[f"page after {verb}"] = []
                for at in range(5):
                    values = {key: text.format(at=at, story=shown[5 + at]) for key, text in fields.items()}
                    times[f"verb {verb}"].append(await browser.do(verb, **values))
                    times[f"page after {verb}"].append(await browser.open(""))
    return times


def main(words: Sequence[str] | None = None) -> None:
    """Measure, and print a row for each page and verb."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stories", type=int, default=60)
    parser.add_argument("--comments", type=int, default=2_000)
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        root = Path(folder)
        (root / "digest.toml").write_text(TOML, encoding="utf-8")
        (root / "subscribers.csv").write_text(
            "email\n" + "\n".join(f"r{at}@readers.example" for at in range(3_200)), encoding="utf-8"
        )
        times = asyncio.run(measure(root, given.stories, given.comments))
    print(f"{'what':<28}{'median':>9}{'slowest':>10}{'limit':>8}")
    for name, row in times.items():
        limit = LIMITS.get(name.split()[0])
        print(f"{name:<28}{statistics.median(row):>6.0f} ms{max(row):>7.0f} ms{limit or '':>8}")
    print(f"\n{given.stories} stories, threads of {given.comments:,} comments. Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()

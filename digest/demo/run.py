"""The demo from beginning to end, in a folder that is deleted afterwards."""

import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.app import open_newsletter
from digest.clock import Clock
from digest.config import EditionPlan
from digest.demo.inbox import Inbox, serve_smtp
from digest.demo.newsroom import Newsroom
from digest.edition.edition_calendar import EditionCalendar
from digest.edition.report import RunReport
from digest.publish import Permit, Progress, publish
from digest.subscribers import Problem
from digest.web.message_viewer import Viewer
from digest.web.pages import serve_http
from digest.web.reader_pages import ReaderPages

_HERE = Path(__file__).parent
_CONFIG = """\
[newsletter]
name = "{name}"
tagline = "{tagline}"
from = "{name} <daily@gazette.example>"
reply_to = "editor@gazette.example"
report_to = "moderators@gazette.example"
site_url = "{site}"
public_url = "{pages}"
timezone = "Europe/London"
postal_address = "The Old Net Loft, 3 Quay Street, Harbour"
support = {{ text = "No owner, no advertisers: the Gazette is paid for by 1,140 of its readers. Be one of the next hundred.", url = "{site}/", button = "Become a member" }}

[[sources]]
kind = "wordpress"
url = "{site}"
allow_private = true

[smtp]
url = "smtp://127.0.0.1:{port}"
connections = 4
"""  # noqa: E501


@dataclass(frozen=True, slots=True)
class DemoRun:
    """A demo that has run: its report, the skipped rows of the subscriber list, the inbox, and the addresses of inbox and site."""

    report: RunReport
    problems: Sequence[Problem]
    inbox: Inbox
    inbox_url: str
    site_url: str


@asynccontextmanager
async def run_demo(clock: Clock, progress: Progress, port: int) -> AsyncIterator[DemoRun]:
    """Start a newsroom, a relay and the reader pages, publish the edition that is due, and show the inbox."""
    calendar = EditionCalendar(EditionPlan(), ZoneInfo("Europe/London"))
    day = calendar.latest(clock())
    newsroom, inbox = Newsroom(calendar.cutoff(day)), Inbox()
    with tempfile.TemporaryDirectory(prefix="digest-demo-") as name:
        async with serve_smtp(inbox) as smtp_port, serve_http(newsroom.application(), "127.0.0.1", 0) as site:
            root, pages_port = Path(name), _free_port()
            _write_newsletter(root, newsroom, site, f"http://127.0.0.1:{pages_port}", smtp_port)
            with open_newsletter(root, clock, retry_delays=()) as app:
                async with (
                    serve_http(ReaderPages(app).application(), "127.0.0.1", pages_port),
                    serve_http(Viewer(inbox).application(), "127.0.0.1", port) as at,
                ):
                    report = await publish(app.pipeline, calendar.plan, app.slot(calendar.plan, day), progress, Permit(late=True))
                    yield DemoRun(report, [row for row in app.subscriber_file().problems() if row.skipped], inbox, at, site)


def _free_port() -> int:
    """Return a port that nobody uses: the reader links contain it before their pages are served."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_newsletter(root: Path, newsroom: Newsroom, site: str, pages: str, smtp_port: int) -> None:
    """Write a newsletter's folder for the sample newsroom, as `digest init` does."""
    settings = _CONFIG.format(site=site, pages=pages, port=smtp_port, **newsroom.site)
    (root / "digest.toml").write_text(settings, encoding="utf-8")
    shutil.copyfile(_HERE / "subscribers.csv", root / "subscribers.csv")

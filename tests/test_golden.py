"""The recorded site beside the edition it becomes; `make golden` writes the files anew, and the diff is for a person to read."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from digest.app import App
from digest.compose import Composer, Sender
from digest.compose.subscriber_links import SubscriberLinks
from digest.model import Edition, Recipient
from digest.service.dry_run import build_edition
from digest.store.edition_rows import as_json
from tests.newsroom import BASE, RecordedSite

GOLDEN = Path(__file__).parent / "data" / "golden"


@pytest.fixture
def golden() -> Iterator[dict[str, bytes]]:
    """What a test made, by file name; compared, or written down, when it is done."""
    found: dict[str, bytes] = {}
    yield found
    for name, data in found.items():
        path = GOLDEN / name
        if os.environ.get("DIGEST_GOLDEN"):
            path.write_bytes(data)
        assert path.read_bytes() == data, f"{name} has changed; if that is meant: make golden"


async def test_the_recorded_morning(app: App, site: RecordedSite, golden: dict[str, bytes]) -> None:
    plan = app.config.editions[0]
    edition, failures = await build_edition(app, plan, app.slot(plan, app.calendar(plan).latest(app.clock())))
    assert failures == ()
    text = json.dumps(as_json(edition), ensure_ascii=False, indent=1).replace(site.base, BASE)
    edition = TypeAdapter(Edition).validate_json(text)
    rendered = app.design().render(edition)
    sender = Sender(
        newsletter=app.config.newsletter, links=SubscriberLinks(public_url="https://news.gazette.example", secret="golden")
    )
    message = Composer(sender, rendered, edition.slot.key, edition.frozen_at)(
        Recipient(id=1, email="ada@readers.example", name="Ada")
    )
    golden["edition.json"] = text.encode()
    golden["edition.html"] = rendered.html.encode()
    golden["edition.txt"] = rendered.text.encode()
    golden["edition.eml"] = message.raw

"""The preview of an edition, before and after it is frozen."""

import email
import email.policy
from email.message import EmailMessage

import aiohttp
import pytest

from digest.app import App
from digest.errors import DigestError
from digest.model import Edition
from digest.publish import Unwatched, publish
from digest.service.dry_run import build_edition
from digest.text.raw_message import text_part
from digest.web.message_viewer import Viewer
from digest.web.pages import serve_http
from digest.web.preview import Preview
from tests.relay import Relay

NOTE = "Nobody on the list of this edition"


async def frozen(app: App) -> Edition:
    app.subscriber_path.write_text("email,topics\nada@readers.example,health\n")
    plan = app.config.editions[0]
    slot = app.slot(plan, app.calendar(plan).latest(app.clock()))
    await publish(app.pipeline, plan, slot, Unwatched())
    app.subscriber_path.write_text(
        "email,topics\nada@readers.example,health\nbo@readers.example,health\ncy@readers.example,tram\ndee@readers.example,\n"
    )
    (app.config.root / "templates").mkdir()
    (app.config.root / "templates" / "subject.txt.j2").write_text("Another subject")
    made = app.store.editions.frozen(slot.key)
    assert made is not None
    return made.edition


def subject(raw: bytes) -> str:
    message = email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)
    return str(message["Subject"])


async def test_who_is_not_on_the_list_gets_the_frozen_text_too(app: App, relay: Relay) -> None:
    preview = Preview(app, await frozen(app), "")
    ada, bo, cy, dee = (preview.message(f"{name}@readers.example") for name in ("ada", "bo", "cy", "dee"))
    assert subject(bo.raw) == subject(ada.raw) != "Another subject"
    assert "Another subject" not in subject(dee.raw)
    assert [message.note for message in (ada, bo, dee)] == ["", "", ""]
    assert subject(cy.raw) == "Another subject"
    assert NOTE in cy.note


async def test_the_page_says_what_is_not_frozen(app: App, relay: Relay) -> None:
    preview = Preview(app, await frozen(app), "")
    async with serve_http(Viewer(preview).application(), "127.0.0.1", 0) as base, aiohttp.ClientSession() as client:
        for name, noted in {"bo": False, "cy": True}.items():
            async with client.get(f"{base}/mail/{name}%40readers.example") as answer:
                assert (NOTE in await answer.text()) == noted


async def made(app: App) -> Edition:
    plan = app.config.editions[0]
    edition, _ = await build_edition(app, plan, app.slot(plan, app.calendar(plan).latest(app.clock())))
    return edition


async def test_a_list_without_anybody_active_has_a_page_all_the_same(app: App) -> None:
    app.subscriber_path.write_text("email\n")
    preview = Preview(app, await made(app), "The preview")
    async with (
        serve_http(Viewer(preview).application(), "127.0.0.1", 0) as base,
        aiohttp.ClientSession() as client,
        client.get(base, allow_redirects=False) as answer,
    ):
        assert answer.status == 200
        page = await answer.text()
    assert "The preview" in page
    assert "<iframe" not in page


async def test_who_has_chosen_only_other_topics_gets_no_such_edition(app: App) -> None:
    app.subscriber_path.write_text("email,topics\nada@readers.example,Astronomy\n")
    with pytest.raises(DigestError, match="this edition has no stories for the subscriber's topics") as caught:
        Preview(app, await made(app), "").message("ada@readers.example")
    assert caught.value.thing == "ada@readers.example"


async def test_a_column_of_the_list_is_in_the_preview_as_it_is_in_the_mail(app: App) -> None:
    app.subscriber_path.write_text("email,Town\nada@readers.example,Upper Quay\n")
    (app.config.root / "templates").mkdir()
    (app.config.root / "templates" / "edition.txt.j2").write_text("For {{ subscriber.extra.town }}: {{ newsletter.name }}")
    raw = Preview(app, await made(app), "").message("ada@readers.example").raw
    assert "For Upper Quay: The Harbour Gazette" in text_part(raw)

"""Subscribers' own choices: topics, comments, pauses, and columns of their own in the mail."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from digest.app import App, open_newsletter
from digest.edition.report import RunReport
from digest.errors import DigestError
from digest.model import Edition, Subscriber
from digest.publish import Unwatched, publish
from digest.render.renderer import Design
from digest.render.variants import Variants, variant_edition
from digest.service.dry_run import build_edition
from digest.store import Preference
from digest.text.placeholders import ExtraPlaceholders, columns, extra_values, split
from digest.web.preview import Preview
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay
from tests.render.test_renderer import NEWSLETTER


async def sent(app: App) -> RunReport:
    plan = app.config.editions[0]
    return await publish(app.pipeline, plan, app.slot(plan, app.calendar(plan).latest(app.clock())), Unwatched())


def words(relay: Relay, name: str) -> str:
    message = relay.message(f"{name}@readers.example")
    part = message.get_body(preferencelist=("plain",))
    assert part is not None
    return str(part.get_content())


async def test_topics_choose_stories(app: App, relay: Relay) -> None:
    app.subscriber_path.write_text(
        "email,topics\nall@readers.example,\nhealth@readers.example,health\nboth@readers.example,Health; tram\n"
        "none@readers.example,gardening\n"
    )
    report = await sent(app)
    assert report.counts["sent"] == 3
    assert report.total["skipped"] == 1
    headlines = {name: words(relay, name) for name in ("all", "health", "both")}
    frozen = app.store.editions.frozen("weekday-2026-11-24")
    assert frozen is not None
    stories = frozen.edition.stories
    assert len(frozen.variants) == 1  # both topics together are the whole edition
    for story in stories:
        own = {topic.casefold() for topic in story.article.topics}
        title = " ".join(story.article.title.split()).removeprefix("Opinion: a ")[:30]  # the topic stands above it
        flat = {name: " ".join(text.split()) for name, text in headlines.items()}
        assert title in flat["all"]
        assert (title in flat["health"]) == (not own or "health" in own)
        assert (title in flat["both"]) == (not own or bool(own & {"health", "tram"}))
    trouble = app.store.delivery_reports.undelivered("weekday-2026-11-24", 10)
    assert [(row.email, row.reply) for row in trouble] == [("none@readers.example", "no stories for their topics")]


async def test_a_subscriber_may_do_without_comments(app: App, relay: Relay) -> None:
    app.store.subscribers.set_preference(Preference(email="bo@readers.example", comments=False), NOW)
    await sent(app)
    assert "Tell the moderators" in words(relay, "ada")
    assert "Tell the moderators" not in words(relay, "bo")


async def test_a_subscribers_choice_wins_over_the_subscriber_list(app: App, relay: Relay) -> None:
    app.subscriber_path.write_text("email,topics\nada@readers.example,health\n")
    app.store.subscribers.set_preference(Preference(email="ada@readers.example", topics=()), NOW)
    await sent(app)
    frozen = app.store.editions.frozen("weekday-2026-11-24")
    assert frozen is not None
    assert dict(frozen.variants) == {}


@pytest.mark.parametrize(
    ("status", "until", "then"),
    [
        ("active", None, "active"),
        ("active", "2026-11-25", "paused"),
        ("active", "2026-11-24", "active"),
        ("paused", None, "paused"),
        ("paused", "2026-11-25", "paused"),
        ("paused", "2026-11-24", "active"),
        ("unsubscribed", "2026-11-01", "unsubscribed"),
    ],
)
def test_a_pause_waits_until_its_date(status: str, until: str | None, then: str) -> None:
    row = Subscriber(email="a@b.example", status=status, paused_until=date.fromisoformat(until) if until else None)
    assert row.status_on(date(2026, 11, 24)) == then


async def test_who_pauses_gets_nothing_until_the_day(app: App, relay: Relay) -> None:
    app.subscriber_path.write_text(
        "email,status,paused_until\nada@readers.example,active,2026-12-01\nbo@readers.example,paused,2026-11-20\n"
        "cy@readers.example,,\ndi@readers.example,,\n"
    )
    app.store.subscribers.set_preference(Preference(email="cy@readers.example", paused_until=NOW.date() + timedelta(days=3)), NOW)
    await sent(app)
    assert sorted(address for address, _ in relay.taken) == ["bo@readers.example", "di@readers.example"]


async def test_columns_of_ones_own_reach_the_template(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port)
    (root / "subscribers.csv").write_text(
        'email,Town,note\nada@readers.example,"Hull <b>",secret\nbo@readers.example,,secret\n', encoding="utf-8"
    )
    templates = root / "templates"
    templates.mkdir()
    own = '<p>For readers in {{ subscriber.extra.town }}{{ subscriber.extra("town", "the county") }}</p>{{ super() }}'
    footer = f'{{% extends "default/footer.mjml.j2" %}}{{% block imprint %}}{own}{{% endblock %}}'
    (templates / "footer.mjml.j2").write_text(footer)
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        await sent(app)
        frozen = app.store.editions.frozen("weekday-2026-11-24")
        assert frozen is not None
        recipients = {row.email: row.extra for row in app.store.deliveries.to_send("weekday-2026-11-24", None)}
        assert recipients == {}
    html = {address: message_html(relay, address) for address in ("ada@readers.example", "bo@readers.example")}
    assert "For readers in Hull &lt;b&gt;Hull &lt;b&gt;" in html["ada@readers.example"]
    assert "For readers in the county" in html["bo@readers.example"]
    assert "secret" not in html["ada@readers.example"]


def message_html(relay: Relay, address: str) -> str:
    part = relay.message(address).get_body(preferencelist=("html",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def test_placeholders_of_columns_survive_any_name() -> None:
    placeholders = ExtraPlaceholders()
    text = f"a {placeholders['Lieblings-Ort_1']} b {placeholders('x', 'ein „Wort“')} c"
    assert columns([text]) == {"lieblings-ort_1", "x"}
    names = split(text)[1::2]
    assert extra_values(names, {"lieblings-ort_1": "Hull"}) == {names[0]: "Hull", names[1]: "ein „Wort“"}


def test_sets_of_topics_that_choose_the_same_share_a_version() -> None:
    data = (Path(__file__).parents[1] / "data" / "golden" / "edition.json").read_text()
    edition = TypeAdapter(Edition).validate_json(data)
    topics = sorted({topic for story in edition.stories for topic in story.article.topics})
    variants = Variants(edition, Design(NEWSLETTER))
    assert variants.variant_for((), True) == ""
    assert variants.variant_for(tuple(topics), True) == ""
    assert [variants.variant_for((), True, name) for name in ("", "en-GB", "Klingon")] == ["", "", ""]
    assert [variants.variant_for((), True, name) for name in ("cy", "Cymraeg", "CY-gb")] == ["@cy", "@cy", "@cy"]
    assert variants.variant_for((topics[0],), True) == variants.variant_for((topics[0].upper(), "nothing of the kind"), True)
    name = variants.variant_for((topics[0],), False)
    assert name is not None
    quiet = variant_edition(edition, name)
    assert [story.position for story in quiet.stories] == list(range(len(quiet.stories)))
    assert all(not story.picks for story in quiet.stories)
    bare = replace(edition, stories=())
    assert variant_edition(bare, "") is bare


async def test_a_version_is_sent_again_as_it_was_frozen(app: App, relay: Relay) -> None:
    app.subscriber_path.write_text("email,topics\nada@readers.example,health\n")
    relay.rcpt = lambda address: "451 4.2.2 full"
    assert (await sent(app)).counts["deferred"] == 1
    before = app.store.editions.frozen("weekday-2026-11-24")
    relay.rcpt = lambda address: None
    assert (await sent(app)).counts["sent"] == 1
    assert before is not None
    (rendered,) = before.variants.values()
    assert rendered.subject == relay.message("ada@readers.example")["Subject"]
    await asyncio.sleep(0)


async def test_the_preview_has_the_bytes_of_the_subscribers_own_variant(app: App, relay: Relay) -> None:
    app.subscriber_path.write_text("email,name,topics\nada@readers.example,Ada,health\nbo@readers.example,Bo,gardening\n")
    plan = app.config.editions[0]
    edition, _ = await build_edition(app, plan, app.slot(plan, NOW.date()))
    preview = Preview(app, edition, "")
    before = preview.message("ada@readers.example").raw
    with pytest.raises(DigestError, match="no stories"):
        preview.message("bo@readers.example")
    await sent(app)
    (taken,) = [raw for address, raw in relay.taken if address == "ada@readers.example"]
    assert before == taken
    assert preview.message("ada@readers.example").raw == taken

"""The mails to the editors: each once, at its time, and with links that ask once more."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from digest.app import App
from digest.audience.transactional_emails import TransactionalEmails
from digest.desk.edition_view import Desk
from digest.desk.notices import Notices
from digest.desk.verbs import Verbs
from digest.model import Harvest
from digest.service.catch_up import CatchUp
from digest.service.scheduler import Service
from digest.web.pages import serve_http
from digest.web.reader_pages import ReaderPages
from tests.curate.test_curate import article
from tests.desk.conftest import CUTOFF, KEY
from tests.desk.test_verbs import act
from tests.newsroom import Moment
from tests.relay import Relay
from tests.web.conftest import plain
from tests.web.test_desk import ADA, TOM, Browser, letter

EDITORS = (ADA, TOM)


def planned(app: App, **plan: object) -> None:
    """Change the plan of the edition."""
    changed = app.config.editions[0].model_copy(update=plan)
    app.config = app.config.model_copy(update={"editions": (changed,)})


class Post:
    """The mails that go out when it is time for them."""

    def __init__(self, app: App, desk: Desk, relay: Relay) -> None:
        self._emails = TransactionalEmails(app)
        self.notices = Notices(app, self._emails, desk)
        self._relay = relay

    async def tell(self) -> list[str]:
        """The subjects of the mails that Ada gets now."""
        before = sum(to == ADA for to, _ in self._relay.taken)
        await self.notices.tell()
        await self._emails.wait()
        new = [raw for to, raw in self._relay.taken if to == ADA][before:]
        return [str(letter(Relay(taken=[(ADA, raw)]), ADA)["Subject"]) for raw in new]


@pytest.fixture
def post(app: App, desk: Desk, relay: Relay) -> Post:
    return Post(app, desk, relay)


async def test_the_draft_comes_once_with_what_is_in_it_and_what_is_held(app: App, post: Post, moment: Moment, relay: Relay) -> None:
    planned(app, approval="unless-held")
    moment.now = CUTOFF - timedelta(minutes=31)
    assert await post.tell() == []
    moment.now = CUTOFF - timedelta(minutes=30)
    (subject,) = await post.tell()
    assert subject.startswith("Goes at 07:00 unless you hold it: ")
    text = plain(letter(relay, ADA))
    assert "1 comment held for you: not printed without your yes." in " ".join(text.split())
    assert "Held: Ring Me on “" in text
    assert set(EDITORS) == {to for to, _ in relay.taken}  # no viewer
    assert await post.tell() == []
    assert await Post(app, Desk(app), relay).tell() == []  # nor after a restart


async def test_the_draft_comes_when_the_plan_says(app: App, post: Post, moment: Moment) -> None:
    planned(app, approval="required", draft_at=(CUTOFF - timedelta(hours=1)).time())
    moment.now = CUTOFF - timedelta(minutes=61)
    assert await post.tell() == []
    moment.now = CUTOFF - timedelta(minutes=60)
    (subject,) = await post.tell()
    assert subject.startswith("Goes at 07:00 if you approve it: ")


async def test_with_none_nobody_gets_a_draft(app: App, post: Post, moment: Moment) -> None:
    moment.now = CUTOFF - timedelta(minutes=10)
    assert await post.tell() == []


async def test_what_changes_by_itself_is_told_and_what_people_did_is_not(app: App, desk: Desk, post: Post, moment: Moment) -> None:
    planned(app, approval="unless-held", articles=16)
    moment.now = CUTOFF - timedelta(minutes=30)
    await post.tell()
    late = article("late", 0.4, title="Late news", source="The Gazette")
    app.store.content.keep(Harvest(articles=(late,)), moment.now)
    moment.now += timedelta(minutes=5)
    assert await post.tell() == []  # not at once
    moment.now += timedelta(minutes=6)
    assert await post.tell() == ["Changed since the draft: 1 story"]
    assert await post.tell() == []
    act(Verbs(desk), "leave-out", desk.by_key(KEY).order[0])
    moment.now += timedelta(minutes=11)
    assert await post.tell() == []


async def test_nothing_is_told_in_the_last_minutes(app: App, post: Post, moment: Moment) -> None:
    planned(app, approval="unless-held", articles=16)
    moment.now = CUTOFF - timedelta(minutes=30)
    await post.tell()
    app.store.content.keep(Harvest(articles=(article("late", 0.1, source="The Gazette"),)), moment.now)
    moment.now = CUTOFF - timedelta(minutes=2)
    assert await post.tell() == []


async def test_a_missing_yes_is_asked_for_again_and_again(app: App, desk: Desk, post: Post, moment: Moment) -> None:
    planned(app, approval="required")
    moment.now = CUTOFF - timedelta(minutes=30)
    await post.tell()
    told = {}
    for minutes in (0, 1, 14, 15, 16, 59, 60, 61, 119, 120, 365):
        moment.now = CUTOFF + timedelta(minutes=minutes)
        told[minutes] = await post.tell()
    assert [minutes for minutes, subjects in told.items() if subjects] == [0, 15, 60, 120]
    assert told[15] == ["Waiting for your yes: it was due at 07:00"]
    moment.now = CUTOFF + timedelta(minutes=185)
    act(Verbs(desk), "approve")
    assert await post.tell() == []


async def test_what_became_of_it_is_told_once(app: App, post: Post, moment: Moment, relay: Relay) -> None:
    moment.now = CUTOFF + timedelta(minutes=1)
    relay.rcpt = lambda address: "550 5.1.1 no such user" if address == "bo@readers.example" else None
    await CatchUp(app).publish_due()
    (subject,) = await post.tell()
    assert subject.startswith("Sent to 1 reader: ")
    assert "1 refused: no such mailbox" in plain(letter(relay, ADA))
    assert await post.tell() == []


async def test_a_mail_that_cannot_be_sent_stops_nothing(
    app: App, moment: Moment, relay: Relay, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    planned(app, approval="unless-held")
    relay.rcpt = lambda address: "550 5.1.1 no such user"
    service = Service(app)
    await service.tell_editors()
    await service.finish()
    assert "could not send an email to ada@gazette.example" in caplog.text


# — the links in them —


@pytest.fixture
async def visitor(app: App, relay: Relay) -> AsyncIterator[Browser]:
    pages = ReaderPages(app)
    async with (
        serve_http(pages.application(), "127.0.0.1", 0) as base,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client,
    ):
        yield Browser(base, client, pages, relay)


async def links(app: App, post: Post, relay: Relay, moment: Moment) -> dict[str, str]:
    """The links of the draft, by what they do."""
    planned(app, approval="unless-held")
    moment.now = CUTOFF - timedelta(minutes=20)
    await post.tell()
    found = re.findall(r"(Hold it|Approve it):\s+https://news\.gazette\.example(/desk/link/\S+)", plain(letter(relay, ADA)))
    return dict(found)


async def test_a_link_in_the_draft_asks_once_more_and_then_holds(
    app: App, desk: Desk, post: Post, moment: Moment, relay: Relay, visitor: Browser
) -> None:
    hold = (await links(app, post, relay, moment))["Hold it"]
    for _ in range(3):
        assert "Goes at 07:00 unless you hold it." in await visitor.open(hold)
    assert app.store.decisions.count() == 0
    assert "On hold. Nothing goes until somebody lets it go." in await visitor.post(hold, {})
    held = desk.by_key(KEY).word.hold
    assert held is not None
    assert held.made_by == "Ada Quill"
    await visitor.pages.subscriptions.emails.wait()
    assert letter(relay, TOM)["Subject"] == "Ada Quill: put on hold"


async def test_a_forged_link_does_nothing_and_one_is_over_when_the_edition_has_gone(
    app: App, post: Post, moment: Moment, relay: Relay, visitor: Browser
) -> None:
    found = await links(app, post, relay, moment)
    for link in (f"{found['Hold it'][:-3]}abc", found["Hold it"].replace("/link/", "/link/x"), "/desk/link/" + "a" * 60):
        await visitor.post(link, {})
        assert visitor.status == 404
    await visitor.post(found["Hold it"], {}, origin="https://evil.example")
    assert visitor.status == 403
    moment.now = CUTOFF + timedelta(minutes=1)
    await CatchUp(app).publish_due()
    assert "This edition has gone. Nothing was changed." in await visitor.open(found["Hold it"])
    await visitor.post(found["Approve it"], {})
    assert visitor.status == 409
    assert app.store.decisions.count() == 0

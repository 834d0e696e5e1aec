"""Joining, leaving, choosing and being forgotten, over real HTTP and a real relay."""

import asyncio
import json
import random
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request
from itsdangerous import URLSafeTimedSerializer

from digest.app import open_newsletter
from digest.edition.readership import count_recipients
from digest.publish import Unwatched, publish
from digest.store.subscribers import Preference
from digest.web.client_ip import client_ip
from digest.web.pages import serve_http
from digest.web.reader_pages import ReaderPages
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay
from tests.web.conftest import Town, link, plain


async def got(url: str, status: int = 200, method: str = "GET", **form: object) -> str:
    async with aiohttp.ClientSession() as client, client.request(method, url, data=form or None, allow_redirects=False) as answer:
        assert answer.status == status, await answer.text()
        return await answer.text()


async def test_double_opt_in(town: Town) -> None:
    await got(f"{town.base}/subscribe", 200)
    told = await got(f"{town.base}/subscribe", method="POST", email="New@Readers.example", name="Nell\r\nBcc: x", topic="Health")
    assert "Check your inbox" in told
    assert "new@readers.example" not in await town.subscriber_file()
    message = await town.letter("new@readers.example")
    assert "List-Unsubscribe" not in message
    assert "new@readers.example" not in plain(message)
    confirm = link(message, town.base, "confirm")
    assert "@" not in confirm.partition("://")[2]
    await got(confirm)
    assert "new@readers.example" not in await town.subscriber_file()  # a scanner that follows the link confirms nothing
    assert "You are subscribed" in await got(confirm, method="POST")
    assert (await town.subscriber_file()).endswith("new@readers.example,Nell Bcc: x,active,Health,\n")
    assert [entry.event for entry in town.app.store.history.of("new@readers.example")] == [
        "asked to subscribe", "preferences", "confirmed",
    ]  # fmt: skip
    assert "This link no longer works" in await got(confirm, 410, method="POST")  # once
    assert (await town.subscriber_file()).count("new@readers.example") == 1


async def test_the_answer_is_the_same_whoever_asks(town: Town) -> None:
    town.app.store.suppressions.add("cross@readers.example", "complained", NOW)
    answers = {
        address: re.sub(r'nonce-[^"]+', "", await got(f"{town.base}/subscribe", method="POST", email=address))
        for address in ("ada@readers.example", "stranger@readers.example", "cross@readers.example")
    }
    assert len(set(answers.values())) == 1
    assert "already" in (await town.letter("ada@readers.example"))["Subject"]
    assert "Confirm" in (await town.letter("stranger@readers.example"))["Subject"]
    assert "cross@readers.example" not in [address for address, _ in town.relay.taken]
    lost = {await got(f"{town.base}/preferences", method="POST", email=f"{name}@readers.example") for name in ("ada", "nobody")}
    assert len({re.sub(r'nonce-[^"]+', "", page) for page in lost}) == 1


async def test_letters_are_few(town: Town) -> None:
    for _ in range(5):
        await got(f"{town.base}/subscribe", method="POST", email="new@readers.example")
    await town.pages.subscriptions.emails.wait()
    assert len(town.relay.taken) == 1
    for _ in range(5):
        town.later(minutes=11)
        await got(f"{town.base}/subscribe", method="POST", email="new@readers.example")
        await town.pages.subscriptions.emails.wait()
    assert len(town.relay.taken) == 3


async def test_one_visitor_cannot_ask_for_many(town: Town) -> None:
    town.pages._limits._emails_per_visitor._burst = 5
    town.pages._limits._emails_per_visitor._buckets.clear()
    statuses = []
    async with aiohttp.ClientSession() as client:
        for number in range(8):
            async with client.post(f"{town.base}/subscribe", data={"email": f"n{number}@readers.example"}) as answer:
                statuses.append(answer.status)
        headers = {"X-Forwarded-For": "192.0.2.7, 198.51.100.9"}  # another visitor of the reverse proxy
        async with client.post(f"{town.base}/subscribe", data={"email": "n9@readers.example"}, headers=headers) as answer:
            assert answer.status == 200
    assert statuses == [200] * 5 + [429] * 3


async def test_only_the_last_letter_confirms_and_not_for_ever(town: Town) -> None:
    await got(f"{town.base}/subscribe", method="POST", email="new@readers.example")
    first = link(await town.letter("new@readers.example"), town.base, "confirm")
    town.later(minutes=11)
    town.relay.taken.clear()
    await got(f"{town.base}/subscribe", method="POST", email="new@readers.example")
    second = link(await town.letter("new@readers.example"), town.base, "confirm")
    await got(first, 410, method="POST")
    await got(second[:-2], 410)
    town.later(days=3)
    await got(second, 410, method="POST")
    assert "new@" not in await town.subscriber_file()


async def test_a_request_that_gets_no_letter_spoils_no_link_that_was_sent(town: Town) -> None:
    await got(f"{town.base}/subscribe", method="POST", email="new@readers.example")
    confirm = link(await town.letter("new@readers.example"), town.base, "confirm")
    town.later(minutes=11)
    for name in ("new+a", "new+b", "new+c", "new"):  # one mailbox, which gets no fifth letter
        await got(f"{town.base}/subscribe", method="POST", email=f"{name}@readers.example")
        await town.pages.subscriptions.emails.wait()
    assert len(town.relay.taken) == 4
    assert "You are subscribed" in await got(confirm, method="POST")


async def test_an_opt_out_can_be_taken_back_by_its_reader_only(town: Town) -> None:
    leave = f"{town.base}/unsubscribe/{town.app.links.token('ada@readers.example')}"
    await got(leave, method="POST")
    await got(f"{town.base}/subscribe", method="POST", email="ada@readers.example")
    confirm = link(await town.letter("ada@readers.example"), town.base, "confirm")
    assert town.app.store.suppressions.among(["ada@readers.example"])
    await got(confirm, method="POST")
    assert town.app.store.suppressions.among(["ada@readers.example"]) == {}
    assert "ada@readers.example,Ada,active" in await town.subscriber_file()
    await got(leave, method="POST")  # the old link still leads out
    await got(confirm, 410, method="POST")  # and the old confirmation not back in
    assert town.app.store.suppressions.among(["ada@readers.example"]) == {"ada@readers.example": "unsubscribed"}


async def test_a_roll_that_cannot_be_written_loses_no_confirmation(town: Town) -> None:
    await got(f"{town.base}/subscribe", method="POST", email="new@readers.example")
    confirm = link(await town.letter("new@readers.example"), town.base, "confirm")
    text = town.app.subscriber_path.read_bytes()
    town.app.subscriber_path.write_text("name\n")
    assert "try again" in await got(confirm, 503, method="POST")
    town.app.subscriber_path.write_bytes(text)
    await got(confirm, method="POST")
    assert "new@readers.example" in await town.subscriber_file()


async def test_choices(town: Town) -> None:
    page = f"{town.base}/preferences/{town.app.links.token('ada@readers.example')}"
    assert "ada@readers.example" not in await got(page)  # a mail is passed on more easily than an address
    until = (NOW + timedelta(days=9)).date()
    saved = await got(page, method="POST", topic="Health", until=until.isoformat())
    assert "Saved" in saved
    assert 'value="Health" checked' in saved
    assert 'name="comments" value="yes" checked' not in saved
    wish = town.app.store.subscribers.preference("ada@readers.example")
    assert wish == Preference(email="ada@readers.example", topics=("Health",), paused_until=until, comments=False)
    assert f"ada@readers.example,Ada,active,Health,{until}\n" in await town.subscriber_file()
    await got(page, method="POST", topic="<script>", until="2099-01-01", comments="yes")
    wish = town.app.store.subscribers.preference("ada@readers.example")
    assert (wish.topics, wish.comments) == ((), True)
    assert wish.paused_until == NOW.date() + timedelta(days=366)
    assert "Saved" not in await got(page, method="POST", topic="Health")  # not our form: an empty box is no choice
    assert town.app.store.subscribers.preference("ada@readers.example") == wish
    await got(page, method="POST", until="yesterday", comments="yes")
    assert town.app.store.subscribers.preference("ada@readers.example").paused_until is None


async def test_ones_own_data_and_being_forgotten(town: Town) -> None:
    await got(f"{town.base}/preferences", method="POST", email="ada@readers.example")
    mine = link(await town.letter("ada@readers.example"), town.base, "mine")
    assert "ada@readers.example" in await got(mine)
    data = json.loads(await got(f"{mine}/data.json"))
    assert data["email"] == "ada@readers.example"
    assert data["subscription"]["name"] == "Ada"
    assert [row["state"] for row in data["deliveries"]] == ["sent"]
    await got(f"{mine}/erase", 405)  # not by following a link
    assert "Your data has been deleted" in await got(f"{mine}/erase", method="POST")
    assert "ada" not in await town.subscriber_file()
    await got(mine, 404)
    database = town.app.config.root / "state" / "digest.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"ada@readers.example" not in database.read_bytes()
    leave = town.app.links.token("ada@readers.example")
    assert "You have unsubscribed" in await got(f"{town.base}/unsubscribe/{leave}", method="POST")  # an old link is not wrong
    assert town.app.store.suppressions.forgotten([leave, "x"]) == {leave}


async def test_a_link_to_ones_data_lasts_an_hour(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    await got(f"{town.base}/preferences", method="POST", email="ada@readers.example")
    mine = link(await town.letter("ada@readers.example"), town.base, "mine")
    assert "Your data" in await got(mine)
    real = URLSafeTimedSerializer.loads

    def aged(self: URLSafeTimedSerializer, s: str, max_age: int | None = None, **given: object) -> object:
        return real(self, s, max_age=-1 if max_age == 3_600 else max_age)

    monkeypatch.setattr(URLSafeTimedSerializer, "loads", aged)
    assert "Your data" not in await got(mine, 404)


def forgeries(town: Town, token: str, signed: str, chance: random.Random) -> Callable[[], tuple[str, str]]:
    """Tokens that look like ours: forged, cut, turned, of another purpose, with another's signature."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    def one() -> tuple[str, str]:
        kind, path = chance.randrange(6), chance.choice(["unsubscribe", "preferences", "confirm", "mine"])
        base = signed if path in {"confirm", "mine"} else token
        at = chance.randrange(len(base))
        turned = base[:at] + chance.choice(alphabet) + base[at + 1 :]
        other = URLSafeTimedSerializer("another secret", salt=path).dumps([1, "x"])
        made = [
            "".join(chance.choice(alphabet) for _ in range(27)), base[: max(20, at)], turned, base[::-1], other,
            signed if path in {"unsubscribe", "preferences"} else f"{token}.{base}",
        ][kind]  # fmt: skip
        return path, made

    return one


async def test_ten_thousand_tokens_and_none_gets_in(town: Town) -> None:
    chance = random.Random(7)
    await got(f"{town.base}/subscribe", method="POST", email="new@readers.example")
    confirm = link(await town.letter("new@readers.example"), town.base, "confirm")
    await got(f"{town.base}/preferences", method="POST", email="bo@readers.example")
    signed, token = confirm.rpartition("/")[2], town.app.links.token("ada@readers.example")
    before = (
        await town.subscriber_file(),
        list(town.app.store.suppressions.all()),
        town.app.store.history.of("ada@readers.example"),
    )
    forge, real = forgeries(town, token, signed, chance), {("confirm", signed), ("unsubscribe", token), ("preferences", token)}
    wanted: list[str] = []
    while len(wanted) < 10_000:
        path, made = forge()
        if (path, made) not in real:
            wanted.append(f"{town.base}/{path}/{made}{'/erase' if path == 'mine' else ''}")
    connector = aiohttp.TCPConnector(limit=40)
    async with aiohttp.ClientSession(connector=connector) as client:

        async def attempt(url: str) -> tuple[str, int]:
            async with client.post(url, data={"topic": "Health", "List-Unsubscribe": "One-Click"}) as answer:
                await answer.read()
                return url.split("/")[3], answer.status

        statuses = set(await asyncio.gather(*map(attempt, wanted)))
    assert {status for _, status in statuses} <= {404, 410}
    after = (
        await town.subscriber_file(),
        list(town.app.store.suppressions.all()),
        town.app.store.history.of("ada@readers.example"),
    )
    assert after == before
    await got(confirm, method="POST")  # the real one still works


REAL_CLIENTS = [
    ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
    (
        'multipart/form-data; boundary="---FormBoundaryjWmhtjORrn"',
        b'-----FormBoundaryjWmhtjORrn\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n-----FormBoundaryjWmhtjORrn--\r\n',
    ),
]


@pytest.mark.parametrize(("kind", "body"), REAL_CLIENTS)
async def test_the_request_of_rfc_8058(town: Town, kind: str, body: bytes) -> None:
    url = f"{town.base}/unsubscribe/{town.app.links.token('ada@readers.example')}"
    async with aiohttp.ClientSession() as client:
        for _ in range(2):
            async with client.post(url, data=body, headers={"Content-Type": kind}, allow_redirects=False) as answer:
                assert answer.status == 200
                assert "Set-Cookie" not in answer.headers
    (entry,) = [entry for entry in town.app.store.history.of("ada@readers.example") if entry.event == "unsubscribed"]
    assert "RFC 8058" in entry.detail


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
async def test_a_scanner_never_takes_anyone_off_the_list(town: Town, method: str) -> None:
    headers = {
        "User-Agent": "Mozilla/5.0 (compatible; Safe Links)", "List-Unsubscribe": "One-Click", "X-HTTP-Method-Override": "POST",
        "X-Method-Override": "POST", "Content-Type": "application/x-www-form-urlencoded", "Purpose": "prefetch",
    }  # fmt: skip
    token = town.app.links.token("ada@readers.example")
    async with aiohttp.ClientSession() as client:
        for query in ("", "?_method=POST", "?List-Unsubscribe=One-Click"):
            url = f"{town.base}/unsubscribe/{token}{query}"
            async with client.request(method, url, headers=headers, data=b"List-Unsubscribe=One-Click") as answer:
                assert answer.status in {200, 405}
    assert town.app.store.suppressions.among(["ada@readers.example"]) == {}


async def test_the_archive_has_nothing_of_a_reader(town: Town) -> None:
    listed = await got(f"{town.base}/archive")
    found = re.search(r'href="(/archive/weekday-[^"]+)"', listed)
    assert found
    page = await got(town.base + found[1])
    for secret in ("readers.example", "/unsubscribe/", "/preferences/", "digest.mark", "You receive this because"):
        assert secret not in page
    rss = await got(f"{town.base}/archive/feed.xml")
    assert rss.count("<item>") == 1
    feed = json.loads(await got(f"{town.base}/archive/feed.json"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["items"][0]["url"] == f"https://news.gazette.example{found[1]}"
    await got(f"{town.base}/archive/weekday-1999-01-01", 404)


async def test_every_page_is_guarded(town: Town) -> None:
    token = town.app.links.token("ada@readers.example")
    async with aiohttp.ClientSession() as client:
        for path in ("/subscribe", "/preferences", f"/preferences/{token}", f"/unsubscribe/{token}", "/archive"):
            async with client.get(town.base + path) as answer:
                text = await answer.text()
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "frame-ancestors 'none'" in policy
                assert answer.headers["Referrer-Policy"] == "no-referrer"
                assert "Set-Cookie" not in answer.headers
                assert "<script" not in text
                assert set(re.findall(r'(?:src|href)="(https?://[^"/]+)', text)) <= {"http://gazette.example"}


async def test_a_robot_that_fills_every_field_is_not_answered(town: Town) -> None:
    await got(f"{town.base}/subscribe", method="POST", email="robot@readers.example", website="https://spam.example")
    await got(f"{town.base}/subscribe", 400, method="POST", email="not an address")
    await town.pages.subscriptions.emails.wait()
    assert town.relay.taken == []


async def test_one_click_counts_within_a_running_send(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    people = [f"r{number:03}@readers.example" for number in range(150)]
    relay.delay = 0.01
    with open_newsletter(furnish(site.base, relay.port, emails=people), lambda: NOW, retry_delays=()) as app:
        plan = app.config.editions[0]
        async with serve_http(ReaderPages(app).application(), "127.0.0.1", 0) as base:
            slot = app.slot(plan, app.calendar(plan).latest(NOW))
            run = asyncio.create_task(publish(app.pipeline, plan, slot, Unwatched()))
            while len(relay.taken) < 5:
                await asyncio.sleep(0.01)
            token = app.links.token("r149@readers.example")
            await got(f"{base}/unsubscribe/{token}", method="POST", List_Unsubscribe="One-Click")
            assert len(relay.taken) < 140
            report = await run
    assert (report.counts["sent"], report.counts["skipped"]) == (149, 1)
    assert "r149@readers.example" not in relay.counts


async def test_who_comes_back_before_the_roll_is_written_has_come_back(town: Town) -> None:
    await got(f"{town.base}/subscribe", method="POST", email="ada@readers.example")
    token = town.app.links.token("ada@readers.example")
    town.pages.subscriptions.csv_sync.enqueue("ada@readers.example", {"status": "unsubscribed"})  # a note from before
    assert "ada@readers.example,Ada,active" in await town.subscriber_file()
    await got(f"{town.base}/unsubscribe/{token}", method="POST")
    assert "ada@readers.example,Ada,unsubscribed" in await town.subscriber_file()


async def test_a_confirmation_does_not_lift_what_the_operator_decided(town: Town) -> None:
    await got(f"{town.base}/subscribe", method="POST", email="new@readers.example")
    confirm = link(await town.letter("new@readers.example"), town.base, "confirm")
    town.app.store.suppressions.add("new@readers.example", "suppressed", NOW, "by hand: legal")
    await got(confirm, 410, method="POST")
    assert town.app.store.suppressions.among(["new@readers.example"]) == {"new@readers.example": "suppressed"}


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded; charset=nope", "multipart/form-data", "multipart/form-data; boundary="]
)
async def test_what_is_no_form_is_a_bad_request(town: Town, kind: str) -> None:
    token = town.app.links.token("ada@readers.example")
    async with aiohttp.ClientSession() as client:
        for path in ("/subscribe", "/preferences", f"/preferences/{token}"):
            async with client.post(
                town.base + path, data=b"email=a%40b.example&x=%ff\x00", headers={"Content-Type": kind}
            ) as answer:
                assert answer.status < 500


def test_a_household_is_one_visitor() -> None:
    def asked(forwarded: str, proxies: int = 1) -> str:
        request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": forwarded})
        return client_ip(request, proxies)

    assert asked("2001:db8::1") == asked("2001:db8::2") == "2001:db8::/64"
    assert asked("2001:db8:0:1::1") != asked("2001:db8::1")
    assert asked("203.0.113.9, 192.0.2.7") == "192.0.2.7"
    assert asked("192.0.2.7, nonsense") == asked("")


async def test_an_opt_out_that_cannot_be_written_down_is_said(town: Town) -> None:
    leave, database = (
        f"{town.base}/unsubscribe/{town.app.links.token('ada@readers.example')}",
        town.app.config.root / "state" / "digest.db",
    )
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("ALTER TABLE suppressions RENAME TO elsewhere")
        assert "try again" in (await got(leave, 503, method="POST")).casefold()
        other.execute("ALTER TABLE elsewhere RENAME TO suppressions")
    await got(leave, method="POST")
    assert town.app.store.suppressions.among(["ada@readers.example"]) == {"ada@readers.example": "unsubscribed"}


async def test_who_comes_back_gets_mail_whatever_pause_there_was(town: Town) -> None:
    token = town.app.links.token("ada@readers.example")
    until = (NOW + timedelta(days=200)).date()
    await got(f"{town.base}/preferences/{token}", method="POST", topic="Health", until=until.isoformat(), comments="yes")
    await got(f"{town.base}/unsubscribe/{token}", method="POST")
    await got(f"{town.base}/subscribe", method="POST", email="ada@readers.example")
    page = await got(link(await town.letter("ada@readers.example"), town.base, "confirm"), method="POST")
    assert "You have chosen every topic." in page
    wish = town.app.store.subscribers.preference("ada@readers.example")
    assert (wish.topics, wish.paused_until) == (None, None)
    assert str(until) not in await town.subscriber_file()
    assert count_recipients(town.app.store, town.app.subscriber_file(), NOW.date(), [lambda *_: True]) == (2,)


async def test_the_letter_of_choices_leads_to_all_that_is_ones_own(town: Town) -> None:
    await got(f"{town.base}/preferences", method="POST", email="ada@readers.example")
    letter = await town.letter("ada@readers.example")
    for path, button in {"preferences": "Save changes", "unsubscribe": "Unsubscribe", "mine": "Delete my data"}.items():
        assert f">{button}</button>" in await got(link(letter, town.base, path))

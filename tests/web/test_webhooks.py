"""Webhooks over real HTTP: 403 for what is not proved, 503 for what cannot be checked, and the CSV file shows the rest."""

import asyncio
import hashlib
import hmac
import io
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from digest.app import App, open_newsletter
from digest.collect.fetch import Fetcher, Response
from digest.errors import FetchError
from digest.web import webhooks
from digest.web.pages import serve_http
from digest.web.reader_pages import ReaderPages
from tests.bounces.test_providers import ADA, BASIC, PEM, STAMP, TOPIC, mailgun, ses_bounce, sns
from tests.conftest import Furnish
from tests.newsroom import NOW


@pytest.fixture
async def hooked(furnish: Furnish) -> AsyncIterator[tuple[App, str]]:
    extra = (
        '[bounces.webhooks.postmark]\nuser = "hook"\npassword = "secret"\n'
        f'[bounces.webhooks.mailgun]\nkey = "mg-key"\n[bounces.webhooks.ses]\ntopic = "{TOPIC}"\n'
    )
    with open_newsletter(furnish("http://127.0.0.1:9", 9, extra=extra), lambda: NOW, retry_delays=()) as app:
        async with serve_http(ReaderPages(app).application(), "127.0.0.1", 0) as base:
            yield app, base


async def test_over_http(hooked: tuple[App, str]) -> None:
    app, base = hooked
    told = {"RecordType": "Bounce", "Type": "HardBounce", "Email": "Ada@Readers.example", "ID": 7, "Details": "no such user"}
    async with aiohttp.ClientSession() as client:
        async with client.post(f"{base}/hooks/postmark", json=told) as answer:
            assert answer.status == 403
        assert app.store.suppressions.among([ADA]) == {}
        for _ in range(2):
            async with client.post(
                f"{base}/hooks/postmark", json=told, headers={"Authorization": BASIC["authorization"]}
            ) as answer:
                assert answer.status == 200
        async with client.post(f"{base}/hooks/brevo", json={}) as answer:
            assert answer.status == 404  # not configured
        async with client.post(f"{base}/hooks/postmark", data=io.BytesIO(b"x" * 1_100_000)) as answer:
            assert answer.status == 413
    assert app.store.suppressions.among([ADA]) == {ADA: "bounced"}
    assert len(app.store.history.of(ADA)) == 1


async def test_what_a_provider_tells_is_in_the_csv_file_too(hooked: tuple[App, str]) -> None:
    app, base = hooked
    told = {"RecordType": "Bounce", "Type": "HardBounce", "Email": ADA, "ID": 8, "Details": "no such user"}
    odd = {**told, "Email": "\ud800@readers.example", "ID": 9}
    app.subscriber_path.write_text(f"email,status\n{ADA},active\n")
    async with aiohttp.ClientSession() as client:
        for row in (told, odd):
            async with client.post(f"{base}/hooks/postmark", data=json.dumps(row), headers=BASIC) as answer:
                assert answer.status == 200
    for _ in range(500):
        found = app.subscriber_file().find(ADA)
        if found and found.status == "bounced":
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail("the file does not show it")


async def post(base: str, name: str, body: bytes) -> int:
    async with aiohttp.ClientSession() as client, client.post(f"{base}/hooks/{name}", data=body) as answer:
        return answer.status


async def test_the_certificate_comes_by_the_one_client_and_is_kept(
    hooked: tuple[App, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, base = hooked
    asked: list[str] = []

    async def get(self: Fetcher, url: str) -> Response:
        asked.append(url)
        if len(asked) == 1:
            raise FetchError("timed out", thing=url)
        return Response(status=404 if len(asked) == 2 else 200, url=url, headers={}, body=PEM)

    monkeypatch.setattr(Fetcher, "get", get)
    assert [await post(base, "ses", sns(ses_bounce())) for _ in range(4)] == [503, 503, 200, 200]
    assert len(asked) == 3
    assert app.store.suppressions.among([ADA]) == {ADA: "bounced"}


async def test_a_token_of_mailguns_vouches_for_one_body(hooked: tuple[App, str]) -> None:
    app, base = hooked
    first, other = mailgun({"event": "opened"}, at=STAMP), mailgun({"event": "complained"}, at=STAMP)
    assert [await post(base, "mailgun", body) for body in (first, first, other)] == [200, 200, 403]
    assert app.store.suppressions.among([ADA]) == {}


async def test_a_soft_bounce_is_recorded_and_leaves_the_subscriber_active(hooked: tuple[App, str]) -> None:
    app, base = hooked
    app.subscriber_path.write_text(f"email,status\n{ADA},active\n")
    told = {"RecordType": "Bounce", "Type": "SoftBounce", "Email": ADA, "ID": 2, "Details": "later"}
    async with aiohttp.ClientSession() as client, client.post(f"{base}/hooks/postmark", json=told, headers=BASIC) as answer:
        assert answer.status == 200
    assert [entry.event for entry in app.store.history.of(ADA)] == ["undelivered"]
    assert app.store.suppressions.among([ADA]) == {}


async def test_no_more_tokens_are_kept_than_there_is_room_for(hooked: tuple[App, str], monkeypatch: pytest.MonkeyPatch) -> None:
    _, base = hooked
    monkeypatch.setattr(webhooks, "MAX_TOKENS", 1)
    first, forged = mailgun({"event": "opened"}, at=STAMP), mailgun({"event": "clicked"}, at=STAMP)
    assert [await post(base, "mailgun", body) for body in (first, forged)] == [200, 403]
    seal = hmac.new(b"mg-key", f"{STAMP}other".encode(), hashlib.sha256).hexdigest()
    signature = {"timestamp": str(STAMP), "token": "other", "signature": seal}
    second = json.dumps({"signature": signature, "event-data": {"id": "e2", "recipient": ADA, "event": "opened"}}).encode()
    assert [await post(base, "mailgun", body) for body in (second, forged)] == [200, 200]  # the oldest is forgotten


async def test_a_certificate_that_does_not_come_in_time_has_the_provider_send_again(
    hooked: tuple[App, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, base = hooked
    monkeypatch.setattr(webhooks, "_FETCH_TIMEOUT", 0.05)

    async def get(self: Fetcher, url: str) -> Response:
        await asyncio.sleep(0.2)
        return Response(status=200, url=url, headers={}, body=PEM)

    monkeypatch.setattr(Fetcher, "get", get)
    assert await post(base, "ses", sns(ses_bounce())) == 503
    assert app.store.suppressions.among([ADA]) == {}


async def test_a_subscription_to_the_topic_is_confirmed(hooked: tuple[App, str], monkeypatch: pytest.MonkeyPatch) -> None:
    _, base = hooked
    asked: list[str] = []

    async def get(self: Fetcher, url: str) -> Response:
        asked.append(url)
        return Response(status=200, url=url, headers={}, body=PEM if url.endswith(".pem") else b"<ConfirmSubscriptionResponse/>")

    monkeypatch.setattr(Fetcher, "get", get)
    for _ in range(2):
        assert await post(base, "ses", sns({}, kind="SubscriptionConfirmation")) == 200
    assert [url.partition("?")[2] for url in asked if "?" in url] == ["Action=ConfirmSubscription"] * 2  # never from memory
    assert sum(url.endswith(".pem") for url in asked) == 1

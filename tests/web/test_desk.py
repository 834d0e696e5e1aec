"""The desk over HTTP: who gets in, who may do what, and what a form does."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web

from digest.app import App
from digest.audience.transactional_emails import TransactionalEmails
from digest.desk.edition_view import Desk
from digest.desk.notices import Notices
from digest.desk.people import Person
from digest.desk.sign_in import SignIn
from digest.web.desk_pages import DeskPages
from digest.web.pages import require_local_host, serve_http
from digest.web.reader_pages import ReaderPages
from tests.desk.conftest import KEY, app, desk, moment
from tests.desk.test_verbs import sent
from tests.newsroom import Moment
from tests.relay import Relay
from tests.web.conftest import plain

__all__ = ["app", "desk", "moment"]  # the fixtures
ADA, TOM, VI = "ada@gazette.example", "tom@gazette.example", "vi@gazette.example"


def letter(relay: Relay, address: str) -> EmailMessage:
    """The newest mail to an address."""
    raw = [raw for to, raw in relay.taken if to == address][-1]
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


@dataclass
class Browser:
    """A browser without scripts: it keeps cookies, and posts the forms that it is shown."""

    base: str
    client: aiohttp.ClientSession
    pages: ReaderPages
    relay: Relay
    page: str = ""
    status: int = 0
    url: str = ""

    async def open(self, path: str, **headers: str) -> str:
        async with self.client.get(path if "://" in path else f"{self.base}{path}", headers=headers) as answer:
            self.page, self.status, self.url = await answer.text(), answer.status, str(answer.url)
        return self.page

    async def post(self, path: str, fields: dict[str, Any], *, origin: str | None = None) -> str:
        headers = {"Origin": self.base if origin is None else origin} if origin != "" else {}
        async with self.client.post(f"{self.base}{path}", data=fields, headers=headers) as answer:
            self.page, self.status, self.url = await answer.text(), answer.status, str(answer.url)
        return self.page

    async def do(self, verb: str, **fields: Any) -> str:
        """Post a form of the page that is shown, as its button would."""
        hidden = {name: re.findall(rf'name="{name}" value="([^"]*)"', self.page)[0] for name in ("csrf", "seen", "back")}
        once = re.findall(r'name="once" value="([^"]*)"', self.page)[0]
        given = {name.replace("_", "-"): value for name, value in fields.items()}
        return await self.post(f"/desk/{KEY}/do", {**hidden, "once": once, "verb": verb, **given})

    async def sign_in(self, email: str) -> None:
        await self.post("/desk/sign-in", {"email": email})
        await self.pages.subscriptions.emails.wait()
        link = re.findall(r"https://news\.gazette\.example(/desk/sign-in/\S+)", plain(letter(self.relay, email)))[-1]
        await self.open(link)
        await self.post(link, {})


@pytest.fixture
async def pages(app: App, desk: Desk) -> ReaderPages:
    assert desk.app is app
    return ReaderPages(app)


@pytest.fixture
async def base(pages: ReaderPages) -> AsyncIterator[str]:
    async with serve_http(pages.application(), "127.0.0.1", 0) as address:
        yield address


@pytest.fixture
async def visitor(base: str, pages: ReaderPages, relay: Relay) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        yield Browser(base, client, pages, relay)


@pytest.fixture
async def ada(visitor: Browser) -> Browser:
    await visitor.sign_in(ADA)
    await visitor.open(f"/desk/{KEY}")
    return visitor


def order(app: App) -> list[str]:
    return Desk(app).by_key(KEY).order


# — getting in —


async def test_a_link_in_the_mail_signs_in_once(visitor: Browser, relay: Relay) -> None:
    assert "Sign in to the desk" in await visitor.open("/desk")
    assert visitor.url.endswith("/desk/sign-in")
    await visitor.sign_in(ADA)
    assert visitor.status == 200
    assert "Goes at 07:00 unless you hold it." in visitor.page
    link = re.findall(r"https://news\.gazette\.example(/desk/sign-in/\S+)", plain(letter(relay, ADA)))[-1]
    assert "This link no longer works" in await visitor.open(link)
    assert visitor.status == 410
    await visitor.post(link, {})
    assert visitor.status == 410


async def test_a_scanner_that_opens_the_link_does_not_use_it_up(visitor: Browser, relay: Relay, pages: ReaderPages) -> None:
    await visitor.post("/desk/sign-in", {"email": ADA})
    await pages.subscriptions.emails.wait()
    link = re.findall(r"https://news\.gazette\.example(/desk/sign-in/\S+)", plain(letter(relay, ADA)))[-1]
    for _ in range(3):
        assert "Sign in as Ada Quill?" in await visitor.open(link)
    await visitor.post(link, {})
    assert "Ada Quill" in visitor.page


async def test_six_figures_sign_in_where_they_were_asked_for_and_five_tries_are_the_most(
    visitor: Browser, relay: Relay, pages: ReaderPages, base: str
) -> None:
    await visitor.post("/desk/sign-in", {"email": ADA})
    await pages.subscriptions.emails.wait()
    code = re.search(r"\b(\d{3} \d{3})\b", plain(letter(relay, ADA)))
    assert code is not None
    async with (
        aiohttp.ClientSession() as elsewhere,
        elsewhere.post(f"{base}/desk/code", data={"code": code[1]}, headers={"Origin": base}) as answer,
    ):
        assert answer.status == 422
    for _ in range(4):
        await visitor.post("/desk/code", {"code": "000 000" if code[1] != "000 000" else "111 111"})
        assert visitor.status == 422
    await visitor.post("/desk/code", {"code": code[1]})
    assert "Ada Quill" in visitor.page


async def test_a_code_that_was_tried_too_often_is_dead(visitor: Browser, relay: Relay, pages: ReaderPages) -> None:
    await visitor.post("/desk/sign-in", {"email": ADA})
    await pages.subscriptions.emails.wait()
    code = re.search(r"\b(\d{3} \d{3})\b", plain(letter(relay, ADA)))
    assert code is not None
    for _ in range(5):
        await visitor.post("/desk/code", {"code": "12"})
    await visitor.post("/desk/code", {"code": code[1]})
    assert visitor.status == 422


async def test_a_stranger_is_told_the_same_and_gets_no_mail(visitor: Browser, relay: Relay, pages: ReaderPages) -> None:
    theirs = await visitor.post("/desk/sign-in", {"email": "nobody@else.example"})
    ours = await visitor.post("/desk/sign-in", {"email": ADA})
    await pages.subscriptions.emails.wait()
    assert theirs.replace("nobody@else.example", ADA) == re.sub(
        r"nonce=\"[^\"]+\"", re.findall(r"nonce=\"[^\"]+\"", theirs)[0], ours
    )
    assert set(relay.counts) == {ADA}


async def test_a_link_is_over_after_15_minutes_and_a_session_after_14_days(visitor: Browser, moment: Moment, relay: Relay) -> None:
    await visitor.sign_in(ADA)
    moment.now += timedelta(days=13)
    await visitor.open("/desk/me")
    assert "Where you are signed in" in visitor.page
    moment.now += timedelta(days=2)
    await visitor.open("/desk/me")
    assert visitor.url.endswith("/desk/sign-in")
    await visitor.post("/desk/sign-in", {"email": ADA})
    await visitor.pages.subscriptions.emails.wait()
    moment.now += timedelta(minutes=16)
    link = re.findall(r"https://news\.gazette\.example(/desk/sign-in/\S+)", plain(letter(relay, ADA)))[-1]
    await visitor.post(link, {})
    assert visitor.status == 410


async def test_a_session_ends_here_or_everywhere_and_when_somebody_is_taken_off_the_desk(ada: Browser, app: App) -> None:
    token = re.findall(r'name="csrf" value="([^"]*)"', ada.page)[0]
    gone = app.config.desk.model_copy(update={"editors": ("Tom Lacey <tom@gazette.example>",)})
    kept, app.config = app.config, app.config.model_copy(update={"desk": gone})
    await ada.open("/desk/me")
    assert ada.url.endswith("/desk/sign-in")
    app.config = kept
    await ada.open("/desk/me")
    assert "(this one)" in ada.page
    await ada.post("/desk/sign-out", {"csrf": token, "session": "all"})
    await ada.open("/desk/me")
    assert ada.url.endswith("/desk/sign-in")


# — what strangers get —


async def test_nobody_does_anything_without_a_session_and_its_token(visitor: Browser, ada: Browser, app: App, base: str) -> None:
    fields = {"verb": "hold", "seen": "0", "once": "x", "back": "/desk"}
    await ada.post(f"/desk/{KEY}/do", fields)
    assert ada.status == 403
    for token in ("", "0" * 40, "ä" * 40):
        await ada.post(f"/desk/{KEY}/do", {**fields, "csrf": token})
        assert ada.status == 403
    async with (
        aiohttp.ClientSession() as stranger,
        stranger.post(f"{base}/desk/{KEY}/do", data=fields, headers={"Origin": base}, allow_redirects=False) as answer,
    ):
        assert (answer.status, answer.headers["Location"]) == (303, "/desk/sign-in?out=1")
    assert app.store.decisions.count() == 0


async def test_no_page_of_another_origin_does_anything(ada: Browser, app: App) -> None:
    token = re.findall(r'name="csrf" value="([^"]*)"', ada.page)[0]
    fields = {"verb": "hold", "seen": "0", "once": "x", "back": "/desk", "csrf": token}
    for origin in ("https://evil.example", "null", "", f"{ada.base}.evil.example", "http://127.0.0.1:1"):
        await ada.post(f"/desk/{KEY}/do", fields, origin=origin)
        assert ada.status == 403, origin
    assert app.store.decisions.count() == 0
    await ada.post(f"/desk/{KEY}/do", fields, origin="https://news.gazette.example")  # as behind a proxy
    assert app.store.decisions.count() == 1


async def test_a_name_that_somebody_points_at_this_machine_gets_nothing(ada: Browser) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "gazette.example"):
        await ada.open(f"/desk/{KEY}", Host=host)
        assert ada.status == 403, host
        await ada.open("/desk/sign-in", Host=host)
        assert ada.status == 403, host


@pytest.mark.parametrize("path", ["do", "do?verb=hold", "hold", "undo"])
async def test_nothing_is_done_by_a_get(ada: Browser, app: App, path: str) -> None:
    await ada.open(f"/desk/{KEY}/{path}")
    assert ada.status in {200, 404, 405}
    assert app.store.decisions.count() == 0


async def test_a_forged_session_opens_nothing(base: str, app: App) -> None:
    async with aiohttp.ClientSession() as client:
        for number in range(300):
            cookie = {"Cookie": f"digest_desk={number:043d}"}
            async with client.get(f"{base}/desk/{KEY}", headers=cookie, allow_redirects=False) as answer:
                assert answer.status == 303
    assert app.store.desk.session("", app.clock() - timedelta(days=99)) is None


async def test_ten_thousand_forged_tokens_open_nothing(app: App, pages: ReaderPages, visitor: Browser, relay: Relay) -> None:
    """Cookies of sessions and links in mails: made up, and genuine ones with a letter changed."""
    await visitor.sign_in(ADA)
    sign_in, links = SignIn(app, pages.subscriptions.emails), Notices(app, pages.subscriptions.emails, Desk(app)).links
    person = sign_in.person(ADA)
    assert person is not None
    cookie, link = sign_in.here(person, "here"), links.url([ADA, KEY, "hold"]).rpartition("/")[2]
    assert sign_in.signed_in(cookie) is not None
    assert links.value(link) == [ADA, KEY, "hold"]
    for number in range(5_000):
        at = number % len(cookie)
        forged = cookie[:at] + ("A" if cookie[at] != "A" else "B") + cookie[at + 1 :] if number % 2 else f"{number:043d}"
        assert sign_in.signed_in(forged) is None
        at = number % (len(link) - 1)  # the last letter of base64 has bits that count for nothing
        forged = link[:at] + ("A" if link[at] != "A" else "B") + link[at + 1 :] if number % 2 else f"{number:0120d}"
        assert links.value(forged) is None


async def test_a_viewer_sees_everything_and_changes_nothing(visitor: Browser, app: App, relay: Relay) -> None:
    await visitor.sign_in(VI)
    await visitor.open(f"/desk/{KEY}")
    assert "(looking on)" in visitor.page
    assert ">Hold<" not in visitor.page
    for verb in ("hold", "leave-out", "undo", "approve", "send"):
        await visitor.do(verb, id=order(app)[0])
        assert visitor.status == 403
        assert "Ask Ada Quill or Tom Lacey." in visitor.page
        await visitor.open(f"/desk/{KEY}")
    assert app.store.decisions.count() == 0
    await visitor.do("test")
    assert "On its way to vi@gazette.example" in visitor.page
    assert letter(relay, VI)["Subject"].startswith("[TEST]")


async def test_a_title_that_is_a_script_does_nothing(ada: Browser, app: App) -> None:
    await ada.do("edit", id=order(app)[0], headline="<script>alert(1)</script>\"'><img src=x onerror=alert(1)>")
    page = await ada.open(f"/desk/{KEY}")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


# — deciding —


async def test_a_form_leads_back_to_its_page_with_what_was_done_and_an_undo(ada: Browser, app: App) -> None:
    first, second = order(app)[:2]
    page = await ada.do("leave-out", id=first)
    assert ada.url.partition("?")[0].endswith(f"/desk/{KEY}")
    assert ada.url.endswith("?did=1")
    assert 'role="status">Left out “' in page
    assert order(app)[0] == second
    await ada.do("undo", decision="1")
    assert order(app)[0] == first
    assert "undone by Ada Quill" in await ada.open(f"/desk/{KEY}/log")
    await ada.do("redo", decision="1")
    assert order(app)[0] == second


async def test_what_is_wrong_with_a_form_is_said_at_its_field_and_nothing_typed_is_lost(ada: Browser, app: App) -> None:
    page = await ada.open(f"/desk/{KEY}/subject")
    page = await ada.do("edition-edit", subject="x" * 131, note="Typed already", preheader="", sponsor="", blocks="")
    assert ada.status == 422
    assert "<title>Error: Subject and note" in page
    assert "The subject is 131 characters; 110 is the most" in page
    assert "Typed already" in page
    assert 'aria-invalid="true" aria-describedby="x-subject"' in page
    assert app.store.decisions.count() == 0


async def test_the_second_editor_is_told_what_the_first_did(
    ada: Browser, app: App, base: str, pages: ReaderPages, relay: Relay
) -> None:
    key = order(app)[0]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        tom = Browser(base, client, pages, relay)
        await tom.sign_in(TOM)
        await tom.open(f"/desk/{KEY}/story?id={quote(key, safe='')}")
        await ada.open(f"/desk/{KEY}/story?id={quote(key, safe='')}")
        await tom.do("edit", id=key, headline="Tom’s")
        page = await ada.do("edit", id=key, headline="Ada’s")
        assert ada.status == 409
        assert "Tom Lacey changed the headline while you were writing" in page
        assert "Tom’s</p>" in page
        assert "Ada’s</p>" in page
        await ada.open(f"/desk/{KEY}")
        assert "<b>Tom Lacey</b> changed the headline of" in ada.page
        await ada.do("hold")
        await tom.open(f"/desk/{KEY}")
        assert "On hold. Nothing goes until somebody lets it go." in tom.page


async def test_two_who_write_at_once_choose_and_lose_nothing(
    ada: Browser, app: App, base: str, pages: ReaderPages, relay: Relay
) -> None:
    """A form has every field: what its editor did not touch is not theirs, and what both changed is chosen."""
    key = order(app)[0]
    path = f"/desk/{KEY}/story?id={quote(key, safe='')}"
    before = Desk(app).by_key(KEY).story(key).article
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        tom = Browser(base, client, pages, relay)
        await tom.sign_in(TOM)
        await ada.open(path)
        await tom.open(path)
        await tom.do("edit", id=key, headline="Tom’s", summary=before.summary, note="Tom’s note")
        await ada.do(
            "edit", id=key, headline=before.title, summary="Ada’s summary", note=""
        )  # the note stood empty when she looked
        assert ada.status == 200
        found = Desk(app).by_key(KEY).story(key)
        assert (found.article.title, found.article.summary, found.note) == ("Tom’s", "Ada’s summary", "Tom’s note")

        await ada.open(path)
        await tom.open(path)
        await tom.do("edit", id=key, headline="Tom’s second", summary="Ada’s summary")
        page = await ada.do("edit", id=key, headline="Ada’s own", summary="Ada’s second")
        assert ada.status == 409
        mine, theirs = re.findall(r'(?s)<form method="post" action="[^"]+/do" class="wide">(.*?)</form>', page)
        await ada.post(f"/desk/{KEY}/do", dict(re.findall(r'name="([^"]+)" value="([^"]*)"', unescape(theirs))))
        found = Desk(app).by_key(KEY).story(key)
        assert (found.article.title, found.article.summary) == ("Tom’s second", "Ada’s second")
        await ada.post(f"/desk/{KEY}/do", dict(re.findall(r'name="([^"]+)" value="([^"]*)"', unescape(mine))))
        assert ada.status == 200
        assert Desk(app).by_key(KEY).story(key).article.title == "Ada’s own"


async def test_too_late_is_said_and_nothing_is_saved(ada: Browser, app: App, moment: Moment) -> None:
    page = ada.page
    moment.now += timedelta(minutes=21)
    await sent(app)
    ada.page = page
    await ada.do("hold")
    assert ada.status == 409
    assert "It went at 07:01:00. Your change was not made." in ada.page
    await ada.open(f"/desk/{KEY}")
    assert "Sent at 07:01." in ada.page
    assert ">Hold<" not in ada.page


@pytest.mark.parametrize(
    "path", ["", "/held", "/subject", "/mail", "/mail?view=text", "/mail?view=headers", "/mail?reader=bo@", "/mail?reader=nobody",
             "/log", "/send", "/print?id=held", "/writer?id=held"]
)  # fmt: skip
async def test_every_page_is_there(ada: Browser, path: str) -> None:
    await ada.open(f"/desk/{KEY}{path}")
    assert ada.status == 200
    assert ada.page.count("<h1") == 1


async def test_an_edition_that_there_is_not_is_said(ada: Browser) -> None:
    await ada.open("/desk/weekday-1999-01-01")
    assert (ada.status, "there is no such edition" in ada.page) == (422, True)


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("hold", {"seen": "²"}),
        ("hold", {"seen": "9" * 5_000}),
        ("undo", {"decision": "²"}),
        ("undo", {"decision": "9" * 40}),
        ("redo", {"decision": "abc"}),
        ("redo", {"decision": "9" * 30}),
        ("leave-out", {"id": "a/../b\0" + "ä" * 9_000}),
        ("move", {"id": "a1", "place": "١"}),
    ],
)
async def test_a_form_that_somebody_has_changed_is_answered_in_words(ada: Browser, verb: str, fields: dict[str, str]) -> None:
    await ada.do(verb, **fields)
    assert ada.status in {200, 422}
    assert "Server got itself in trouble" not in ada.page


async def test_too_many_tries_are_told_and_a_link_in_the_mail_still_works(
    visitor: Browser, relay: Relay, pages: ReaderPages
) -> None:
    await visitor.post("/desk/sign-in", {"email": ADA})
    await pages.subscriptions.emails.wait()
    link = re.findall(r"https://news\.gazette\.example(/desk/sign-in/\S+)", plain(letter(relay, ADA)))[-1]
    for _ in range(40):
        await visitor.post("/desk/code", {"code": "1"})
    assert (visitor.status, "Too many tries" in visitor.page) == (429, True)
    await visitor.post(link, {})
    assert "Ada Quill" in visitor.page


async def test_one_person_is_not_flooded_however_the_address_is_written(visitor: Browser, relay: Relay, pages: ReaderPages) -> None:
    for number in range(25):
        await visitor.post("/desk/sign-in", {"email": f"{' ' * number}ADA@gazette.example{' ' * 290}x"})
    await pages.subscriptions.emails.wait()
    assert relay.counts[ADA] <= 10


async def test_a_new_asking_ends_the_figures_of_the_one_before(
    visitor: Browser, relay: Relay, pages: ReaderPages, base: str
) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        first = Browser(base, client, pages, relay)
        await first.post("/desk/sign-in", {"email": ADA})
        await pages.subscriptions.emails.wait()
        code = re.search(r"\b(\d{3} \d{3})\b", plain(letter(relay, ADA)))
        assert code is not None
        await visitor.post("/desk/sign-in", {"email": ADA})
        await pages.subscriptions.emails.wait()
        await first.post("/desk/code", {"code": code[1]})
        assert first.status == 422


async def test_nobody_at_the_desk_can_end_a_readers_subscription(ada: Browser, app: App) -> None:
    page = await ada.open(f"/desk/{KEY}/mail?view=source&reader=bo@readers.example")
    token = re.search(r"news\.gazette\.example/unsubscribe/([\w-]+)", page)
    assert token is not None
    await ada.post(f"/unsubscribe/{token[1]}", {})
    assert ada.status == 404
    assert list(app.store.suppressions.emails()) == []


async def test_a_viewer_does_not_search_the_list(visitor: Browser) -> None:
    await visitor.sign_in(VI)
    page = await visitor.open(f"/desk/{KEY}/mail?reader=@readers")
    assert "bo@readers.example" not in page.replace("first active", "")


async def test_the_cookie_is_for_https_only_wherever_the_proxy_stands(visitor: Browser, relay: Relay, pages: ReaderPages) -> None:
    await visitor.post("/desk/sign-in", {"email": ADA})
    await pages.subscriptions.emails.wait()
    link = re.findall(r"https://news\.gazette\.example(/desk/sign-in/\S+)", plain(letter(relay, ADA)))[-1]
    headers = {"Origin": "https://news.gazette.example", "X-Forwarded-For": "203.0.113.7"}
    async with visitor.client.post(f"{visitor.base}{link}", data={}, headers=headers, allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


async def test_a_long_note_in_any_script_is_saved(ada: Browser, app: App) -> None:
    await ada.open(f"/desk/{KEY}/subject")
    await ada.do("edition-edit", note="ガ" * 4_000, subject="", preheader="", sponsor="", blocks="")
    assert ada.status == 200
    note = Desk(app).by_key(KEY).edition.parts.note
    assert note is not None
    assert len(note.text) == 4_000


async def test_whoever_starts_the_preview_signs_in_once_by_the_address_that_it_prints(app: App, desk: Desk, relay: Relay) -> None:
    local = Person(email="me@localhost", name="me", role="editor")
    pages = DeskPages(app, TransactionalEmails(app), local=local)
    root = web.Application(middlewares=[require_local_host])
    root.add_subapp("/desk", pages.application())
    async with (
        serve_http(root, "127.0.0.1", 0) as address,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client,
    ):
        browser, here = Browser(address, client, ReaderPages(app), relay), pages.here_path()
        await browser.open("/desk/here/" + "a" * 43)
        assert browser.status == 410
        await browser.open(here)
        assert "Goes at 07:00 unless you hold it." in browser.page
        await browser.do("hold")
        assert Desk(app).by_key(KEY).word.hold is not None
        await browser.open(here)
        assert browser.status == 410
        await browser.open("/desk", Host="evil.example")
        assert browser.status == 403


async def test_nobody_is_local_at_the_public_desk(visitor: Browser) -> None:
    await visitor.open("/desk/here/" + "a" * 43)
    assert visitor.url.endswith("/desk/sign-in") or visitor.status == 404


async def test_numbers_are_pictures_with_words_and_a_table(ada: Browser, app: App, moment: Moment) -> None:
    assert "Numbers begin with the first edition." in await ada.open("/desk/numbers")
    moment.now += timedelta(minutes=21)
    await sent(app)
    page = await ada.open("/desk/numbers")
    assert page.count('role="img"') == page.count("<title id=") == page.count("<desc id=") == 4
    assert "2 readers got the last edition" in page
    assert '<th scope="row">Tue 24 Nov 2026</th><td>2</td>' in page


async def test_what_was_collected_is_read_before_somebody_asks(app: App, desk: Desk) -> None:
    assert desk.app is app
    pages = ReaderPages(app)
    pages.application()
    await pages.warm_desk()
    assert list(pages._desk.desk._opened) == [KEY]

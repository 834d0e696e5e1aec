"""Messages: headers, encoding, links, signatures."""

import email
import os
import pickle
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from dkim.canonicalization import Relaxed
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.compose import Composer, Sender, compose_all
from digest.compose.dkim import SIGNED_HEADERS, Signer, canonicalize_body, canonicalize_header
from digest.compose.headers import HEADERS
from digest.compose.signing_pool import MIN_MESSAGES_FOR_WORKERS, SigningWorker
from digest.compose.subscriber_links import SubscriberLinks
from digest.compose.verp import parse_verp
from digest.config import Newsletter
from digest.errors import ConfigError
from digest.model import Recipient, Rendered
from digest.text.placeholders import Placeholders
from tests.conftest import need

AT = datetime(2026, 11, 24, 7, 0, 1, tzinfo=UTC)
PLACEHOLDERS = Placeholders()
NEWSLETTER = Newsletter.model_validate({"name": "The Harbour Gazette", "from": "The Harbour Gazette <daily@gazette.example>", "reply_to": "Editor <editor@gazette.example>", "site_url": "https://gazette.example"})  # fmt: skip
RENDERED = Rendered(
    subject="Zoë & the 🛳️ ferry: " + "a long subject " * 8 + "end",
    preheader="p",
    html=f'<p>Grüße &amp; <a href="{PLACEHOLDERS.unsubscribe_url}">{PLACEHOLDERS.email}</a></p>\n<p>.dot\n.</p>'
    + "<p>wörd " * 300
    + f"{PLACEHOLDERS.view_url}</p>",
    text=f"Grüße\n.\nFrom here {PLACEHOLDERS.email} {PLACEHOLDERS.unsubscribe_url}\n" + "long " * 300,
)
ADA = Recipient(id=1, email="ada@readers.example", name="Ada")


def keys() -> dict[str, Signer]:
    return {
        "rsa": Signer("gazette.example", "r", rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        "ed": Signer("gazette.example", "e", ed25519.Ed25519PrivateKey.generate()),
    }


SIGNERS = keys()


def sender(*signers: Signer, public_url: str = "https://news.gazette.example") -> Sender:
    return Sender(newsletter=NEWSLETTER, links=SubscriberLinks(public_url=public_url, secret="s"), signers=signers)


def compose(recipient: Recipient = ADA, rendered: Rendered = RENDERED, *, by: Sender | None = None, test: bool = False) -> bytes:
    return Composer(by or sender(), rendered, "weekday-2026-11-24", AT, test=test)(recipient).raw


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def filled(text: str, recipient: Recipient, links: SubscriberLinks) -> str:
    return (
        text.replace(PLACEHOLDERS.email, recipient.email)
        .replace(PLACEHOLDERS.unsubscribe_url, links.urls(recipient.email, "weekday-2026-11-24")[0])
        .replace(PLACEHOLDERS.view_url, links.urls(recipient.email, "weekday-2026-11-24")[1])
    )


def test_headers_each_once_and_right() -> None:
    message = parsed(compose())
    for name in (
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "Reply-To",
        "List-Id",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
    ):
        assert len(message.get_all(name, [])) == 1, name
    assert message["Subject"] == RENDERED.subject
    assert message["To"].addresses[0].addr_spec == "ada@readers.example"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(
        r"<https://news\.gazette\.example/unsubscribe/[\w-]{27}>, ?<mailto:editor@gazette\.example\?subject=unsubscribe>",
        message["List-Unsubscribe"],
    )
    assert message["List-Id"] == "The Harbour Gazette <the-harbour-gazette.gazette.example>"
    assert message["Date"].datetime == AT.replace(microsecond=0)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def walk(message: EmailMessage) -> list[object]:
    return [defect for part in message.walk() for defect in part.defects]


def test_python_finds_no_defect_and_no_line_is_too_long() -> None:
    raw = compose(by=sender(*SIGNERS.values()))
    assert walk(parsed(raw)) == []
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    start = raw.index(b"\r\n\r\n")
    assert max(map(len, raw[start:].split(b"\r\n"))) <= 76
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")


def test_bodies_come_out_as_they_went_in() -> None:
    links = sender().links
    message = parsed(compose())
    assert body(message, "plain").rstrip("\n") == filled(RENDERED.text, ADA, links).rstrip("\n")
    assert body(message, "html").rstrip("\n") == filled(RENDERED.html, ADA, links).rstrip("\n")


@settings(max_examples=150)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=400), st.integers(0, 90))
def test_any_text_survives_the_splicing(text: str, pad: int) -> None:
    text = "x" * pad + text + PLACEHOLDERS.email + text + PLACEHOLDERS.email + "y" * pad
    raw = compose(rendered=Rendered(subject="s", preheader="p", html=text, text=text))
    message = parsed(raw)
    assert body(message, "html").rstrip("\n") == text.replace(PLACEHOLDERS.email, ADA.email).rstrip("\n")
    assert max(map(len, raw[raw.index(b"\r\n\r\n") :].split(b"\r\n"))) <= 76


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from([".", "..", "...", "\n", "x", "é", " ", "." * 25, "x" * 73, PLACEHOLDERS.email]), max_size=12).map(
        "".join
    )
)
def test_no_line_begins_with_a_dot_that_a_relay_would_take_away(text: str) -> None:
    """A lone dot would even end the message there, and the relay would take the rest of the text for commands."""
    raw = compose(Recipient(id=1, email="..ada@readers.example"), Rendered(subject="s", preheader="p", html=text, text=text))
    lines = raw.split(b"\r\n")
    assert not [line for line in lines if line.startswith(b".")]
    assert max(map(len, lines[lines.index(b"") :])) <= 76
    assert body(parsed(raw), "plain").rstrip("\n") == text.replace(PLACEHOLDERS.email, "..ada@readers.example").rstrip("\n")


@pytest.mark.parametrize("begins", [PLACEHOLDERS.email, "\nand so on"], ids=["value", "line"])
@pytest.mark.parametrize("characters", ["é", "=", "世", "x", ".", "é.", "éx", "=.", "é x", " ", "\t", ". ", "é "])
def test_a_line_that_is_full_where_another_begins_is_broken_between_octets(characters: str, begins: str) -> None:
    for pad in range(60, 80):
        text = "x" * pad + characters + begins
        raw = compose(rendered=Rendered(subject="s", preheader="p", html="h", text=text))
        assert body(parsed(raw), "plain").rstrip("\n") == text.replace(PLACEHOLDERS.email, ADA.email)
        lines = raw[raw.index(b"\r\n\r\n") :].split(b"\r\n")
        assert max(map(len, lines)) <= 76
        assert not [line for line in lines if re.search(rb"=[0-9A-F]=?$", line) and not line.startswith(b"--")]


def test_bounces_and_emails_to_unsubscribe_have_an_address_for_each_recipient() -> None:
    ours = replace(sender(), bounce_address="bounces@gazette.example")
    message = Composer(ours, RENDERED, "weekday-2026-11-24", AT)(Recipient(id=77, email="ada@readers.example"))
    assert parse_verp("s", message.envelope) == ("bounce", 77)
    found = re.search(r"<mailto:([^?]+)\?subject=unsubscribe>", parsed(message.raw)["List-Unsubscribe"])
    assert found is not None
    assert parse_verp("s", found[1]) == ("leave", 77)


def test_without_a_number_or_a_mailbox_for_bounces_mail_comes_back_to_an_address_for_all() -> None:
    ours = replace(sender(), bounce_address="bounces@gazette.example")
    unnumbered = Composer(ours, RENDERED, "weekday-2026-11-24", AT)(Recipient(id=0, email="ada@readers.example"))
    assert unnumbered.envelope == "bounces@gazette.example"
    assert "mailto:editor@gazette.example?subject" in parsed(unnumbered.raw)["List-Unsubscribe"]
    assert Composer(sender(), RENDERED, "weekday-2026-11-24", AT)(ADA).envelope == ""


@settings(max_examples=150)
@given(st.text(max_size=200))
def test_a_name_cannot_write_a_header(name: str) -> None:
    raw = compose(Recipient(id=1, email="ada@readers.example", name=name))
    message = parsed(raw)
    assert walk(message) == []
    assert [address.addr_spec for address in message["To"].addresses] == ["ada@readers.example"]
    assert sorted(message.keys()) == sorted(parsed(compose()).keys())


@pytest.mark.parametrize(
    "name",
    [
        "Ada\r\nBcc: all@b.example",
        "Ada\nX: y",
        '"Ada" <evil@b.example>',
        "Ada, Bob <b@b.example>",
        "=?utf-8?q?x?=",
        "a" * 500,
        "Ada\u2028Bcc: x",
    ],
)
def test_names_that_try(name: str) -> None:
    message = parsed(compose(Recipient(id=1, email="ada@readers.example", name=name)))
    assert message["Bcc"] is None
    assert len(message["To"].addresses) == 1


@pytest.mark.parametrize(
    "words", ["=?utf-8?q?x=0d=0aBcc:=20evil@y.example=0d=0aX-Own:=20yes?=", "a\r\nBcc: evil@y.example", "x" * 2000, "\x00\x1b[31m"]
)
def test_a_headline_cannot_write_a_header(words: str) -> None:
    raw = compose(rendered=Rendered(subject=f"Vote {words}", preheader="p", html="h", text="t"))
    message = parsed(raw)
    assert walk(message) == []
    assert sorted(message.keys()) == sorted(parsed(compose()).keys())
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert not set(raw) & {0, 27}


def test_the_message_id_is_stable_and_reveals_nothing() -> None:
    first, second = compose(), compose()
    assert first == second
    message_id = parsed(first)["Message-ID"]
    assert re.fullmatch(r"<weekday-2026-11-24\.[0-9a-f]{24}@gazette\.example>", message_id)
    other = parsed(compose(Recipient(id=2, email="bo@readers.example")))["Message-ID"]
    assert other != message_id


def test_a_test_copy_is_labelled_and_is_another_message() -> None:
    test = parsed(compose(test=True))
    assert test["Subject"].startswith("[TEST] ")
    assert test["Message-ID"] != parsed(compose())["Message-ID"]


def test_without_public_url_there_is_a_mailbox_and_no_one_click() -> None:
    message = parsed(compose(by=sender(public_url="")))
    assert message["List-Unsubscribe"] == "<mailto:editor@gazette.example?subject=unsubscribe>"
    assert message["List-Unsubscribe-Post"] is None
    assert "mailto:editor@gazette.example?subject=unsubscribe" in body(message, "plain")


def test_one_click_only_over_https() -> None:
    assert parsed(compose(by=sender(public_url="http://news.gazette.example")))["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize("which", ["rsa", "ed"])
def test_dkimpy_accepts_the_signature(which: str) -> None:
    signer = SIGNERS[which]
    raw = compose(Recipient(id=1, email="ada@readers.example", name="Zoë, \t Ada"), by=sender(signer))
    record = signer.dns_record().encode()
    assert dkim.verify(raw, dnsfunc=lambda name, timeout=5: record)
    assert not dkim.verify(raw.replace(b"Gr=C3=BC", b"gr=C3=BC"), dnsfunc=lambda name, timeout=5: record)
    assert not dkim.verify(b"From: evil@b.example\r\n" + raw, dnsfunc=lambda name, timeout=5: record)


def test_a_verifier_that_shares_nothing_with_dkimpy_agrees() -> None:
    perl = need("perl", "-MMail::DKIM::Verifier")
    raw = compose(Recipient(id=1, email="ada@readers.example", name="Zoë, \t Ada"), by=sender(*SIGNERS.values()))
    records = [text for signer in SIGNERS.values() for text in (signer.selector, signer.dns_record())]

    def verified(message: bytes) -> list[str]:
        command = [perl, str(Path(__file__).with_name("verify.pl")), *records]
        return subprocess.run(command, input=message, capture_output=True, check=True).stdout.decode().split()

    assert verified(raw) == ["pass", "invalid"]  # it does not know Ed25519
    assert verified(raw.replace(b"Gr=C3=BC", b"gr=C3=BC"))[0] == "fail"


@pytest.mark.parametrize("name", SIGNED_HEADERS)
@pytest.mark.parametrize("transactional", [False, True])
def test_no_header_that_is_signed_can_be_added(name: str, transactional: bool) -> None:
    signer = SIGNERS["ed"]
    raw = Composer(sender(signer), RENDERED, "weekday-2026-11-24", AT, transactional=transactional)(ADA).raw
    record = signer.dns_record().encode()
    assert dkim.verify(raw, dnsfunc=lambda name, timeout=5: record)
    added = f"{name.title()}: Another thing altogether\r\n".encode()
    assert not dkim.verify(added + raw, dnsfunc=lambda name, timeout=5: record)


@pytest.mark.parametrize("transactional", [False, True])
def test_every_header_is_in_the_table_that_says_whether_it_is_signed(transactional: bool) -> None:
    raw = Composer(sender(), RENDERED, "weekday-2026-11-24", AT, transactional=transactional)(ADA).raw
    assert set(email.message_from_bytes(raw).keys()) <= set(HEADERS)


def test_the_signature_is_folded() -> None:
    raw = compose(by=sender(*SIGNERS.values()))
    head = raw[: raw.index(b"\r\nFrom:")].split(b"\r\n")
    assert max(map(len, head)) <= 76


def test_a_short_key_is_reported(tmp_path: Path) -> None:
    assert "1024 bits" in Signer("d.example", "s", rsa.generate_private_key(public_exponent=65537, key_size=1024)).weakness
    assert SIGNERS["rsa"].weakness == SIGNERS["ed"].weakness == ""


def test_both_signatures_hold_together() -> None:
    raw = compose(by=sender(*SIGNERS.values()))
    records = {
        f"{signer.selector}._domainkey.gazette.example.".encode(): signer.dns_record().encode() for signer in SIGNERS.values()
    }
    verifier = dkim.DKIM(raw)
    assert all(verifier.verify(idx=at, dnsfunc=lambda name, timeout=5: records[name]) for at in range(2))
    signed = re.findall(rb"\r\n h=([^;]+);", raw)
    assert len(signed) == 2
    for names in signed:
        listed = "".join(names.decode().split()).split(":")
        assert {listed.count(name) for name in ("from", "to", "subject", "date", "list-unsubscribe", "content-type")} == {2}
        assert {"list-unsubscribe", "list-unsubscribe-post", "to", "subject", "message-id"} <= set(listed)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


# 512 bits, made with `openssl genrsa 512`: the library makes none so short
SHORT = """-----BEGIN PRIVATE KEY-----
MIIBUwIBADANBgkqhkiG9w0BAQEFAASCAT0wggE5AgEAAkEAucMJERJ+CNewuE8W
VmWjCImVLBJJGj47irG6kFW0Ag7J9166c0U79+2+f1AvvpKYsqPvw0NoxGe6uiIB
DgTgiQIDAQABAkAVi3JUwZFOkz2S0tFjadxT1Ckx+Fj0Kz2ao2xg6x+6kSvrimiD
WqDQiEAcq3MnEe5AG3iOOMo5/wkVBKJEP8hVAiEA4gGH11BiVyab+2Q79hIj946N
i0uWze/eXeJ1ZySXzY8CIQDSajnE7vsjOIu0DbkPY09/oNjFEklV3HnmqIg3q/4U
ZwIgI/4EaSjXEHQIoUd8ORr4eWNNbWKTWKabri3zboKoXkcCIBV9Hbs8AM/fBX10
7VJh/Qt2vMybinvHUXe5/HdbDE6/AiBpFr/Zq8zB6z5w9+KY20sPAX4wzI2JcATL
wQEJD1VRFA==
-----END PRIVATE KEY-----
"""


def test_a_key_of_another_kind_is_named(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(ConfigError, match=r"dkim\.key_file .*key\.pem: not an RSA or Ed25519 key"):
        Signer.load("d.example", "s", path)


def test_a_key_too_short_for_any_receiver_is_named(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text(SHORT)
    with pytest.raises(ConfigError, match=r"key is too short \(512 bits; at least 1024 needed\)"):
        Signer.load("d.example", "s", path)


def test_a_key_with_a_passphrase_is_named(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    locked = serialization.BestAvailableEncryption(b"open sesame")
    path.write_bytes(SIGNERS["rsa"].key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    with pytest.raises(ConfigError, match="not an unencrypted PEM private key"):
        Signer.load("d.example", "s", path)


@pytest.mark.parametrize("which", ["rsa", "ed"])
def test_a_key_signs_the_same_after_it_went_to_another_process(which: str) -> None:
    copy = pickle.loads(pickle.dumps(SIGNERS[which]))
    assert compose(by=sender(copy)) == compose(by=sender(SIGNERS[which]))


def test_keys_that_cannot_sign_are_named(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    with pytest.raises(ConfigError, match="cannot be read"):
        Signer.load("d.example", "s", path)
    path.write_text("no key")
    with pytest.raises(ConfigError, match="PEM"):
        Signer.load("d.example", "s", path)
    path.write_bytes(pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)))
    assert Signer.load("d.example", "s", path).algorithm == "rsa-sha256"


@settings(max_examples=60)
@given(st.binary(max_size=300), st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=100))
def test_relaxed_forms_agree_with_dkimpy(octets: bytes, value: str) -> None:
    content = octets.replace(b"\r", b"").replace(b"\n", b"\r\n") + b"\r\nlast\r\n"
    assert canonicalize_body(content) == Relaxed.canonicalize_body(content)
    ((name, canonical),) = Relaxed.canonicalize_headers([(b"Subject", f" {value}\r\n".encode())])
    assert canonicalize_header("Subject", value).encode() + b"\r\n" == name + b":" + canonical


def test_a_name_is_escaped_in_the_html_and_plain_in_the_text() -> None:
    rendered = Rendered(subject="s", preheader="p", html=f"<p>{PLACEHOLDERS.name}</p>", text=PLACEHOLDERS.name)
    raw = Composer(sender(), rendered, "weekday-2026-11-24", AT)(Recipient(id=1, email="a@b.example", name="<b>Ada</b>")).raw
    message = parsed(raw)
    assert "<p>&lt;b&gt;Ada&lt;/b&gt;</p>" in body(message, "html").replace("=\n", "")
    assert "<b>Ada</b>" in body(message, "plain")


def people(count: int) -> list[Recipient]:
    return [Recipient(id=number, email=f"r{number}@readers.example", name="A Reader") for number in range(count)]


def test_other_cores_sign_the_same_bytes() -> None:
    composer = Composer(sender(*SIGNERS.values()), RENDERED, "weekday-2026-11-24", AT)
    with compose_all(composer, people(600), MIN_MESSAGES_FOR_WORKERS) as messages:
        first = [next(messages) for _ in range(20)]
        time.sleep(2.0)  # by now the helpers have started, and signed what they were given
        found = {message.recipient.id: message for message in [*first, *messages]}
    assert len(found) == 600
    assert all(found[recipient.id] == composer(recipient) for recipient in people(600))


def test_a_helper_that_dies_takes_nobody_along(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[SigningWorker] = []
    start = SigningWorker.start

    def noted(composer: Composer) -> SigningWorker:
        started.append(start(composer))
        return started[-1]

    monkeypatch.setattr(SigningWorker, "start", noted)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {1, 2, 3})
    composer = Composer(sender(SIGNERS["ed"]), RENDERED, "weekday-2026-11-24", AT)
    with compose_all(composer, people(3_000), MIN_MESSAGES_FOR_WORKERS) as messages:
        found = [next(messages)]
        started[0].process.kill()
        found += messages
    assert len(started) == 2
    assert sorted(message.recipient.id for message in found) == list(range(3_000))


@pytest.fixture
def helper() -> Iterator[SigningWorker]:
    """A signing process, which is gone at the end whatever the test has done to it."""
    worker = SigningWorker.start(Composer(sender(SIGNERS["ed"]), RENDERED, "weekday-2026-11-24", AT))
    yield worker
    worker.process.kill()
    worker.process.join()


def test_who_was_given_to_a_helper_that_has_died_is_given_back(helper: SigningWorker) -> None:
    helper.process.kill()
    helper.process.join()
    helper.send(people(3))
    assert not helper.can_take()
    assert list(helper.receive()) == []
    assert list(helper.wait()) == people(3)
    assert not helper.pending


def test_a_helper_that_stops_answering_is_not_waited_for(helper: SigningWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.compose.signing_pool.BATCH_TIMEOUT", 0.1)
    assert helper.process.pid is not None
    os.kill(helper.process.pid, signal.SIGSTOP)  # as a machine does that has no memory left for it
    helper.send(people(3))
    assert list(helper.wait()) == people(3)
    assert not helper.can_take()
    helper.close()
    assert helper.process.exitcode == -signal.SIGKILL


def test_few_messages_and_unsigned_ones_are_made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SigningWorker, "start", None)
    for signers, count in (((SIGNERS["ed"],), MIN_MESSAGES_FOR_WORKERS - 1), ((), MIN_MESSAGES_FOR_WORKERS)):
        composer = Composer(sender(*signers), RENDERED, "weekday-2026-11-24", AT)
        with compose_all(composer, people(5), count) as messages:
            assert [message.recipient.id for message in messages] == [0, 1, 2, 3, 4]

"""What came back, as some 85 mail systems say it: recognised with the right address, and nothing else taken for a bounce."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.bounces import FAILURE_KINDS, BounceReport, classify

FOLDER = Path(__file__).parent.parent / "data" / "bounces"
LABELS: dict[str, dict[str, Any]] = json.loads((FOLDER / "labels.json").read_text())
BOUNCES = [name for name, label in LABELS.items() if label["kind"] in {"hard", "soft", "failure"}]
OTHERS = [name for name, label in LABELS.items() if label["kind"] in {"delay", "auto", "other"}]
MIXED = ("008-postfix-multi.eml", "017-sendmail-mixed.eml")  # of several recipients with several fates, the mildest is reported
UNNAMED = "121-verp-only.eml"  # only the envelope says whom it is about


def reading(name: str) -> BounceReport:
    return classify((FOLDER / name).read_bytes())


def test_there_are_many_kinds() -> None:
    assert len(BOUNCES) >= 120
    assert len(OTHERS) >= 35
    assert len({LABELS[name]["system"] for name in BOUNCES}) >= 80


@pytest.mark.parametrize("name", [name for name in BOUNCES if name != UNNAMED])
def test_a_bounce_is_recognised_with_its_address(name: str) -> None:
    report = reading(name)
    assert report.kind in FAILURE_KINDS
    assert set(report.addresses) == set(LABELS[name]["addresses"])


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_else_is_a_bounce(name: str) -> None:
    report = reading(name)
    assert report.kind not in {*FAILURE_KINDS, "complaint"}


@pytest.mark.parametrize("name", [name for name, label in LABELS.items() if label["kind"] == "complaint"])
def test_a_complaint_is_one(name: str) -> None:
    assert reading(name).kind == "complaint"


def test_dead_and_full_mailboxes_are_distinguished() -> None:
    judged = [
        (LABELS[name]["kind"] == "hard", reading(name).kind == "hard", name) for name in BOUNCES if name not in {*MIXED, UNNAMED}
    ]
    wrong = [name for label, kind, name in judged if label is not kind and LABELS[name]["kind"] != "failure"]
    assert len(wrong) <= 0.02 * len(judged)
    assert [name for name in wrong if LABELS[name]["kind"] != "hard"] == []  # nobody who lives is taken for dead


def test_one_that_names_nobody_says_so() -> None:
    report = reading(UNNAMED)
    assert report.kind == "other"
    assert report.unattributed
    assert report.addresses == ()
    assert any("+b" in address for address in report.sent_to)


@settings(max_examples=300)
@given(st.binary(max_size=3_000))
def test_any_bytes_are_read(raw: bytes) -> None:
    assert isinstance(classify(raw), BounceReport)


@settings(max_examples=150)
@given(st.sampled_from(sorted(LABELS)), st.randoms(use_true_random=False))
def test_damaged_mail_is_read(name: str, chance: random.Random) -> None:
    raw = bytearray((FOLDER / name).read_bytes())
    for _ in range(chance.randint(1, 40)):
        at = chance.randrange(len(raw))
        raw[at : at + chance.randint(0, 30)] = bytes(chance.randrange(256) for _ in range(chance.randint(0, 30)))
    report = classify(bytes(raw))
    assert len(report.addresses) <= 50
    assert all(len(address) <= 320 for address in report.addresses)


@pytest.mark.parametrize(
    "filler",
    [
        "a@b.example, ",
        "to: ",
        "<" * 7,
        "deliver ",
        "user unknown ",
        "-- ",
        "\n\n",
        "=?utf-8?q?x?= ",
        "(" * 9,
        "<head ",
        "<",
        "from <",
        "-",
        "(envelope-from ",
    ],
)
def test_long_mail_takes_no_long_time(filler: str) -> None:
    """Bounded work: a pattern that tried every way to match would not come back from this."""
    for kind in ("plain", "html"):
        head = f"From: MAILER-DAEMON@x.example\nSubject: Undelivered\nContent-Type: text/{kind}\n\n"
        assert isinstance(classify((head + filler * (1_000_000 // len(filler))).encode()), BounceReport)


@pytest.mark.parametrize("charset", ["idna", "undefined", "unicode_escape", "nope", "utf-8\x00", "utf-16"])
def test_a_charset_that_is_none(charset: str) -> None:
    raw = f"From: MAILER-DAEMON@x.example\nSubject: Undelivered\nContent-Type: text/plain; charset={charset}\n\n"
    report = classify(raw.encode() + b"<ada@r.example>: unknown user \\ud800 \x00")
    assert report.detail.encode("utf-8").decode().isprintable()
    assert all(address.isprintable() for address in report.addresses)


@pytest.mark.parametrize("nest", ["message/rfc822", "multipart/mixed; boundary=b"])
def test_mail_in_mail_in_mail(nest: str) -> None:
    parts = "".join(f"--b{number}\nContent-Type: {nest.replace('=b', f'=b{number + 1}')}\n\n" for number in range(4_000))
    raw = f"From: MAILER-DAEMON@x.example\nContent-Type: multipart/mixed; boundary=b0\n\n{parts}"
    assert classify(raw.encode()).kind in {"other", "auto", "delay", *FAILURE_KINDS}
    assert classify(("Content-Type: message/rfc822\n\n" * 8_000).encode()).kind == "other"


@pytest.mark.parametrize(
    ("subject", "words", "kind"),
    [
        ("Unzustellbar", "Der Empfänger existiert nicht.", "hard"),
        ("Unzustellbar", "Das Postfach des Empfängers ist voll.", "full"),
        ("Aviso", "El buzón del destinatario no existe.", "hard"),
        ("Avis", "La boîte aux lettres du destinataire est pleine.", "full"),
        ("Avviso", "La casella del destinatario è piena.", "full"),
        ("Сообщение", "Почтовый ящик переполнен", "full"),
    ],
)
def test_a_notice_of_a_few_words_in_another_language(subject: str, words: str, kind: str) -> None:
    raw = (
        f"From: MAILER-DAEMON@mx.readers.example\r\nTo: bounces@gazette.example\r\nReturn-Path: <>\r\nSubject: {subject}\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n<ada@readers.example>: {words}\r\n"
    )
    found = classify(raw.encode())
    assert found.kind == kind
    assert found.addresses == ("ada@readers.example",)


@pytest.mark.parametrize("subject", ["=?nope?q?Undelivered_Mail?=", "=?utf-8?b?x?= Undelivered Mail", "=?undefined?q?x?="])
def test_a_subject_that_cannot_be_decoded_costs_nothing(subject: str) -> None:
    raw = (
        f"From: MAILER-DAEMON@mx.readers.example\r\nReturn-Path: <>\r\nSubject: {subject}\r\n\r\n"
        "<ada@readers.example>: 550 5.1.1 user unknown\r\n"
    )
    found = classify(raw.encode())
    assert (found.kind, found.addresses) == ("hard", ("ada@readers.example",))

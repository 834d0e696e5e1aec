"""Headers that any program decodes to what they were made of."""

import email
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.header_encoding import encode_mailbox, encode_unstructured, one_line

SCRIPTS = (
    "Hafenrat beschließt die Nachtfähre bis zum Frühjahr: fünfzig Plätze für Pendler, Schülerinnen und Gäste",
    "Le conseil du port garde le ferry de nuit jusqu’au printemps, malgré le déficit et l’avis de la préfète",
    "Портовый совет сохранил ночной паром до весны, несмотря на дефицит и споры о цене билетов",
    "Το συμβούλιο του λιμανιού κρατά το νυχτερινό πλοίο μέχρι την άνοιξη παρά το έλλειμμα",
    "قرر مجلس الميناء الإبقاء على العبّارة الليلية حتى الربيع رغم العجز والخلاف على ثمن التذاكر",
    "港務局は赤字にもかかわらず夜間フェリーを春まで続けることを決めました。町の人々は喜んでいます",
    "🛳️👩‍👩‍👧 ferry family day: bring 🧺, leave the dog 🐕‍🦺 and come by the night boat before nine",
)
NAMES = (
    "Holm, Ada", "Harbour Pilots, Tug Crews and Lock Keepers of the Northern Firth and Isles", 'Ada "The Pen" Holm', "Ada\\Holm",
    "Ada <evil@b.example>", "a@b.example, c@d.example", "Ada\r\nBcc: all@b.example", "=?utf-8?q?x?=", "(comment)", "Ada Holm;", "Ada: Bo, Cy;",
    "  Ada   Holm ", "ab" * 60, "Äda, Hölm", *SCRIPTS,
)  # fmt: skip
text = st.text(max_size=300) | st.lists(st.sampled_from([*SCRIPTS, *NAMES, "a" * 90, " ", ",", "=?"]), max_size=4).map(" ".join)


def decoded(value: str) -> str:
    """As RFC 2047 and RFC 5322 say, by the standard library's decoder."""
    return str(make_header(decode_header(value.replace("\r\n", ""))))


def of(name: str, value: str) -> EmailMessage:
    message = email.message_from_bytes(f"{name}: {value}\r\n\r\n".encode("ascii"), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@given(text)
def test_any_subject_comes_back(words: str) -> None:
    value = encode_unstructured("Subject", words)
    assert decoded(value) == one_line(words)
    assert of("Subject", value)["Subject"] == one_line(words)
    assert max(map(len, f"Subject: {value}".split("\r\n"))) <= 76
    assert value.isascii()


@given(text, st.sampled_from(["ada@readers.example", "o'brien+news@a-very-long-host-name.of-a-town-by-the-sea.gazette.example"]))
def test_any_name_is_one_mailbox_with_its_name(name: str, address: str) -> None:
    value = encode_mailbox("To", name, address)
    assert [found for _, found in getaddresses([value])] == [address]
    assert [found for _, found in getaddresses([value.replace("\r\n", "")])] == [address]
    message = of("To", value)
    assert list(message.keys()) == ["To"]
    (one,) = message["To"].addresses
    assert one.addr_spec == address
    if value.count("=?utf-8?") < 2:  # between two, this library's parser of phrases puts a blank that RFC 2047 (6.2) does not know
        assert one.display_name == one_line(name)
    phrase = value.removesuffix(f"<{address}>").strip()
    assert phrase.startswith('"') or value == address or decoded(phrase) == one_line(name)
    assert max(map(len, value.split("\r\n"))) <= 410


@pytest.mark.parametrize("name", NAMES)
def test_names_that_try(name: str) -> None:
    value = encode_mailbox("Reply-To", name, "ada@readers.example")
    assert [found for _, found in getaddresses([value])] == ["ada@readers.example"]


@pytest.mark.parametrize("words", SCRIPTS)
def test_no_space_is_lost_or_won_at_a_fold(words: str) -> None:
    for cut in range(1, len(words)):
        assert decoded(encode_unstructured("Subject", words[:cut])) == one_line(words[:cut])


def test_what_needs_no_encoding_is_not_encoded() -> None:
    assert encode_unstructured("Subject", "The night ferry stays") == "The night ferry stays"
    assert encode_mailbox("From", "The Harbour Gazette", "daily@gazette.example") == "The Harbour Gazette <daily@gazette.example>"
    assert encode_mailbox("To", "Holm, Ada", "ada@readers.example") == '"Holm, Ada" <ada@readers.example>'
    assert encode_mailbox("To", "", "ada@readers.example") == "ada@readers.example"


def test_a_long_subject_in_ascii_is_folded_and_stays_readable_in_the_source() -> None:
    words = "The night ferry stays until spring, the council says after a debate of five hours about fares and berths"
    value = encode_unstructured("Subject", words)
    first, second = value.split("\r\n")
    assert f"{first}{second}" == words
    assert len(f"Subject: {first} {second.split()[0]}") > 76 >= len(f"Subject: {first}")
    assert of("Subject", value)["Subject"] == words


def test_a_word_too_long_for_a_line_is_encoded() -> None:
    words = f"See https://gazette.example/{'a' * 80} today"
    value = encode_unstructured("Subject", words)
    assert "=?utf-8?" in value
    assert decoded(value) == words

"""Advertising, and ways to reach somebody: what is kept from print, and what honest comments say of money, days and numbers."""

import pytest

from digest.curate.comment_spam import is_advertising
from digest.curate.contact_details import contact_details
from tests.curate.test_curate import OTHER, SENSIBLE, THIRD, comment, made, printed, reason
from tests.curate.test_curate import article as story

HONEST = [
    "The fare rose from £12.50 in 2019 to £14.75 in 2026, and over 10,000 people have signed against it.",
    "In 2019-2024 the council spent 1,250,000 pounds on 3 ferries, and the berth is still 40 cm too short.",
    "The ferry left at 07:15, 07:45, 08:15 and 08:45 until 24 November 2026; now it leaves when it likes.",
    "Application 24/00123/OUT of 2026-11-24 says 450 000 000 litres a year, which is more than the weir can carry.",
    "From 1918 to 1939 and from 1945 to 1999 my family mended nets here, and nobody asked for a permit.",
    "It weighs 51.5074 tonnes, says the plate, and the bridge takes 1.250.000 kilograms by its own plate.",
    "Call 112 or 999 if the lamps go out again, said the warden, and both sent us back to him.",
    "Thanks for sharing the timetable; the number 12 bus on page 3 leaves before the ferry lands.",
    "The post office made a loss of £3,000 in one year, and it stayed because people went there on foot.",
]


@pytest.mark.parametrize("text", HONEST)
def test_honest_words_of_money_days_and_numbers_are_neither(text: str) -> None:
    assert not is_advertising(text)
    assert contact_details(text) == ""
    assert contact_details(f"{text} {SENSIBLE}") == ""


@pytest.mark.parametrize(
    "text",
    [
        "I stumbled upon your page last week and now I read every word of it, dear editor, with joy.",
        "Thank you! Check out my website for more about harbours, ferries and all the best casinos.",
        "My brother recommended I might visit this blog, and he was entirely right about everything in it.",
        "I lost all my savings until a recovery expert brought back every coin within two days.",
        "I make $7,500 a month working from home on my laptop, and so can you, it is easy.",
        "My neighbour was paid £95,00 per hour online last month and bought a car. Look here.",
        "He helped me to recover within days all of my bitcoin, I am very glad indeed for it.",
        "Great post! Very useful and informative, keep up the good work.",
        "Hi there, nice article. I will bookmark it and come back soon.",
    ],
)
def test_advertising_and_praise_for_any_page_is_held(text: str) -> None:
    assert is_advertising(text)
    assert is_advertising(text.upper())


def test_one_word_of_praise_or_praise_within_a_long_comment_is_no_advertising() -> None:
    assert not is_advertising("Great article, and the drawing of the sluice is the first that I understood at all.")
    assert not is_advertising(f"Great post, keep it up. {' '.join([SENSIBLE] * 3)}")


@pytest.mark.parametrize(
    "number",
    [
        "020 7946 0000", "(020) 7946 0000", "020.7946.0000", "07700 900123", "07700900123", "+44 20 7946 0000", "0044 20 7946 0000",
        "+44 (0)20 7946 0000", "555-010-1234", "(555) 010-1234", "+1 (555) 010-1234", "02 98 12 34 56", "030/1234567",
    ],
)  # fmt: skip
def test_a_telephone_number_is_seen(number: str) -> None:
    assert contact_details(f"Ring me at {number} about the berth.") == contact_details(number) == "a telephone number"


@pytest.mark.parametrize("address", ["ada@gazette.example", "<ada.quay+tram@mail.gazette.example>", "mailto:ada@gazette.example"])
def test_an_email_address_is_seen(address: str) -> None:
    assert contact_details(f"Write to {address}, please.") == "an e-mail address"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("+49 (0) 40 / 7654321", "a telephone number"), ("04.56.78.90.12", "a telephone number"), ("1-800-555-0142", "a telephone number"),
        ("91234 56780", "a telephone number"), ("０２０－７９４６－００００", "a telephone number"), ("bo (at) mail dot example", "an e-mail address"),
        ("bo at hotmail dot com", "an e-mail address"), ("bo＠mail.example", "an e-mail address"), ("https://wa.me/441632960000", "a link to a chat"),
        ("GB33 BUKB 2020 1555 5555 55", "a bank account"),
    ],
)  # fmt: skip
def test_other_ways_to_reach_somebody(text: str, what: str) -> None:
    assert contact_details(f"Tell {text} about the berth.") == what


@pytest.mark.parametrize(
    "text",
    [
        "Between 1990-2000 and 2001-2010 we lost 1,200 of 4,500",
        "on 10.11.2026 at 10.30",
        "I stood at the dot on the map",
        "see ABCD1234",
    ],
)
def test_figures_and_words_that_reach_nobody(text: str) -> None:
    assert contact_details(text) == ""


@pytest.mark.parametrize("text", ["the kiosk @ the pier", "as @ada said", "ada@home", "2 lamps @ 3.50"])
def test_a_sign_that_is_no_address(text: str) -> None:
    assert contact_details(text) == ""


def test_the_gates_tell_the_editor_why() -> None:
    links = "https://a.example/1 www.b.example https://c.example/3"
    edition = made(
        [story("a")],
        [
            comment("good"),
            comment("phone", f"{OTHER} Ring him at home on 07700 900123."),
            comment("mail", f"{THIRD} Write to ada@gazette.example."),
            comment("named", HONEST[0], author="ada@gazette.example"),
            comment("seller", f"Check out my website. {HONEST[1]}"),
            comment("shown", f"{HONEST[2]} {links}"),
            comment("hidden", HONEST[3], links=3),
        ],
    )
    assert printed(edition) == ["good"]
    assert reason(edition, "phone") == "gives a telephone number"
    assert reason(edition, "mail") == reason(edition, "named") == "gives an e-mail address"
    assert reason(edition, "seller") == "advertising, or praise for any page"
    assert reason(edition, "shown") == reason(edition, "hidden") == "3 links or more"


def test_two_links_are_not_too_many() -> None:
    edition = made([story("a")], [comment("c", f"{SENSIBLE} https://a.example/1 https://b.example/2", links=2)])
    assert printed(edition) == ["c"]

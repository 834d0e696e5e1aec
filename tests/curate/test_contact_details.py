"""Ways to reach somebody: what is held, what is public, and what honest comments say of money, days and numbers."""

import pytest

from digest.curate.contact_details import contact_details, number_plate
from tests.curate.test_curate import SENSIBLE
from tests.curate.test_judge import gate
from tests.curate.test_text_rules import first

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
    assert first(text) is None
    assert contact_details(text) == ""
    assert contact_details(f"{text} {SENSIBLE}") == ""


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


@pytest.mark.parametrize(
    ("text", "plate"),
    [
        ("The van was AB12 CDE, and it was on the kerb.", "AB12 CDE"), ("It was A123 BCD again.", "A123 BCD"),
        ("C'était AB-123-CD.", "AB-123-CD"), ("Ein Auto, HH-AB 1234, stand dort.", "HH-AB 1234"),
        ("A car, 1234 BCD, blocks the slip.", "1234 BCD"), ("The plate is WA 1234F.", "WA 1234F"),
        ("Form HH-AB 1234 is two pages long.", ""), ("The sum of 1234 BCD is wrong.", ""), ("The tram is late.", ""),
        ("The ship is 120 TEU long, in 2019 it was 90 TEU.", ""),
    ],
)  # fmt: skip
def test_a_number_plate_is_seen_and_what_looks_alike_only_beside_a_car(text: str, plate: str) -> None:
    assert number_plate(text) == plate


LONG = "The lamps on the quay have been dark since the storm, and nobody has come to mend them."


@pytest.mark.parametrize(
    "text",
    [
        f"{LONG} Ring him at home on 020 7946 0000.",
        f"{LONG} The office is closed. His number is 020 7946 0000.",
        f"{LONG} Mr Penrow has the log; he is on 020 7946 0000.",
        f"{LONG} The office has a mobile, 07700 900123.",
        f"{LONG} The club is at https://wa.me/441632960000 on most days.",
        f"{LONG} The trust takes money at GB33 BUKB 2020 1555 5555 55.",
        f"{LONG} Write to ada.penrow@mail.example about it.",
        f"{LONG} Write to the office@gazette.example or to ada@mail.example about it.",
        f"{LONG} Their van is AB12 CDE, and it is always there.",
    ],
)
def test_a_private_persons_details_are_held(text: str) -> None:
    assert gate(text) == ("contact", True)


@pytest.mark.parametrize(
    "text",
    [
        f"{LONG} The council office is on 020 7946 0000 until noon.",
        f"{LONG} Faults are taken on 020 7946 0000, day and night.",
        f"{LONG} Write to office@gazette.example about it.",
        f"{LONG} The box office is at tickets@theatre.example, the archive at archives@museum.example.",
    ],
)
def test_an_offices_details_are_public(text: str) -> None:
    assert gate(text) == ("", False)


def test_a_writers_name_that_reaches_somebody_is_held() -> None:
    assert gate(SENSIBLE, author="ada@gazette.example") == ("contact", True)
    assert gate(SENSIBLE, author="Ada 07700 900123") == ("contact", True)

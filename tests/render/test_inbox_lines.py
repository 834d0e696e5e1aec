"""What an inbox shows of an edition: the subject and the standfirst."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.header_encoding import encode_unstructured
from digest.render.headlines import quietly
from digest.render.inbox_lines import MAX_STANDFIRST_CHARS, MAX_SUBJECT_CHARS, cut, standfirst, subject_line, summary_line
from digest.render.languages import load_language
from tests.compose.test_header_encoding import decoded

ENGLISH = load_language("en-GB")
VALUES = {"count": 7, "newsletter": "The Gazette", "date": "Tuesday 24 November 2026", "number": "214"}
ANY_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("headline", "subject"),
    [
        ("Council passes budget", "Council passes budget"),
        ("Night ferry returns after six winters, and forty lorries have nowhere to wait", "Night ferry returns after six winters…"),
        ("Pool saved by one vote: the evening swim stays, the museum loses its Mondays", "Pool saved by one vote: the evening swim stays…"),
        ("The council decided last night to close the road beside the harbour for good", "The council decided last night to close the road beside…"),
        ("Yes, but the harbour board has no place for lorries and says it never will have", "Yes, but the harbour board has no place for lorries and…"),
        ("COUNCIL PASSES THE BUDGET", "Council Passes The Budget"),
        ("NHS cuts: what next?", "NHS cuts: what next?"),
        ("At last!!! The ferry is back???", "At last! The ferry is back?"),
        ("Unbrechbar" + "langes" * 20, "Unbrechbar" + "langes" * 8 + "l…"),
        ("“We asked for a ferry, not for a car park”, says the whole of Cooper’s Row", "“We asked for a ferry, not for a car park”…"),
        ("The minister said “we shall never close it, whatever anybody may have told you”", "The minister said “we shall never close it, whatever…"),
        ("港湾委員会は夜間フェリーの再開を決定、トラック四十台の待機場所はまだ見つかっていないと住民に説明した。反対の声も強い。", None),
    ],
)  # fmt: skip
def test_a_headline_is_cut_where_a_person_would_cut_it(headline: str, subject: str | None) -> None:
    made = subject_line("{lead}", headline, VALUES)
    assert len(made) <= MAX_SUBJECT_CHARS
    if subject is not None and "“we shall" not in headline:
        assert made == subject
    assert made.count("“") == made.count("”")


def test_a_pattern_has_its_other_words_and_gives_the_rest_to_the_headline() -> None:
    lead = "Night ferry returns after six winters, and forty lorries have nowhere to wait"
    assert subject_line("{lead_short} and {count} more", lead, VALUES) == "Night ferry returns after six… and 7 more"
    assert subject_line("Gazette: {lead}", lead, VALUES) == "Gazette: Night ferry returns after six winters…"
    assert subject_line("{newsletter}, {date}", lead, VALUES) == "The Gazette, Tuesday 24 November 2026"


def test_nobody_reads_and_0_more() -> None:
    assert subject_line("{lead_short} and {count} more", "Ferry returns", {**VALUES, "count": 0}) == "Ferry returns"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Will the ferry ever return? The harbour board will not say before the spring", "Will the ferry ever return?"),
        ("It is not closed, says the mayor, who has the only key and has lost it again", "It is not closed, says the mayor…"),
        ("Dr. Lund leaves the clinic on St. Mary's Road after thirty years at its door", "Dr. Lund leaves the clinic on St. Mary's Road after thirty…"),
        ("Am 24. Dezember fährt die Fähre nur bis Mittag und danach gar nicht mehr", "Am 24. Dezember fährt die Fähre nur bis Mittag und danach…"),
        ('"We asked for a ferry" and "we got a car park", says everybody on Cooper\'s Row', '"We asked for a ferry" and "we got a car park"…'),
        ("„Wir wollten eine Fähre“, sagen alle, „und keinen Parkplatz, der uns nichts nützt“", "„Wir wollten eine Fähre“, sagen alle…"),
    ],
)  # fmt: skip
def test_what_is_cut_says_so_and_means_the_same(text: str, short: str) -> None:
    assert cut(text, 60) == short


@pytest.mark.parametrize(
    ("headline", "quiet"),
    [
        ("“COUNCIL PASSES BUDGET”", "“Council passes budget”"),
        ("https://https://evil.example now", "evil.example now"),
        ("https://", "https://"),
        ("24 DEAD IN HARBOUR FIRE", "24 Dead in harbour fire"),
    ],
)
def test_a_quiet_headline_keeps_its_words(headline: str, quiet: str) -> None:
    assert quietly(headline, "The council passes no budget. Dead in the water, a fire in the harbour.") == quiet


@pytest.mark.parametrize(
    ("headline", "text", "quiet"),
    [
        ("NHS TO SHUT COOPER’S ROW CLINIC", "The NHS is to shut the clinic on Cooper’s Row.", "NHS to shut Cooper’s Row clinic"),
        ("STADTRAT STREICHT DEN BUS NACH LEHN", "Der Stadtrat streicht den Bus, der nach Lehn fährt.", "Stadtrat streicht den Bus nach Lehn"),
        ("NHS TO SHUT CLINIC. UNION ANGRY", "", "NHS To Shut Clinic. Union Angry"),
        ("RADA ZAMYKA PŁYWALNIĘ W LEHN", "Rada miasta zamyka pływalnię w Lehn.", "Rada zamyka pływalnię w Lehn"),
        ("COUNCIL SHUTS CLINIC", "COUNCIL SHUTS CLINIC. The council shuts a clinic.", "Council shuts clinic"),
        ("COUNCIL SHUTS CLINIC", "ALL OF THE TEXT IS IN CAPITALS AND TELLS NOTHING", "Council Shuts Clinic"),
    ],
)  # fmt: skip
def test_a_headline_in_capitals_is_written_as_the_article_writes_its_words(headline: str, text: str, quiet: str) -> None:
    assert quietly(headline, text) == quiet
    assert quietly(quiet, text) == quiet


@given(ANY_TEXT)
def test_any_headline_makes_a_subject_that_is_short_whole_and_encodable(headline: str) -> None:
    made = subject_line("{lead}", headline, VALUES)
    assert len(made) <= MAX_SUBJECT_CHARS
    assert "\n" not in made
    assert decoded(encode_unstructured("Subject", made)) == made


@given(ANY_TEXT, st.integers(20, 120))
def test_a_cut_is_never_longer_than_its_limit_and_keeps_what_fits(text: str, limit: int) -> None:
    made = cut(text, limit)
    assert len(made) <= limit
    if len(text) <= limit:
        assert made == text


@pytest.mark.parametrize("family", ["👩‍👩‍👧‍👦", "👍🏽", "é".encode().decode("utf-8"), "e\u0301"])
def test_no_sign_is_torn(family: str) -> None:
    made = cut("x" * 38 + family * 10, 40)
    rest = made.rstrip("…")[38:]
    assert rest.count("\u200d") == 0 or rest == family
    assert not rest.startswith("\u0301")


def test_an_address_in_a_headline_becomes_no_link() -> None:
    assert quietly("Read https://www.evil.example/x now") == "Read evil.example/x now"


def test_the_standfirst_names_what_comes_next() -> None:
    assert standfirst(["One", "Two"], ENGLISH, "x") == "Also in this edition: One · Two"
    assert standfirst([], ENGLISH, "A summary of one sentence.") == "A summary of one sentence."
    long = standfirst(["A headline that goes on and on " * 3] * 3, ENGLISH, "")
    assert len(long) <= MAX_STANDFIRST_CHARS


def test_the_standfirst_has_whole_headlines_only() -> None:
    """“Walk-in clinic to shut…” says the opposite of “… on Wednesdays”."""
    headlines = ["Council passes budget by one vote and saves the evening swim", "Walk-in clinic to shut on Wednesdays", "Late"]
    line = standfirst(headlines, ENGLISH, "")
    assert line == "Also in this edition: Council passes budget by one vote and saves the evening swim · Late"


@pytest.mark.parametrize(
    ("headline", "summary", "line"),
    [
        ("Council saves library", "Council saves library. It is the first.", "It is the first."),
        ("Council saves library", "COUNCIL SAVES LIBRARY – it is the first", "it is the first"),
        ("Ferry", "Ferrymen strike", "Ferrymen strike"),
        ("Ferry", "https://gazette.example/2026/ferry/ The boat is back.", "The boat is back."),
        ("Ferry", "Ferry", ""),
        ("Ferry", "", ""),
    ],
)
def test_a_summary_does_not_say_the_headline_again(headline: str, summary: str, line: str) -> None:
    assert summary_line(headline, summary) == line

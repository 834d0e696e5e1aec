"""What a page's HTML holds and a reader of it does not read as its words."""

import pytest

from digest.text.hidden_html import MAX_DEPTH, SPOILER_CUT, limit_depth, without_hidden
from digest.text.markup import plain


@pytest.mark.parametrize(
    "markup",
    [
        '<span class="screen-reader-text">Skip to the tide table</span>',
        '<p class="wp-caption-text">The quay at low water</p>',
        '<div class="kg-card kg-bookmark-card"><p>Another story</p></div>',
        '<div class="sharedaddy sd-sharing"><p>Share this</p></div>',
        '<div id="toc" class="toc"><ul><li>One</li></ul></div>',
        '<a class="more-link" href="/x">Read on</a>',
        "<span class=headerlink>#</span>",
        "<script>alert(1)</script>",
        "<style>p { color: red }</style>",
        "<template><p>Later</p></template>",
        "<noscript>Turn scripts on</noscript>",
        "<figure><figcaption>The quay</figcaption></figure>",
        "<!-- a remark -->",
    ],
)
def test_machinery_is_not_printed_and_what_is_around_it_is(markup: str) -> None:
    assert plain(f"<p>The ferry</p>{markup}<p>is late.</p>") == "The ferry\n\nis late."


def test_the_words_after_a_hidden_element_are_not_lost_with_it() -> None:
    assert plain('<p>The <i class="screen-reader-text">very</i> ferry <b>is</b> late.</p>') == "The ferry is late."


@pytest.mark.parametrize("attribute", ['class="spoiler"', 'class="quiz md-spoiler-text"', "data-spoiler", 'data-spoiler="The end"'])
def test_a_spoiler_is_cut_where_it_is(attribute: str) -> None:
    assert (
        plain(f"<p>It was <span {attribute}>the <b>harbour master</b></span> all along.</p>") == f"It was {SPOILER_CUT} all along."
    )


@pytest.mark.parametrize(
    "text",
    ["The ferry is late.", "A class called spoiler, and a toc of 3 < 4 chapters", "Quay & pier", "display:none hidden", ""],
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


def test_a_class_whose_name_only_holds_a_hidden_ones_is_printed() -> None:
    assert plain('<p class="metaphor lighthouse-tocsin">The ferry</p>') == "The ferry"


@pytest.mark.parametrize(
    "deep",
    [
        "<div>" * 20_000 + "The ferry" + "</div>" * 20_000,
        "<div>" * 20_000 + "The ferry",
        "</div>" * 20_000 + "The ferry",
        "<div class='toc-not'><p><b><i>" * 5_000 + "The ferry",
        "<div class='spoilers'>" * 5_000 + "The ferry" + "</div>" * 5_000,
        "<blockquote>" * 2_000 + "The ferry",
    ],
)
def test_elements_without_a_bottom_are_read(deep: str) -> None:
    assert "The ferry" in plain(deep)


def test_only_what_lies_too_deep_loses_its_tags() -> None:
    assert limit_depth("<p>" * MAX_DEPTH + "x") == "<p>" * MAX_DEPTH + "x"
    bounded = limit_depth("<div>" * 3 * MAX_DEPTH + "<br>x" + "</div>" * 3 * MAX_DEPTH + "<p>y</p>")
    assert bounded.count("<div>") <= MAX_DEPTH
    assert "x" in bounded
    assert plain(bounded).split() == ["x", "y"]


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<html><head></head><frameset><frame src='hidden.html'></frameset></html>", ""),
        ("<!DOCTYPE html><!-- hidden -->", ""),
        ("<!DOCTYPE x [<!ENTITY hidden", ""),
        ("<html><!-- display: none -->The ferry stays.", "The ferry stays."),
        ("<html><body><p hidden>x</p><p>The ferry stays.</p></body></html>", "The ferry stays."),
    ],
)
def test_a_page_in_the_place_of_a_text_costs_its_source_nothing(markup: str, shown: str) -> None:
    assert plain(markup) == shown


def test_signs_that_no_parser_takes_leave_the_markup_as_it_is() -> None:
    assert without_hidden("\x1b<p hidden>x</p>") == "\x1b<p hidden>x</p>"


@pytest.mark.parametrize(
    ("sup", "shown"),
    [
        ('<sup><a href="#fn1">1</a></sup>', "The ferry stays."),
        ('<sup class="fn">1</sup>', "The ferry stays."),
        ("<sup>2</sup>", "The ferry2 stays."),
        ('<sup><a href="/two">2</a></sup>', "The ferry2 stays."),
        ('<sup class="fn">as we wrote on Monday</sup>', "The ferryas we wrote on Monday stays."),
    ],
)
def test_the_number_of_a_footnote_is_not_printed_and_other_raised_signs_are(sup: str, shown: str) -> None:
    assert plain(f"<p>The ferry{sup} stays.</p>") == shown

"""Strangers' HTML and links."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.markup import identity, inline, link, plain, without_quotes

VECTORS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "<iframe src=javascript:alert(1)></iframe>",
    "<math><mtext><style><img src=x onerror=alert(1)></style>",
    '<p style="background:url(javascript:alert(1))">x</p>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<template><script>alert(1)</script></template>",
    "<<script>script>alert(1)<</script>/script>",
]


@pytest.mark.parametrize("vector", VECTORS)
def test_no_tag_of_a_stranger_survives(vector: str) -> None:
    text = plain(f"<p>before</p>{vector}<p>after</p>")
    assert not re.search(r"<[a-z!][^>]*>", text, re.IGNORECASE), text
    assert text.startswith("before")


def test_paragraphs_quotations_and_lists() -> None:
    markup = "<p>One &amp; two&#8217;s</p><blockquote><p>said</p><p>before</p></blockquote><p>mine<br>too</p><ul><li>a</li> <li>b</li></ul>"
    assert plain(markup) == "One & two’s\n\n> said\n> before\n\nmine\ntoo\n\n• a\n• b"


def test_entities_are_decoded_once() -> None:
    assert inline("Hob &amp;amp; Nob &lt;b&gt;") == "Hob &amp; Nob <b>"


def test_own_words_are_without_the_quoted_lines() -> None:
    assert without_quotes(plain("<blockquote>yours</blockquote><p>mine</p>")) == "mine"


def test_direction_overrides_and_controls_go() -> None:
    assert inline("a\u202eb\x00c\u200bd\x1b[31m") == "abcd[31m"


@given(st.text(max_size=300))
def test_any_text_comes_out_tidy(text: str) -> None:
    out = plain(text)
    assert out == out.strip()
    assert "\n\n\n" not in out
    assert not any(ord(letter) < 32 and letter != "\n" for letter in out)


@pytest.mark.parametrize(
    "bad",
    ["javascript:alert(1)", "data:text/html,x", "//user:pw@host/", "http://", "http://a b/", "file:///etc/passwd", "http://[::1", "http://a.example:99999/", "http://a.example/?e=digest.mark.email.end", "mailto:x@y"],
)  # fmt: skip
def test_links_that_are_none(bad: str) -> None:
    assert link(bad, "") == ""


def test_relative_links_are_made_whole() -> None:
    assert link("../b?x=1", "https://a.example/dir/page/") == "https://a.example/dir/b?x=1"


@given(st.text(max_size=80))
def test_a_link_is_safe_inside_quotes(text: str) -> None:
    made = link(text, "https://a.example/")
    assert made == "" or (made.startswith(("http://", "https://")) and not set("\"<>' \n") & set(made))


def test_one_article_under_many_addresses() -> None:
    same = {
        identity(url)
        for url in (
            "https://www.gazette.example/a/",
            "http://gazette.example/a?utm_source=x&utm_medium=y",
            "https://gazette.example/a#comments",
            "https://gazette.example/a/?fbclid=1",
            "https://amp.gazette.example/a?amp=1",
            "https://m.gazette.example/a/amp/",
            "https://gazette.example/a/index.html?outputType=amp&_gl=1",
        )
    }
    assert same == {"gazette.example/a"}
    assert identity("https://gazette.example/?p=1") != identity("https://gazette.example/?p=2")


def test_strangers_cannot_ask_for_a_recipients_address() -> None:
    assert "digest.mark." not in plain("<p>digest.mark.email.end</p>") + inline("digest.mark.unsubscribe_url.end")


@pytest.mark.parametrize("bomb", ["<blockquote>x" * 15_000, "<div>" * 50_000, "&lt;" * 100_000, "<p>\ud800</p>"])
def test_bombs_of_markup_stay_small(bomb: str) -> None:
    assert len(plain(bomb)) < 400_000


@pytest.mark.parametrize("url", ["http://[gazette.example/ferry", "https://gazette.example:99999/ferry"])
def test_an_address_that_is_none_is_only_like_itself(url: str) -> None:
    assert identity(url) == url
    assert identity("https://www.gazette.example:8080/ferry/?utm_source=x#top") == "gazette.example:8080/ferry"

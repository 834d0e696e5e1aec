"""An editor's Markdown, in the HTML and in the text part."""

import pytest

from digest.render.languages import load_language
from digest.render.markdown import markdown_html, markdown_lines
from digest.render.renderer import Design
from digest.render.tokens import Look
from digest.text.placeholders import PREFIX
from tests.render.editions import GAZETTE

ENGLISH = load_language("en-GB")
LOOK = Look(Design(GAZETTE).tokens, ENGLISH)


def html(text: str) -> str:
    return str(markdown_html(text, "note", LOOK, ENGLISH))


def test_a_list_keeps_its_numbers() -> None:
    assert markdown_lines("3. three\n4. four") == "3. three\n\n4. four"
    assert ">3. three</p>" in html("3. three\n4. four")


def test_a_list_in_a_list_ends_where_it_ends() -> None:
    lines = markdown_lines("1. one\n   * inner\n2. two\n\nafter").split("\n\n")
    assert lines == ["1. one", "•\u2002inner", "2. two", "after"]


@pytest.mark.parametrize("text", ["[a]: https://gazette.example/x", "[a]: javascript:alert(1)\n\nSee [a]"])
def test_a_line_that_looks_like_a_reference_is_not_lost(text: str) -> None:
    assert "[a]:" in markdown_lines(text)
    assert "[a]:" in html(text)
    assert "href" not in html(text)


def test_a_link_goes_to_the_web_only() -> None:
    assert 'href="https://gazette.example/x"' in html("[x](https://gazette.example/x)")
    assert "href" not in html("[x](javascript:alert(1))")
    assert markdown_lines("[x](https://gazette.example/x)") == "x\nhttps://gazette.example/x"


@pytest.mark.parametrize("hidden", [PREFIX, PREFIX.replace(".", "\\."), PREFIX.replace(".", "&#46;")])
def test_nobody_writes_a_placeholder_for_a_recipients_values(hidden: str) -> None:
    assert PREFIX not in markdown_lines(f"{hidden}token")
    assert PREFIX not in html(f"{hidden}token")
    assert PREFIX not in html(f"[x](https://gazette.example/{hidden}token)")

"""Parameters on links to one's own site, and on no others."""

import pytest
from pydantic import ValidationError

from digest.config import Newsletter
from digest.render.link_tags import LinkTags
from digest.render.renderer import Design
from tests.render.editions import GAZETTE, eight_with_comments

TAGS = LinkTags({"utm_source": "morning", "utm_medium": "email"}, "www.gazette.example")


@pytest.mark.parametrize(
    ("url", "tagged"),
    [
        ("https://gazette.example/a/", "https://gazette.example/a/?utm_source=morning&utm_medium=email"),
        ("https://www.gazette.example/?p=1#c", "https://www.gazette.example/?p=1&utm_source=morning&utm_medium=email#c"),
        ("https://gazette.example/?utm_source=x&q=a%20b", "https://gazette.example/?utm_source=x&q=a%20b&utm_medium=email"),
        ("https://sport.gazette.example/a", "https://sport.gazette.example/a?utm_source=morning&utm_medium=email"),
        ("https://gazette.example.evil.example/a", "https://gazette.example.evil.example/a"),
        ("https://notgazette.example/a", "https://notgazette.example/a"),
        ("mailto:a@gazette.example", "mailto:a@gazette.example"),
    ],
)
def test_only_links_to_ones_own_site_are_tagged(url: str, tagged: str) -> None:
    assert TAGS(url) == tagged


def test_both_parts_have_them_and_the_readers_own_links_have_none() -> None:
    newsletter = GAZETTE.model_copy(update={"link_parameters": {"utm_source": "morning"}})
    out = Design(newsletter, archive=True, subscribe=True).render(eight_with_comments())
    assert "https://gazette.example/2026/11/story-0/?utm_source=morning" in out.text.splitlines()
    assert "https://gazette.example/2026/11/story-0/?utm_source=morning#comments" in out.text.splitlines()
    assert 'href="https://gazette.example/2026/11/story-0/?utm_source=morning"' in out.html
    assert "news.gazette.example/subscribe?utm" not in out.html
    assert "view_url.end?utm" not in out.html


def test_a_parameter_that_would_break_a_link_is_refused() -> None:
    with pytest.raises(ValidationError, match="must be made of letters"):
        Newsletter.model_validate({"name": "G", "from": "g@g.example", "link_parameters": {"a&b": "c"}})

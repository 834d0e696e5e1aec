"""Words and looks of an edition."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.config import Newsletter
from digest.errors import TemplateError
from digest.model import Article, Comment, Edition, Image, Pick, Rendered, Slot, Story, Window
from digest.render.design_files import DesignFiles
from digest.render.headlines import quietly
from digest.render.inbox_lines import cut
from digest.render.renderer import Design
from digest.text.markup import inline, plain
from digest.text.prose import words
from tests.text.test_markup import VECTORS

END = datetime(2026, 11, 24, 7, tzinfo=UTC)
NEWSLETTER = Newsletter.model_validate({
    "name": "The Harbour Gazette",
    "from": "The Harbour Gazette <daily@gazette.example>",
    "tagline": "Before the kettle boils",
    "site_url": "https://gazette.example",
    "public_url": "https://news.gazette.example",
    "postal_address": "3 Quay Street, Harbour",
    "report_to": "moderators@gazette.example",
    "support": {"text": "The Gazette is paid for by its readers.", "url": "https://gazette.example/support"},
})  # fmt: skip
HARD_TITLES = [
    "A <b>bold</b> & \"quoted\" 'title'",
    "Ferry 🛳️ returns 🎉 <3",
    "ترحيب بالقادمين: Welcome desk opens at the library",
    "The very long story of " + "a town that could not stop " * 11 + "end",
    "</mj-text></mj-column><script>alert(1)</script>",
    "{{ 7 * 7 }} {% raw %} ]]> <!-- -->",
    "Unbrechbar" + "langes" * 40,
]


def edition(*titles: str, picks: int = 2, words_each: int = 60) -> Edition:
    stories = []
    for position, title in enumerate(titles or ("A title", "Another")):
        article = Article(
            id=f"a{position}", source="s", url=f"https://gazette.example/a{position}/?x=1&y=2", title=title, author="Nell <Ark>",
            summary="A summary & more. It has two sentences.", topics=("Harbour & quay",), published=END, updated=END,
            image=Image(url=f"https://gazette.example/{position}.png", alt='A "boat"') if position == 0 else None,
        )  # fmt: skip
        comment = Comment(
            id=f"c{position}", article_id=article.id, author="O'Brien & <Sons>", text="x", written=END, url=f"{article.url}#c"
        )
        made = Pick(
            comment=comment,
            excerpt="We counted & found <31> lorries. " * (words_each // 6),
            score=0.9,
            parent_author="Tam",
            parent_excerpt="Who counts?",
        )
        stories.append(Story(article=article, position=position, picks=(made,) * picks))
    slot = Slot(name="weekday", day=date(2026, 11, 24), window=Window(start=END - timedelta(days=1), end=END))
    return Edition(newsletter="G", slot=slot, number=12, stories=tuple(stories), left_out=(), frozen_at=END)


def rendered(made: Edition, newsletter: Newsletter = NEWSLETTER) -> Rendered:
    return Design(newsletter).render(made)


class MimeView(HTMLParser):
    """Tags, links and words of an HTML text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.text = ""
        self._skip = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        named = dict(attrs)
        self._skip += tag in {"style", "title", "head"}
        if tag == "a":
            self.links.append(named.get("href") or "")
        if tag == "img":
            self.sources.append(named.get("src") or "")
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        self._skip -= tag in {"style", "title", "head"}

    def handle_data(self, data: str) -> None:
        self.text += "" if self._skip else f" {data}"


def test_the_whole_mail() -> None:
    out = rendered(edition())
    seen = MimeView(out.html)
    assert out.subject == "A title"
    assert out.preheader == "Also in this edition: Another"
    assert out.html.index(out.preheader) < out.html.index("<h1")
    assert seen.tags.count("h1") == 1
    assert seen.tags.count("h2") == 2
    for needed in (
        "Tuesday 24 November 2026",
        "No. 12",
        "Harbour & quay",
        "Nell <Ark>",
        "answering Tam",
        "3 Quay Street",
        "paid for by its readers",
        "Tell the moderators",
    ):
        assert needed in seen.text, needed
        assert needed.lower() in out.text.lower(), needed
    assert "https://gazette.example/a0/?x=1&y=2" in seen.links
    assert any(link.startswith("mailto:moderators@gazette.example?subject=A%20comment") for link in seen.links)
    assert any(link.startswith("mailto:?subject=") for link in seen.links)


def test_text_has_the_words_and_links_of_the_html() -> None:
    out = rendered(edition())
    seen = MimeView(out.html)
    assert set(words(seen.text.lower())) - set(words(out.text.lower())) == set()
    addresses = [line for line in out.text.split("\n") if line.startswith(("https://", "mailto:", "digest.mark."))]
    assert sorted(seen.links) == sorted(addresses)


@pytest.mark.parametrize("title", HARD_TITLES)
def test_titles_hold(title: str) -> None:
    out = rendered(edition(title, "Second"))
    seen = MimeView(out.html)
    assert cut(quietly(" ".join(title.split())), 60).rstrip("…") in " ".join(seen.text.split())
    assert "script" not in seen.tags
    assert "<b>bold" not in out.html
    assert cut(title, 60).rstrip("…") in " ".join(out.text.split())
    assert "\n" not in out.subject
    assert len(out.subject) <= 60


@pytest.mark.parametrize("vector", VECTORS)
def test_what_strangers_write_is_words_in_the_mail(vector: str) -> None:
    made = edition("One")
    story = made.stories[0]
    hostile = replace(
        story.article, title=inline(vector) or "x", summary=plain(vector), author=inline(vector), topics=(inline(vector),)
    )
    said = replace(story.picks[0], excerpt=plain(vector), parent_excerpt=plain(vector), parent_author=inline(vector))
    seen = MimeView(rendered(replace(made, stories=(replace(story, article=hostile, picks=(said,)),))).html)
    assert not {"script", "svg", "iframe", "math", "template", "noscript"} & set(seen.tags)
    assert all(link.startswith(("https://", "mailto:", "digest.mark.")) for link in seen.links)
    assert seen.sources == ["https://gazette.example/0.png"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=120).filter(lambda text: text.strip()))
def test_any_title_is_only_ever_text(title: str) -> None:
    seen = MimeView(rendered(edition(title, picks=0)).html)
    assert set(seen.tags) <= {
        "html",
        "head",
        "title",
        "meta",
        "style",
        "body",
        "div",
        "table",
        "tbody",
        "tr",
        "td",
        "p",
        "h1",
        "h2",
        "a",
        "b",
        "br",
        "span",
        "img",
    }


def test_nothing_is_fetched_from_a_third_party() -> None:
    made = edition()
    elsewhere = replace(made.stories[1].article, image=Image(url="https://tracker.example/pixel.gif"))
    made = replace(made, stories=(made.stories[0], replace(made.stories[1], article=elsewhere)))
    seen = MimeView(rendered(made).html)
    assert seen.sources == ["https://gazette.example/0.png"]
    assert not re.findall(r"@import|url\(|<link", rendered(made).html)


def test_a_host_of_pictures_can_be_allowed() -> None:
    made = edition("One")
    story = replace(made.stories[0], article=replace(made.stories[0].article, image=Image(url="https://i.cdn.example/1.png")))
    allowed = NEWSLETTER.model_copy(update={"image_hosts": ("cdn.example",)})
    assert MimeView(rendered(replace(made, stories=(story,)), allowed).html).sources == ["https://i.cdn.example/1.png"]


def test_every_element_has_its_style_and_the_head_has_the_dark_rules() -> None:
    html = rendered(edition()).html
    assert '<h2 class="i lead" style="margin:0;font:bold 34px/39px Georgia' in html
    assert "prefers-color-scheme: dark" in html
    assert all(len(block) <= 8192 for block in re.findall(r"<style.*?</style>", html, re.DOTALL))


def test_one_story_without_anything_optional() -> None:
    made = edition("Only", picks=0)
    bare = replace(made.stories[0].article, image=None, topics=(), author="", summary="")
    plain = Newsletter.model_validate({"name": "G", "from": "g@g.example"})
    out = rendered(replace(made, stories=(replace(made.stories[0], article=bare),)), plain)
    assert out.preheader
    assert "By " not in out.text


def test_a_newsletters_own_template_wins_and_its_error_is_named(tmp_path: Path) -> None:
    (tmp_path / "subject.txt.j2").write_text("Extra: {{ stories[0].article.title }}")
    assert Design(NEWSLETTER, DesignFiles(templates=(tmp_path,))).render(edition()).subject == "Extra: A title"
    for text, message in [
        ("one\n{% if %}", "subject.txt.j2:2"),
        ("one\ntwo\n{{ storys }}", "subject.txt.j2:3"),
        ("{{ 1 / 0 }}", "subject.txt.j2:1"),
    ]:
        (tmp_path / "subject.txt.j2").write_text(text)
        with pytest.raises(TemplateError, match=message):
            Design(NEWSLETTER, DesignFiles(templates=(tmp_path,))).render(edition())


@pytest.mark.parametrize(
    ("mjml", "message"),
    [("<mjml><mj-body><mj-txet>x</mj-txet></mj-body></mjml>", "mj-txet"), ("<mjml><mj-body></mjml>", "invalid MJML")],
)
def test_broken_mjml_is_named(tmp_path: Path, mjml: str, message: str) -> None:
    (tmp_path / "edition.mjml.j2").write_text(mjml)
    with pytest.raises(TemplateError, match=message):
        Design(NEWSLETTER, DesignFiles(templates=(tmp_path,))).render(edition())


def test_dates_are_in_the_newsletters_language() -> None:
    german = NEWSLETTER.model_copy(update={"language": "de-DE"})
    assert "Dienstag, 24. November 2026" in rendered(edition(), german).text


def named_error(tmp_path: Path, template: str, text: str) -> str:
    (tmp_path / template).write_text(text)
    with pytest.raises(TemplateError) as caught:
        Design(NEWSLETTER, DesignFiles(templates=(tmp_path,))).render(edition())
    return str(caught.value)


@pytest.mark.parametrize("text", ["", " \n ", "{# nothing #}"])
def test_a_template_that_leaves_the_subject_empty_is_named(tmp_path: Path, text: str) -> None:
    assert named_error(tmp_path, "subject.txt.j2", text) == "subject.txt.j2: the subject is empty"


@pytest.mark.parametrize("text", ["For {{ subscriber.name }}", "{{ reader.view_url }}", '{{ subscriber.extra("town", "you") }}'])
def test_a_subject_is_the_same_for_everybody(tmp_path: Path, text: str) -> None:
    assert "the subject cannot use reader or subscriber values" in named_error(tmp_path, "subject.txt.j2", text)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("<mj-section>\n<mj-column>\n<mj-text>5 < 6</mj-text>\n</mj-column>\n</mj-section>", 6),
        ("<mj-section>\n<mj-column>\n<mj-text>x<br/>y<br></mj-text>\n</mj-section>", 5),
        ("<mj-section>\n<mj-column>\n<mj-text>\n<a class=big href='/'>x</a></mj-text>\n</mj-column>\n</mj-section>", 7),
    ],
)
def test_a_mistake_in_mjml_is_reported_with_its_line(tmp_path: Path, body: str, line: int) -> None:
    """`<` that begins no tag; a tag that is not closed; a value without quotation marks."""
    message = named_error(tmp_path, "edition.mjml.j2", f"<mjml>\n<!-- ours -->\n<mj-body>\n{body}\n</mj-body>\n</mjml>\n")
    assert message.startswith(f"edition.mjml.j2:{line}: invalid MJML")
    assert "near “" in message


def test_mjml_without_a_place_that_could_be_named_is_reported_with_its_file(tmp_path: Path) -> None:
    assert named_error(tmp_path, "edition.mjml.j2", "{# later #}") == "edition.mjml.j2: invalid MJML: unable to find mjml element"


def test_an_email_with_a_button_has_its_words_and_its_address_in_both_parts() -> None:
    out = Design(NEWSLETTER).email("confirmation", "https://news.gazette.example/confirm?t=1")
    seen = MimeView(out.html)
    assert "https://news.gazette.example/confirm?t=1" in seen.links
    assert "https://news.gazette.example/confirm?t=1" in out.text
    assert "The Harbour Gazette" in out.subject
    assert "3 Quay Street" in out.text


def test_an_emails_own_template_that_is_broken_is_named(tmp_path: Path) -> None:
    (tmp_path / "emails").mkdir()
    (tmp_path / "emails" / "confirmation.txt.j2").write_text("{% set subject %}x{% endset %}\n{{ hourz }}")
    with pytest.raises(TemplateError, match=r"emails/confirmation\.txt\.j2:2: template error: 'hourz' is undefined"):
        Design(NEWSLETTER, DesignFiles(templates=(tmp_path,))).email("confirmation", "https://news.gazette.example/confirm")


def test_a_template_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "footer.mjml.j2").write_bytes("<tr><td>Café</td></tr>".encode("latin-1"))
    with pytest.raises(TemplateError, match=r"footer\.mjml\.j2: not UTF-8 \(byte 11\)\. Save it as UTF-8"):
        Design(NEWSLETTER, DesignFiles(templates=(tmp_path,))).render(edition())


def test_a_template_that_extends_one_that_there_is_not_is_named(tmp_path: Path) -> None:
    (tmp_path / "lead_story.mjml.j2").write_text('{% extends "default/storry.mjml.j2" %}')
    with pytest.raises(TemplateError, match=r"lead_story\.mjml\.j2:1: there is no template 'default/storry\.mjml\.j2'"):
        Design(NEWSLETTER, DesignFiles(templates=(tmp_path,))).render(edition())

"""A newsletter of one's own: its accent, its fonts, its logo, its own templates and theme."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from digest.config import DesignPlan, Logo
from digest.errors import TemplateError
from digest.render.colours import MIN_CONTRAST, contrast, nearest_readable
from digest.render.design_files import DesignFiles
from digest.render.languages import load_language
from digest.render.renderer import Design
from digest.render.tokens import Look
from tests.render.editions import GAZETTE, eight_with_comments

ENGLISH, ARABIC = load_language("en-GB"), load_language("ar")


def html(plan: DesignPlan, files: DesignFiles | None = None) -> str:
    return Design(GAZETTE, files or DesignFiles(), plan).render(eight_with_comments()).html


@pytest.mark.parametrize("accent", ["#9c1c2c", "#0b4a6f", "#006633", "#000000", "#5a2ca0", "#ffcc00"])
def test_an_accent_has_a_twin_that_can_be_read_in_the_dark(accent: str) -> None:
    tokens = Design(GAZETTE, plan=DesignPlan(accent=accent)).tokens
    assert tokens.light["accent"] == accent
    for ground in ("paper", "tint", "page"):
        assert contrast(tokens.dark["accent"], tokens.dark[ground]) >= MIN_CONTRAST
    for colours in (tokens.light, tokens.dark):
        assert contrast(colours["on_accent"], colours["accent"]) >= MIN_CONTRAST


@pytest.mark.parametrize("theme", ["broadsheet", "compact", "letter"])
def test_every_text_of_a_theme_can_be_read(theme: str) -> None:
    tokens = Design(GAZETTE, plan=DesignPlan(theme=theme)).tokens
    for colours in (tokens.light, tokens.dark):
        for text in ("ink", "quiet", "accent"):
            for ground in ("paper", "tint", "page"):
                assert contrast(colours[text], colours[ground]) >= MIN_CONTRAST, (text, ground)


def test_a_dark_accent_may_be_given() -> None:
    tokens = Design(GAZETTE, plan=DesignPlan(dark_accent="#abc")).tokens
    assert tokens.dark["accent"] == "#aabbcc"


def test_the_nearest_readable_colour_keeps_the_hue() -> None:
    assert contrast("#ffcc00", "#ffffff") < MIN_CONTRAST
    darker = nearest_readable("#ffcc00", ["#ffffff"])
    assert MIN_CONTRAST <= contrast(darker, "#ffffff") < MIN_CONTRAST + 0.4
    red, green, blue = (int(darker[at : at + 2], 16) for at in (1, 3, 5))
    assert red > green > blue


def test_the_accent_is_everywhere_and_the_themes_own_is_gone() -> None:
    made = html(DesignPlan(accent="#006633"))
    assert "#006633" in made
    assert "#9c1c2c" not in made
    assert "#ff9a94" not in made


def test_a_logo_stands_for_the_name_and_has_a_dark_form() -> None:
    logo = Logo(url="https://gazette.example/logo.png", width=260, height=48, dark_url="https://gazette.example/logo-dark.png")
    made = html(DesignPlan(logo=logo))
    assert '<img src="https://gazette.example/logo.png" alt="The Harbour Gazette" width="260" height="48"' in made
    assert "logo-dark.png" in made


def test_type_of_ones_own() -> None:
    assert "Georgia" not in html(DesignPlan(type="sans"))
    assert "font:bold 34px/39px 'Source Serif 4',Georgia" in html(DesignPlan(type=("Source Serif 4",)))
    with pytest.raises(ValidationError, match="list of names of fonts"):
        DesignPlan(type=("Evil; color: red",))


def test_arabic_has_its_own_fonts_and_no_tracking() -> None:
    look = Look(Design(GAZETTE).tokens, ARABIC)
    assert "Tahoma" in look("label")
    assert "letter-spacing" not in look("label")
    assert "uppercase" not in look("label")
    assert "letter-spacing:0.8px" in Look(Design(GAZETTE).tokens, ENGLISH)("label")


def test_a_role_that_there_is_not_is_named(tmp_path: Path) -> None:
    (tmp_path / "support.mjml.j2").write_text('<tr><td><p{{ look("hedline") }}>x</p></td></tr>')
    with pytest.raises(TemplateError, match=r"no role named 'hedline'. Roles: nameplate, lead"):
        html(DesignPlan(), DesignFiles(templates=(tmp_path,)))


def test_a_block_is_changed_and_the_rest_stays(tmp_path: Path) -> None:
    (tmp_path / "story.mjml.j2").write_text(
        '{% extends "default/story.mjml.j2" %}{% block meta %}<p>{{ design.values.motto }}: {{ item.number }}</p>{{ super() }}{% endblock %}'
    )
    made = html(DesignPlan(values={"motto": "Slow news"}), DesignFiles(templates=(tmp_path,)))
    assert "<p>Slow news: 2</p>" in made
    assert "Ifan Pryce" in made


def test_a_theme_of_ones_own_has_what_differs(tmp_path: Path) -> None:
    folder = tmp_path / "themes" / "harbour"
    folder.mkdir(parents=True)
    (folder / "theme.toml").write_text(
        '[colours]\naccent = ["#004488", "#99ccff"]\n[edition]\nblocks = ["lead", "stories", "brief"]\n'
    )
    (folder / "masthead.mjml.j2").write_text(
        '{% extends "broadsheet/masthead.mjml.j2" %}{% block bar %}<tr><td>~~~</td></tr>{% endblock %}'
    )
    made = html(DesignPlan(theme="harbour"), DesignFiles(templates=(tmp_path,)))
    assert "~~~" in made
    assert "#004488" in made
    assert "Comment of the day" not in made


def test_a_theme_file_with_a_mistake_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "themes" / "harbour"
    folder.mkdir(parents=True)
    (folder / "theme.toml").write_text("[colours\n")
    with pytest.raises(TemplateError, match=r"themes/harbour/theme\.toml: cannot be read"):
        html(DesignPlan(theme="harbour"), DesignFiles(templates=(tmp_path,)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[edition]\nranks = { full = 0 }", "edition.ranks.full: Input should be greater than or equal to 1 (got 0)"),
        ("[edition]\nranks = { ful = 3 }", "edition.ranks.ful: unknown key. Did you mean full?"),
        ('[edition]\nblocks = ["lead", "stories"]', "brief is missing, so stories would be lost"),
        ('[colours]\naccent = "#004488"', "colours.accent: "),
        ('[colours]\naccent = ["#004488"]', "colours.accent.2: required"),
        ('[colours]\naccent = ["red", "blue"]', "must be a colour like \"#9c1c2c\" (got 'red')"),
        ("[type]\nlead = { size = 30 }", "type.lead.size: "),
        ('[type]\nlead = { size = [30, 36], colour = "pink" }', "type.lead.colour: "),
        ('[type]\nlead = { size = [30, 36], face = "comic" }', "no font named 'comic'. Names in [fonts]: serif, sans, arabic."),
        ("[fonts]\nserif = 'x\" onclick=\"y'", "fonts.serif: "),
        ("[space]\nside = 'wide'", "space.side: "),
        ("[colour]\n", "colour: unknown key. Did you mean colours?"),
        ("colours = 3", "colours: "),
    ],
)
def test_a_theme_file_that_says_something_wrong_is_named_with_the_key(tmp_path: Path, text: str, message: str) -> None:
    folder = tmp_path / "themes" / "harbour"
    folder.mkdir(parents=True)
    (folder / "theme.toml").write_text(text)
    with pytest.raises(TemplateError) as caught:
        html(DesignPlan(theme="harbour"), DesignFiles(templates=(tmp_path,)))
    assert str(caught.value).startswith(f"{folder / 'theme.toml'}: ")
    assert message in str(caught.value)


def test_a_theme_names_only_the_rank_that_differs(tmp_path: Path) -> None:
    folder = tmp_path / "themes" / "harbour"
    folder.mkdir(parents=True)
    (folder / "theme.toml").write_text("[edition]\nranks = { full = 2 }\n")
    made = Design(GAZETTE, DesignFiles(templates=(tmp_path,)), DesignPlan(theme="harbour"))
    assert made.tokens.edition["ranks"] == {"full": 2, "voiced": 5, "voices": 1}


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"blocks": ["lead", "stories"]}, "brief is missing, so stories would be lost"),
        ({"blocks": ["lead", "lead", "stories", "brief"]}, "each may be named once"),
        ({"accent": "red"}, "must be a colour like"),
        ({"subject": "{leed}"}, "unknown field {leed}"),
        ({"subject": "{lead"}, "cannot be read"),
        ({"subject": "{lead:>99}"}, "a field is a name in braces and no more"),
        ({"subject": "{lead!r}"}, "a field is a name in braces and no more"),
        ({"subject": "  "}, "must not be empty"),
        ({"list_id": "no dots"}, "String should match pattern"),
    ],
)
def test_a_design_that_cannot_be_is_refused(plan: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DesignPlan.model_validate(plan)

"""The design tokens of a newsletter: colours with their dark twins, type and space, from its theme and its [design].

They are written in `templates/theme.toml`; a theme's own `theme.toml` and then [design] replace some. Templates never name a
colour or a font: `look("headline")` gives an element the class and the style of a role.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from digest.config import DesignPlan
from digest.errors import TemplateError
from digest.render.colours import nearest_readable, readable_on
from digest.render.languages import Language
from digest.render.theme_file import THEME_FILE, theme_tables

_CLASSES = {"ink": "i", "quiet": "q", "accent": "c", "on_accent": "k"}  # what dark mode changes, in as few bytes as may be


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one design: `light` and `dark` are colours by name, `type` the roles of texts, `space` distances in px."""

    light: Mapping[str, str]
    dark: Mapping[str, str]
    fonts: Mapping[str, str]
    type: Mapping[str, Mapping[str, Any]]
    space: Mapping[str, int]
    edition: Mapping[str, Any]

    def style(self, role: str, language: Language, colour: str) -> str:
        """Return the declarations of a role."""
        row = self.role(role)
        size, line = row["size"]
        above, below = row.get("margin", (0, 0))
        around = f"{_px(above)} 0 {_px(below)}" if above or below else "0"
        margin = f"margin:{around};" if "margin" in row else ""
        weight = f"{row['weight']} " if "weight" in row else ""
        italic = "italic " if row.get("italic") and language.has_italics else ""
        tracking = f";letter-spacing:{row['tracking']}px" if row.get("tracking") and language.has_capitals else ""
        capitals = ";text-transform:uppercase" if row.get("capitals") and language.has_capitals else ""
        font = f"font:{italic}{weight}{size}px/{line}px {self.font(role, language)}"
        return f"{margin}{font};color:{self.light[colour]}{tracking}{capitals}"

    def font(self, role: str, language: Language) -> str:
        """Return the fonts of a role, in the order in which a mail program tries them."""
        return self.fonts["arabic" if language.script == "Arab" else self.role(role).get("face", "serif")]

    def role(self, name: str) -> Mapping[str, Any]:
        """Return a role by its name; raise TemplateError if there is none."""
        if name not in self.type:
            raise TemplateError(f"no role named {name!r}", thing=THEME_FILE, remedy=f"Roles: {', '.join(self.type)}.")
        return self.type[name]

    def phone_rules(self) -> Markup:
        """Return the CSS rules for a narrow screen."""
        side = f"padding-left:{self.space['side_phone']}px!important;padding-right:{self.space['side_phone']}px!important"
        sizes = {name: row["phone"] for name, row in self.type.items() if "phone" in row}
        rules = [f".{name}{{font-size:{size}px!important;line-height:{line}px!important}}" for name, (size, line) in sizes.items()]
        return Markup(" ".join([f".w{{{side}}}", *rules]))  # noqa: S704

    def dark_rules(self) -> Markup:
        """Return the CSS rules for dark mode: grounds first, then texts, by the classes that `look` gives."""
        grounds = {"body,.pg": "page", ".s": "paper", ".tn": "tint"}
        rules = [f"{name}{{background:{self.dark[ground]}!important}}" for name, ground in grounds.items()]
        rules += [f".{name}{{color:{self.dark[text]}!important}}" for text, name in _CLASSES.items()]
        rules += [
            f".b{{background:{self.dark['accent']}!important}}",
            f".c{{border-color:{self.dark['accent']}!important}}",
            f".r{{border-color:{self.dark['rule']}!important}}",
        ]
        return Markup(" ".join(rules))  # noqa: S704


class Look:
    """How a text of a role looks in one language, as the attributes of its element. The tokens are the newsroom's own, and hold no
    markup.
    """

    def __init__(self, tokens: Tokens, language: Language) -> None:
        self._tokens = tokens
        self._language = language
        self._known: dict[tuple[str, ...], Markup] = {}

    def __call__(self, role: str, extra: str = "") -> Markup:
        """Return the class and style of a text in a role; `extra` is more style, such as another margin."""
        if (known := self._known.get((role, extra))) is None:
            row = self._tokens.role(role)
            colour = str(row.get("colour", "ink"))
            names = " ".join([_CLASSES[colour], *([role] if "phone" in row else [])])
            style = self._tokens.style(role, self._language, colour) + extra
            known = self._known[role, extra] = Markup(f' class="{names}" style="{style}"')  # noqa: S704
        return known

    def link(self, role: str, *, underlined: bool = False) -> Markup:
        """Return the class and style of a link inside a text of a role, in the colour of that role."""
        return self.colour(
            str(self._tokens.role(role).get("colour", "ink")), f"text-decoration:{'underline' if underlined else 'none'}"
        )

    def text_link(self) -> Markup:
        """Return the class and style of a link inside a text: underlined, in the accent."""
        return self.colour("accent", "text-decoration:underline")

    def colour(self, name: str, extra: str = "") -> Markup:
        """Return the class and style that give a part of a text a colour."""
        if (known := self._known.get((name, extra, "colour"))) is None:
            style = ";".join(filter(None, [f"color:{self._tokens.light[name]}", extra]))
            known = self._known[name, extra, "colour"] = Markup(f' class="{_CLASSES[name]}" style="{style}"')  # noqa: S704
        return known


def page_variables(tokens: Tokens, language: Language) -> Markup:
    """Return the tokens as CSS variables for a web page, in light and in dark mode."""
    light, dark = (
        " ".join(f"--{name.replace('_', '-')}: {colour};" for name, colour in colours.items())
        for colours in (tokens.light, tokens.dark)
    )
    fonts = f"--headings: {tokens.font('headline', language)}; --sans: {tokens.font('small', language)};"
    return Markup(  # noqa: S704
        f":root {{ color-scheme: light dark; {light} {fonts} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    )


def language_attributes(language: Language, content: Language) -> Markup:
    """Return the attributes of an element with our words, if they are in another language than the stories."""
    if language.tag == content.tag:
        return Markup()
    direction = f' dir="{language.direction}"' if language.direction != content.direction else ""
    return Markup(f' lang="{language.tag}"{direction}')  # noqa: S704


def table_attributes(language: Language) -> Markup:
    """Return the attributes of a table that only holds things in their places."""
    direction = ' dir="rtl"' if language.direction == "rtl" else ""
    return Markup(f'role="presentation" border="0" cellpadding="0" cellspacing="0" width="100%"{direction}')  # noqa: S704


def load_tokens(design: DesignPlan, folders: Sequence[Path]) -> Tokens:
    """Return the tokens of a design. `folders` are its theme's, the most general first: each may have a `theme.toml`.

    Raises TemplateError if one of them is wrong.
    """
    merged = theme_tables(folders)
    colours = merged["colours"]
    light, dark = ({name: pair[at] for name, pair in colours.items()} for at in (0, 1))
    if design.accent:
        light |= {"accent": design.accent, "on_accent": readable_on(design.accent, (light["paper"], light["ink"]))}
        twin = design.dark_accent or nearest_readable(design.accent, (dark["paper"], dark["tint"], dark["page"]))
        dark |= {"accent": twin, "on_accent": readable_on(twin, (dark["paper"], dark["ink"]))}
    elif design.dark_accent:
        dark |= {"accent": design.dark_accent, "on_accent": readable_on(design.dark_accent, (dark["paper"], dark["ink"]))}
    return Tokens(
        light=light,
        dark=dark,
        fonts=_fonts(design, merged["fonts"]),
        type=_with_faces(design, merged["type"]),
        space=merged["space"],
        edition=merged["edition"],
    )


def _fonts(design: DesignPlan, fonts: Mapping[str, str]) -> dict[str, str]:
    """Return the fonts by name, with the newsletter's own before those of the theme's texts."""
    if not isinstance(design.type, tuple):
        return dict(fonts)
    own = ",".join(f"'{name}'" if " " in name else name for name in design.type)
    return {**fonts, "serif": f"{own},{fonts['serif']}", "own_sans": f"{own},{fonts['sans']}"}


def _with_faces(design: DesignPlan, roles: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """Return the roles, all of one face if [design] asks for sans or serif throughout."""
    if design.type == "sans":
        return {name: {**row, "face": "sans"} for name, row in roles.items()}
    if design.type == "serif":  # labels, names and buttons stay in sans: only the texts change
        texts = {"nameplate", "lead", "headline", "lead_text", "text", "note", "item", "item_text", "voice", "day"}
        return {name: {**row, "face": "serif"} if name in texts else row for name, row in roles.items()}
    return roles


def _px(distance: int) -> str:
    return f"{distance}px" if distance else "0"

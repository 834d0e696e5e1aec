"""An editor's Markdown in a mail: paragraphs, lists, bold, italics and links; all else is text."""

from collections.abc import Iterator
from functools import lru_cache
from html import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from digest.render.direction import direction_attribute
from digest.render.languages import Language
from digest.render.plain_lines import wrapped
from digest.render.tokens import Look
from digest.text.markup import link
from digest.text.placeholders import PREFIX

_BULLET = "•\u2002"
_TAGS = {"strong_open": "<b>", "strong_close": "</b>", "em_open": "<i>", "em_close": "</i>", "hardbreak": "<br>", "softbreak": " "}


def markdown_html(text: str, role: str, look: Look, language: Language, *, sponsored: bool = False) -> Markup:
    """Return Markdown as paragraphs in a role; `sponsored` marks its links as paid for."""
    rel = ' rel="sponsored"' if sponsored else ""
    attributes = f"{look.text_link()}{rel}"
    paragraphs = (
        f"<p{direction_attribute(_words(row), language)}{look(role)}>{escape(bullet)}{_inline(row, attributes)}</p>"
        for bullet, row in _paragraphs(text)
    )
    return Markup(_without_placeholders("\n".join(paragraphs)))  # noqa: S704  made of escaped text and our own tags


def markdown_lines(text: str) -> str:
    """Return Markdown as wrapped lines, with the address of each link on a line of its own below its paragraph."""
    found = []
    for bullet, row in _paragraphs(text):
        found.append("\n".join([wrapped(bullet + _words(row), hanging=len(bullet)), *filter(None, map(_address, row))]))
    return _without_placeholders("\n\n".join(found))


def _without_placeholders(made: str) -> str:
    """Return the text without placeholders for a recipient's values: Markdown's backslashes may have hidden one until now."""
    return made.replace(PREFIX, PREFIX.replace(".", " "))


def _words(row: list[Token]) -> str:
    return "".join("\n" if token.type == "hardbreak" else " " if token.type == "softbreak" else token.content for token in row)


def _inline(row: list[Token], link_attributes: str) -> str:
    parts, linked = [], False
    for token in row:
        if token.type == "link_open" and (url := _address(token)):
            parts.append(f'<a href="{escape(url)}"{link_attributes}>')
            linked = True
        elif token.type == "link_close" and linked:
            parts.append("</a>")
            linked = False
        else:
            parts.append(_TAGS.get(token.type) or escape(token.content))
    return "".join(parts)


def _address(token: Token) -> str:
    return link(str(token.attrs.get("href", ""))) if token.type == "link_open" else ""


def _paragraphs(text: str) -> Iterator[tuple[str, list[Token]]]:
    """Yield each paragraph: the bullet or number before it, or nothing, and its inline tokens."""
    marks: list[str] = []
    for token in _parser().parse(text):
        if token.type == "list_item_open":
            marks.append(f"{token.info}{token.markup} " if token.info else _BULLET if token.markup in "*-" else f"{token.markup} ")
        elif token.type == "list_item_close":
            marks.pop()
        elif token.type == "inline":
            yield marks[-1] if marks else "", token.children or []


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    ignored = ["image", "code", "fence", "heading", "lheading", "hr", "html_block", "html_inline", "blockquote", "reference"]
    return MarkdownIt("commonmark").disable(ignored)

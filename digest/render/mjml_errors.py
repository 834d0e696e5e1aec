"""Errors in a newsletter's MJML, with their place: mrml passes on tags it does not know, and seldom says where it fails."""

import re
from collections.abc import Callable

from jinja2 import BaseLoader, Environment

MJML_TAGS = frozenset(
    """mjml mj-head mj-body mj-title mj-attributes mj-all mj-class mj-style mj-raw mj-wrapper mj-section mj-column mj-group mj-text
    mj-image mj-button mj-divider mj-spacer mj-table mj-hero mj-font mj-breakpoint mj-navbar mj-navbar-link mj-social
    mj-social-element mj-accordion mj-accordion-element mj-accordion-title mj-accordion-text mj-carousel mj-carousel-image
    mj-preview""".split()  # noqa: SIM905
)
POSITION = re.compile(r" at position (\d+):\d+")
_TRACE = re.compile(r"<!--@(.+?:\d+)-->")
_TAG = re.compile(r"<!--.*?-->|<(mj-[a-z-]+|mjml)\b", re.DOTALL)
_VOID = frozenset(["area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"])
_ANY = re.compile(
    r"<!--.*?-->|<style\b.*?</style>|<mj-style\b.*?</mj-style>|<!\[.*?\]>|<!doctype[^>]*>"
    r"|<(?P<closes>/?)(?P<name>[a-zA-Z][\w-]*)(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?(?P<alone>/?)>|(?P<sign><)",
    re.DOTALL | re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


def unknown_tag(source: str) -> re.Match[str] | None:
    """Return the first tag, outside comments, that MJML does not have."""
    return next((tag for tag in _TAG.finditer(source) if tag[1] and tag[1] not in MJML_TAGS), None)


def error_position(error: Exception, source: str) -> int | None:
    """Return where mrml fails, in characters. It seldom says so; if not, return the place of the first tag that does not fit."""
    place = POSITION.search(str(error))
    return _misfit(source) if place is None else len(source.encode()[: int(place[1])].decode("utf-8", "ignore"))


def _misfit(source: str) -> int | None:
    """Return the place of the first `<` that begins no tag, or of a tag that another tag closes, that nothing closes, or that has
    a value without quotation marks.
    """
    open_: list[tuple[str, int]] = []
    for tag in _ANY.finditer(source):
        name = (tag["name"] or "").lower()
        if tag["sign"] or (name and re.search(r"=\s*[^\s\"]", _QUOTED.sub('""', tag[0]))):
            return tag.start()
        if not name or name in _VOID or tag["alone"]:
            continue
        if not tag["closes"]:
            open_.append((name, tag.start()))
        elif not open_ or open_[-1][0] != name:
            return open_[-1][1] if open_ else tag.start()
        else:
            open_.pop()
    return open_[-1][1] if open_ else None


def template_line(traced: str, at: int | None, otherwise: str) -> str:
    """Return the file and line of a position in a source, from the same source with `TracedTemplates`' comments in it."""
    if at is None:
        return otherwise
    found, traces_length = otherwise, 0
    for trace in _TRACE.finditer(traced):
        if trace.start() - traces_length > at:
            break
        found, traces_length = trace[1], traces_length + len(trace[0])
    return found


class TracedTemplates(BaseLoader):
    """Templates that have a comment with file and line before each line that begins with a tag."""

    def __init__(self, inner: BaseLoader) -> None:
        self._inner = inner

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        """Return one template; only MJML gets the comments."""
        text, path, fresh = self._inner.get_source(environment, template)
        lines = [
            f"<!--@{template}:{number}-->{line}" if line.lstrip().startswith("<") else line
            for number, line in enumerate(text.split("\n"), start=1)
        ]
        return "\n".join(lines) if ".mjml" in template else text, path, fresh

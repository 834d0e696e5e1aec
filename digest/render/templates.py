"""The templates of a newsletter: its own, its theme's, and the packaged ones, with the words of a language in each.

`{% extends "default/story.mjml.j2" %}` in a newsletter's own template changes some of its blocks and keeps the rest.
"""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateSyntaxError,
    pass_context,
)
from jinja2 import TemplateError as JinjaError
from jinja2 import TemplateNotFound as JinjaNotFound
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.runtime import Context
from markupsafe import Markup

from digest.errors import TemplateError
from digest.render.direction import direction_attribute, isolated_html, isolated_text
from digest.render.mjml_errors import TracedTemplates, template_line
from digest.render.mjml_html import without_blanks

_HERE = Path(__file__).parent.parent
MAX_COMPILED = 300  # templates that are kept in memory
PACKAGED = next(folder for folder in (_HERE / "templates", _HERE.parent / "templates") if folder.is_dir())


class Templates:
    """Templates by name; `folders` are a newsletter's own, `theme` the folders of its theme, the most general first."""

    def __init__(
        self,
        folders: Sequence[Path],
        theme: Sequence[Path] = (PACKAGED,),
        filters: Mapping[str, Callable[..., object]] = MappingProxyType({}),
    ) -> None:
        named = {"broadsheet": PACKAGED, **{folder.name: folder for folder in theme if folder != PACKAGED}}
        themed = [TemplateFolder(folder) for folder in reversed(theme)]
        self._loader = ChoiceLoader([
            *(TemplateFolder(folder) for folder in folders),
            *themed,
            PrefixLoader({"default": ChoiceLoader(themed), **{name: TemplateFolder(path) for name, path in named.items()}}),
        ])  # fmt: skip
        self._environment = environment(self._loader)
        self._filters = filters
        self._environment.filters.update(filters)

    def fill(self, name: str, context: Mapping[str, Any]) -> str:
        """Return a template filled; raise TemplateError, with file and line, for whatever it raises."""
        with template_errors(name):
            return self._environment.get_template(name).render(context)

    def module(self, name: str, context: Mapping[str, Any]) -> Any:
        """Return a template as a module, which has the values that the template sets."""
        with template_errors(name):
            template = self._environment.get_template(name)
            try:
                return template.make_module(dict(context))
            except Exception:  # noqa: BLE001  it is raised again with the template's own lines, as `render` does and this does not
                self._environment.handle_exception()

    def compile(self, name: str) -> None:
        """Raise TemplateError, with file and line, if a template cannot be read; nothing is filled."""
        with template_errors(name):
            self._environment.get_template(name)

    def place(self, name: str, context: Mapping[str, Any], at: int | None) -> str:
        """Return the file and line of a position in a filled template."""
        traced = environment(TracedTemplates(self._loader))
        traced.filters.update(self._filters)
        return template_line(without_blanks(traced.get_template(name).render(context)), at, name)


class TemplateFolder(FileSystemLoader):
    """The templates in a folder."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return a template's text, its path, and whether it is up to date; raise TemplateError if it is not UTF-8."""
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError as error:
            path = Path(self.searchpath[0]) / template
            raise TemplateError(f"not UTF-8 (byte {error.start})", thing=str(path), remedy="Save it as UTF-8.") from error


class _CompiledTemplates(BytecodeCache):
    """Compiled templates by name and text: a design is made anew for each edition, and compiling takes longer than rendering."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Put the compiled form of a template into its bucket, if it is known."""
        if code := self._code.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template that was compiled; the oldest goes if there are too many."""
        self._code[bucket.key, bucket.checksum] = bucket.bytecode_to_string()
        while len(self._code) > MAX_COMPILED:
            self._code.pop(next(iter(self._code)))


_COMPILED = _CompiledTemplates()


def environment(loader: BaseLoader) -> Environment:
    """Return an environment whose templates take their words from the `language` in their context."""
    made = Environment(
        loader=loader,
        autoescape=lambda name: name is None or ".txt" not in name,  # noqa: S701  the plain text has nothing to escape
        undefined=StrictUndefined,
        bytecode_cache=_COMPILED,
        auto_reload=False,  # a design is made anew for each edition and each preview
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.filters.update(
        dir_of=_dir_of, isolated=_isolated, quoted=_quoted
    )  # as functions they would take a tenth of the time of an edition
    made.globals.update(_=_gettext, gettext=_gettext, ngettext=_ngettext)  # the extension's own take three calls for one
    return made


@pass_context
def _gettext(context: Context, message: str, **values: object) -> str:
    return _filled(context, context["language"].words.gettext(message), values)


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int, **values: object) -> str:
    """Return the form for a count, which it has as `%(count)s`."""
    language = context["language"]
    return _filled(context, language.words.ngettext(one, many, count), {"count": language.number(count), **values})


def _filled(context: Context, message: str, values: Mapping[str, object]) -> str:
    """Return a message with its values, which are escaped where the template is HTML."""
    return (Markup(message) if context.eval_ctx.autoescape else message) % values  # noqa: S704  our own words


@pass_context
def _quoted(context: Context, text: str) -> str:
    """Return a reader's words in the quotation marks of their language."""
    return str(context["content"].quoted(text))


@pass_context
def _dir_of(context: Context, text: str) -> Markup:
    """Return the direction of an element with a text of the newsroom's or a reader's."""
    return direction_attribute(text, context["content"])


@pass_context
def _isolated(context: Context, text: str) -> str:
    """Return a part of a line of our words."""
    return (isolated_html if context.eval_ctx.autoescape else isolated_text)(text, context["language"])


@contextmanager
def template_errors(name: str) -> Iterator[None]:
    """Raise TemplateError, with file and line, for whatever a template raises."""
    try:
        yield
    except JinjaNotFound as error:
        remedy = "Check its name: `default/…` names the theme's own, `broadsheet/…` those of a theme."
        raise TemplateError(f"there is no template {error.name!r}", thing=_place(error, name), remedy=remedy) from error
    except TemplateSyntaxError as error:
        raise TemplateError(f"template error: {error.message}", thing=f"{error.filename or error.name}:{error.lineno}") from error
    except (JinjaError, TypeError, ValueError, AttributeError, ArithmeticError, LookupError) as error:
        raise TemplateError(f"template error: {error}", thing=_place(error, name)) from error


def _place(error: BaseException, name: str) -> str:
    """Return file and line of the template that raised; Jinja puts them into the traceback."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else name

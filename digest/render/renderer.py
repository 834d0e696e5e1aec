"""Stage 3: render an edition as subject, preheader, HTML and plain text. Pure, and done once for all recipients of a variant.

Jinja2 comes first, with all partials, then MJML, then CSS inlining. mrml would leave `mj-style inline="inline"` in the head, so
this module puts those rules on their elements. It puts only those: with mrml's own base rules on every cell, a mail is half as
large again. mrml passes tags it does not know straight through, so this module looks for them.
"""

import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import css_inline
import mjml
from babel.dates import format_date
from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, TemplateSyntaxError
from jinja2 import TemplateError as JinjaError

from digest.config import Newsletter, split_mailbox
from digest.errors import TemplateError
from digest.model import NOTHING, Article, Comment, Edition, Image, Rendered
from digest.render.mjml_errors import MJML_TAGS, POSITION, TracedTemplates, error_position, template_line, unknown_tag
from digest.text.placeholders import PREFIX, Placeholders, filled_size
from digest.text.prose import shorten, squeeze

MAX_HTML_BYTES = 100_000  # bytes of HTML as it leaves, with a recipient's values in it; Gmail cuts a message off at 102 KB
_HERE = Path(__file__).parent.parent
PACKAGED = next(folder for folder in (_HERE / "templates", _HERE.parent / "templates") if folder.is_dir())
_INLINE = re.compile(r'<mj-style inline="inline">(.*?)</mj-style>', re.DOTALL)
_INDENT = re.compile(r"\n\s+")
_BETWEEN = re.compile(r"(?<=>)[ \t]+(?=</?mj)")  # mrml reads blanks between two of its tags as text, unless a line ends there
_SHARE = {
    "email": ("by email", "mailto:?subject={title}&body={url}"),
    "bluesky": ("on Bluesky", "https://bsky.app/intent/compose?text={title}%20{url}"),
    "facebook": ("on Facebook", "https://www.facebook.com/sharer/sharer.php?u={url}"),
    "linkedin": ("on LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?url={url}"),
    "mastodon": ("on Mastodon", "https://share.joinmastodon.org/#text={title}%20{url}"),
    "whatsapp": ("on WhatsApp", "https://wa.me/?text={title}%20{url}"),
}


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A labelled link: where to share a story, or one below the button of an email."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonEmail:
    """The content of an email to one person: a title, some paragraphs, one button, other links below it, and why it was sent."""

    subject: str
    title: str
    paragraphs: tuple[str, ...]
    button: str
    url: str
    small: str
    more: tuple[ShareLink, ...] = ()


class Design:
    """The templates of one newsletter: its own if it has them, the packaged ones for the rest."""

    def __init__(self, newsletter: Newsletter, folders: Sequence[Path]) -> None:
        self._newsletter = newsletter
        self._loader = ChoiceLoader([FileSystemLoader(folder) for folder in (*folders, PACKAGED)])
        self._environment = _environment(self._loader)
        self._environment.filters["long_date"] = self._long_date

    def _long_date(self, day: date) -> str:
        """Return a date in the newsletter's language with the weekday; in English without a comma, as newspapers write it."""
        language = self._newsletter.language.replace("-", "_")
        return str(format_date(day, "EEEE d MMMM y" if language.startswith("en") else "full", locale=language))

    def render(self, edition: Edition) -> Rendered:
        """Return the rendered edition; raise TemplateError, which names file and line, if it cannot be rendered."""
        context = self._context(edition)
        subject = squeeze(self._fill("subject.txt.j2", context))
        preheader = squeeze(self._fill("preheader.txt.j2", context))
        if not subject:
            raise TemplateError("the subject is empty", thing="subject.txt.j2")
        if PREFIX in subject:
            raise TemplateError("the subject cannot use reader or subscriber values", thing="subject.txt.j2")
        context |= {"subject": subject, "preheader": preheader}
        html, text = self._html(context), _fold_blank_lines(self._fill("edition.txt.j2", context))
        return Rendered(subject=subject, preheader=preheader, html=html, text=text)

    def size(self, edition: Edition) -> int:
        """Return the size in bytes of an edition's HTML as it leaves, with a recipient's values in it at their longest."""
        return filled_size(self.render(edition).html, len(self._newsletter.public_url or ""))

    def email(self, name: str, url: str, more: Mapping[str, str] = NOTHING, **values: object) -> Rendered:
        """Return an email to one person with a button that leads to `url`. Its text is in `emails/NAME.txt.j2`; that template's
        `labels` have the text of the `more` links.
        """
        parts = self._module(f"emails/{name}.txt.j2", {"newsletter": self._newsletter, **values})
        email = ButtonEmail(
            subject=squeeze(str(parts.subject)),
            title=squeeze(str(parts.title)),
            paragraphs=tuple(map(squeeze, str(parts.text).strip().split("\n\n"))),
            button=squeeze(str(parts.button)),
            url=url,
            small=squeeze(str(parts.small)),
            more=tuple(ShareLink(parts.labels[key], address) for key, address in more.items()),
        )
        context = {"email": email, "newsletter": self._newsletter}
        html, text = self._html(context, "email.mjml.j2"), _fold_blank_lines(self._fill("email.txt.j2", context))
        return Rendered(subject=email.subject, preheader="", html=html, text=text)

    def _context(self, edition: Edition) -> dict[str, Any]:
        return {
            "edition": edition,
            "stories": edition.stories,
            "newsletter": self._newsletter,
            "reader": Placeholders(),
            "subscriber": Placeholders(),
            "date": self._long_date(edition.slot.day),
            "share": self._share,
            "picture": self._picture,
            "report": self._report,
            "host": lambda url: (urlsplit(url).hostname or "").removeprefix("www."),
            "shorten": shorten,
        }

    def _fill(self, name: str, context: dict[str, Any]) -> str:
        with _template_errors(name):
            return self._environment.get_template(name).render(context)

    def _module(self, name: str, context: dict[str, Any]) -> Any:
        """Return a template as a module, which has the values that the template sets."""
        with _template_errors(name):
            template = self._environment.get_template(name)
            try:
                return template.make_module(context)
            except Exception:  # noqa: BLE001  it is raised again with the template's own lines, as `render` does and this does not
                self._environment.handle_exception()

    def _html(self, context: dict[str, Any], name: str = "edition.mjml.j2") -> str:
        source = _without_blanks(self._fill(name, context))
        if unknown := unknown_tag(source):
            message = f"unknown MJML tag <{unknown[1]}>"
            raise TemplateError(
                message,
                thing=self._place(name, context, unknown.start()),
                remedy=f"Supported tags: {', '.join(sorted(MJML_TAGS))}.",
            )
        try:
            return _html_of(source)
        except (ValueError, css_inline.InlineError) as error:
            at = error_position(error, source)
            near = "" if at is None else f" near “{squeeze(source[max(0, at - 40) : at + 40])}”"
            message = f"invalid MJML: {POSITION.sub('', str(error))}{near}"
            raise TemplateError(message, thing=self._place(name, context, at)) from error

    def _place(self, name: str, context: dict[str, Any], at: int | None) -> str:
        traced = _environment(TracedTemplates(self._loader)).get_template(name).render(context)
        return template_line(_without_blanks(traced), at, name)

    def _share(self, article: Article) -> list[ShareLink]:
        title, url = quote(shorten(article.title, 120), safe=""), quote(article.url, safe="")
        rows = [_SHARE[network] for network in self._newsletter.share]
        return [ShareLink(label, address.format(title=title, url=url)) for label, address in rows]

    def _picture(self, article: Article) -> Image | None:
        """Return the article's picture if it is on an own or allowed host, so that no third party learns who reads."""
        own = {urlsplit(url).hostname or "" for url in (self._newsletter.site_url or "", article.url)} - {""}
        allowed = {*own, *self._newsletter.image_hosts}
        host = urlsplit(article.image.url).hostname or "" if article.image else ""
        return article.image if any(host == name or host.endswith(f".{name}") for name in allowed) else None

    def _report(self, comment: Comment) -> str:
        """Return the link with which a reader reports a comment."""
        to = self._newsletter.report_to or self._newsletter.reply_to or self._newsletter.sender
        _, address = split_mailbox(to)
        subject, body = quote(f"Report: comment by {comment.author}"), quote(comment.url, safe="")
        return f"mailto:{quote(address, safe='@')}?subject={subject}&body={body}"


@contextmanager
def _template_errors(name: str) -> Iterator[None]:
    """Raise TemplateError, with file and line, for whatever a template raises."""
    try:
        yield
    except TemplateSyntaxError as error:
        raise TemplateError(f"template error: {error.message}", thing=f"{error.filename or error.name}:{error.lineno}") from error
    except (JinjaError, TypeError, ValueError, AttributeError, ArithmeticError, LookupError) as error:
        raise TemplateError(f"template error: {error}", thing=_place(error, name)) from error


def _place(error: BaseException, name: str) -> str:
    """Return file and line of the template that raised; Jinja puts them into the traceback."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else name


def _environment(loader: BaseLoader) -> Environment:
    return Environment(
        loader=loader,
        autoescape=lambda name: name is None or ".txt" not in name,  # noqa: S701  the plain text has nothing to escape
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _without_blanks(filled: str) -> str:
    """Return the source without blanks between tags, which mrml would read as text; its length and all positions stay."""
    return _BETWEEN.sub(lambda blanks: f"\n{' ' * (len(blanks[0]) - 1)}", filled.replace("\r\n", "\n"))


def _html_of(source: str) -> str:
    """Return MJML as HTML with our own rules on their elements; blanks replace the rules, so that positions stay."""
    rules = "\n".join(_INLINE.findall(source))
    inliner = css_inline.CSSInliner(inline_style_tags=False, keep_style_tags=True, extra_css=rules, load_remote_stylesheets=False)
    bare = _INLINE.sub(lambda block: " " * len(block[0].encode()), source)
    html = _INDENT.sub("\n", inliner.inline(mjml.mjml2html(bare)))
    return html.replace('role="article"', 'role="main"', 1)  # so that a screen reader finds the mail as the page's main part


def _fold_blank_lines(text: str) -> str:
    """Return the text with at most one blank line between two others."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"

"""Stage 3: render an edition as subject, preheader, HTML and plain text. Pure, and done once for all recipients of a variant.

`page` lays the edition out, Jinja2 fills the templates with it, and MJML makes the frame. Styles come from the design tokens and
are on their elements from the start; only rules of a newsletter's own, in `mj-style inline="inline"`, are inlined afterwards.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlsplit

from digest.config import DesignPlan, Newsletter, Section
from digest.errors import TemplateError
from digest.model import NOTHING, Edition, Rendered
from digest.render.design_files import NO_FILES, DesignFiles
from digest.render.footer import SITE_LINK, FooterLinks, ShareLink, with_even_links
from digest.render.inbox_lines import standfirst, subject_line, summary_line
from digest.render.languages import Language, known_languages, load_language, named_language
from digest.render.link_tags import LinkTags
from digest.render.markdown import markdown_html, markdown_lines
from digest.render.mjml_html import MjmlError, html_of, without_blanks
from digest.render.page import Layout, Page, Rendering, lay_out
from digest.render.pictures import placed_within, shown_image, shown_parts
from digest.render.plain_lines import fold_blank_lines, unbroken, underlined, wrapped
from digest.render.templates import Templates
from digest.render.tokens import Look, language_attributes, load_tokens, page_variables, table_attributes
from digest.text.placeholders import PREFIX, Placeholders, filled_size
from digest.text.prose import shorten, squeeze

MAX_HTML_BYTES = 100_000  # bytes of HTML as it leaves, with a recipient's values in it; Gmail cuts a message off at 102 KB
FILTERS: Mapping[str, Callable[..., object]] = {
    "wrapped": wrapped,
    "underlined": underlined,
    "markdown_lines": markdown_lines,
    "unbroken": unbroken,
    "placed_within": placed_within,
}
STORY_BLOCKS = frozenset({"lead", "stories", "brief"})
EDITOR_BLOCKS = ("correction", "note", "sponsor", "poll")
USUAL = DesignPlan()
_DOT = "\u00a0\u00a0·\u2002"  # between the parts of a line, which may end after it


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


@dataclass(frozen=True, slots=True)
class PageLook:
    """What web pages take from a design: its colours and fonts as CSS variables, and the language."""

    colour_variables: str
    language: Language


class Design:
    """The look of one newsletter: its templates and tokens, and those of its theme for the rest.

    `archive` and `subscribe` say whether the newsletter has these pages, to which the mail then leads; `events_title` is the
    heading of what is on.
    """

    def __init__(
        self,
        newsletter: Newsletter,
        files: DesignFiles = NO_FILES,
        plan: DesignPlan = USUAL,
        sections: Sequence[Section] = (),
        *,
        archive: bool = False,
        subscribe: bool = False,
        events_title: str = "",
    ) -> None:
        self._newsletter, self._files, self._plan, self._sections = newsletter, files, plan, sections
        self._archive, self._subscribe, self._events_title = archive, subscribe, events_title
        self._languages: dict[str, Language] = {}
        theme = files.theme(plan.theme)
        self.tokens = load_tokens(plan, theme)
        self._templates = Templates(files.templates, theme, FILTERS)

    @cached_property
    def layout(self) -> Layout:
        """Which blocks an edition has, and how many stories and comments in which rank."""
        edition, ranks = self.tokens.edition, self._plan.ranks
        usual = edition["ranks"]
        return Layout(
            blocks=self._plan.blocks or tuple(edition["blocks"]),
            full=usual["full"] if ranks.full is None else ranks.full,
            voiced=(ranks.full or usual["voiced"]) if ranks.voiced is None else ranks.voiced,
            voices=usual["voices"] if ranks.voices is None else ranks.voices,
            pictures=edition["pictures"],
            one_sentence=edition.get("one_sentence", False),
        )

    def language(self, tag: str = "") -> Language:
        """Return a language by its tag, with the newsletter's own words; the newsletter's language if there is no tag."""
        tag = tag or self._newsletter.language
        if tag not in self._languages:
            self._languages[tag] = load_language(tag, self._files.words)
        return self._languages[tag]

    def copy_language(self, name: str) -> str:
        """Return the language of a subscriber's copy, from what the list says; empty if it is the newsletter's or has no words."""
        found = named_language(name, self._known_languages)
        return "" if found == named_language(self._newsletter.language, self._known_languages) else found

    @cached_property
    def _known_languages(self) -> frozenset[str]:
        return known_languages(self._files.words)

    def page(self, edition: Edition) -> Page:
        """Return an edition laid out; its blocks are those that have something to say."""
        rendering = Rendering(
            shown=lambda article: shown_image(article.image, article.url, self._hosts),
            tagged=self._tagged,
            reply_words=self._reply_words,
        )
        page = lay_out(edition, self.layout, self._sections, rendering)
        has = {name: getattr(edition.parts, name) for name in EDITOR_BLOCKS}
        has |= {"support": self._newsletter.support, "events": edition.events}
        off = set(edition.parts.without) - STORY_BLOCKS
        return replace(page, blocks=tuple(name for name in page.blocks if has.get(name, True) and name not in off))

    @cached_property
    def _tagged(self) -> LinkTags:
        return LinkTags(self._newsletter.link_parameters, urlsplit(self._newsletter.site_url or "").hostname or "")

    @cached_property
    def _reply_words(self) -> frozenset[str]:
        """The words that begin a comment which cannot be read without the one it answers, in the language of the newsletter."""
        say = self.language().words.gettext
        return frozenset(say("you your yes no he she they it that this these those agreed exactly indeed").split())

    @cached_property
    def _hosts(self) -> frozenset[str]:
        """The hosts that pictures may come from."""
        return frozenset({urlsplit(self._newsletter.site_url or "").hostname or "", *self._newsletter.image_hosts} - {""})

    def render(self, edition: Edition, language: str = "") -> Rendered:
        """Return the rendered edition; raise TemplateError, which names file and line, if it cannot be rendered."""
        return self._filled(self._context(edition, self.language(language)))

    def correction(self, edition: Edition, about: str, url: str, language: str = "") -> Rendered:
        """Return the mail that says what was wrong in an edition, whose subject was `about`, and where it stands corrected, if it
        does. What it says is in `edition.parts`, and so is its subject, if it is not the usual one.
        """
        spoken = self.language(language)
        say, context = spoken.words.gettext, self._context(edition, spoken)
        subject = edition.parts.subject or say("Correction: %(subject)s") % {"subject": about}
        blocks = ("correction", "corrected") if url else ("correction",)
        page = replace(context["page"], stories=(), sections=(), discussed=(), comment_of_the_day=None, blocks=blocks)
        lines = {"subject": squeeze(subject), "preheader": say("About “%(subject)s”") % {"subject": about}}
        return self._filled({**context, **lines, "page": page, "corrected_url": url})

    def correction_note(self, text: str, at: datetime) -> str:
        """Return what stands above an edition on the web that was corrected; `at` has the newsletter's zone."""
        return self._templates.fill("correction_note.html.j2", {**self._frame(self.language()), "text": text, "at": at})

    def _filled(self, context: dict[str, Any]) -> Rendered:
        html, text = self._html("edition.mjml.j2", context), self._templates.fill("edition.txt.j2", {**context, "dot": " · "})
        html, text = with_even_links(html, text, self._newsletter)
        return Rendered(subject=context["subject"], preheader=context["preheader"], html=html, text=fold_blank_lines(text))

    def check_template(self, name: str) -> None:
        """Raise TemplateError, with file and line, if a template of the newsletter's own cannot be read."""
        self._templates.compile(name)

    def html(self, edition: Edition) -> str:
        """Return the HTML of an edition."""
        return self.render(edition).html

    def sent_size(self, html: str) -> int:
        """Return the size in bytes of an edition's HTML as it leaves, with a recipient's values in it at their longest."""
        return filled_size(html, len(self._newsletter.public_url or ""))

    def email(self, name: str, url: str, more: Mapping[str, str] = NOTHING, *, language: str = "", **values: object) -> Rendered:
        """Return an email to one person with a button that leads to `url`. Its text is in `emails/NAME.txt.j2`; that template's
        `labels` have the text of the `more` links.
        """
        frame = self._frame(self.language(language))
        parts = self._templates.module(f"emails/{name}.txt.j2", {**frame, **values})
        email = ButtonEmail(
            subject=squeeze(str(parts.subject)),
            title=squeeze(str(parts.title)),
            paragraphs=tuple(map(squeeze, str(parts.text).strip().split("\n\n"))),
            button=squeeze(str(parts.button)),
            url=url,
            small=squeeze(str(parts.small)),
            more=tuple(ShareLink(parts.labels[key], address) for key, address in more.items()),
        )
        context = {**frame, "email": email}
        html, text = self._html("email.mjml.j2", context), fold_blank_lines(self._templates.fill("email.txt.j2", context))
        return Rendered(subject=email.subject, preheader="", html=html, text=text)

    def page_look(self) -> PageLook:
        """Return what the web pages take from this design."""
        language = self.language()
        return PageLook(page_variables(self.tokens, language), language)

    def _context(self, edition: Edition, language: Language) -> dict[str, Any]:
        """Return what the templates of an edition may use."""
        newsletter, page = self._newsletter, self.page(edition)
        line = edition.parts.subject or self._subject_line(edition, page, language)
        links = FooterLinks(newsletter, edition, page, line, archive=self._archive, subscribe=self._subscribe)
        context = {
            **self._frame(language, self.language()),
            "edition": replace(edition, parts=shown_parts(edition.parts, self._hosts)),
            "stories": edition.stories,
            "page": page,
            "date": language.long_date(edition.slot.day),
            "subject_line": line,
            "standfirst": edition.parts.preheader or self._standfirst(edition, page, language),
            "footer_links": links.all(language),
            "site_link": SITE_LINK,
            "events_title": self._events_title,
            "site_url": self._tagged(newsletter.site_url) if newsletter.site_url else "",
        }
        return {**context, **self._inbox_lines(context)}

    def _subject_line(self, edition: Edition, page: Page, language: Language) -> str:
        values = {
            "count": len(page.items) - 1,
            "newsletter": self._newsletter.name,
            "date": language.long_date(edition.slot.day),
            "number": language.number(edition.number),
        }
        return subject_line(self._plan.subject, page.lead.full_title, values)

    def _standfirst(self, edition: Edition, page: Page, language: Language) -> str:
        article = page.lead.article
        otherwise = summary_line(article.title, article.summary or article.body_text) or self._newsletter.tagline
        otherwise = otherwise or language.long_date(edition.slot.day)
        return standfirst([item.full_title for item in page.items[1:4]], language, otherwise)

    def _inbox_lines(self, context: dict[str, Any]) -> dict[str, str]:
        """Return the subject and the preheader as the templates make them."""
        subject = squeeze(self._templates.fill("subject.txt.j2", context))
        preheader = squeeze(self._templates.fill("preheader.txt.j2", context))
        if not subject:
            raise TemplateError("the subject is empty", thing="subject.txt.j2")
        if PREFIX in subject:
            raise TemplateError("the subject cannot use reader or subscriber values", thing="subject.txt.j2")
        return {"subject": subject, "preheader": preheader}

    def _frame(self, language: Language, content: Language | None = None) -> dict[str, Any]:
        """Return what every template may use. `language` is that of our words, `content` that of the stories, if it is another."""
        content = content or language
        tokens, look = self.tokens, Look(self.tokens, content)
        return {
            "newsletter": self._newsletter,
            "design": self._plan,
            "language": language,
            "content": content,
            "chrome": language_attributes(language, content),
            "look": look,
            "markdown": partial(markdown_html, look=look, language=content),
            "colour": tokens.light,
            "space": tokens.space,
            "sans": tokens.font("small", content),
            "phone_rules": tokens.phone_rules(),
            "dark_rules": tokens.dark_rules(),
            "table": table_attributes(content),
            "dot": _DOT,
            "reader": Placeholders(),
            "subscriber": Placeholders(),
            "host": lambda url: (urlsplit(url).hostname or "").removeprefix("www."),
            "shorten": shorten,
            "long_date": language.long_date,
        }

    def source(self, edition: Edition) -> str:
        """Return the MJML of an edition, filled."""
        return without_blanks(self._templates.fill("edition.mjml.j2", self._context(edition, self.language())))

    def _html(self, name: str, context: dict[str, Any]) -> str:
        source = without_blanks(self._templates.fill(name, context))
        try:
            return html_of(source)
        except MjmlError as error:
            place = self._templates.place(name, context, error.at)
            raise TemplateError(error.message, thing=place, remedy=error.remedy) from error


def plain_look() -> PageLook:
    """Return the look of digest's own pages, which belong to no newsletter: those of the default theme, in English."""
    language = load_language("en-GB")
    return PageLook(page_variables(load_tokens(USUAL, NO_FILES.theme(USUAL.theme)), language), language)

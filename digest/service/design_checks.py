"""Checks of the look of a mail: templates, theme, colours and size."""

import difflib
from collections.abc import Iterator

from digest.app import App
from digest.errors import DigestError
from digest.model import Article, Comment, Edition, EditorNote, EditorParts, Event, Pick, Poll, PollAnswer, Sponsor, Story
from digest.render.colours import MIN_CONTRAST, contrast, nearest_readable
from digest.render.design_files import DesignFiles
from digest.render.renderer import MAX_HTML_BYTES, Design
from digest.render.templates import PACKAGED
from digest.render.tokens import Tokens
from digest.service.finding import Finding

RENAMED_TEMPLATES = {  # former name to present name
    "letter.mjml.j2": "email.mjml.j2", "letter.txt.j2": "email.txt.j2",
    "web/lost.html.j2": "web/request_link.html.j2", "web/mine.html.j2": "web/my_data.html.j2",
    "web/missing.html.j2": "web/not_found.html.j2", "web/sorry.html.j2": "web/error.html.j2",
}  # fmt: skip


async def check_design(app: App) -> list[Finding]:
    """Check that the templates make a mail that is small enough, and that its accent can be read on all that it stands on."""
    try:
        size = try_design(app, app.own_files)
        design = app.design()
    except DigestError as error:
        return [Finding("templates", "error", str(error))]
    return [_size(size), *_stray_templates(app), *_accent(app, design.tokens)]


def try_design(app: App, files: DesignFiles) -> int:
    """Return the size of a specimen edition with the templates of some files, in bytes; raise DigestError if they are broken."""
    design = app.design(files)
    for folder in files.templates:
        for path in sorted(folder.rglob("*.j2")):
            design.check_template(str(path.relative_to(folder)))
    design.render(specimen := _specimen(app, design))
    return design.sent_size(design.html(specimen))


def _accent(app: App, tokens: Tokens) -> Iterator[Finding]:
    """Yield a finding for an accent of the newsletter's own: an error if it cannot be read in light or in dark mode."""
    plan = app.config.design
    for key, value, colours in (("accent", plan.accent, tokens.light), ("dark_accent", plan.dark_accent, tokens.dark)):
        if value is None:
            continue
        least, ground = min((contrast(value, colours[name]), name) for name in ("paper", "tint", "page"))
        if least < MIN_CONTRAST:
            problem = f"{value} has a contrast of {least:.1f} : 1 on {colours[ground]}; text needs {MIN_CONTRAST} : 1 to be read"
            better = nearest_readable(value, [colours[name] for name in ("paper", "tint", "page")])
            yield Finding("design", "error", f"design.{key}: {problem}. Try {better}.")
        else:
            yield Finding("design", "ok", f"{key} {value} can be read ({least:.1f} : 1)")


def _stray_templates(app: App) -> Iterator[Finding]:
    """Yield a warning for each newsletter template that replaces no built-in one: its name is an old one or has a typing error."""
    folder = app.config.root / "templates"
    built_in = [str(path.relative_to(PACKAGED)) for path in PACKAGED.rglob("*.j2")]
    for path in sorted(folder.rglob("*.j2")):
        name = str(path.relative_to(folder))
        parts = path.relative_to(folder).parts
        replaced = "/".join(parts[2:]) if parts[0] == "themes" and not (PACKAGED / "themes" / parts[1]).is_dir() else name
        if replaced not in built_in:
            near = difflib.get_close_matches(name, built_in, n=1)
            hint = (
                f". It is called {RENAMED_TEMPLATES[name]} now"
                if name in RENAMED_TEMPLATES
                else f". Did you mean {near[0]}?"
                if near
                else ""
            )
            yield Finding("templates", "warning", f"templates/{name} replaces no built-in template{hint}")


def _size(size: int) -> Finding:
    if size > MAX_HTML_BYTES:
        problem = f"a specimen edition makes {size // 1000} KB of HTML; mail programs cut off at 102"
        return Finding("templates", "error", f"{problem}. Shorten what your templates add to each mail.")
    return Finding("templates", "ok", f"a specimen renders to {size // 1000} KB of HTML")


def _specimen(app: App, design: Design) -> Edition:
    """Return a sample edition with a story of each rank, and with all that an editor or a calendar may add."""
    plan = app.config.editions[0]
    slot = app.slot(plan, app.calendar(plan).latest(app.clock()))
    now, url = app.clock(), app.config.newsletter.site_url or "https://news.example"
    stories = []
    for position in range(design.layout.full + 2):
        article = Article(
            id=f"specimen-{position}", source="specimen", url=f"{url}/specimen-{position}/", title="A headline with “quotes”",
            author="A Writer", summary="A summary of one sentence.", topics=("News",), published=now, updated=now,
        )  # fmt: skip
        comment = Comment(
            id=f"c{position}", article_id=article.id, author="A Reader", text="Words.", written=now, url=f"{article.url}#c"
        )
        pick = Pick(comment=comment, excerpt="Words.", score=1.0, parent_author="Another", parent_excerpt="Other words.")
        stories.append(Story(article=article, position=position, picks=(pick,)))
    link = f"{url}/specimen/"
    parts = EditorParts(
        note=EditorNote(text="A note.", name="A Writer", office="Editor"),
        sponsor=Sponsor(text="A text.", url=link, link="See more"),
        poll=Poll(question="A question?", answers=(PollAnswer(text="Yes", url=link), PollAnswer(text="No", url=f"{link}no"))),
        correction="A correction.",
    )
    return Edition(
        newsletter=app.config.newsletter.name, slot=slot, number=1, stories=tuple(stories), left_out=(), frozen_at=now, parts=parts,
        events=(Event(title="An event", begins=now, place="A place", url=link),),
    )  # fmt: skip

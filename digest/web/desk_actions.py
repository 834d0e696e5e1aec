"""What the forms of the desk do: one route for every verb, which leads back to the page that the form was on."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from aiohttp import web
from multidict import MultiDictProxy

from digest.app import App
from digest.audience.rate_limiter import RateLimiter
from digest.desk.acts import Act, ConflictError, Done
from digest.desk.edition_view import Desk, DeskEdition
from digest.desk.people import editors_named
from digest.desk.values import SWITCHABLE, ValueFieldError
from digest.desk.verbs import Verbs
from digest.model import Rendered
from digest.service.dry_run import send_test_copies
from digest.web.desk_guard import FORM, SIGNED_IN

T = TypeVar("T")


class Shows(Protocol):
    """What shows a form again if something is wrong with it, and how work is done beside the event loop."""

    desk: Desk

    @property
    def base(self) -> str:
        """The path of the pages that the desk stands below."""

    async def beside(self, work: Callable[..., T], *given: Any) -> T:
        """Do some work beside the event loop."""

    def problem(self, status: int, title: str, text: str, *, good: bool = False) -> web.Response:
        """Return a page that says what went wrong, or well."""

    def tell_others(self, done: Done) -> None:
        """Tell the other editors by mail what concerns them all."""

    def render(self, request: web.Request, template: str, edition: DeskEdition, *, status: int = 200, **more: Any) -> web.Response:
        """Return a page of an edition."""

    def rendered(self, edition: DeskEdition) -> Rendered | None:
        """Return the mail of an edition."""

    async def show_edition(self, request: web.Request, edition: DeskEdition, **more: Any) -> web.Response:
        """Show an edition."""

    async def show_story(self, request: web.Request, edition: DeskEdition, key: str, **more: Any) -> web.Response:
        """Show a story."""

    async def show_subject(self, request: web.Request, edition: DeskEdition, **more: Any) -> web.Response:
        """Show the words of the edition."""

    async def show_send(self, request: web.Request, edition: DeskEdition, **more: Any) -> web.Response:
        """Show the question whether to send."""

    def show_print(self, request: web.Request, edition: DeskEdition, key: str, **more: Any) -> web.Response:
        """Show the sentences of a comment."""


class DeskActions:
    """The deciding of the desk's people; `pages` shows a form again if something is wrong with it."""

    def __init__(self, app: App, pages: Shows) -> None:
        self._app = app
        self._pages = pages
        self._verbs = Verbs(pages.desk)
        self._tests = RateLimiter(5, 30)  # copies that a person has sent to themselves

    async def do(self, request: web.Request) -> web.StreamResponse:
        """Do what a form says, and lead back to the page that it came from."""
        key, form, me = request.match_info["key"], FORM.get(), SIGNED_IN.get().person
        fields = _fields(form)
        verb = fields.get("verb", "")
        if verb != "test" and not me.may_change:
            who = editors_named(self._app.config.desk)
            return self._pages.problem(403, "You can look, but not change", f"Ask {who}.")
        try:
            done = await self._done(key, verb, fields, me.name)
        except ValueFieldError as error:
            return await self._again(request, key, fields, {error.name: error.what})
        except ConflictError as error:
            if error.mine is None or error.mine.verb != "edit":
                raise
            edition = await self._pages.beside(self._pages.desk.by_key, key)
            return self._pages.render(request, "conflict.html.j2", edition, status=409, conflict=error, typed=fields)
        if done is None:
            return await self._send_test(request, key, me.email)
        self._pages.tell_others(done)
        number = done.decisions[0].id if done.decisions else 0
        raise web.HTTPSeeOther(self._back(key, fields.get("back", ""), number))

    async def _done(self, key: str, verb: str, fields: Mapping[str, str], by: str) -> Done | None:
        """Do a verb; None for the one that sends a test."""
        act = Act(verb=verb, fields=fields, by=by, seen=_number(fields.get("seen", "")), once=fields.get("once") or None)
        number = _number(fields.get("decision", ""))
        if verb == "test":
            return None
        if verb == "take-in" and fields.get("url", "").strip():
            article = await self._app.story_at(fields["url"])
            edition = await self._pages.beside(self._pages.desk.by_key, key)
            return await self._pages.beside(self._verbs.take_in_page, edition, article, act)
        verbs: Mapping[str, Callable[[], Done]] = {
            "undo": lambda: self._verbs.undo(key, number, by),
            "redo": lambda: self._verbs.redo(key, number or 0, act),
            "let-go": lambda: self._verbs.let_go(key, by, act.seen),
            "stop": lambda: self._verbs.made.stop(key, by),
            "continue": lambda: self._verbs.made.carry_on(key, by),
            "correct": lambda: self._verbs.made.correct(key, act),
            "give-up": lambda: self._verbs.made.give_up(key, by),
        }
        return await self._pages.beside(verbs.get(verb, lambda: self._verbs.do(key, act)))

    def _back(self, key: str, wanted: str, number: int) -> str:
        """Return where a form leads: to its own page, if that is one of the desk."""
        wanted, start = wanted.partition("#")[0], f"{self._pages.base}/desk/{key}"
        path = wanted if wanted == start or wanted.startswith((f"{start}/", f"{start}?")) else start
        joined = "&" if "?" in path else "?"
        return f"{path}{joined}did={number}#said" if number else path

    async def _again(self, request: web.Request, key: str, fields: Mapping[str, str], errors: Mapping[str, str]) -> web.Response:
        """Show the page of a form again, with what was typed and what is wrong with it."""
        edition = await self._pages.beside(self._pages.desk.by_key, key)
        given: dict[str, Any] = {"status": 422, "errors": errors, "typed": fields}
        verb = fields.get("verb", "")
        if verb == "edit":
            return await self._pages.show_story(request, edition, fields.get("id", ""), **given)
        if verb == "edition-edit":
            return await self._pages.show_subject(request, edition, **given)
        if verb == "send":
            return await self._pages.show_send(request, edition, **given)
        if verb in {"release", "comment-cut"}:
            return self._pages.show_print(request, edition, fields.get("id", ""), **given)
        return await self._pages.show_edition(request, edition, **given)

    async def _send_test(self, request: web.Request, key: str, email: str) -> web.StreamResponse:
        """Send the edition as it stands to whoever asks."""
        if not self._tests.allow(email):
            return self._pages.problem(429, "Too many tests", "Wait a minute, and try again.")
        edition = await self._pages.beside(self._pages.desk.by_key, key)
        if (rendered := self._pages.rendered(edition)) is None:
            return self._pages.problem(422, "No story yet", "There is nothing to send.")
        (receipt,) = await send_test_copies(self._app, rendered, edition.edition, [email])
        if receipt.outcome != "sent":
            return self._pages.problem(502, "The test was not sent", f"The relay said: {receipt.code} {receipt.reply}")
        return self._pages.problem(200, "Sent to you", f"On its way to {email}, as it stands now.", good=True)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _fields(form: MultiDictProxy[Any]) -> dict[str, str]:
    """Return a form's fields as texts; check boxes of one name become one text."""
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    if kept := form.getall("keep", []):
        fields["keep"] = ",".join(str(value) for value in kept)
    if "blocks" in form:  # the form has a check box for each block that may be there
        on = form.getall("block", [])
        fields["without"] = " ".join(name for name in str(form["blocks"]).split() if name not in on and name in SWITCHABLE)
    return fields

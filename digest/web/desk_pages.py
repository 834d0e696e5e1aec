"""The editors' desk: the pages on which an edition is steered, from a phone or by keys alone, with or without JavaScript.

A GET never changes anything. What an edition takes to be made is done beside the event loop, one at a time.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from aiohttp import web

from digest.app import App
from digest.audience.transactional_emails import TransactionalEmails
from digest.desk.acts import ConflictError, Done, undone_sentence
from digest.desk.edition_view import DeskEdition
from digest.desk.notices import Notices
from digest.desk.numbers import SentCounts, count_readers
from digest.desk.people import Person
from digest.desk.sign_in import SignIn
from digest.desk.state import state_of
from digest.desk.values import SWITCHABLE
from digest.errors import DigestError, StoreError, UsageError
from digest.model import Decision, Rendered
from digest.service.edition_checks import check_edition
from digest.store import TooLateError
from digest.web import desk_view
from digest.web.desk_actions import DeskActions
from digest.web.desk_afterwards import DeskAfterwards
from digest.web.desk_guard import SIGNED_IN, DeskGuard
from digest.web.desk_links import LINK_ROUTES, DeskLinks
from digest.web.desk_lists import DeskLists
from digest.web.desk_mail import DeskMail
from digest.web.desk_sign_in import OPEN_ROUTES, DeskSignIn
from digest.web.desk_templates import DeskTemplates
from digest.web.desk_work import DeskWork
from digest.web.pages import Handler

T = TypeVar("T")
KEY = "{key:[a-z0-9-]{1,60}}"
MAX_FRONT_PAGE_NUMBERS = 12
TOLD_VERBS = frozenset({"hold", "skip", "send", "stop", "give-up", "correct"})  # what the other editors are told by mail


class DeskPages:
    """The desk of one newsletter, below a path of its pages."""

    def __init__(
        self,
        app: App,
        emails: TransactionalEmails,
        base: str = "",
        local: Person | None = None,
        work: DeskWork | None = None,
    ) -> None:
        """`local` is whoever sits here and may sign in by `here_path`; `work` is that of the same desk at another path."""
        self._app = app
        self._work = work or DeskWork(app)
        self.desk = self._work.desk
        self._sign_in = SignIn(app, emails, local)
        self._templates = DeskTemplates(app, base)
        self._guard = DeskGuard(app, self._sign_in, base, (*OPEN_ROUTES, *LINK_ROUTES))
        public = (app.config.newsletter.public_url or "").rstrip("/")
        self._people = DeskSignIn(app, self._sign_in, self._guard, self._templates, public)
        self._emails = emails
        self.notices = Notices(app, emails, self.desk)
        self.afterwards = DeskAfterwards(app, self)
        self._sent_counts = SentCounts(app)

    async def _finish_mails(self, _application: web.Application) -> None:
        """Let the mails to the editors that were begun go out before the pages close."""
        await self._emails.wait()

    def here_path(self) -> str:
        """Return the path at which whoever sits at this machine signs in, once."""
        return f"{self.base}/desk/here/{self._people.here_token()}"

    @property
    def base(self) -> str:
        """The path of the pages that the desk stands below."""
        return self._templates.base

    def application(self) -> web.Application:
        """Return the application of the desk."""
        application = web.Application(middlewares=[self._tell_errors, self._guard.check])
        application.on_shutdown.append(self._finish_mails)
        router = application.router
        self._people.add_routes(router)
        router.add_get("", self.redirect_to_coming)
        DeskLists(self._app, self._templates).add_routes(router)
        router.add_get(f"/{KEY}", self.edition_page)
        router.add_get(f"/{KEY}/pulse", self.pulse)
        router.add_get(f"/{KEY}/story", self.story_page)
        router.add_get(f"/{KEY}/held", self.held_page)
        router.add_get(f"/{KEY}/subject", self.subject_page)
        DeskMail(self._app, self).add_routes(router, f"/{KEY}")
        self.afterwards.add_routes(router, f"/{KEY}")
        router.add_get(f"/{KEY}/check", self.check_page)
        router.add_get(f"/{KEY}/log", self.log_page)
        router.add_get(f"/{KEY}/send", self.send_page)
        router.add_get(f"/{KEY}/give-up", self.give_up_page)
        router.add_get(f"/{KEY}/print", self.print_page)
        router.add_get(f"/{KEY}/writer", self.writer_page)
        DeskLinks(self._app, self, self._templates).add_routes(router)
        router.add_get(f"/{KEY}/do", self.redirect_to_edition)
        router.add_post(f"/{KEY}/do", DeskActions(self._app, self).do)
        return application

    # — errors —

    @web.middleware
    async def _tell_errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer what went wrong in words; nothing is said to be saved that is not."""
        try:
            return await handler(request)
        except TooLateError as error:
            at = f" It went at {error.at.astimezone(self._app.config.newsletter.timezone):%H:%M:%S}." if error.at else ""
            return self.problem(409, "Too late", f"The edition has been made.{at} Your change was not made.")
        except ConflictError as error:
            return self.problem(409, "Somebody was quicker", f"{error.what[:1].upper()}{error.what[1:]}.")
        except StoreError:
            return self.problem(503, "Not saved", "The desk cannot write just now; nothing was changed. Try again.")
        except UsageError as error:
            return self.problem(422, "That cannot be done", str(error))
        except DigestError as error:
            return self.problem(502, "That did not work", str(error))

    def problem(self, status: int, title: str, text: str, *, good: bool = False) -> web.Response:
        """Return a page that says what went wrong, or well."""
        return self._templates.render("problem.html.j2", status=status, title=title, text=text, good=good)

    # — what every page of an edition has —

    async def opened(self, request: web.Request) -> DeskEdition:
        """Return the edition that a request is about."""
        return await self.beside(self.desk.by_key, request.match_info["key"])

    async def beside(self, work: Callable[..., T], *given: Any) -> T:
        """Do some work beside the event loop."""
        return await self._work.beside(work, *given)

    def render(self, request: web.Request, template: str, edition: DeskEdition, *, status: int = 200, **more: Any) -> web.Response:
        """Return a page of an edition, with what every such page has."""
        zone, me = self._app.config.newsletter.timezone, SIGNED_IN.get()
        did = request.query.get("did", "")
        said = next((row for row in edition.log if str(row.id) == did), None)
        others = [row for row in edition.log if row.made_by != me.person.name and row.undone_at is None]
        return self._templates.render(
            template,
            status=status,
            e=edition,
            me=me,
            state=state_of(edition, zone),
            held=desk_view.held_count(edition) if edition.selection else 0,
            said=said,
            others=others[-1:] if not said else [],
            undone_sentence=undone_sentence,
            sentence=lambda row: desk_view.log_line(row, me.person.name)["said"],
            back=self._own_path(request),
            pulse=self._pulse(edition),
            **{"errors": {}, "typed": {}, "tab": "edition", **more},
        )

    def _own_path(self, request: web.Request) -> str:
        """Return the address of a page as its forms give it: below our base, also if a proxy takes that away."""
        path = request.path_qs.partition("?did=")[0].partition("&did=")[0]
        return path if path.startswith(f"{self.base}/desk") else f"{self.base}{path}"

    # — pages —

    async def redirect_to_coming(self, request: web.Request) -> web.Response:
        """Redirect to the coming edition."""
        edition = await self.beside(self.desk.coming)
        raise web.HTTPSeeOther(self._templates.link(edition.key))

    async def redirect_to_edition(self, request: web.Request) -> web.Response:
        """Redirect to the edition: the address of a form's answer, opened again, does nothing."""
        raise web.HTTPSeeOther(self._templates.link(request.match_info["key"]))

    async def edition_page(self, request: web.Request) -> web.Response:
        """Show what is in, what is not, and when it goes."""
        return await self.show_edition(request, await self.opened(request))

    async def show_edition(self, request: web.Request, edition: DeskEdition, **more: Any) -> web.Response:
        """Show what is in, what is not, and when it goes."""
        readers = await asyncio.to_thread(count_readers, self._app, edition)
        deliveries = self._app.store.deliveries
        return self.render(
            request, "edition.html.j2", edition, counts=deliveries.counts(edition.key) if edition.frozen else {},
            waiting=deliveries.waiting(edition.key, None) if edition.frozen else 0,
            waves=deliveries.waves(edition.key, self._app.clock()) if edition.frozen else (0, None, None),
            ranks=desk_view.ranks(edition, self._app.design().layout.full),
            past=await asyncio.to_thread(self._sent_counts.last, MAX_FRONT_PAGE_NUMBERS),
            left_out=desk_view.left_out_rows(edition), readers=readers, rendered=self.rendered(edition), **more,
        )  # fmt: skip

    def rendered(self, edition: DeskEdition) -> Rendered | None:
        """Return the mail of an edition; None if it has no story yet."""
        if edition.frozen and not edition.pending:
            return edition.frozen.rendered
        return self._app.design().render(edition.edition) if edition.edition.stories else None

    async def pulse(self, request: web.Request) -> web.Response:
        """Return what changes with everything that a page of the edition shows: a page looks whether it is still true."""
        edition = await self.opened(request)
        return web.json_response({"pulse": await asyncio.to_thread(self._pulse, edition)}, headers={"Cache-Control": "no-store"})

    def _pulse(self, edition: DeskEdition) -> str:
        under_way = edition.frozen is not None and edition.frozen.finished_at is None
        answers = self._app.store.deliveries.answers(edition.key) if under_way else 0
        kind = state_of(edition, self._app.config.newsletter.timezone).kind
        return f"{kind} {edition.fingerprint} {edition.seen} {answers}"

    async def story_page(self, request: web.Request) -> web.Response:
        """Show a story, the words that can be changed, and its thread."""
        return await self.show_story(request, await self.opened(request), request.query.get("id", ""))

    async def show_story(self, request: web.Request, edition: DeskEdition, key: str, **more: Any) -> web.Response:
        """Show a story and its thread, with what was typed if it is shown again."""
        story, order = edition.story(key), edition.order
        at = order.index(key)
        cards = desk_view.cards(edition, edition.threads[key]) if edition.selection else []
        return self.render(
            request, "story.html.j2", edition, tab="story", story=story, number=at + 1, cards=cards,
            next=order[at + 1] if at + 1 < len(order) else "", sections=[row.title for row in self._app.config.sections], **more,
        )  # fmt: skip

    async def held_page(self, request: web.Request) -> web.Response:
        """Show the comments that wait for an editor."""
        edition = await self.opened(request)
        return self.render(request, "held.html.j2", edition, cards=desk_view.held_cards(edition), tab="held")

    async def subject_page(self, request: web.Request) -> web.Response:
        """Show the subject, the line below it, the note, the sponsor and the blocks."""
        return await self.show_subject(request, await self.opened(request))

    async def show_subject(self, request: web.Request, edition: DeskEdition, **more: Any) -> web.Response:
        """Show the words of the edition, with what was typed if they are shown again."""
        return self.render(
            request, "subject.html.j2", edition, tab="subject", rendered=self.rendered(edition), parts=edition.edition.parts,
            blocks=[name for name in self._app.design().layout.blocks if name in SWITCHABLE], **more,
        )  # fmt: skip

    async def check_page(self, request: web.Request) -> web.Response:
        """Check the edition before it goes: links, pictures, size, headers."""
        edition = await self.opened(request)
        rendered = self.rendered(edition)
        findings = await check_edition(self._app, edition.edition, rendered) if rendered else []
        return self.render(request, "check.html.j2", edition, findings=findings, tab="check")

    async def log_page(self, request: web.Request) -> web.Response:
        """Show what was decided, the newest first."""
        edition, me = await self.opened(request), SIGNED_IN.get().person.name
        which = request.query.get("who", "everything")
        rows = [row for row in reversed(edition.log) if which != "mine" or row.made_by == me]
        lines = [desk_view.log_line(row, me) for row in rows]
        return self.render(request, "log.html.j2", edition, lines=lines, which=which, tab="log")

    async def send_page(self, request: web.Request) -> web.Response:
        """Ask once more before the edition goes now, goes at another time, or does not go today."""
        return await self.show_send(request, await self.opened(request))

    async def show_send(self, request: web.Request, edition: DeskEdition, **more: Any) -> web.Response:
        """Show the question, with what was typed if it is shown again."""
        readers = await asyncio.to_thread(count_readers, self._app, edition)
        latest = edition.plan.latest(edition.slot)
        return self.render(
            request, "send.html.j2", edition, tab="send", readers=readers, latest=latest, rendered=self.rendered(edition), **more
        )

    async def give_up_page(self, request: web.Request) -> web.Response:
        """Ask once more before the rest of a stopped edition is given up."""
        edition = await self.opened(request)
        waiting = self._app.store.deliveries.waiting(edition.key, None)
        return self.render(request, "give_up.html.j2", edition, waiting=waiting, tab="send")

    async def print_page(self, request: web.Request) -> web.Response:
        """Ask which sentences of a held comment are printed, and why, if that must be said."""
        edition = await self.opened(request)
        return self.show_print(request, edition, request.query.get("id", ""))

    def show_print(self, request: web.Request, edition: DeskEdition, key: str, **more: Any) -> web.Response:
        """Show the sentences, with what was typed if they are shown again."""
        story, _ = edition.comment(key)
        card = next(card for card in desk_view.cards(edition, story) if card.comment.id == key)
        return self.render(request, "print.html.j2", edition, card=card, tab="held", **more)

    async def writer_page(self, request: web.Request) -> web.Response:
        """Ask whether a writer is refused in this edition or for good."""
        edition = await self.opened(request)
        _, comment = edition.comment(request.query.get("id", ""))
        return self.render(request, "writer.html.j2", edition, comment=comment, tab="held")

    def tell_others(self, done: Done) -> None:
        """Tell the other editors by mail if the edition was held, let go or skipped."""
        told = [row for row in done.decisions if row.verb in TOLD_VERBS]
        if told and self._app.config.newsletter.public_url:
            self._emails.run(self._tell_others(told[0]))

    async def _tell_others(self, decision: Decision) -> None:
        self.notices.tell_others(decision, await self.beside(self.desk.by_key, decision.edition))

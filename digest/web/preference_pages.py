"""The page where a subscriber chooses: which editions, topics, comments, their time zone, a pause."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import available_timezones

from aiohttp import web
from multidict import MultiDictProxy

from digest.app import App
from digest.audience.subscriptions import Subscriptions
from digest.config import EditionPlan
from digest.store import Preference
from digest.text.time_zones import known_zone
from digest.web.archive import ArchivePages
from digest.web.forms import field_text, read_form
from digest.web.reader_templates import ReaderTemplates
from digest.web.visitor_limits import VisitorLimits

TOKEN = "{token:[A-Za-z0-9_-]{20,40}}"  # noqa: S105  the pattern of a token in a path
MAX_FORM_CHOICES = 50  # topics or editions that are read from one form
MAX_PAUSE = timedelta(days=366)
_JOINED = ("confirmed", "imported", "added")


class EditionChoice(NamedTuple):
    """An edition on the page: its name, what it is called, its hour, and whether the subscriber gets it."""

    name: str
    title: str
    days: frozenset[int]
    at: str
    chosen: bool


class PreferencePages:
    """The preferences of the subscriber whom a token names."""

    def __init__(
        self, app: App, subscriptions: Subscriptions, templates: ReaderTemplates, limits: VisitorLimits, archive: ArchivePages
    ) -> None:
        self._app = app
        self._subscriptions = subscriptions
        self._templates = templates
        self._limits = limits
        self._archive = archive

    def add_routes(self, router: web.UrlDispatcher, prefix: str = "") -> None:
        """Add the routes, below a path."""
        router.add_get(f"{prefix}/preferences/{TOKEN}", self.page)
        router.add_post(f"{prefix}/preferences/{TOKEN}", self.save)

    async def page(self, request: web.Request) -> web.Response:
        """Show a subscriber's preferences, and why they get the newsletter."""
        if not self._limits.allow_view(request):
            return self._templates.too_many_requests()
        email = self._subscriptions.known(request.match_info["token"])
        if email is None:
            return self._templates.not_found()
        return await self._show(await self._chosen(email), request.match_info["token"])

    async def save(self, request: web.Request) -> web.Response:
        """Save a subscriber's preferences."""
        token = request.match_info["token"]
        email = self._subscriptions.known(token)
        if email is None:  # before the form is read
            return self._templates.not_found()
        form, before = await read_form(request), await self._chosen(email)
        if "until" not in form:  # our form always has it: an empty box is a choice only if the whole form came
            return await self._show(before, token)
        wish = self._wish(before, form)
        if wish.frequency == "" and "editions" in form:
            return await self._show(wish, token, status=400)
        await self._subscriptions.preferences.save(wish)
        return await self._show(wish, token, saved=True)

    async def _chosen(self, email: str) -> Preference:
        return await asyncio.to_thread(self._subscriptions.preferences.of, email)

    def _wish(self, before: Preference, form: MultiDictProxy[object]) -> Preference:
        """Return what a form asks for. What it leaves as it was stays the subscriber list's, where that is where it came from."""
        offered = {*self._archive.offered_topics(), *(before.topics or ())}
        topics = tuple(topic for topic in map(field_text, form.getall("topic", [])[:MAX_FORM_CHOICES]) if topic in offered)
        until, comments = self._pause_end(field_text(form.get("until"))), form.get("comments") == "yes"
        wish = replace(before, topics=topics, paused_until=until, comments=comments)
        if "editions" in form:
            names = set(map(field_text, form.getall("edition", [])[:MAX_FORM_CHOICES]))
            if names != {row.name for row in self._editions(before) if row.chosen}:
                wish = replace(wish, frequency=", ".join(plan.name for plan in self._app.config.editions if plan.name in names))
        zone = field_text(form.get("timezone"))
        if "timezone" in form and zone != (before.timezone or "") and (not zone or known_zone(zone)):
            wish = replace(wish, timezone=zone)
        return wish

    async def _show(self, wish: Preference, token: str, *, saved: bool = False, status: int = 200) -> web.Response:
        email, today, offered = wish.email, self._today(), self._archive.offered_topics()
        return self._templates.render(
            "preferences.html.j2", status=status, wish=wish, token=token, saved=saved, address=masked(email),
            topics=[*offered, *(topic for topic in wish.topics or () if topic not in offered)],
            editions=self._editions(wish), zones=zones() if any(plan.local_time for plan in self._app.config.editions) else {},
            gone=self._app.store.suppressions.among([email]).get(email),
            joined=next((entry for entry in self._app.store.history.of(email) if entry.event in _JOINED), None),
            first=today + timedelta(days=1), last=today + MAX_PAUSE,
        )  # fmt: skip

    def _editions(self, wish: Preference) -> list[EditionChoice]:
        """Return the editions to choose among; none if there is only one."""
        plans = self._app.config.editions
        if len(plans) == 1:
            return []
        return [EditionChoice(plan.name, plan.title, plan.days, f"{plan.at:%H:%M}", self._gets(wish, plan)) for plan in plans]

    def _gets(self, wish: Preference, plan: EditionPlan) -> bool:
        return wish.frequency != "" and self._app.readership(plan).gets(wish.frequency or "", wish.frequency is not None)

    def _pause_end(self, text: str) -> date | None:
        """Return the day when a pause ends, at most MAX_PAUSE from today; None if it is over or there is none."""
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        return min(day, self._today() + MAX_PAUSE) if day > self._today() else None

    def _today(self) -> date:
        return self._app.clock().astimezone(self._app.config.newsletter.timezone).date()


def zones() -> dict[str, list[str]]:
    """Return the names of the time zones that have a place, by their region."""
    found: dict[str, list[str]] = {}
    for name in sorted(available_timezones()):
        region, _, place = name.partition("/")
        if place and region not in {"Etc", "SystemV", "posix", "right", "US", "Brazil", "Canada", "Chile", "Mexico"}:
            found.setdefault(region, []).append(name)
    return found


def masked(email: str) -> str:
    """Return an address as its owner knows it and a stranger does not: its first letter and its domain."""
    local, at, domain = email.rpartition("@")
    return f"{local[:1]}…{at}{domain}" if local else ""

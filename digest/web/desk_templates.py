"""The templates of the desk, with what every page of it needs."""

import secrets
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from digest.app import App
from digest.text.formats import day_text
from digest.text.prose import counted, shorten
from digest.web.pages import PageTemplates


class DeskTemplates:
    """The desk's pages of one newsletter; `base` is the path of its pages."""

    def __init__(self, app: App, base: str) -> None:
        self.base = base
        self._app = app
        self._templates = PageTemplates([], base, app.design().page_look())

    def render(self, template: str, *, status: int = 200, **context: Any) -> web.Response:
        """Return a page of the desk. Its forms carry their origin, so it may say where it is to its own site."""
        zone = self._app.config.newsletter.timezone
        response = self._templates.render(
            f"desk/{template}",
            status=status,
            newsletter=self._app.config.newsletter,
            clock=lambda at: f"{at.astimezone(zone):%H:%M}",
            day_and_clock=lambda at: f"{at.astimezone(zone):%a %H:%M}",
            day_text=day_text,
            now=self._app.clock(),
            once=lambda: secrets.token_urlsafe(12),
            counted=counted,
            shorten=shorten,
            link=self.link,
            minutes_until=lambda at: minutes_until(at, self._app.clock()),
            **{"errors": {}, "typed": {}, "wrong": False, "out": False, "good": False, "said": None, "others": (), **context},
        )
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    def link(self, *parts: str, **query: str) -> str:
        """Return the address of a page of the desk."""
        path = "/".join([f"{self.base}/desk", *parts])
        return f"{path}?{urlencode(query)}" if query else path

    def too_many(self) -> web.Response:
        """Return the page that asks to wait."""
        return self.render("problem.html.j2", status=429, title="Too many tries", text="Wait a minute, and try again.")


def minutes_until(at: datetime, now: datetime) -> str:
    """Return how long it is until an instant, as one says it; empty if it has passed."""
    minutes = round((at - now).total_seconds() / 60)
    if minutes <= 0:
        return ""
    return f"in {minutes} min" if minutes < 60 else f"in {minutes // 60} h {minutes % 60} min" if minutes < 600 else ""

"""The templates of the reader pages, with what every page needs, and the pages that say why something was not done."""

from urllib.parse import urlsplit

from aiohttp import web

from digest.app import App
from digest.web.pages import PageTemplates


class ReaderTemplates:
    """The page templates of one newsletter; `base` is the path of its `public_url`."""

    def __init__(self, app: App) -> None:
        self._newsletter = app.config.newsletter
        self._links = {"subscribe": app.config.web.subscribe, "archive": app.config.web.archive}
        self.base = urlsplit(app.config.newsletter.public_url or "").path.rstrip("/")
        look = app.design().page_look()
        self._say = look.language.words.gettext
        self._design = app.config.design
        self._templates = PageTemplates([app.config.root / "templates"], self.base, look)

    def render(self, template: str, *, status: int = 200, indexed: bool = False, **context: object) -> web.Response:
        """Return a page with the newsletter and its links; `context` may have other `links`.

        Search engines may show it if it is to be `indexed`.
        """
        response = self._templates.render(
            template, status=status, **{"newsletter": self._newsletter, "design": self._design, "links": self._links, **context}
        )
        if indexed:
            response.headers["X-Robots-Tag"] = "all"
        return response

    def not_found(self, what: str = "page") -> web.Response:
        """Return the page for an address that leads to nothing: most often a link that an email program cut off."""
        return self.render("not_found.html.j2", status=404, what=what)

    def not_saved(self) -> web.Response:
        """Return the page that says that a change could not be recorded."""
        return self.render(
            "error.html.j2", status=503, what=self._say("Your change could not be saved. Try again in a few minutes.")
        )

    def timed_out(self) -> web.Response:
        """Return the page that says that a request took too long."""
        return self.render("error.html.j2", status=408, what=self._say("The request did not come to its end. Please try again."))

    def too_many_requests(self) -> web.Response:
        """Return the page that asks a visitor to wait."""
        what = self._say("You have tried too many times. Wait a few minutes and try again.")
        response = self.render("error.html.j2", status=429, what=what)
        response.headers["Retry-After"] = "600"
        return response

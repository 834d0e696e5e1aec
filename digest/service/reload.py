"""Reading digest.toml again while the service runs: a new one that works is used at once, one that does not changes nothing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from digest import config
from digest.app import App
from digest.config import Config
from digest.errors import DigestError
from digest.service.design_checks import try_design
from digest.store import Trouble

log = logging.getLogger("digest")
NEEDS_A_RESTART = (("store", "url"), ("web", "host"), ("web", "port"), ("metrics", "host"), ("metrics", "port"))


class Reload:
    """The settings of a running service; `changed` is called once others are in place."""

    def __init__(self, app: App, changed: Callable[[], Awaitable[None]]) -> None:
        self._app = app
        self._changed = changed
        self._later: list[str] = []  # the keys that wait for a restart
        self.trouble: Trouble | None = None

    async def look(self) -> None:
        """Read digest.toml and what it names; go on with what it says now if that is something else and works."""
        try:
            found = await asyncio.to_thread(config.load, self._app.config.root)
            settings = self._without_what_needs_a_restart(found)
            if settings != self._app.config:
                await asyncio.to_thread(_try, replace(self._app, config=settings))
        except DigestError as error:
            self._tell(error)
            return
        self.trouble = None
        if settings != self._app.config:
            self._app.adopt(settings)
            await self._changed()
            log.info("digest.toml has changed, and is used")

    def _without_what_needs_a_restart(self, found: Config) -> Config:
        """Return settings with the addresses and the store as they are now, which only a restart changes."""
        later = []
        for table, key in NEEDS_A_RESTART:
            new, old = getattr(found, table), getattr(self._app.config, table)
            if (new is None) != (old is None):
                later.append(table)
                found = found.model_copy(update={table: old})
            elif new is not None and getattr(new, key) != getattr(old, key):
                later.append(f"{table}.{key}")
                found = found.model_copy(update={table: new.model_copy(update={key: getattr(old, key)})})
        if later and later != self._later:
            log.warning("digest.toml: %s counts after a restart", ", ".join(later))
        self._later = later
        return found

    def _tell(self, error: DigestError) -> None:
        trouble = Trouble(
            key="config", what="digest.toml is broken", why=f"{error} The settings from before are used.",
            remedy="`digest check` says whether it works.",
        )  # fmt: skip
        if trouble != self.trouble:
            log.error("digest.toml is broken, and the settings from before are used: %s", error)
        self.trouble = trouble


def _try(app: App) -> None:
    """Raise DigestError if an edition could not be made or sent with the settings of an app."""
    for plan in app.config.editions:
        next(app.calendar(plan).upcoming(app.clock()))
        app.rules(plan)
    try_design(app, app.own_files)
    _ = app.pipeline  # loads the keys

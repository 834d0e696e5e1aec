"""The last templates and words that worked: while those in the folder are broken, these are used, and the operator is told.

They are tried when they have changed, before they are used, so an edition never meets a template that nobody has tried.
"""

import logging
import shutil
from pathlib import Path

from digest.app import App
from digest.config.file_permissions import FOLDER, PRIVATE
from digest.errors import DigestError
from digest.render.design_files import DesignFiles
from digest.service.design_checks import try_design
from digest.store import Trouble

log = logging.getLogger("digest")
FOLDERS = ("templates", "locale")
Signature = tuple[tuple[str, int, int], ...]


class GoodFiles:
    """The templates and words of one newsletter, as a running service uses them."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._kept = app.config.root / "state" / "good"
        self._tried: object = None
        self._use = app.own_files
        self.trouble: Trouble | None = None

    def current(self) -> DesignFiles:
        """Return where the templates and words are that work: the folder's own, or the last that did."""
        root = self._app.config.root
        now = (_signature(root), self._app.config.design, self._app.config.sections)
        if now != self._tried:
            self._tried = now
            self._try(root)
        return self._use

    def _try(self, root: Path) -> None:
        try:
            try_design(self._app, self._app.own_files)
        except DigestError as error:
            self._use = self._app.own_files
            kept = self._kept.is_dir()  # without a folder in it if those that worked were the packaged ones
            if kept:
                self._use = DesignFiles(templates=(self._kept / "templates",), words=(self._kept / "locale",))
            why = f"{error} {'The last ones that worked are used.' if kept else ''}".strip()
            self.trouble = Trouble(key="templates", what="The templates are broken", why=why, remedy="`digest check` tries them.")
            log.error("the templates are broken: %s", error)  # noqa: TRY400  a traceback would hide the message
            return
        self._use, self.trouble = self._app.own_files, None
        _replace(self._kept, root)


def _signature(root: Path) -> Signature:
    """Return what tells whether any of the files has changed."""
    files = (path for name in FOLDERS for path in sorted((root / name).rglob("*")) if path.is_file())
    return tuple((str(path), (found := path.stat()).st_mtime_ns, found.st_size) for path in files)


def _replace(folder: Path, root: Path) -> None:
    """Keep the files of a newsletter's folder in the place of those that were kept.

    After a kill in between there is the old, the new or none, and never half a one.
    """
    new, old = folder.with_name(f"{folder.name}.new"), folder.with_name(f"{folder.name}.old")
    for path in (new, old):
        shutil.rmtree(path, ignore_errors=True)
    new.mkdir(parents=True)
    for source in (path for name in FOLDERS if (path := root / name).is_dir()):
        shutil.copytree(source, new / source.name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for path in (new, *new.rglob("*")):
        path.chmod(FOLDER if path.is_dir() else PRIVATE)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)

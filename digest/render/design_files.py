"""Where the parts of a design are: a newsletter's own templates and words, and the folders of its theme."""

from dataclasses import dataclass
from pathlib import Path

from digest.errors import TemplateError
from digest.render.templates import PACKAGED

DEFAULT_THEME = "broadsheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignFiles:
    """Where a newsletter's own templates and words are, the first before the others."""

    templates: tuple[Path, ...] = ()
    words: tuple[Path, ...] = ()

    def theme(self, name: str) -> tuple[Path, ...]:
        """Return the folders of a theme, the most general first; raise TemplateError if there is no such theme."""
        if name == DEFAULT_THEME:
            return (PACKAGED,)
        folder = next((path for root in (*self.templates, PACKAGED) if (path := root / "themes" / name).is_dir()), None)
        if folder is None:
            known = [
                DEFAULT_THEME,
                *sorted({path.name for root in (*self.templates, PACKAGED) for path in (root / "themes").glob("*")}),
            ]
            raise TemplateError(
                f"no theme named {name!r}", thing="digest.toml: design.theme", remedy=f"Themes: {', '.join(known)}."
            )
        return (PACKAGED, folder)


NO_FILES = DesignFiles()

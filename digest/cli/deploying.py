"""The files with which a newsletter is run by systemd or in containers, with the right paths in them."""

import getpass
import sys
from pathlib import Path

from digest import __version__

_HERE = Path(__file__).parent.parent
PACKAGING = next(folder for folder in (_HERE / "packaging", _HERE.parent / "packaging") if folder.is_dir())
UNITS = ("digest.service", "digest-send.service", "digest-send.timer", "digest-collect.service", "digest-collect.timer")
TRIAL_RELAY = "smtp://mail:1025"  # of compose.yaml; it holds every mail: http://localhost:8026
CONTAINER = ("Dockerfile", "compose.yaml", "Caddyfile")


def write_units(folder: Path) -> list[str]:
    """Write the units for systemd into `systemd/` of a newsletter's folder; return their names."""
    (folder / "systemd").mkdir(exist_ok=True)
    return [_write(folder, name, folder / "systemd" / name) for name in UNITS]


def write_container(folder: Path) -> list[str]:
    """Write what a container is made of into a newsletter's folder; return the names. What is there already is kept."""
    made = [_write(folder, name, folder / name) for name in CONTAINER if not (folder / name).exists()]
    ignored = folder / ".dockerignore"
    if not ignored.exists():
        ignored.write_text("*\n")
        made.append(ignored.name)
    return made


def _write(folder: Path, name: str, target: Path) -> str:
    text = (PACKAGING / name).read_text()
    user = getpass.getuser()
    values = {
        "@FOLDER@": str(folder.resolve()), "@DIGEST@": str(digest_path()), "@VERSION@": __version__,
        "@USER@": user if user != "root" else "digest",
    }  # fmt: skip
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    target.write_text(text)
    return str(target.relative_to(folder))


def digest_path() -> Path:
    """Return where the command `digest` is: systemd and cron have no path of yours."""
    return Path(sys.executable).with_name("digest")

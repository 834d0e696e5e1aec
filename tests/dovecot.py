"""A real IMAP server on loopback: Debian's Dovecot, on a Maildir of its own."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

NOBODY = 65_534
_SETTINGS = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/Maildir
mailbox_list_index = no
mailbox_idle_check_interval = 2s
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={folder}
}}
"""


@dataclass
class Dovecot:
    """A running server."""

    port: int
    maildir: Path
    log: Path

    def deliver(self, name: str, raw: bytes) -> None:
        """Put a message into the inbox, as a mail server does."""
        temporary = self.maildir / "tmp" / name
        temporary.write_bytes(raw)
        os.chown(temporary, NOBODY, NOBODY)
        temporary.rename(self.maildir / "new" / name)


@contextmanager
def dovecot(folder: Path) -> Iterator[Dovecot]:
    """A server, stopped again by its own process id; skipped where there is none."""
    program = shutil.which("dovecot") or "/usr/sbin/dovecot"
    if not Path(program).exists() or os.geteuid() != 0:
        if os.environ.get("DIGEST_REQUIRE_SYSTEM"):
            pytest.fail("no dovecot, or not root")
        pytest.skip("no dovecot, or not root")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    for name in ("Maildir/cur", "Maildir/new", "Maildir/tmp", "run", "state"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for place in [folder, *folder.rglob("*")]:
        os.chown(place, NOBODY, NOBODY)
    for place in [folder, *list(folder.parents)[:3]]:
        place.chmod(place.stat().st_mode | 0o055)
    settings = folder / "dovecot.conf"
    settings.write_text(_SETTINGS.format(folder=folder, port=port))
    process = subprocess.Popen([program, "-F", "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield Dovecot(port, folder / "Maildir", folder / "dovecot.log")
    finally:
        process.terminate()
        process.wait(10)

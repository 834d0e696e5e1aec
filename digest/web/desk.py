"""The editor's desk: the coming edition as any subscriber will get it, made anew whenever a template changes."""

import hashlib
from collections.abc import Sequence
from itertools import islice

from digest.compose import Composer
from digest.model import Edition, Recipient
from digest.render import PACKAGED
from digest.subscribers import normal
from digest.web.viewer import Row
from digest.works import Works

SHOWN = 200  # subscribers in the list at the side


class Desk:
    """The mails of one edition."""

    def __init__(self, works: Works, edition: Edition, title: str) -> None:
        self._works = works
        self._edition = edition
        self.title = title

    def rows(self) -> Sequence[Row]:
        """The first active subscribers."""
        return [
            Row(reader.email, reader.name or reader.email, reader.email) for reader in islice(self._works.roll().active(), SHOWN)
        ]

    def raw(self, name: str) -> bytes:
        """The message for one address, as `send` makes it; RollError where it is none."""
        email = normal(name)
        reader = self._works.roll().find(email)
        if reader is not None:  # so that the links in the preview work
            self._works.store.readers.enrol(email, self._works.links.token(email))
        return self.compose(Recipient(id=0, email=email, name=reader.name if reader else ""))

    def compose(self, recipient: Recipient) -> bytes:
        """The bytes for a recipient, by the templates as they are now; a sent edition keeps the words it was sent in."""
        works, key = self._works, self._edition.slot.key
        frozen = works.store.ledger.frozen(key)
        rendered = frozen.rendered if frozen else works.design().render(self._edition)
        return Composer(works.line.sender, rendered, key, self._edition.frozen_at)(recipient).raw

    def edition(self) -> Edition:
        """The edition, for its reasons."""
        return self._edition

    def version(self) -> str:
        """Changes with every template, the configuration and the roll."""
        root = self._works.config.root
        files = [*sorted((root / "templates").rglob("*.j2")), *sorted(PACKAGED.rglob("*.j2")), self._works.roll_path]
        stamps = "".join(f"{file}{file.stat().st_mtime_ns}" for file in files if file.is_file())
        return hashlib.sha256(stamps.encode()).hexdigest()[:16]

"""The editor's desk: the coming edition as any subscriber will get it, made anew whenever a template changes."""

import hashlib
from collections.abc import Sequence
from itertools import islice

from digest.compose import Composer
from digest.errors import DigestError
from digest.marks import columns
from digest.model import Edition, Recipient, Rendered
from digest.render import PACKAGED
from digest.subscribers import normal
from digest.versions import Versions
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
        """The message for one address, as `send` makes it; RollError where it is none, DigestError where no story is for it.

        A sent edition keeps the words it was sent in; one that is not has the templates as they are now.
        """
        works, key, email = self._works, self._edition.slot.key, normal(name)
        frozen = works.store.ledger.frozen(key)
        sent = works.store.deliveries.recipient(key, works.links.token(email)) if frozen else None
        if frozen and sent:
            compose = Composer(works.line.sender, frozen.rendered, key, self._edition.frozen_at, variants=frozen.variants)
            return compose(sent).raw
        rendered = frozen.rendered if frozen else works.design().render(self._edition)
        recipient, variants = self._recipient(email, rendered)
        return Composer(works.line.sender, rendered, key, self._edition.frozen_at, variants=variants)(recipient).raw

    def _recipient(self, email: str, rendered: Rendered) -> tuple[Recipient, dict[str, Rendered]]:
        """A reader as a freeze now would list them, and the version of the edition that their choices make."""
        works, row = self._works, self._works.roll().find(email)
        if row is None:
            return Recipient(id=0, email=email), {}
        number = works.store.readers.enrol(email, works.links.token(email))  # so that the links in the preview work
        versions = Versions(self._edition, works.design())
        variant = versions.chosen(*works.store.readers.preference(email).over(row))
        if variant is None:
            raise DigestError("no story of this edition is on this reader's topics", thing=email)
        own = columns([rendered.html, rendered.text])
        extra = {name.casefold(): value for name, value in row.extra.items() if name.casefold() in own}
        recipient = Recipient(id=number, email=email, name=row.name, variant=variant, extra=extra)
        return recipient, {variant: versions.rendered(variant)} if variant else {}

    def edition(self) -> Edition:
        """The edition, for its reasons."""
        return self._edition

    def version(self) -> str:
        """Changes with every template, the configuration and the roll."""
        root = self._works.config.root
        files = [*sorted((root / "templates").rglob("*.j2")), *sorted(PACKAGED.rglob("*.j2")), self._works.roll_path]
        stamps = "".join(f"{file}{file.stat().st_mtime_ns}" for file in files if file.is_file())
        return hashlib.sha256(stamps.encode()).hexdigest()[:16]

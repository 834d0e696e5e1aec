"""The preview: the next edition as any subscriber will get it, rendered again whenever a template changes."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from digest.app import App
from digest.compose import Composer
from digest.compose.subscriber_links import SubscriberLinks
from digest.curate.story_decisions import edited_parts
from digest.errors import DigestError
from digest.model import Edition, Recipient, Rendered
from digest.publish import stored_decisions
from digest.render.templates import PACKAGED
from digest.render.variants import Variants
from digest.service.edition_checks import check_edition
from digest.service.finding import Finding
from digest.subscribers import normalise
from digest.text.placeholders import columns
from digest.web.message_viewer import MessageRow, ShownMessage

MAX_SUBSCRIBERS = 200  # in the sidebar
_NOT_FROZEN = (
    "Nobody on the list of this edition gets these stories, so its frozen text does not have them: "
    "this is what the templates make of them now."
)


class Preview:
    """The messages of one edition."""

    def __init__(self, app: App, edition: Edition, title: str, *, anew: bool = False, anonymous: bool = False) -> None:
        """Show an edition; `anew` with the templates as they are now, even if it is frozen. If `anonymous`, no link in it works for
        anybody, and nothing is recorded.
        """
        self._app = app
        self._edition = edition
        self.title = title
        self._anew = anew
        self._anonymous = anonymous

    def rows(self) -> Sequence[MessageRow]:
        """Return a row for each of the first active subscribers."""
        return [
            MessageRow(subscriber.email, subscriber.name or subscriber.email, subscriber.email)
            for subscriber in islice(self._app.subscriber_file().active(), MAX_SUBSCRIBERS)
        ]

    def message(self, name: str) -> ShownMessage:
        """Return the message for one address, as `send` makes it.

        A frozen edition keeps its text. Only a variant that none of its recipients has, and an edition that is not frozen, are
        rendered with the templates as they are now. Raises SubscriberFileError if the address is invalid, and DigestError if no
        story is for its topics.
        """
        app, key, email = self._app, self._edition.slot.key, normalise(name)
        frozen = None if self._anew else app.store.editions.frozen(key)
        edition = frozen.edition if frozen else self._with_editors_parts()
        rendered = frozen.rendered if frozen else app.design().render(edition)
        variants = frozen.variants if frozen else {}
        frozen_recipient = app.store.deliveries.recipient(key, app.links.token(email)) if frozen else None
        recipient = frozen_recipient or self._recipient(edition, email, rendered)
        missing = bool(recipient.variant) and recipient.variant not in variants
        if missing:
            variants = {recipient.variant: Variants(edition, app.design()).render(recipient.variant)}
        sender = app.pipeline.sender
        if self._anonymous:
            sender = replace(sender, links=SubscriberLinks(public_url=app.links.public_url, secret="nobody's"))  # noqa: S106
        compose = Composer(sender, rendered, key, edition.frozen_at, variants=variants)
        return ShownMessage(compose(recipient).raw, _NOT_FROZEN if frozen and missing else "")

    def _with_editors_parts(self) -> Edition:
        """Return the edition with what editors have added to it by now."""
        decisions = stored_decisions(self._app.store, self._edition.slot)
        return replace(self._edition, parts=edited_parts(self._app.pipeline.editor_parts(self._edition.slot), decisions))

    def _recipient(self, edition: Edition, email: str, rendered: Rendered) -> Recipient:
        """Return the recipient that a freeze now would list, with the name of the variant for their choices."""
        app, row = self._app, self._app.subscriber_file().find(email)
        if row is None:
            return Recipient(id=0, email=email)
        number = 0 if self._anonymous else app.store.subscribers.enrol(email, app.links.token(email))  # so that its links work
        variant = Variants(edition, app.design()).variant_for(*app.store.subscribers.preference(email).choices(row))
        if variant is None:
            raise DigestError("this edition has no stories for the subscriber's topics", thing=email)
        used = columns([rendered.html, rendered.text])
        extra = {name.casefold(): value for name, value in row.extra.items() if name.casefold() in used}
        return Recipient(id=number, email=email, name=row.name, variant=variant, extra=extra)

    async def findings(self, name: str) -> Sequence[Finding] | None:
        """Return what the preflight says of the edition."""
        app, key = self._app, self._edition.slot.key
        frozen = None if self._anew else app.store.editions.frozen(key)
        try:
            edition = frozen.edition if frozen else self._with_editors_parts()
            return await check_edition(app, edition, frozen.rendered if frozen else app.design().render(edition))
        except DigestError as error:
            return [Finding("templates", "error", str(error))]

    def edition(self) -> Edition:
        """Return the edition, whose reasons the viewer shows."""
        return self._edition

    def version(self) -> str:
        """Return a string that changes with every template, with the editor's file and with the subscriber list."""
        root = self._app.config.root
        folders = (root / "templates", root / "locale", root / "editions", PACKAGED)
        files = [*(path for folder in folders for path in sorted(folder.rglob("*"))), self._app.subscriber_path]
        stamps = "".join(f"{file}{file.stat().st_mtime_ns}" for file in files if file.is_file())
        return hashlib.sha256(stamps.encode()).hexdigest()[:16]

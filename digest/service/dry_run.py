"""What `send` would do, for `--dry-run` and `--test-to`: no edition is frozen and no delivery is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from digest.app import App
from digest.compose import Composer
from digest.config import EditionPlan
from digest.deliver import deliver_unrecorded
from digest.edition.readership import count_recipients
from digest.edition.size_limit import without_room
from digest.model import Edition, Failure, Outcome, Receipt, Recipient, Rendered, Slot
from digest.publish import make_draft
from digest.subscribers import normalise
from digest.text.prose import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRunReport:
    """An edition as it would be sent, its number of recipients, and the relay's replies to the test copies."""

    edition: Edition
    rendered: Rendered | None
    recipients: int
    bad_rows: int
    failures: tuple[Failure, ...]
    receipts: tuple[Receipt, ...] = ()

    @property
    def exit_code(self) -> int:
        """3 if the relay did not accept a test copy, otherwise 0."""
        return 3 if any(receipt.outcome is not Outcome.SENT for receipt in self.receipts) else 0

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        counts = {outcome.value: sum(receipt.outcome is outcome for receipt in self.receipts) for outcome in Outcome}
        return {
            "edition": self.edition.slot.key,
            "status": "rehearsed",
            "subject": self.rendered.subject if self.rendered else None,
            "stories": [story.article.title for story in self.edition.stories],
            "recipients": self.recipients,
            **counts,
            "skipped": 0,
            "bad_rows": self.bad_rows,
            "without_room": [{"kind": row.kind, "label": row.label, "url": row.url} for row in without_room(self.edition)],
            "failures": [{"source": failure.source, "reason": failure.reason} for failure in self.failures],
        }

    def text(self) -> str:
        """Return the result as text for a person."""
        subject = self.rendered.subject if self.rendered else "no edition, too few articles"
        lines = [f"Edition {self.edition.slot.key}, No. {self.edition.number}: {subject}"]
        lines += [
            f"  {story.position + 1}. {story.article.title} ({counted(len(story.picks), 'comment')})"
            for story in self.edition.stories
        ]
        lines += [f"  {receipt.outcome}: {receipt.recipient.email} {receipt.code} {receipt.reply}" for receipt in self.receipts]
        lines += [f"  no room for: {row.label}" for row in without_room(self.edition)]
        lines += [f"  warning: {failure}" for failure in self.failures]
        return "\n".join(
            lines
            if self.receipts
            else [
                *lines,
                f"Dry run: {counted(self.recipients, 'subscriber')} would get this edition. Nothing was sent or frozen.",
            ]
        )


async def dry_run(app: App, plan: EditionPlan, slot: Slot, test_to: Sequence[str]) -> DryRunReport:
    """Build the edition of a slot as `send` would, and send it to the test addresses, if there are any."""
    edition, failures = await build_edition(app, plan, slot)
    frozen = app.store.editions.frozen(slot.key)
    enough = len(edition.stories) >= plan.fewest
    rendered = frozen.rendered if frozen else app.design().render(edition) if enough else None
    subscriber_file = app.subscriber_file()
    return DryRunReport(
        edition=edition,
        rendered=rendered,
        recipients=count_recipients(app.store, subscriber_file, slot.day, [app.readership(plan).gets])[0] if rendered else 0,
        bad_rows=subscriber_file.skipped,
        failures=failures,
        receipts=await send_test_copies(app, rendered, edition, test_to) if rendered and test_to else (),
    )


async def build_edition(app: App, plan: EditionPlan, slot: Slot) -> tuple[Edition, tuple[Failure, ...]]:
    """Return the edition of a slot, as it was frozen or else as it would be made now, and the failures of its sources."""
    frozen = app.store.editions.frozen(slot.key)
    if frozen:
        return frozen.edition, ()
    draft = await make_draft(app.pipeline, plan, slot)
    return draft.edition, draft.failures


async def send_test_copies(app: App, rendered: Rendered, edition: Edition, test_to: Sequence[str]) -> tuple[Receipt, ...]:
    """Send an edition to some addresses, with [TEST] in the subject; return the relay's answers."""
    compose = Composer(app.pipeline.sender, rendered, edition.slot.key, app.clock(), test=True)
    addresses = [normalise(email) for email in test_to]
    for address in addresses:  # so that the links in the copies work
        app.store.subscribers.enrol(address, app.links.token(address))
    copies = [compose(Recipient(id=0, email=address)) for address in addresses]
    return await deliver_unrecorded(app.config.smtp, app.config.newsletter.address, app.clock, copies)

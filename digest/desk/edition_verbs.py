"""What an editor does with an edition as a whole: its words, and whether and when it goes."""

from collections.abc import Sequence

from digest.curate.editor_decisions import EDITION
from digest.desk.acts import Act, NewDecision, check_hold_seen, saved
from digest.desk.edition_view import Desk, DeskEdition
from digest.desk.values import checked_text, edition_value, send_time
from digest.errors import UsageError


def edition_edit(_desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Change the subject, the preheader, the note, the sponsor, or which blocks the edition does without."""
    parts = edition.edition.parts
    now = {
        "subject": parts.subject, "preheader": parts.preheader, "note": parts.note.text if parts.note else "",
        "without": list(parts.without), "sponsor": _sponsor(edition),
    }  # fmt: skip
    rows = []
    for name, before in now.items():
        if name in act.fields and (value := edition_value(name, act.fields)) != before:
            rows.append(NewDecision(EDITION, edition.key, "edit", {"field": name, "text": value, "was": before}))
    return saved(rows)


def hold(_desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Hold the edition: nothing goes until somebody lets it go."""
    reason = checked_text("reason", act.fields.get("reason", ""))
    return [NewDecision(EDITION, edition.key, "hold", {"reason": reason})], "On hold. Nothing goes until somebody lets it go"


def approve(desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Approve the edition as it stands: what the site publishes from now on waits for the next one."""
    _check_may_go(desk, edition, act)
    if edition.word.hold:
        check_hold_seen(edition.word.hold, act, "put it on hold")
        raise UsageError("it is on hold", thing=edition.key, remedy="Let it go first.")
    if not edition.edition.stories:
        raise UsageError("there is no story to approve", thing=edition.key)
    return [NewDecision(EDITION, edition.key, "approve", edition.snapshot())], "Approved. It goes as it stands here"


def send(desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Send the edition now, or at a time of today, as it stands; that lets it go, if it was on hold."""
    _check_may_go(desk, edition, act)
    if edition.word.hold:
        check_hold_seen(edition.word.hold, act, "put it on hold")
    if not edition.edition.stories:
        raise UsageError("there is no story to send", thing=edition.key)
    zone, now = desk.app.config.newsletter.timezone, desk.app.clock()
    at = send_time(act.fields.get("at", ""), edition.plan.latest(edition.slot), now, zone)
    said = f"Goes at {at.astimezone(zone):%H:%M}" if act.fields.get("at") else "Goes now"
    return [NewDecision(EDITION, edition.key, "send", {**edition.snapshot(), "at": at.isoformat()})], said


def skip(_desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Have no edition today; its stories go into the next one."""
    reason = checked_text("reason", act.fields.get("reason", ""))
    return [NewDecision(EDITION, edition.key, "skip", {"reason": reason})], "No edition today. Its stories go into the next one"


def _sponsor(edition: DeskEdition) -> dict[str, str] | None:
    sponsor = edition.edition.parts.sponsor
    return {"text": sponsor.text, "url": sponsor.url, "link": sponsor.link, "name": sponsor.name} if sponsor else None


def check_not_late(desk: Desk, edition: DeskEdition) -> None:
    """Raise UsageError if it is too late in the day for the edition to go."""
    latest = edition.plan.latest(edition.slot)
    if desk.app.clock() > latest:
        at = f"{latest.astimezone(desk.app.config.newsletter.timezone):%H:%M}"
        raise UsageError(f"it is too late: it could go until {at}", thing=edition.key, remedy="Its stories go into the next one.")


def _check_may_go(desk: Desk, edition: DeskEdition, act: Act) -> None:
    """Raise UsageError if the edition is skipped or too late, or has changed since it was shown."""
    check_not_late(desk, edition)
    if edition.word.skip:
        raise UsageError("there is no edition today", thing=edition.key, remedy="Take that back first.")
    _check_shown(edition, act)


def _check_shown(edition: DeskEdition, act: Act) -> None:
    """Raise UsageError if the edition has changed since it was shown; what is approved is what was seen."""
    shown = act.fields.get("shown", "")
    if shown and shown != edition.fingerprint:
        raise UsageError("it has changed since you looked", thing=edition.key, remedy="Look again, and then decide.")

"""`digest check`: check everything that the next edition needs."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.options import coming_edition, common_options, edition_options, print_json, running_app
from digest.text.prose import counted

if TYPE_CHECKING:
    from digest.app import App
    from digest.service.finding import Finding

LEVEL_SYMBOLS = {"ok": "✓", "warning": "!", "error": "✗"}


@click.command("check")
@edition_options
@common_options
def command(root: Path, as_json: bool, edition: str | None, day: Any) -> int:
    """Check the configuration, subscribers, sources, judge, templates, relay, bounces and DNS.

    With --edition or --date, check that edition instead: its size, links, pictures, text part and headers, and what
    SpamAssassin says if it is installed. Nothing is sent. ✓ passed, ! warning, ✗ error: it should not go out like this.
    Exits with 1 if there is an error.
    """
    from digest.service.checks import run_checks

    with running_app(root) as app:
        findings = asyncio.run(_check_edition(app, edition, day) if edition or day else run_checks(app))
    counts = Counter(finding.level for finding in findings)
    bad = bool(counts["error"])
    if as_json:
        print_json({"ok": not bad, "findings": [{"area": row.area, "level": row.level, "text": row.text} for row in findings]})
        return int(bad)
    for row in findings:
        click.echo(f"{LEVEL_SYMBOLS[row.level]} {row.area:12} {row.text}")
    warnings = counted(counts["warning"], "warning")
    if bad:
        click.echo(f"\n{counted(counts['error'], 'error')} and {warnings}. Fix the errors (✗) before the next edition.")
    else:
        click.echo(f"\nReady for the next edition ({warnings}).")
    return int(bad)


async def _check_edition(app: "App", edition: str | None, day: Any) -> "list[Finding]":
    from digest.service.dry_run import build_edition
    from digest.service.edition_checks import check_edition
    from digest.service.finding import Finding

    made, failures = await build_edition(app, *coming_edition(app, edition, day))
    warnings = [Finding("sources", "warning", str(failure)) for failure in failures]
    if not made.stories:
        return [*warnings, Finding("stories", "error", f"edition {made.slot.key} has no stories yet")]
    frozen = app.store.editions.frozen(made.slot.key)
    return [*warnings, *await check_edition(app, made, frozen.rendered if frozen else app.design().render(made))]

"""`digest check`: check everything that the next edition needs."""

import asyncio
from collections import Counter
from pathlib import Path

import click

from digest.cli.options import common_options, print_json, running_app
from digest.text.prose import counted

LEVEL_SYMBOLS = {"ok": "✓", "warning": "!", "error": "✗"}


@click.command("check")
@common_options
def command(root: Path, as_json: bool) -> int:
    """Check the configuration, subscribers, sources, judge, templates, relay, bounces and DNS.

    Nothing is sent. ✓ passed, ! warning, ✗ error: the edition would not go out. Exits with 1 if there is an error.
    """
    from digest.service.checks import run_checks

    with running_app(root) as app:
        findings = asyncio.run(run_checks(app))
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

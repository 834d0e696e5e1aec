"""`digest check`: everything that would break at 07:00."""

import asyncio
from pathlib import Path

import click

from digest.cli.options import common_options, print_json, running_app
from digest.config import FILE

MARKS = {"ok": "✓", "warning": "!", "error": "✗"}


@click.command("check")
@common_options
def command(root: Path, as_json: bool) -> int:
    """Find everything that would break at 07:00: configuration, subscribers, sources, templates, relay, DNS.

    Sends nothing. ✓ is well, ! is worth knowing, ✗ would keep the edition from its readers; then the exit code is 1.
    """
    from digest.service.checks import run_checks

    with running_app(root) as app:
        findings = asyncio.run(run_checks(app))
    bad = any(finding.level == "error" for finding in findings)
    if as_json:
        print_json({"ok": not bad, "findings": [{"area": row.area, "level": row.level, "text": row.text} for row in findings]})
        return int(bad)
    for row in findings:
        click.echo(f"{MARKS[row.level]} {row.area:12} {row.text}")
    click.echo(f"\n{'Something would break; see ✗ above.' if bad else f'All well: {FILE} is ready for the morning.'}")
    return int(bad)

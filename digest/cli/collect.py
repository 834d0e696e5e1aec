"""`digest collect`: read the sources now."""

import asyncio
from pathlib import Path

import click

from digest.cli.options import common_options, print_json, running_app
from digest.text.prose import counted


@click.command("collect")
@common_options
def command(root: Path, as_json: bool) -> int:
    """Fetch new articles and comments from the sources, and store them.

    `digest run` does this through the day, because feeds drop older entries. Sources that fail are listed. Exits with 1
    if nothing could be read.
    """
    with running_app(root) as app:
        harvest = asyncio.run(app.gather(conditional=True))
    if as_json:
        print_json({
            "articles": len(harvest.articles),
            "comments": len(harvest.comments),
            "failures": [{"source": row.source, "reason": row.reason} for row in harvest.failures],
        })  # fmt: skip
    else:
        click.echo(
            f"Read {counted(len(harvest.articles), 'article')} and {counted(len(harvest.comments), 'comment')}"
            f" from {counted(len(app.config.sources), 'source')}."
        )
        for failure in harvest.failures:
            click.echo(f"warning: {failure}", err=True)
    return 1 if harvest.failures and not harvest.articles else 0

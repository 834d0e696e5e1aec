"""`digest collect`: read the sources now."""

import asyncio
from pathlib import Path

import click

from digest.cli.options import common_options, print_json, running_app
from digest.text.prose import counted


@click.command("collect")
@common_options
def command(root: Path, as_json: bool) -> int:
    """Read the sources now and keep what they say.

    `digest run` does this during the day, since a feed forgets its older entries. A source that cannot be read is
    printed; the exit code is 1 where none could.
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
            f"{counted(len(harvest.articles), 'article')} and {counted(len(harvest.comments), 'comment')}"
            f" from {counted(len(app.config.sources), 'source')}."
        )
        for failure in harvest.failures:
            click.echo(f"digest: {failure}", err=True)
    return 1 if harvest.failures and not harvest.articles else 0

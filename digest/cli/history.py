"""`digest history`: what happened to an article, or a past edition made again beside what went out."""

from pathlib import Path
from typing import Any

import click

from digest.cli.options import common_options, edition_options, print_json, running_app


@click.command("history")
@click.option("--article", default=None, metavar="URL", help="Tell the story of this article: its address on the site.")
@edition_options
@common_options
def command(root: Path, as_json: bool, article: str | None, edition: str | None, day: Any) -> int:
    """Tell what happened to an article, or make a past edition again.

    With --article: when the article was published, read and changed, in which editions it stood or why not, and what was decided.

    With --date or --edition: the edition made again from what was collected for it, by the rules of today, and what differs from
    what went out. Nothing is sent. What was collected is kept for 30 days.
    """
    from digest.cli.options import chosen_edition
    from digest.errors import UsageError

    if bool(article) == bool(edition or day):
        raise UsageError("name an article or an edition", remedy="digest history --article URL, or --date DAY.")
    with running_app(root) as app:
        if article:
            return _tell_article(app, article, as_json)
        return _tell_edition(app, chosen_edition(app, edition, day)[1].key, as_json)


def _tell_article(app: Any, url: str, as_json: bool) -> int:
    from digest.desk.time_machine import article_history

    title, events = article_history(app, url)
    if as_json:
        print_json({"title": title, "events": [{"at": row.at, "what": row.what, "edition": row.edition} for row in events]})
        return 0
    click.echo(title)
    zone = app.config.newsletter.timezone
    for row in events:
        click.echo(f"{row.at.astimezone(zone):%a %d %b %H:%M}  {row.what}")
    return 0


def _tell_edition(app: Any, key: str, as_json: bool) -> int:
    from digest.desk.time_machine import make_again
    from digest.store.edition_rows import as_json as edition_json

    made = make_again(app, key)
    if as_json:
        rows = [{"what": row.what, "title": row.title, "more": row.more} for row in made.differences]
        print_json(
            {"edition": key, "sent": edition_json(made.sent.edition), "again": edition_json(made.again), "differences": rows}
        )
        return 0
    click.echo(f"{key}, made again: {len(made.again.stories)} stories; {len(made.sent.edition.stories)} went out.")
    for row in made.differences:
        click.echo(f"  {row.what}: {row.title}{f' ({row.more})' if row.more else ''}")
    if not made.differences:
        click.echo("  Nothing differs from what went out.")
    return 0

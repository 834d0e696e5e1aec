"""`digest init`: a new newsletter's folder."""

import shutil
from pathlib import Path

import click

from digest.cli.options import print_json
from digest.errors import UsageError

FILES = Path(__file__).with_name("starter")


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--with-templates", is_flag=True, help="Copy the mail's templates too, to make them your own.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for machines.")
def command(folder: Path, with_templates: bool, as_json: bool) -> None:
    """Make a new newsletter in FOLDER: digest.toml, subscribers.csv, templates/.

    Three edits make it yours: the name and address in [newsletter], the site's address in [[sources]], and the
    addresses in subscribers.csv. Then `digest check` says what is left to do.
    """
    if (folder / "digest.toml").exists():
        raise UsageError("there is a newsletter already", thing=str(folder / "digest.toml"))
    made = _made(folder, with_templates)
    if as_json:
        print_json({"folder": str(folder), "files": made})
        return
    click.echo(f"Made {folder}: {', '.join(made)}")
    click.echo("\nNow:\n  1. digest.toml      your name and address, your site, your relay")
    click.echo("  2. subscribers.csv  who gets it\n  3. digest check     what is still missing")
    click.echo(f"\nThen, in {folder}: digest preview, digest send --test-to YOUR ADDRESS, and digest run for every weekday.")


def _made(folder: Path, with_templates: bool) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for source in sorted(FILES.iterdir()):
        target = folder / source.name.removesuffix(".txt").replace("gitignore", ".gitignore")
        if not target.exists():
            shutil.copyfile(source, target)
            made.append(target.name)
    (folder / "templates").mkdir(exist_ok=True)
    if with_templates:
        from digest.render.renderer import PACKAGED

        shutil.copytree(PACKAGED, folder / "templates", dirs_exist_ok=True)
    return [*made, "templates/"]

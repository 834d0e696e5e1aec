"""`digest init`: create the folder of a newsletter."""

import shutil
from pathlib import Path

import click

from digest.cli.options import print_json
from digest.errors import UsageError

STARTER_FOLDER = Path(__file__).with_name("starter")


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--with-templates", is_flag=True, help="Also copy the email templates, to customise them.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(folder: Path, with_templates: bool, as_json: bool) -> None:
    """Create a newsletter in FOLDER: digest.toml, subscribers.csv and templates/.

    Then edit three things: the name and address in [newsletter], your site in [[sources]], and subscribers.csv. Run
    `digest check` to see what is left to do.
    """
    if (folder / "digest.toml").exists():
        raise UsageError("already exists", thing=str(folder / "digest.toml"))
    made = _create_files(folder, with_templates)
    if as_json:
        print_json({"folder": str(folder), "files": made})
        return
    click.echo(f"Created {folder}: {', '.join(made)}")
    click.echo("\nNext:\n  1. Edit digest.toml: your name and address, your site, your relay")
    click.echo(f"  2. Add addresses to subscribers.csv\n  3. Run `digest check` in {folder}")
    click.echo("  4. Try `digest preview` and `digest send --test-to YOU`, then start `digest run`")


def _create_files(folder: Path, with_templates: bool) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for source in sorted(STARTER_FOLDER.iterdir()):
        target = folder / source.name.removesuffix(".txt").replace("gitignore", ".gitignore")
        if not target.exists():
            shutil.copyfile(source, target)
            made.append(target.name)
    (folder / "templates").mkdir(exist_ok=True)
    if with_templates:
        from digest.render.templates import PACKAGED

        shutil.copytree(PACKAGED, folder / "templates", dirs_exist_ok=True)
    return [*made, "templates/"]

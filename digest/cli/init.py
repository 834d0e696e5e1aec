"""`digest init`: create the folder of a newsletter."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import click

from digest.cli.deploying import TRIAL_RELAY, write_container, write_units
from digest.cli.first_questions import Answers, ask, settle, with_answers
from digest.cli.options import print_json
from digest.errors import UsageError

WITHIN_A_CONTAINER = '[web]\nhost = "0.0.0.0"                                  # within its container\n'
STARTER_FOLDER = Path(__file__).with_name("starter")


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--site", metavar="ADDRESS", help="Your site; what kind it is, is found out.")
@click.option("--name", help="The newsletter's name. Default: the site's.")
@click.option("--from", "sender", metavar="ADDRESS", help="The address that it comes from. Default: daily@ the site.")
@click.option("--relay", metavar="URL", help="Your mail relay. Default: the one on this machine.")
@click.option("--reader", metavar="EMAIL", help="Your own address, as the first reader.")
@click.option("--with-templates", is_flag=True, help="Also copy the email templates, to customise them.")
@click.option("--systemd", is_flag=True, help="Also write units for systemd; in a newsletter's folder, only these.")
@click.option("--docker", is_flag=True, help="Also write Dockerfile and compose.yaml, likewise.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(folder: Path, *, with_templates: bool, systemd: bool, docker: bool, as_json: bool, **answers: str | None) -> None:
    """Create a newsletter in FOLDER: digest.toml, subscribers.csv and templates/.

    On a terminal it asks five questions; the options answer them beforehand. Without either, edit digest.toml yourself. Run
    `digest check` to see what is left to do.
    """
    exists = (folder / "digest.toml").exists()
    if exists and not (systemd or docker):
        raise UsageError("already exists", thing=str(folder / "digest.toml"))
    given, made = Answers(**answers), list[str]()
    asking = sys.stdin.isatty() and not as_json
    if not exists:
        made = _create(folder, given, asking=asking, docker=docker, with_templates=with_templates)
    made += write_units(folder) if systemd else []
    made += write_container(folder) if docker else []
    if as_json:
        print_json({"folder": str(folder), "files": made})
        return
    click.echo(f"Created {folder}: {', '.join(made)}")
    _say_what_next(folder, answered=exists or given.any or asking, exists=exists, systemd=systemd, docker=docker)


def _create(folder: Path, given: Answers, *, asking: bool, docker: bool, with_templates: bool) -> list[str]:
    """Create the folder, with the answers in its files if there are any; nothing is written before all are known."""
    if not (asking or given.any):
        made = _create_files(folder, with_templates)
        if docker:
            text = (folder / "digest.toml").read_text(encoding="utf-8")
            (folder / "digest.toml").write_text(f"{text}\n{WITHIN_A_CONTAINER}", encoding="utf-8")
        return made
    given = replace(given, relay=given.relay or TRIAL_RELAY) if docker else given
    answers, found = ask(given) if asking else settle(given)
    text = with_answers((STARTER_FOLDER / "digest.toml").read_text(encoding="utf-8"), answers, found)
    text = f"{text}\n{WITHIN_A_CONTAINER}" if docker else text
    _check(text, answers.reader)
    made = _create_files(folder, with_templates)
    (folder / "digest.toml").write_text(text, encoding="utf-8")
    if answers.reader:
        _add_reader(folder, answers.reader)
    return made


def _check(text: str, reader: str | None) -> None:
    """Raise ConfigError if a digest.toml of this text could not be read, SubscriberFileError if the reader has no address."""
    import tempfile

    from digest.config import load
    from digest.subscribers import normalise

    if reader:
        normalise(reader)

    with tempfile.TemporaryDirectory(prefix="digest-init-") as trial:
        (Path(trial) / "digest.toml").write_text(text, encoding="utf-8")
        load(Path(trial))


def _add_reader(folder: Path, email: str) -> None:
    """Add the first reader, in the manner of the list if there was one already."""
    from digest.clock import command_clock
    from digest.subscribers import SUBSCRIBERS_FILE, NewRow, activate, normalise

    values = {"status": "active", "joined": command_clock()().date().isoformat()}
    activate(folder / SUBSCRIBERS_FILE, [NewRow(email=normalise(email), name="", values=values)])


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


def _say_what_next(folder: Path, *, answered: bool, exists: bool, systemd: bool, docker: bool) -> None:
    steps = (
        [] if answered else ["Edit digest.toml: your name and address, your site, your relay", "Add addresses to subscribers.csv"]
    )
    steps += [f"Run `digest check` in {folder}", "Try `digest preview` and `digest send --test-to YOU`"]
    if systemd:
        steps.append(f"sudo useradd --system digest; sudo chown -R digest {folder}, unless the unit names a user that is there")
        steps.append(f"sudo cp {folder / 'systemd' / 'digest.service'} /etc/systemd/system/ && sudo systemctl enable --now digest")
    if docker and exists:
        steps.append(f'In digest.toml: [web] host = "0.0.0.0", and [smtp] url = "{TRIAL_RELAY}" to try it')
    if docker:
        steps.append(f"cd {folder} && sudo chown -R 10001 . && docker compose up --build")
    if not (systemd or docker):
        steps.append("Start `digest run`")
    click.echo("\nNext:\n" + "\n".join(f"  {number}. {step}" for number, step in enumerate(steps, 1)))

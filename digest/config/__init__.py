"""One frozen `Config` from `digest.toml` and the environment."""

import os
import re
import tomllib
from pathlib import Path

from pydantic import ValidationError

from digest.config.design_table import Block, Colour, DesignPlan, Logo, Ranks, Section, every_story_has_a_block
from digest.config.desk_table import DeskPlan
from digest.config.events_table import EventsPlan
from digest.config.judge_table import JudgePlan
from digest.config.key_errors import complaints
from digest.config.relays import Relay, RelayLimit, Smtp, WarmUp
from digest.config.toml_tables import (
    FILE,
    Bounces,
    CommentsPlan,
    Config,
    Dkim,
    EditionPlan,
    Guards,
    Newsletter,
    SourcePlan,
    Webhook,
    WebhookProvider,
)
from digest.config.values import Table, Web, split_mailbox
from digest.errors import ConfigError

IMAP_PASSWORD = "DIGEST_IMAP_PASSWORD"  # noqa: S105  the variable's name
PASSWORD = "DIGEST_SMTP_PASSWORD"  # noqa: S105  the variable's name


def load(root: Path) -> Config:
    """Read and check `digest.toml` in a newsletter's folder; raise ConfigError if it is missing or invalid."""
    path = root / FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(
            "not found", thing=str(path), remedy="Run `digest init DIR` to create a newsletter, or use -C DIR to name its folder."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"not UTF-8 (byte {error.start})", thing=str(path), remedy="Save it as UTF-8.") from error
    except (tomllib.TOMLDecodeError, OSError) as error:
        raise ConfigError(f"invalid TOML: {error}", thing=str(path)) from error
    if isinstance(data.get("dkim"), dict):  # one [dkim] table, or [[dkim]] for a key of each kind
        data["dkim"] = [data["dkim"]]
    if "root" in data:  # the field that holds the folder
        raise ConfigError("root: unknown key", thing=FILE, remedy="Use -C DIR to name the newsletter's folder.")
    try:
        return _with_secrets(Config(root=root, **data))
    except ValidationError as error:
        raise ConfigError("; ".join(complaints(error, Config)), thing=FILE) from error


def _with_secrets(config: Config) -> Config:
    """Return the config with absolute paths, and with the passwords from where the operator keeps them."""
    smtp, root = config.smtp, config.root
    smtp = smtp.model_copy(
        update={
            **_relay_fields(smtp, root, config.newsletter.domain),
            "relays": tuple(relay.model_copy(update=_relay_fields(relay, root, config.newsletter.domain)) for relay in smtp.relays),
        }
    )
    dkim = tuple(key.model_copy(update={"key_file": root / key.key_file}) for key in config.dkim)
    sources = tuple(_with_date_settings(plan, config.newsletter) for plan in config.sources)
    alarms, relay = config.alarms, config.alarms.relay
    if relay:
        own = relay.model_copy(update=_relay_fields(relay, root, config.newsletter.domain))
        alarms = alarms.model_copy(update={"relay": own})
    bounces = _with_bounce_secrets(config.bounces, root)
    changed = {"smtp": smtp, "alarms": alarms, "dkim": dkim, "bounces": bounces, "sources": sources}
    return config.model_copy(update=changed)


def _with_date_settings(plan: SourcePlan, newsletter: Newsletter) -> SourcePlan:
    """Return the source with the newsletter's time zone and language for its dates, unless it names its own."""
    return plan.model_copy(
        update={"timezone": plan.timezone or newsletter.timezone, "language": plan.language or newsletter.language}
    )


def _with_bounce_secrets(bounces: Bounces, root: Path) -> Bounces:
    """Return the settings with the mailbox's password and the webhooks' secrets, from where the operator keeps them."""
    password = os.environ.get(IMAP_PASSWORD, "")
    if bounces.password_file and not password:
        password = _read(root / bounces.password_file, "bounces.password_file").strip()
    hooks = {}
    for name, hook in bounces.webhooks.items():
        key = _read(root / hook.key_file, f"bounces.webhooks.{name}.key_file").strip() if hook.key_file else hook.key
        secret = _read(root / hook.password_file, f"bounces.webhooks.{name}.password_file").strip() if hook.password_file else ""
        hooks[name] = hook.model_copy(update={"key": key, "password": secret or hook.password})
    return bounces.model_copy(update={"password": password, "webhooks": hooks})


def _relay_fields(relay: Relay, root: Path, domain: str) -> dict[str, object]:
    """Return our name, paths and password: DIGEST_SMTP_PASSWORD_MAIN is for the relay "main", DIGEST_SMTP_PASSWORD for any."""
    variable = f"{PASSWORD}_{re.sub('[^A-Z0-9]', '_', relay.name.upper())}"
    password = os.environ.get(variable) or ("" if relay.password_file and relay.name else os.environ.get(PASSWORD, ""))
    if relay.password_file and not password:
        password = _read(root / relay.password_file, "smtp.password_file").strip()
    return {
        "password": password,
        "ca_file": relay.ca_file and root / relay.ca_file,
        "token_file": relay.token_file and root / relay.token_file,
        "helo": relay.helo or domain,
    }


def _read(path: Path, key: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8 (byte {error.start})", thing=f"{FILE}: {key}", remedy="Save it as UTF-8."
        ) from error
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", thing=f"{FILE}: {key}") from error


__all__ = [
    "FILE",
    "Block",
    "Bounces",
    "Colour",
    "CommentsPlan",
    "Config",
    "DesignPlan",
    "DeskPlan",
    "Dkim",
    "EditionPlan",
    "EventsPlan",
    "Guards",
    "JudgePlan",
    "Logo",
    "Newsletter",
    "Ranks",
    "Relay",
    "RelayLimit",
    "Section",
    "Smtp",
    "SourcePlan",
    "Table",
    "WarmUp",
    "Web",
    "Webhook",
    "WebhookProvider",
    "complaints",
    "every_story_has_a_block",
    "load",
    "split_mailbox",
]

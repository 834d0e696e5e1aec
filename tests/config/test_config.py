"""digest.toml."""

from datetime import time, timedelta
from pathlib import Path

import pytest

from digest.config import load
from digest.errors import ConfigError

LEAST = """
[newsletter]
name = "The Gazette"
from = "The Gazette <daily@gazette.example>"
[[sources]]
kind = "feed"
url = "https://gazette.example/feed/"
"""


def toml(tmp_path: Path, text: str) -> Path:
    (tmp_path / "digest.toml").write_text(text)
    return tmp_path


def test_four_keys_are_enough(tmp_path: Path) -> None:
    config = load(toml(tmp_path, LEAST))
    (plan,) = config.editions
    assert (plan.name, plan.days, plan.at, plan.articles, plan.comments_per_article) == (
        "weekday",
        frozenset(range(5)),
        time(7),
        8,
        2,
    )
    assert (config.smtp.host, config.smtp.port, config.smtp.tls) == ("localhost", 25, "none")
    assert config.newsletter.domain == "gazette.example"


def test_everything_the_design_promises(tmp_path: Path) -> None:
    text = (
        LEAST.replace(
            "[[sources]]",
            'tagline = "t"\nlanguage = "en-GB"\nreply_to = "a@b.example"\nsite_url = "https://gazette.example"\n'
            'public_url = "https://news.gazette.example"\ntimezone = "Europe/London"\npostal_address = "x"\n'
            'support = { text = "s", url = "https://gazette.example/s" }\nreport_to = "m@b.example"\n[[sources]]',
        )
        + """allow_private = true
[[editions]]
name = "weekday"
days = "mon-fri"
at = "06:30"
holidays = "GB-ENG"
articles = 5
comments_per_article = 3
min_articles = 2
approval = "none"
[smtp]
url = "smtp+starttls://user%40x@relay.example:587"
connections = 4
rate = "50/s"
[dkim]
domain = "gazette.example"
selector = "digest"
key_file = "dkim.pem"
[store]
url = "sqlite:///state/digest.db"
"""
    )
    config = load(toml(tmp_path, text))
    assert config.smtp.user == "user@x"
    assert config.smtp.rate == 50
    assert config.dkim[0].key_file == tmp_path / "dkim.pem"
    assert config.editions[0].late_after == timedelta(hours=6)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("name =", "nmae ="), "newsletter.nmae: unknown key. Did you mean name"),
        (("kind =", "knid ="), "sources.1.knid: unknown key. Did you mean kind"),
        (
            ("[[sources]]", '[bounces.webhooks.postmark]\npasword = "x"\n[[sources]]'),
            "bounces.webhooks.postmark.pasword: unknown key. Did you mean password?",
        ),
        (
            ("[[sources]]", '[bounces]\npasswort_file = "x"\n[[sources]]'),
            "bounces.passwort_file: unknown key. Did you mean password_file?",
        ),
        (
            ("[[sources]]", '[newsletter.support]\nlabel = "x"\n[[sources]]'),
            "newsletter.support.label: unknown key. Valid keys: button, text, url",
        ),
        (("kind =", 'comments = { kind = "disqus", form = "x" }\nkind ='), "comments.form: unknown key. Did you mean forum?"),
        (("from =", "# from ="), "newsletter.from: required"),
        (('"feed"', "7"), "sources.1.kind"),
        (("https://gazette.example/feed/", "gazette.example/feed"), "https://"),
        (("[[sources]]", '[smtp]\nurl = "smtp://u:secret@h.example"\n[[sources]]'), "DIGEST_SMTP_PASSWORD"),
        (("[[sources]]", '[smtp]\nurl = "smtp://u@h.example"\n[[sources]]'), "starttls"),
        (("[[sources]]", '[smtp]\nrate = "fast"\n[[sources]]'), "50/s"),
        (("[[sources]]", '[[editions]]\ndays = "mon-fry"\n[[sources]]'), "mon-fri"),
        (("[[sources]]", "[[editions]]\n[[editions]]\n[[sources]]"), "unique name"),
        (("[[sources]]", 'timezone = "Europe/Nowhere"\n[[sources]]'), "Europe/London"),
        (("[[sources]]", "[[editions]]\nat = 7\n[[sources]]"), "07:00"),
        (("[[sources]]", '[[editions]]\nat = "25:00"\n[[sources]]'), "07:00"),
        (("[[sources]]", "[[editions]]\narticles = true\n[[sources]]"), "editions.1.articles"),
        (("[newsletter]", 'collect_every = "0m"\n[newsletter]'), "collect_every"),
        (('kind = "feed"', 'kind = "feed"\nallow_private = "yes"'), "allow_private"),
        (("daily@gazette.example", "nobody"), "newsletter.from"),
        (('"feed"', '"feed'), "invalid TOML"),
    ],
)
def test_a_mistake_is_named_with_its_key(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(toml(tmp_path, LEAST.replace(*change)))
    assert told in str(caught.value)
    assert "digest.toml" in str(caught.value)
    assert "\n" not in str(caught.value) or "TOML" in str(caught.value)


def test_no_newsletter_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="digest init"):
        load(tmp_path)


def test_the_password_comes_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIGEST_SMTP_PASSWORD", raising=False)
    (tmp_path / "secret").write_text("from the file\n")
    root = toml(tmp_path, LEAST + '[smtp]\nurl = "smtps://u@h.example"\npassword_file = "secret"\n')
    assert load(root).smtp.password == "from the file"
    monkeypatch.setenv("DIGEST_SMTP_PASSWORD", "from outside")
    config = load(root)
    assert config.smtp.password == "from outside"
    assert "from outside" not in repr(config)


RELAYS = """
[smtp]
give_up_after = "8h"
[[smtp.relays]]
name = "main-1"
url = "smtps://daily@main.example"
weight = 3
[[smtp.relays]]
name = "spare"
url = "smtp+starttls://daily@spare.example:2525"
priority = 2
password_file = "spare.txt"
warm_up = { since = 2026-11-24, first = 50 }
"""


def test_several_relays_each_with_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spare.txt").write_text("from the file\n")
    monkeypatch.setenv("DIGEST_SMTP_PASSWORD", "for any")
    smtp = load(toml(tmp_path, LEAST + RELAYS)).smtp
    assert [(relay.label, relay.port, relay.priority, relay.password) for relay in smtp.fleet] == [
        ("main-1", 465, 1, "for any"),
        ("spare", 2525, 2, "from the file"),
    ]
    monkeypatch.setenv("DIGEST_SMTP_PASSWORD_MAIN_1", "its own")
    assert load(tmp_path).smtp.fleet[0].password == "its own"
    assert smtp.fleet[1].warm_up is not None
    alone = load(toml(tmp_path, LEAST)).smtp
    assert alone.fleet == (alone,)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('give_up_after = "8h"', "connections = 3"), "connections: move it into each"),
        (('name = "spare"', 'name = "main-1"'), "relays: each needs a unique name"),
        (("weight = 3", "wieght = 3"), "smtp.relays.1.wieght: unknown key. Did you mean weight?"),
        (("first = 50", "frist = 50"), "Did you mean first?"),
        (("smtp+starttls://daily", "smtp://daily"), "unencrypted"),
    ],
)
def test_a_mistake_in_a_relay_is_named(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(toml(tmp_path, LEAST + RELAYS.replace(*change)))
    assert told in str(caught.value)

"""digest.toml."""

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from digest.config import WarmUp, load, split_mailbox
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
    assert plan.name == "weekday"
    assert plan.days == frozenset(range(5))
    assert plan.at == time(7)
    assert plan.articles == 8
    assert plan.comments_per_article == 2
    assert config.smtp.host == "localhost"
    assert config.smtp.port == 25
    assert config.smtp.tls == "none"
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
    ("change", "message"),
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
        (("[newsletter]", 'root = "/srv/gazette"\n[newsletter]'), "root: unknown key. Use -C DIR"),
        (("[newsletter]", 'collect_every = "often"\n[newsletter]'), 'a duration like "90m"'),
        (("[newsletter]", 'collect_every = "999999999999999d"\n[newsletter]'), 'a duration like "90m"'),
        (("[newsletter]", 'collect_every = "366d"\n[newsletter]'), 'must be between "1m" and "365d"'),
        (("[newsletter]", "editions = []\n[newsletter]"), "editions: each needs a unique name"),
        (("[[sources]]", "[sources]"), "sources: write [[sources]] with double brackets"),
        (("[[sources]]", "[[editions]]\nat = 07:00:30\n[[sources]]"), "07:00"),
        (("[[sources]]", '[[editions]]\nat = "07:00+01:00"\n[[sources]]'), "its zone is newsletter.timezone"),
        (("[[sources]]", '[smtp]\nurl = "relay.example:25"\n[[sources]]'), "url: must look like smtp://host:25"),
        (("[[sources]]", '[smtp]\nurl = "smtp://relay.example:99999"\n[[sources]]'), "smtp: Port out of range"),
        (("[[sources]]", '[smtp]\nurl = "smtp://relay.example:0"\n[[sources]]'), "url: must look like smtp://host:25"),
        (("https://gazette.example/feed/", "https://gazette.example:99999/feed/"), "sources.1.url: Port out of range"),
        (("[[sources]]", '[bounces]\nmailbox = "pop3://u@mail.example"\n[[sources]]'), "mailbox: must look like maildir:PATH"),
        (("[[sources]]", '[bounces]\nmailbox = "imaps:///INBOX"\n[[sources]]'), "mailbox: must look like maildir:PATH"),
        (("[[sources]]", '[bounces]\nmailbox = "maildir:"\n[[sources]]'), "mailbox: must look like maildir:PATH"),
        (("[[sources]]", '[bounces]\nmailbox = "imaps://u@mail.example:x/INBOX"\n[[sources]]'), "bounces: Port could not be"),
        (
            ("[[sources]]", '[bounces]\nmailbox = "imaps://u:secret@mail.example/INBOX"\n[[sources]]'),
            "set DIGEST_IMAP_PASSWORD instead",
        ),
        (("daily@gazette.example", "daily@hafenblättle.example"), "must be ASCII; write the domain as xn--"),
    ],
)
def test_a_mistake_is_named_with_its_key(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(toml(tmp_path, LEAST.replace(*change)))
    assert message in str(caught.value)
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
    ("change", "message"),
    [
        (('give_up_after = "8h"', "connections = 3"), "connections: move it into each"),
        (('name = "spare"', 'name = "main-1"'), "relays: each needs a unique name"),
        (("weight = 3", "wieght = 3"), "smtp.relays.1.wieght: unknown key. Did you mean weight?"),
        (("first = 50", "frist = 50"), "Did you mean first?"),
        (("smtp+starttls://daily", "smtp://daily"), "unencrypted"),
    ],
)
def test_a_mistake_in_a_relay_is_named(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(toml(tmp_path, LEAST + RELAYS.replace(*change)))
    assert message in str(caught.value)


def test_a_file_in_another_encoding_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "digest.toml").write_bytes(LEAST.replace("The Gazette", "Hafenblättle").encode("latin-1"))
    with pytest.raises(ConfigError, match=r"digest\.toml: not UTF-8 \(byte 29\)\. Save it as UTF-8"):
        load(tmp_path)


SECRETS = """
[bounces]
mailbox = "imaps://u@mail.example/INBOX"
password_file = "imap.txt"
[bounces.webhooks.mailgun]
key_file = "mailgun.txt"
[bounces.webhooks.postmark]
user = "hook"
password_file = "postmark.txt"
"""


def secrets(tmp_path: Path, **files: bytes) -> Path:
    given = {"imap": b"of the mailbox\n", "mailgun": b"of Mailgun\n", "postmark": b"of Postmark\n", **files}
    for name, content in given.items():
        (tmp_path / f"{name}.txt").write_bytes(content)
    return toml(tmp_path, LEAST + SECRETS)


def test_the_secrets_of_bounces_are_in_files_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIGEST_IMAP_PASSWORD", raising=False)
    bounces = load(secrets(tmp_path)).bounces
    assert bounces.password == "of the mailbox"
    assert bounces.webhooks["mailgun"].key == "of Mailgun"
    assert bounces.webhooks["postmark"].password == "of Postmark"
    assert not any(word in repr(bounces) for word in ("of the mailbox", "of Postmark"))
    monkeypatch.setenv("DIGEST_IMAP_PASSWORD", "from outside")
    assert load(tmp_path).bounces.password == "from outside"


def test_a_secret_that_begins_with_a_bom_is_read_without_it(tmp_path: Path) -> None:
    assert load(secrets(tmp_path, mailgun=b"\xef\xbb\xbfof Mailgun\r\n")).bounces.webhooks["mailgun"].key == "of Mailgun"


def test_a_secret_that_cannot_be_read_is_named_with_its_key(tmp_path: Path) -> None:
    secrets(tmp_path, mailgun="Geheimnis: ä".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"bounces\.webhooks\.mailgun\.key_file: .*mailgun\.txt is not UTF-8 \(byte 11\)"):
        load(tmp_path)
    (tmp_path / "mailgun.txt").unlink()
    with pytest.raises(ConfigError, match=r"mailgun\.key_file: cannot read .*mailgun\.txt: No such file"):
        load(tmp_path)


def test_an_hour_may_be_written_as_text_or_as_toml_writes_it(tmp_path: Path) -> None:
    for hour in ('"06:30"', "06:30:00"):
        assert load(toml(tmp_path, f"{LEAST}[[editions]]\nat = {hour}\n")).editions[0].at == time(6, 30)


def test_a_name_in_quotation_marks_may_hold_a_comma(tmp_path: Path) -> None:
    sender = r"""from = '"The \"Harbour\" Gazette, daily" <daily@gazette.example>'"""
    assert split_mailbox(sender.removeprefix("from = ").strip("'")) == ('The "Harbour" Gazette, daily', "daily@gazette.example")
    config = load(toml(tmp_path, LEAST.replace('from = "The Gazette <daily@gazette.example>"', sender)))
    assert config.newsletter.domain == "gazette.example"


def test_an_edition_is_found_by_its_name_and_an_unknown_one_names_those_there_are(tmp_path: Path) -> None:
    config = load(toml(tmp_path, f'{LEAST}[[editions]]\nname = "weekday"\n[[editions]]\nname = "weekend"\ndays = "sat"\n'))
    assert config.edition(None).name == "weekday"
    assert config.edition("weekend").days == frozenset({5})
    with pytest.raises(ConfigError, match=r"no edition named 'sunday'\. Editions: weekday, weekend\."):
        config.edition("sunday")


def test_days_may_go_past_the_end_of_the_week(tmp_path: Path) -> None:
    assert load(toml(tmp_path, f'{LEAST}[[editions]]\ndays = "sat - mon, wed"\n')).editions[0].days == frozenset({5, 6, 0, 2})


def test_a_warm_up_grows_from_its_first_day_until_it_is_no_limit() -> None:
    plan = WarmUp(since=date(2026, 11, 24), first=100, growth=2)
    days = [plan.allowance(date(2026, 11, 24) + timedelta(days)) for days in (-3, 0, 1, 2, 10)]
    assert days == [100, 100, 200, 400, 102_400]
    assert plan.allowance(date(2026, 12, 24)) is None
    assert plan.allowance(date(2036, 1, 1)) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('[design]\ntype = "comic"', "digest.toml: design.type: Input should be 'serif' or 'sans' (got 'comic')"),
        ('[design]\nblocks = "lead"', "digest.toml: design.blocks: write a list, as in blocks = [\"…\"] (got 'lead')"),
    ],
)
def test_a_wrong_kind_of_value_is_said_in_the_words_of_the_file(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(toml(tmp_path, f"{LEAST}{line}\n"))
    assert str(error.value) == said

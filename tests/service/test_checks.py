"""`digest check` tries every part that the next edition needs, and names what would break or harm it."""

import mailbox
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from digest.app import open_newsletter
from digest.compose.dkim import Signer
from digest.publish import Unwatched, publish
from digest.render.templates import PACKAGED
from digest.service import checks
from digest.service.checks import run_checks
from digest.service.design_checks import RENAMED_TEMPLATES, _stray_templates, check_design
from digest.service.dns_checks import check_dns, zone_line
from digest.service.finding import Finding
from tests.conftest import Furnish
from tests.deliver.conftest import authority  # noqa: F401
from tests.deliver.test_deliver import context
from tests.judges import AGREES, judge_table, write_judge
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay, running
from tests.service.nameserver import serve_dns

DEAD = "http://127.0.0.1:9"
DKIM = '[[dkim]]\ndomain = "gazette.example"\nselector = "s1"\nkey_file = "dkim.pem"\n'


PARTS = {
    "config": checks._config, "subscribers": checks._subscribers, "sources": checks._sources, "judge": checks._judge, "templates": check_design,
    "relay": checks._relays, "bounces": checks._bounces, "dns": check_dns, "dkim": check_dns,
}  # fmt: skip


async def findings(root: Path, area: str) -> list[Finding]:
    """What the check of one part finds: a dead source, which is tried again, would hold up the others."""
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        return [row for row in await PARTS[area](app) if row.area == area]


async def test_every_part_is_checked_in_a_fixed_order(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    with open_newsletter(furnish(site.base, relay.port), lambda: NOW, retry_delays=()) as app:
        areas = [row.area for row in await run_checks(app)]
    assert list(dict.fromkeys(areas)) == ["config", "subscribers", "sources", "templates", "relay", "bounces", "dns", "alarms"]


def told(rows: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(row.level, row.text) for row in rows]


@pytest.fixture(autouse=True)
async def no_records(monkeypatch: pytest.MonkeyPatch) -> object:
    """No lookup leaves this machine: every name is unknown unless a test has a nameserver of its own."""
    async with serve_dns(monkeypatch, {}):
        yield


def edit(root: Path, old: str, new: str) -> None:
    """Change one setting."""
    text = (root / "digest.toml").read_text()
    assert old in text
    (root / "digest.toml").write_text(text.replace(old, new))


# — config —


async def test_a_newsletter_that_is_well_set_has_nothing_to_warn_of(furnish: Furnish) -> None:
    assert told(await findings(furnish(DEAD, 9), "config")) == [("ok", "The Harbour Gazette, time zone Europe/London")]


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        ('public_url = "https://news.gazette.example"', "", "public_url is not set: readers can unsubscribe only by email"),
        ("https://news.gazette.example", "http://news.gazette.example", "public_url is not https: email programs will not offer"),
        ('postal_address = "3 Quay Street, Harbour"', "", "postal_address is not set: the law in many countries requires one"),
        ('site_url = "http://gazette.example"', "", "site_url is not set: the footer has no link to your site"),
    ],
)
async def test_a_setting_that_would_harm_is_a_warning_with_what_follows(furnish: Furnish, old: str, new: str, warning: str) -> None:
    root = furnish(DEAD, 9)
    edit(root, old, new)
    _, (level, text) = told(await findings(root, "config"))
    assert level == "warning"
    assert text.startswith(warning)


async def test_a_file_that_others_can_read_is_named_with_what_closes_it(furnish: Furnish) -> None:
    root = furnish(DEAD, 9)
    with open_newsletter(root, lambda: NOW) as app:  # it closes what is open as it starts
        database = root / "state" / "digest.db"
        database.chmod(0o644)
        rows = await checks._config(app)
    assert told(rows)[1:] == [
        ("warning", f"{database} can be read by others on this machine; close it: chmod go= {database}"),
    ]


async def test_a_key_that_others_can_read_is_named(furnish: Furnish) -> None:
    root = furnish(DEAD, 9, extra=DKIM)
    write_key(root)
    (root / "dkim.pem").chmod(0o640)
    _, (level, text) = told(await findings(root, "config"))
    assert (level, "dkim.pem can be read by others" in text) == ("warning", True)
    (root / "dkim.pem").chmod(0o600)
    assert len(await findings(root, "config")) == 1


# — subscribers —


async def test_a_list_that_cannot_be_read_is_an_error(furnish: Furnish) -> None:
    root = furnish(DEAD, 9)
    (root / "subscribers.csv").write_text("name\nAda\n")
    ((level, text),) = told(await findings(root, "subscribers"))
    assert (level, "no email column" in text) == ("error", True)


async def test_rows_that_are_skipped_are_counted_and_the_first_is_named(furnish: Furnish) -> None:
    root = furnish(DEAD, 9, emails=["ada@readers.example", "not an address", "nor this"])
    ok, (level, text) = told(await findings(root, "subscribers"))
    assert ok == ("ok", "1 active subscriber")
    assert level == "warning"
    assert text.startswith("2 rows skipped; first, line 3: ")
    assert text.endswith("Run `digest subscribers check`")


async def test_a_column_that_may_hold_an_opt_out_is_an_error(furnish: Furnish) -> None:
    root = furnish(DEAD, 9)
    (root / "subscribers.csv").write_text("email,Email Opt Out Choice\nada@readers.example,x\n")
    rows = told(await findings(root, "subscribers"))
    assert rows[0][0] == "error"
    assert rows[0][1].startswith("the column “Email Opt Out Choice” may say who must not be written to")


async def test_a_guard_that_would_hold_the_edition_is_an_error_before_it_does(
    site: RecordedSite, relay: Relay, furnish: Furnish
) -> None:
    people = [f"r{number}@readers.example" for number in range(5)]
    root = furnish(site.base, relay.port, emails=people, extra="[guards]\nfew = 0\n")
    with open_newsletter(root, lambda: NOW - timedelta(days=1), retry_delays=()) as app:
        plan = app.config.editions[0]
        await publish(app.pipeline, plan, app.slot(plan, NOW.date() - timedelta(days=1)), Unwatched())
    (root / "subscribers.csv").write_text("email\nr1@readers.example\n")
    (level, text), ok = told(await findings(root, "subscribers"))
    assert level == "error"
    assert text.startswith("a guard would hold the next edition: the subscriber list has shrunk from 5 to 1")
    assert ok[0] == "ok"


# — sources —


async def test_what_the_sources_gave_is_counted(site: RecordedSite, furnish: Furnish) -> None:
    ((level, text),) = told(await findings(furnish(site.base, 9), "sources"))
    assert level == "ok"
    assert text.endswith(" in the last 7 days")


async def test_a_source_that_fails_beside_another_is_a_warning(site: RecordedSite, furnish: Furnish) -> None:
    other = f'[[sources]]\nkind = "feed"\nurl = "{DEAD}/feed"\nallow_private = true\n'
    ok, failed = await findings(furnish(site.base, 9, extra=other), "sources")
    assert (ok.level, failed.level) == ("ok", "warning")
    assert f"{DEAD}/feed" in failed.text


async def test_if_no_source_can_be_read_that_is_an_error(furnish: Furnish) -> None:
    ((level, text),) = told(await findings(furnish(f"{DEAD}/feed", 9, kind="feed"), "sources"))
    assert (level, "127.0.0.1:9" in text) == ("error", True)


async def test_a_site_that_was_silent_for_a_week_is_a_warning(site: RecordedSite, furnish: Furnish) -> None:
    site.posts = []
    rows = told(await findings(furnish(site.base, 9), "sources"))
    assert rows == [("warning", "0 articles and 0 comments in the last 7 days")]


async def test_a_kind_of_source_that_there_is_not_is_an_error(furnish: Furnish) -> None:
    ((level, text),) = told(await findings(furnish(DEAD, 9, kind="gopher"), "sources"))
    assert (level, "unknown sources.kind 'gopher'" in text) == ("error", True)


# — templates —


@pytest.mark.parametrize(("old", "new"), RENAMED_TEMPLATES.items())
def test_a_template_under_its_old_name_is_named_with_the_new_one(furnish: Furnish, old: str, new: str) -> None:
    root = furnish("http://127.0.0.1:9", 9)
    file = root / "templates" / old
    file.parent.mkdir(parents=True)
    file.write_text("x")
    with open_newsletter(root, lambda: NOW) as app:
        (finding,) = _stray_templates(app)
    assert finding.level == "warning"
    assert finding.text == f"templates/{old} replaces no built-in template. It is called {new} now"
    assert (PACKAGED / new).is_file()
    assert not Path(PACKAGED / old).exists()


def own_template(root: Path, name: str, text: str) -> None:
    path = root / "templates" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)


async def test_a_template_that_resembles_none_is_named_without_a_guess(furnish: Furnish) -> None:
    root = furnish(DEAD, 9)
    own_template(root, "zzz.j2", "x")
    _, stray = told(await findings(root, "templates"))
    assert stray == ("warning", "templates/zzz.j2 replaces no built-in template")


async def test_a_template_with_an_error_is_named_with_its_line(furnish: Furnish) -> None:
    root = furnish(DEAD, 9)
    own_template(root, "story.mjml.j2", "one\n{% endfor %}")
    ((level, text),) = told(await findings(root, "templates"))
    assert (level, "story.mjml.j2:2" in text) == ("error", True)


async def test_templates_that_make_every_mail_too_long_are_an_error(furnish: Furnish) -> None:
    root = furnish(DEAD, 9)
    own_template(root, "story.mjml.j2", f"<tr><td>{'a word ' * 18_000}</td></tr>")
    ((level, text), *_) = told(await findings(root, "templates"))
    assert level == "error"
    assert text.startswith("a specimen edition makes ")
    assert text.endswith("mail programs cut off at 102. Shorten what your templates add to each mail.")


# — relay —


async def test_a_relay_that_answers_is_described(relay: Relay, furnish: Furnish) -> None:
    ((level, text),) = told(await findings(furnish(DEAD, relay.port), "relay"))
    assert level == "ok"
    assert text.startswith(f"127.0.0.1:{relay.port} connected (TLS ")
    assert "no login used); supports " in text
    assert "PIPELINING" in text
    assert relay.taken == []


async def test_a_relay_that_is_not_there_is_an_error(furnish: Furnish) -> None:
    ((level, text),) = told(await findings(furnish(DEAD, 9), "relay"))
    assert (level, "cannot connect" in text) == ("error", True)


async def test_a_relay_that_refuses_the_password_is_an_error(
    furnish: Furnish,
    authority: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(Relay(password="open sesame"), tls=context(authority)) as relay:
        root = furnish(DEAD, relay.port, extra=f'ca_file = "{authority}"\n')
        edit(root, "smtp://127.0.0.1", "smtp+starttls://daily@localhost")
        monkeypatch.setenv("DIGEST_SMTP_PASSWORD", "wrong")
        ((level, refused),) = told(await findings(root, "relay"))
        monkeypatch.setenv("DIGEST_SMTP_PASSWORD", "open sesame")
        ((_, taken),) = told(await findings(root, "relay"))
    assert (level, "refuses the login of 'daily'" in refused) == ("error", True)
    assert f"localhost:{relay.port} connected (TLS starttls, logged in)" in taken


# — bounces —


async def bounces(furnish: Furnish, extra: str, *, make: bool = False) -> tuple[str, str]:
    root = furnish(DEAD, 9, extra=f"[bounces]\n{extra}")
    if make:
        mailbox.Maildir(root / "Bounces").close()
    (row,) = told(await findings(root, "bounces"))
    return row


ADDRESS = 'address = "bounces@gazette.example"\n'


async def test_without_an_address_late_bounces_are_lost(furnish: Furnish) -> None:
    level, text = await bounces(furnish, "")
    assert (level, text) == ("warning", "bounces.address is not set: bounces that arrive later by email are not seen")


async def test_an_address_without_a_mailbox_wants_a_pipe_or_a_webhook(furnish: Furnish) -> None:
    level, text = await bounces(furnish, ADDRESS)
    assert (level, "pipe bounces to `digest bounces -`" in text) == ("warning", True)


async def test_with_a_webhook_no_mailbox_is_needed(furnish: Furnish) -> None:
    assert (await bounces(furnish, f'{ADDRESS}[bounces.webhooks.postmark]\nuser = "u"\npassword = "p"\n'))[0] == "ok"


async def test_a_mailbox_that_can_be_read_is_ok(furnish: Furnish) -> None:
    level, text = await bounces(furnish, f'{ADDRESS}mailbox = "maildir:Bounces"\n', make=True)
    assert (level, text) == ("ok", "bounces@gazette.example: the maildir mailbox can be read")


async def test_a_mailbox_that_is_not_there_is_an_error(furnish: Furnish) -> None:
    level, text = await bounces(furnish, f'{ADDRESS}mailbox = "maildir:Bounces"\n')
    assert level == "error"
    assert text.endswith("Bounces: not found. Set bounces.mailbox to a Maildir or an mbox file.")


# — DNS —


def write_key(root: Path, bits: int = 0) -> str:
    """Write a key, of RSA if it has a number of bits; return its record."""
    key = generate_private_key(65_537, bits) if bits else Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (root / "dkim.pem").write_bytes(pem)
    (root / "dkim.pem").chmod(0o600)
    return Signer.load("gazette.example", "s1", root / "dkim.pem").dns_record()


async def test_records_that_are_there_are_shown(furnish: Furnish, monkeypatch: pytest.MonkeyPatch) -> None:
    root = furnish(DEAD, 9, extra=DKIM)
    record = write_key(root)
    zone = {
        "gazette.example/MX": ["10 mail.gazette.example."],
        "gazette.example": ['"a word to somebody else"', '"v=spf1 mx -all"'], "_dmarc.gazette.example": ['"v=DMARC1; p=none"'],
        "s1._domainkey.gazette.example": [f'"{record[:40]}" "{record[40:]}"'],
    }  # fmt: skip
    async with serve_dns(monkeypatch, zone):
        rows = [*await findings(root, "dns"), *await findings(root, "dkim")]
    assert told(rows) == [
        ("ok", "SPF of gazette.example: v=spf1 mx -all"),
        ("ok", "DMARC of _dmarc.gazette.example: v=DMARC1; p=none"),
        ("ok", "s1._domainkey.gazette.example matches the key"),
    ]


async def test_records_that_are_missing_are_warnings(furnish: Furnish) -> None:
    assert told(await findings(furnish(DEAD, 9), "dns")) == [
        (
            "warning",
            'SPF of gazette.example: no record; many mail providers require one. Add one, with what your relay asks for, for example: gazette.example. 3600 IN TXT "v=spf1 mx ~all"',
        ),
        (
            "warning",
            'DMARC of _dmarc.gazette.example: no record; many mail providers require one. Add one, for example: _dmarc.gazette.example. 3600 IN TXT "v=DMARC1; p=none; rua=mailto:postmaster@gazette.example"',
        ),
        (
            "warning",
            "MX: gazette.example has no mail server, so bounces and replies to it are lost, and some receivers refuse its mail. Add one, for example: gazette.example. 3600 IN MX 10 mail.gazette.example.",
        ),
        ("warning", "[dkim] is not set: messages are unsigned unless the relay signs them"),
    ]


async def test_the_record_of_another_key_is_a_warning_with_the_right_one(furnish: Furnish, monkeypatch: pytest.MonkeyPatch) -> None:
    root = furnish(DEAD, 9, extra=DKIM)
    record = write_key(root)
    async with serve_dns(monkeypatch, {"s1._domainkey.gazette.example": ['"v=DKIM1; k=ed25519; p=AAAA"']}):
        rows = told(await findings(root, "dkim"))
    assert rows == [
        (
            "warning",
            f's1._domainkey.gazette.example does not match the key; set it to: s1._domainkey.gazette.example. 3600 IN TXT "{record}"',
        )
    ]


@pytest.mark.parametrize(
    ("spf", "problem"),
    [
        ('"v=spf1 +all"', "lets everybody send for you"),
        ('"v=spf1 ' + " ".join(f"include:s{n}.example" for n in range(11)) + ' -all"', "11 lookups, of which receivers make 10"),
    ],
)
async def test_an_spf_record_that_proves_nothing_is_a_warning(
    furnish: Furnish, monkeypatch: pytest.MonkeyPatch, spf: str, problem: str
) -> None:
    async with serve_dns(monkeypatch, {"gazette.example": [spf]}):
        ((level, text), *_) = told(await findings(furnish(DEAD, 9), "dns"))
    assert level == "warning"
    assert problem in text


async def test_two_spf_records_are_none(furnish: Furnish, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve_dns(monkeypatch, {"gazette.example": ['"v=spf1 mx -all"', '"v=spf1 a -all"']}):
        ((level, text), *_) = told(await findings(furnish(DEAD, 9), "dns"))
    assert (level, "2 records, so none counts" in text) == ("warning", True)


@pytest.mark.parametrize(("policy", "told_of"), [("none", False), ("reject", True)])
async def test_a_logo_in_the_inbox_is_offered_where_receivers_would_show_it(
    furnish: Furnish, monkeypatch: pytest.MonkeyPatch, policy: str, told_of: bool
) -> None:
    async with serve_dns(monkeypatch, {"_dmarc.gazette.example": [f'"v=DMARC1; p={policy}"']}):
        rows = told(await findings(furnish(DEAD, 9), "dns"))
    assert any(text.startswith("BIMI of gazette.example: none") and "v=BIMI1; l=https://" in text for _, text in rows) == told_of


def test_a_long_record_is_cut_into_strings() -> None:
    line = zone_line("d._domainkey.gazette.example", "TXT", "v=DKIM1; k=rsa; p=" + "A" * 392)
    strings = re.findall('"([^"]*)"', line)
    assert [len(string) for string in strings] == [255, 155]
    assert line.startswith("d._domainkey.gazette.example. 3600 IN TXT ( ")


@pytest.mark.parametrize(("accent", "level"), [("#9c1c2c", "ok"), ("#ffcc00", "error"), ("#8aa", "error")])
async def test_an_accent_that_cannot_be_read_is_refused_with_one_that_can(furnish: Furnish, accent: str, level: str) -> None:
    rows = await check_design_of(furnish(DEAD, 9, extra=f'[design]\naccent = "{accent}"'))
    ((found, text),) = [(row.level, row.text) for row in rows if row.area == "design"]
    assert found == level
    if level == "error":
        better = text.rpartition("Try ")[2].rstrip(".")
        rows = await check_design_of(furnish(DEAD, 9, extra=f'[design]\naccent = "{better}"'))
        assert [row.level for row in rows if row.area == "design"] == ["ok"]


async def test_a_theme_that_there_is_not_is_an_error_with_those_there_are(furnish: Furnish) -> None:
    rows = told(await check_design_of(furnish(DEAD, 9, extra='[design]\ntheme = "brodsheet"')))
    assert rows == [("error", "digest.toml: design.theme: no theme named 'brodsheet'. Themes: broadsheet, compact, letter.")]


async def check_design_of(root: Path) -> list[Finding]:
    with open_newsletter(root, lambda: NOW) as app:
        return await check_design(app)


async def test_a_lookup_that_fails_is_a_warning_and_names_the_record(furnish: Furnish, monkeypatch: pytest.MonkeyPatch) -> None:
    root = furnish(DEAD, 9, extra=DKIM)
    record, names = write_key(root), ("gazette.example", "_dmarc.gazette.example", "s1._domainkey.gazette.example")
    async with serve_dns(monkeypatch, {}, failing=names):
        spf, dmarc, dkim = told([*await findings(root, "dns"), *await findings(root, "dkim")])
    assert spf == ("warning", "SPF of gazette.example: DNS lookup failed (NoNameservers)")
    assert dmarc == ("warning", "DMARC of _dmarc.gazette.example: DNS lookup failed (NoNameservers)")
    assert dkim == ("warning", f"{names[2]}: DNS lookup failed (NoNameservers); it should contain {record}")


async def test_a_key_that_cannot_be_read_is_an_error(furnish: Furnish) -> None:
    ((level, text),) = told(await findings(furnish(DEAD, 9, extra=DKIM), "dkim"))
    assert (level, "dkim.pem: cannot be read: No such file or directory" in text) == ("error", True)


async def test_a_short_key_is_a_warning_with_what_makes_a_longer_one(furnish: Furnish) -> None:
    root = furnish(DEAD, 9, extra=DKIM)
    write_key(root, 1_024)
    ((level, text),) = told(await findings(root, "dkim"))
    assert level == "warning"
    assert text.startswith("s1._domainkey.gazette.example: an RSA key of 1024 bits")
    assert "openssl genrsa" in text


async def test_a_key_of_another_organisation_is_an_error(furnish: Furnish) -> None:
    root = furnish(DEAD, 9, extra=DKIM.replace("gazette.example", "provider.test"))
    write_key(root)
    rows = told(await findings(root, "dkim"))
    assert rows[-1][0] == "error"
    assert rows[-1][1].endswith("DMARC counts none such. Sign with a key of gazette.example.")


async def test_an_envelope_of_another_organisation_is_a_warning(furnish: Furnish) -> None:
    root = furnish(DEAD, 9, extra='[bounces]\naddress = "bounces@provider.test"\n')
    rows = told(await findings(root, "dns"))
    assert rows[-1][0] == "warning"
    assert rows[-1][1].startswith("bounces.address is at provider.test and `from` at gazette.example")


async def test_a_newsletter_without_a_judge_hears_nothing_of_one(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    assert await findings(furnish(site.base, relay.port), "judge") == []


async def test_the_newsrooms_own_judge_is_tried_with_a_sample(relay: Relay, furnish: Furnish, tmp_path: Path) -> None:
    command = write_judge(tmp_path, AGREES)
    root = furnish(DEAD, relay.port, extra=judge_table(command, name="House rules"))
    assert told(await findings(root, "judge")) == [("ok", f"House rules (command {command[0]}) judged a sample thread")]
    write_judge(tmp_path, "1 / 0")
    ((level, text),) = told(await findings(root, "judge"))
    assert level == "warning"
    assert "ended with exit code 1: ZeroDivisionError: division by zero. Until it works, comments are judged without it." in text
    write_judge(tmp_path, 'print(json.dumps({"left_out": [{"id": "made up"}]}))')
    ((level, text),) = told(await findings(root, "judge"))
    assert level == "warning"
    assert "ignored 1 id of comments that it was not asked about" in text


async def test_a_judge_that_is_not_installed_is_named(relay: Relay, furnish: Furnish) -> None:
    root = furnish(DEAD, relay.port, extra='[judge]\nuse = "tide"\n')
    ((level, text),) = told(await findings(root, "judge"))
    assert level == "warning"
    assert text.startswith("tide (entry point tide): not found: no package has an entry point 'tide' in digest.judges")


@pytest.mark.parametrize(
    "name",
    [
        "brief_story.mjml.j2",
        "note.mjml.j2",
        "poll.mjml.j2",
        "text/note.txt.j2",
        "emails/confirmation.txt.j2",
        "web/subscribe.html.j2",
    ],
)
async def test_an_error_in_any_template_of_ones_own_is_found_before_the_morning(furnish: Furnish, name: str) -> None:
    root = furnish(DEAD, 9)
    own_template(root, name, "{{ x }")
    assert [(level, f"{name}:1" in text) for level, text in told(await findings(root, "templates"))] == [("error", True)]


@pytest.mark.parametrize("block", ["brief", "note", "sponsor", "poll", "correction", "events", "comment-of-the-day"])
async def test_a_value_that_a_block_does_not_have_is_found_too(furnish: Furnish, block: str) -> None:
    root = furnish(DEAD, 9)
    own_template(root, f"{block}.mjml.j2", "<tr><td>{{ nothing_of_the_kind }}</td></tr>")
    ((level, text),) = told(await findings(root, "templates"))
    assert level == "error"
    assert f"{block}.mjml.j2:1: template error: 'nothing_of_the_kind' is undefined" in text


async def test_a_template_of_ones_own_theme_replaces_the_built_in_one(furnish: Furnish) -> None:
    root = furnish(DEAD, 9, extra='[design]\ntheme = "mine"')
    own_template(root, "themes/mine/story.mjml.j2", '{% extends "broadsheet/story.mjml.j2" %}')
    assert [level for level, _ in told(await findings(root, "templates"))] == ["ok"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('[colours]\naccnt = ["#111111", "#eeeeee"]', "colours.accnt: unknown name. Did you mean accent?"),
        ("[space]\nstorry = 4", "space.storry: unknown name. Did you mean story?"),
    ],
)
async def test_a_misspelt_token_of_a_theme_is_named(furnish: Furnish, line: str, said: str) -> None:
    root = furnish(DEAD, 9, extra='[design]\ntheme = "mine"')
    own_template(root, "themes/mine/theme.toml", line)
    ((level, text),) = told(await findings(root, "templates"))
    assert level == "error"
    assert text.endswith(f"themes/mine/theme.toml: {said}")


async def test_an_editors_file_that_nobody_reads_is_named(furnish: Furnish) -> None:
    root = furnish(DEAD, 9)
    (root / "editions").mkdir()
    for name in ("30-11-2026.md", "2026-11-30.md", "weekday-2026-11-30.md", "2026-11-30.txt"):
        (root / "editions" / name).write_text("A note.")
    named = [text.split()[0] for _, text in told(await findings(root, "config")) if "file of no edition" in text]
    assert named == ["editions/2026-11-30.txt", "editions/30-11-2026.md"]


async def test_an_approval_that_is_asked_of_nobody_is_told(furnish: Furnish) -> None:
    rows = told(await findings(furnish(DEAD, 9, extra='[[editions]]\napproval = "required"'), "config"))
    assert any("approval of weekday is asked of nobody: name your editors in [desk]" in text for _, text in rows)


async def test_a_desk_without_an_address_is_told(furnish: Furnish) -> None:
    root = furnish(DEAD, 9, extra='[desk]\neditors = ["Ada <ada@gazette.example>"]')
    (root / "digest.toml").write_text((root / "digest.toml").read_text().replace("public_url", "#"))
    assert any("the desk cannot be opened" in text for _, text in told(await findings(root, "config")))

"""The finished message before tools that know nothing of digest: the W3C's validator, two spam filters, two verifiers of DKIM."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from digest.compose import Composer, MailingList, Sender
from digest.compose.dkim import Signer
from digest.compose.subscriber_links import SubscriberLinks
from digest.config import DesignPlan
from digest.model import Recipient
from digest.render.renderer import Design
from digest.text.raw_message import html_part
from tests.conftest import need
from tests.render.editions import FIXTURES
from tests.render.test_mail_design import MAILS

# What mail needs and the validator does not like; all else that it says is a mistake.
IDIOMS = (
    r"The “(?:cellpadding|cellspacing|border|align|width|height)” attribute on the “(?:table|td|img)” element is obsolete",  # Outlook
    r"Attribute “xmlns:[vo]” not allowed here",  # Outlook: MJML's frame
    r"Property “mso-table-[lr]space” doesn't exist",  # Outlook
    r"Property “supported-color-schemes” doesn't exist",  # older Apple Mail
    r"The “type” attribute for the “style” element is not needed",
    r"Trailing slash on void elements has no effect",
)
KEY = generate_private_key(65_537, 2_048)
SIGNER = Signer("gazette.example", "digest", KEY)


@cache
def message(theme: str, name: str) -> bytes:
    """One signed message, dated now, as it leaves."""
    newsletter, make = FIXTURES[name]
    edition = make()
    rendered = Design(newsletter, plan=DesignPlan(theme=theme), archive=True, subscribe=True).render(edition)
    pages = newsletter.public_url or ""
    sender = Sender(
        newsletter=newsletter, links=SubscriberLinks(public_url=pages, secret="x"), signers=(SIGNER,),
        mailing_list=MailingList(id="daily.gazette.example", public_url=pages, subscribe=True, archive=True),
    )  # fmt: skip
    now = datetime.now(UTC)
    return Composer(sender, rendered, edition.slot.key, now)(Recipient(id=1, email="ada@readers.example", name="Ada")).raw


@pytest.fixture(scope="module")
def validator() -> list[str]:
    """The command of the W3C's validator (Nu); `.ci/run` gets its jar from npm."""
    java, jar = need("java"), os.environ.get("DIGEST_VNU", "")
    if not Path(jar).is_file():
        (pytest.fail if os.environ.get("DIGEST_REQUIRE_SYSTEM") else pytest.skip)("NOT TESTED HERE: DIGEST_VNU names no vnu.jar")
    return [java, "-jar", jar, "--format", "json", "--exit-zero-always"]


def test_the_validator_finds_nothing_but_the_idioms_of_mail(validator: list[str], tmp_path: Path) -> None:
    for theme, name in MAILS:
        (tmp_path / f"{theme}-{name}.html").write_text(html_part(message(theme, name)), encoding="utf-8")
    (tmp_path / "broken.html").write_text("<!doctype html><html lang=en><title>x</title><p><div></p>")
    done = subprocess.run([*validator, *map(str, sorted(tmp_path.iterdir()))], capture_output=True, text=True, check=True)
    said = [(Path(row["url"].removeprefix("file:")).stem, row["message"]) for row in json.loads(done.stderr)["messages"]]
    assert "broken" in {name for name, _ in said}  # it would find a mistake
    assert [row for row in said if row[0] != "broken" and not any(re.search(idiom, row[1]) for idiom in IDIOMS)] == []


@pytest.mark.parametrize(("theme", "name"), MAILS)
def test_spamassassin_has_nothing_against_it(theme: str, name: str) -> None:
    done = subprocess.run([need("spamassassin"), "-L", "-t"], input=message(theme, name), capture_output=True, check=True)
    report = done.stdout.decode("utf-8", "replace")
    score = re.search(r"Content analysis details:\s+\((-?[\d.]+) points", report)
    assert score is not None
    assert float(score[1]) <= 0, report[report.index("Content analysis") :]


@pytest.fixture(scope="module")
def rspamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an rspamd of our own."""
    program, _ = need("rspamd"), need("rspamc")
    folder = tmp_path_factory.mktemp("rspamd")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shutil.copytree("/etc/rspamd", folder / "etc")
    for worker in ("normal", "controller", "proxy", "fuzzy"):
        socket_line = f'bind_socket = "127.0.0.1:{port}";' if worker == "controller" else "enabled = false;"
        (folder / "etc" / "override.d").mkdir(exist_ok=True)
        (folder / "etc" / "override.d" / f"worker-{worker}.inc").write_text(socket_line + "\n")
    (folder / "etc" / "override.d" / "logging.inc").write_text(f'type = "file"; filename = "{folder}/log";\n')
    variables = {"CONFDIR": folder / "etc", "LOCAL_CONFDIR": folder / "etc", "DBDIR": folder, "RUNDIR": folder, "LOGDIR": folder}
    flags = [part for name, value in variables.items() for part in ("--var", f"{name}={value}")]
    command = [program, "-f", "-i", "-u", "root", "-g", "root", "-c", str(folder / "etc" / "rspamd.conf"), *flags]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + 60
            while not _listens(port):
                assert process.poll() is None
                assert time.monotonic() < until, (folder / "log").read_text()[-2_000:]
                time.sleep(0.3)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(("theme", "name"), MAILS)
def test_rspamd_has_nothing_against_it(rspamd: str, theme: str, name: str) -> None:
    host = "mail.gazette.example"  # the relay that hands it over, which would have a name
    command = [need("rspamc"), "-h", rspamd, "--json", "--ip", "127.0.0.1", "--helo", host, "--hostname", host]
    done = subprocess.run(command, input=message(theme, name), capture_output=True, check=True, timeout=60)
    found = json.loads(done.stdout)
    against = {name: row["score"] for name, row in found["symbols"].items() if row["score"] > 0}
    assert against == {}
    assert found["score"] <= 0


@pytest.mark.parametrize(("theme", "name"), MAILS)
def test_two_verifiers_accept_the_signature(theme: str, name: str) -> None:
    raw, record = message(theme, name), SIGNER.dns_record()
    assert dkim.verify(raw, dnsfunc=lambda _name, timeout=5: record.encode())
    verifier = Path(__file__).parents[1] / "compose" / "verify.pl"
    done = subprocess.run(
        [need("perl", "-MMail::DKIM::Verifier", "-e1"), str(verifier), "digest", record], input=raw, capture_output=True, check=True
    )
    assert done.stdout.split() == [b"pass"]


@pytest.mark.parametrize(
    "added", ["Subject", "From", "List-Unsubscribe", "List-Archive", "Feedback-ID", "X-Auto-Response-Suppress"]
)
def test_no_header_can_be_added_to_a_signed_message(added: str) -> None:
    raw, record = message("broadsheet", "one"), SIGNER.dns_record()
    assert not dkim.verify(f"{added}: x\r\n".encode() + raw, dnsfunc=lambda _name, timeout=5: record.encode())


def test_every_header_is_there_once() -> None:
    head = message("broadsheet", "one").partition(b"\r\n\r\n")[0].decode()
    names = re.findall(r"(?m)^([A-Za-z-]+):", head)
    assert len(set(names)) == len(names)
    assert {
        "Feedback-ID",
        "List-Help",
        "List-Subscribe",
        "List-Owner",
        "List-Archive",
        "List-Post",
        "Archived-At",
        "Content-Language",
    } <= set(names)
    begins, ends = re.search(r"t=(\d+); x=(\d+)", head).groups()  # type: ignore[union-attr]
    assert int(ends) - int(begins) == 7 * 86_400
    assert "ada" not in head.partition("Feedback-ID:")[2].partition("\r\n")[0]
    assert format_datetime(datetime.fromtimestamp(int(begins), UTC)) in head

"""`digest subscribers suppress`, `restore` and `suppressed`: who gets no mail, why, and who may come back."""

import csv
import io
import json
from pathlib import Path

import pytest

from digest.app import open_newsletter
from digest.errors import UsageError
from digest.store import Suppression
from digest.subscriber_statuses import Origin
from tests.cli.running import call
from tests.newsroom import NOW

ADA, BO = "ada@readers.example", "bo@readers.example"


def suppressed(root: Path, email: str) -> str | None:
    with open_newsletter(root, lambda: NOW) as app:
        return app.store.suppressions.among([email]).get(email)


def test_who_is_suppressed_by_hand_is_named_and_marked_in_the_list(root: Path) -> None:
    (root / "subscribers.csv").write_text(f"email,status\n{ADA},active\n")
    done = call(root, "suppress", "Ada@Readers.example", "--reason", "legal")
    assert done.stdout == f"{ADA} is suppressed and will get no more mail.\n"
    assert suppressed(root, ADA) == "suppressed"
    assert (root / "subscribers.csv").read_text() == f"email,status\n{ADA},unsubscribed\n"


def test_who_is_suppressed_twice_is_on_the_list_once(root: Path) -> None:
    call(root, "suppress", ADA, "--reason", "legal")
    assert call(root, "suppress", ADA, "--reason", "again").stdout == f"{ADA} is already on the suppression list.\n"
    assert json.loads(call(root, "suppress", ADA, "--reason", "again", "--json").stdout) == {"suppressed": ADA, "new": False}


def test_who_is_suppressed_is_not_added_but_told_how_to_come_back(root: Path) -> None:
    call(root, "suppress", "new@readers.example", "--reason", "legal")
    with pytest.raises(UsageError, match="suppression list \\(suppressed\\)") as caught:
        call(root, "add", "new@readers.example")
    assert "digest subscribers restore new@readers.example --reason" in caught.value.remedy
    assert "new@readers.example" not in (root / "subscribers.csv").read_text()


def test_the_suppression_list_as_csv_has_the_reason_the_day_and_the_detail(root: Path) -> None:
    call(root, "suppress", BO, "--reason", "moved away")
    rows = list(csv.DictReader(io.StringIO(call(root, "suppressed").stdout)))
    assert rows == [{"email": BO, "reason": "suppressed", "since": NOW.isoformat(), "detail": "by hand: moved away"}]


def test_no_cell_of_the_suppression_list_is_a_formula(root: Path) -> None:
    said = '=HYPERLINK("http://evil.example")'  # what a stranger's mail server says is kept as the detail
    with open_newsletter(root, lambda: NOW) as app:
        app.store.suppressions.adopt([Suppression(email=ADA, reason="bounced", since=NOW, origin=Origin.MAIL, detail=said)])
        app.store.suppressions.adopt([Suppression(email="+49@readers.example", reason="bounced", since=NOW, origin=Origin.MAIL)])
    cells = {row["email"]: row["detail"] for row in csv.DictReader(io.StringIO(call(root, "suppressed").stdout))}
    assert cells[ADA] == f"'{said}"
    assert "'+49@readers.example" in cells


def test_the_suppression_list_is_written_to_a_file(root: Path, tmp_path: Path) -> None:
    call(root, "suppress", ADA, "--reason", "legal")
    done = call(root, "suppressed", "--output", str(tmp_path / "out.csv"))
    assert (done.exit_code, done.output) == (0, "")
    assert (tmp_path / "out.csv").read_bytes() == (
        f"email,reason,since,detail\n{ADA},suppressed,{NOW.isoformat()},by hand: legal\n".encode()
    )


def test_the_suppression_list_as_json_has_what_was_said_unchanged(root: Path) -> None:
    call(root, "suppress", ADA, "--reason", "legal")
    assert json.loads(call(root, "suppressed", "--json").stdout) == {
        "suppressed": [{"email": ADA, "reason": "suppressed", "since": NOW.isoformat(), "detail": "by hand: legal"}]
    }


def test_an_empty_suppression_list_has_its_header(root: Path) -> None:
    assert call(root, "suppressed").stdout == "email,reason,since,detail\n"


def test_who_comes_back_gets_mail_again_and_the_reason_is_kept(root: Path) -> None:
    call(root, "suppress", ADA, "--reason", "legal")
    assert call(root, "restore", ADA, "--reason", "she rang").stdout == f"{ADA} can get mail again (it was suppressed).\n"
    assert suppressed(root, ADA) is None
    assert "she rang" in call(root, "show", ADA).stdout


def test_who_comes_back_and_is_not_on_the_list_is_not_on_it_afterwards_and_that_is_said(root: Path) -> None:
    call(root, "suppress", "gone@readers.example", "--reason", "legal")
    done = call(root, "restore", "gone@readers.example", "--reason", "asked")
    assert "It is not on the subscriber list; to add it, run `digest subscribers add gone@readers.example`." in done.stdout
    assert "gone@" not in (root / "subscribers.csv").read_text()


def test_who_is_marked_only_in_the_list_comes_back_too(root: Path) -> None:
    (root / "subscribers.csv").write_text(f"email,status\n{ADA},bounced\n")
    assert json.loads(call(root, "restore", ADA, "--reason", "new mailbox", "--json").stdout) == {"restored": ADA, "was": "bounced"}
    assert (root / "subscribers.csv").read_text() == f"email,status\n{ADA},active\n"
    assert "was bounced in the subscriber list: new mailbox" in call(root, "show", ADA).stdout


def test_who_was_never_suppressed_cannot_come_back(root: Path) -> None:
    with pytest.raises(UsageError, match="is not on the suppression list"):
        call(root, "restore", ADA, "--reason", "asked")

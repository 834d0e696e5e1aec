"""Who opted out elsewhere is never taken for a reader: columns and cells that may say so are understood, or stop the import."""

import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from digest.audience.import_undo import undo_import
from digest.audience.importer import Importer, ImportPlan
from digest.errors import SubscriberFileError, UsageError
from digest.store import HistoryEvent, Store
from digest.store.history import CONFIRMED
from digest.subscribers import SubscriberFile
from digest.subscribers.address import normalise
from digest.subscribers.columns import Columns, parse_meanings
from digest.subscribers.import_batch import open_batch
from digest.subscribers.import_zip import ImportFile, unpack_lists
from tests.subscribers.test_programs import NOW, store

__all__ = ["store"]


def planned(
    store: Store, tmp_path: Path, text: str, *columns: str, status: str | None = None, listed: str = "email,name,status,topics\n"
) -> ImportPlan:
    subscriber_file, file = tmp_path / "subscribers.csv", tmp_path / "list.csv"
    subscriber_file.write_text(listed)
    file.write_text(text, encoding="utf-8")
    with open_batch() as rows:
        way = Importer(store, subscriber_file, lambda email: f"token of {email}", NOW, rows)
        plan = way.plan([ImportFile(file, status)], parse_meanings(columns))
        way.apply(file.name, "")
    return plan


@pytest.mark.parametrize(
    "header",
    [
        "Email Opt-Out", "HasOptedOutOfEmail", "Do Not Contact", "do_not_email", "Unsubscribed from all email", "Opted out",
        "isExcludedFromCampaigns", "Email opted out", "UNSUBSCRIBED",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("yes", "no"), [("1", "0"), ("TRUE", "FALSE"), ("WAHR", "FALSCH"), ("ja", "nein"), ("oui", ""), ("x", "n/a")]
)
def test_a_known_opt_out_is_one_in_any_language(store: Store, tmp_path: Path, header: str, yes: str, no: str) -> None:
    planned(store, tmp_path, f"email,{header}\nada@readers.example,{yes}\nbo@readers.example,{no}\n")
    assert [row.email for row in SubscriberFile(tmp_path / "subscribers.csv").active()] == ["bo@readers.example"]
    assert store.suppressions.among(["ada@readers.example", "bo@readers.example"]) == {"ada@readers.example": "unsubscribed"}


@pytest.mark.parametrize(
    "header", ["Accepts Marketing", "accepts_email_marketing", "Email consent", "Opted in", "Marketing consent"]
)
def test_consent_that_was_not_given_is_an_opt_out(store: Store, tmp_path: Path, header: str) -> None:
    planned(store, tmp_path, f"email,{header}\nada@readers.example,no\nbo@readers.example,yes\n")
    assert [row.email for row in SubscriberFile(tmp_path / "subscribers.csv").active()] == ["bo@readers.example"]


@pytest.mark.parametrize(
    "header",
    [
        "Marketing contact status", "Newsletter-Abmeldung", "Désabonné", "Correo de baja", "Invalid Email", "Do not allow bulk emails",
        "Mailing permission", "Consentement", "Afgemeld", "Отписан", "Bounce type", "Email suppressed",
    ],
)  # fmt: skip
def test_a_column_that_may_decide_stops_the_import_until_somebody_says_what_it_means(
    store: Store, tmp_path: Path, header: str
) -> None:
    text = f"email,{header}\nada@readers.example,1\nbo@readers.example,0\n"
    with pytest.raises(UsageError, match=r"may say who must not be written to.*--columns"):
        planned(store, tmp_path, text)
    assert SubscriberFile(tmp_path / "subscribers.csv").summarise().subscribers == 0
    planned(store, tmp_path, text, f"{header}=unsubscribed")
    assert [row.email for row in SubscriberFile(tmp_path / "subscribers.csv").active()] == ["bo@readers.example"]


def test_what_is_said_of_a_column_counts(store: Store, tmp_path: Path) -> None:
    text = "email,Club status,TAGS,Consent B\nada@readers.example,gold,Council,no\nbo@readers.example,silver,Sport,yes\n"
    planned(store, tmp_path, text, "club status=ignore", "TAGS=topics", "Consent B=active")
    (bo,) = SubscriberFile(tmp_path / "subscribers.csv").active()
    assert (bo.email, bo.topics) == ("bo@readers.example", ("Sport",))
    with pytest.raises(UsageError, match="is not understood"):
        parse_meanings(["TAGS=tops"])


def test_a_cell_that_is_no_answer_is_named_by_its_line(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"list\.csv:3: “perhaps” under “Opted Out” is neither a yes nor a no"):
        planned(store, tmp_path, "email,Opted Out\nada@readers.example,0\nbo@readers.example,perhaps\n")


@pytest.mark.parametrize(
    "header",
    [
        "Opt-in date",
        "OPTIN_IP",
        "Subscriber ID",
        "Contact owner",
        "Contact name",
        "Options",
        "Subscribed since",
        "Last contacted",
        "Town",
    ],
)
def test_what_only_tells_of_a_decision_stops_nothing(header: str) -> None:
    assert Columns.of(["email", header]).ambiguous == ()


def test_with_a_status_for_all_no_column_is_asked_about(store: Store, tmp_path: Path) -> None:
    assert planned(store, tmp_path, "email,Club status\nada@readers.example,gold\n", status="pending").counts == {"new": 1}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("\u200eada@readers.example", "ada@readers.example"),
        ("ada@readers.example\u202c\u2069", "ada@readers.example"),
        ("a\u00adda@readers.example", "ada@readers.example"),
        ("ada@readers.example<mailto:ada@readers.example>", "ada@readers.example"),
        ("Ada <mailto:ada@readers.example>", "ada@readers.example"),
        ("o'brien@readers.example", "o'brien@readers.example"),
    ],
)
def test_marks_nobody_sees_are_taken_off(written: str, read: str) -> None:
    assert normalise(written) == read


@pytest.mark.parametrize(
    "written",
    ["ada@readers.example, bo@readers.example", "Ada <ada@readers.example>; Bo <bo@readers.example>", "‘ada@readers.example",
     "'ada@readers.example", "•ada@readers.example", "“ada@readers.example”", "– ada@readers.example"],
)  # fmt: skip
def test_what_cannot_be_read_rightly_is_refused(written: str) -> None:
    with pytest.raises(SubscriberFileError, match=r"addresses in one field|stray|is not a valid address"):
        normalise(written)


def test_a_name_that_holds_an_address_adds_none(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text('email,name\nchair@readers.example,"The Chair <other@readers.example>"\n')
    assert [row.email for row in SubscriberFile(file)] == ["chair@readers.example"]


def test_a_list_in_a_zip_is_read_as_it_comes(tmp_path: Path) -> None:
    bundle = tmp_path / "audience.zip"
    with zipfile.ZipFile(bundle, "w") as made:
        made.writestr("subscribed_members.csv", "email\nada@readers.example\n")
    with unpack_lists(bundle) as parts:
        assert [row.email for row in SubscriberFile(parts[0].path)] == ["ada@readers.example"]


def test_each_list_of_a_bundle_is_what_its_name_says(store: Store, tmp_path: Path) -> None:
    bundle, subscriber_file = tmp_path / "audience_export.zip", tmp_path / "subscribers.csv"
    subscriber_file.write_text("email,name,status,topics\n")
    lists = {"subscribed": "ada cy", "unsubscribed": "bo cy", "cleaned": "di", "nonsubscribed": "ed"}
    with zipfile.ZipFile(bundle, "w") as made:
        for name, readers in lists.items():
            lines = "".join(f"{reader}@readers.example\n" for reader in readers.split())
            made.writestr(f"{name}_members_export_1f0c.csv", f"Email Address\n{lines}")
    with unpack_lists(bundle) as parts, open_batch() as rows:
        way = Importer(store, subscriber_file, lambda email: f"token of {email}", NOW, rows)
        plan = way.plan(parts)
        way.apply(bundle.name, "")
    assert (plan.counts, plan.duplicates) == ({"new": 2, "gone": 3}, 1)
    assert {row.email.partition("@")[0]: row.status for row in SubscriberFile(subscriber_file)} == {
        "ada": "active",
        "ed": "pending",
    }
    gone = store.suppressions.among(f"{name}@readers.example" for name in ("ada", "bo", "cy", "di", "ed"))
    assert {email.partition("@")[0]: why for email, why in gone.items()} == {
        "bo": "unsubscribed",
        "cy": "unsubscribed",
        "di": "bounced",
    }


def test_a_bundle_of_lists_with_names_that_say_nothing_is_refused(tmp_path: Path) -> None:
    bundle = tmp_path / "all.zip"
    with zipfile.ZipFile(bundle, "w") as made:
        made.writestr("one.csv", "email\n")
        made.writestr("unsubscribed.csv", "email\n")
    with pytest.raises(SubscriberFileError, match=r"one\.csv, unsubscribed\.csv.*one list after the other"), unpack_lists(bundle):
        pass


@pytest.mark.parametrize(
    ("until", "then"),
    [("2026-12-24", "2027-03-01"), ("2027-03-01", "2027-03-01"), ("", "2027-03-01"), ("2027-04-01", "2027-04-01")],
)
def test_an_import_never_shortens_a_pause(store: Store, tmp_path: Path, until: str, then: str) -> None:
    listed = "email,name,status,paused_until\nada@readers.example,Ada,active,2027-03-01\n"
    planned(store, tmp_path, f"email,name,paused_until\nada@readers.example,Ada Quarrie,{until}\n", listed=listed)
    (ada,) = SubscriberFile(tmp_path / "subscribers.csv").distinct()
    assert (ada.name, str(ada.paused_until)) == ("Ada Quarrie", then)


def test_undoing_an_import_leaves_who_has_confirmed_since(store: Store, tmp_path: Path) -> None:
    planned(store, tmp_path, "email\nada@readers.example\nbo@readers.example\n")
    store.history.note([HistoryEvent(email="ada@readers.example", at=NOW + timedelta(hours=1), event=CONFIRMED)])
    undone = undo_import(store, tmp_path / "subscribers.csv", NOW + timedelta(hours=2))
    assert (undone.removed, undone.skipped) == (1, 1)
    assert [row.email for row in SubscriberFile(tmp_path / "subscribers.csv").active()] == ["ada@readers.example"]

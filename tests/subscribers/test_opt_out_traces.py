"""Decisions in columns, cells and names that nobody knows: whoever may have left elsewhere does not come in as a subscriber."""

from pathlib import Path

import pytest

from digest.errors import SubscriberFileError, UsageError
from digest.store import Store
from digest.subscribers import SubscriberFile
from digest.subscribers.columns import plain_cell, status_of
from digest.subscribers.import_zip import unpack_lists
from digest.subscribers.opt_out_traces import is_opt_out_trace, opt_out_word
from tests.audience.test_importer import planned
from tests.subscribers.test_programs import store

__all__ = ["store"]


def active(tmp_path: Path) -> list[str]:
    return [row.email for row in SubscriberFile(tmp_path / "subscribers.csv").active()]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Disabled", "yes"), ("Removed", "1"), ("Banned", "true"), ("Undeliverable", "x"), ("Email Address Quarantined", "TRUE"), ("No Emails", "1"),
        ("Deceased", "yes"), ("active", "no"), ("enabled", "false"), ("Valid", "0"), ("Allow Email", "no"), ("Can Email?", "No"),
        ("Receive Newsletter", "0"), ("Wants emails", "n"), ("Mailing", "no"), ("Newsletter", "false"), ("nomail", "[B]"), ("State", "unsubscribed"),
        ("Aktiv", "nein"), ("Deaktiviert", "2026-03-04 10:00"), ("Austragedatum", "04.03.2026"), ("Gesperrt", "ja"), ("Gekündigt am", "2026-03-04"),
        ("Werbesperre", "ja"), ("Unzustellbar", "x"), ("Rückläufer", "ja"), ("Keine E-Mails", "1"), ("Zustimmung", "nein"), ("Einverständnis", "nein"),
        ("Statut", "Désabonné"), ("État", "Désinscrit"), ("Refuse les newsletters", "oui"), ("Accord", "non"), ("NPAI", "oui"),
        ("Estado", "Dado de baja"), ("Rebotado", "sí"), ("Stato", "Disiscritto"), ("Stan", "wypisany"), ("Aceita receber e-mails", "não"),
        ("Uitgeschreven", "ja"), ("Avprenumererad", "ja"), ("Frameldt", "ja"), ("Peruutettu", "kyllä"), ("Suostumus", "ei"), ("Подписан", "нет"),
        ("İzin", "hayır"), ("Unsubscribe reason", "too many"), ("Suppression Reason", "USER"), ("Date of opt-out", "2026-03-04"),
        ("Opted out on", "2026-03-04"), ("Date de désabonnement", "04/03/2026"), ("Last Bounce Date", "2026-03-04"), ("Opted out of list", "yes"),
        ("Suppression list", "1"), ("Unsubscribed from campaign", "March"), ("Tags", "vip, unsubscribed"), ("Lists", "Unsubscribed"),
    ],
)  # fmt: skip
def test_a_row_that_reads_as_active_and_says_elsewhere_that_its_subscriber_left_stops_the_import(
    store: Store, tmp_path: Path, column: str, cell: str
) -> None:
    text = f'email,{column}\nbo@readers.example,\nada@readers.example,"{cell}"\n'
    with pytest.raises(UsageError, match=r"must not be written to.*--columns"):
        planned(store, tmp_path, text)
    assert active(tmp_path) == []
    planned(store, tmp_path, text, f"{column}=ignore")
    assert active(tmp_path) == ["bo@readers.example", "ada@readers.example"]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Town", "Left Bank"), ("State", "CA"), ("Unsubscribe URL", "https://mail.example/u/1"), ("SMS opt out", "yes"), ("Bounces", "3"),
        ("Newsletter", "yes"), ("Active", "true"), ("Disabled", "no"), ("Notes", "asked twice"), ("Options", "none"), ("Optional field", "x"),
        ("Removed", ""), ("Gesperrt", "nein"), ("Valid until", "2027-01-01"), ("Member since", "2020"), ("Bounce reason", "never"), ("Tags", "vip, council"),
    ],
)  # fmt: skip
def test_what_says_nothing_of_leaving_stops_nothing(column: str, cell: str) -> None:
    assert not is_opt_out_trace(column, cell)


@pytest.mark.parametrize("yes", ["'TRUE", "-1", "yes (2023)", "True.", "\u200btrue", "Ja"])
def test_a_yes_is_a_yes_whatever_is_around_it(store: Store, tmp_path: Path, yes: str) -> None:
    planned(store, tmp_path, f'email,Opted Out\nada@readers.example,"{yes}"\nbo@readers.example,no\n')
    assert active(tmp_path) == ["bo@readers.example"]


@pytest.mark.parametrize("never", ["never", "none", "-", "null", "0000-00-00", "-1 no"])
def test_a_consent_column_without_consent_means_none(store: Store, tmp_path: Path, never: str) -> None:
    if never == "-1 no":
        with pytest.raises(UsageError, match="neither a yes nor a no"):
            planned(store, tmp_path, f"email,Consent\nada@readers.example,{never}\n")
        return
    planned(store, tmp_path, f"email,Consent\nada@readers.example,{never}\nbo@readers.example,yes\n")
    assert active(tmp_path) == ["bo@readers.example"]


def test_a_list_without_a_header_keeps_what_its_cells_say(store: Store, tmp_path: Path) -> None:
    planned(store, tmp_path, "bo@readers.example,Bo,active\nada@readers.example,Ada,unsubscribed\n")
    assert active(tmp_path) == ["bo@readers.example"]
    other = tmp_path / "other"
    other.mkdir()
    planned(store, other, "cy@readers.example,unsubscribed\ndi@readers.example,active\n")
    assert active(other) == ["di@readers.example"]


@pytest.mark.parametrize("word", ["aktiv", "abonné", "suscrito", "iscritto", "подписан"])
def test_statuses_of_other_languages(word: str) -> None:
    assert status_of(word) == "active"
    assert status_of("abgemeldet") == status_of("désabonné") == status_of("-1") == "unsubscribed"
    assert status_of("subscribed?") is None
    assert plain_cell("'TRUE") == "true"


@pytest.mark.parametrize(
    "name",
    ["optouts-2026.csv", "opt-out list.csv", "Abmeldungen.csv", "désabonnés.csv", "bajas.csv", "do-not-mail.csv", "blacklist.csv", "hard-bounces.csv",
     "spam_reports.csv", "inactive-contacts.csv", "archived_members.csv"],
)  # fmt: skip
def test_a_files_name_may_say_that_its_subscribers_left(name: str) -> None:
    assert opt_out_word(name)
    assert opt_out_word("subscribers.csv") == opt_out_word("newsletter-readers.csv") == ""


def test_a_zip_of_a_mac_and_one_that_is_cut_off(tmp_path: Path) -> None:
    import zipfile  # noqa: PLC0415

    file = tmp_path / "lists.zip"
    with zipfile.ZipFile(file, "w") as bundle:
        for name in ("subscribed.csv", "unsubscribed.csv", "__MACOSX/._subscribed.csv"):
            bundle.writestr(name, "email\nada@readers.example\n")
    with unpack_lists(file) as parts:
        assert [part.status for part in parts] == [None, "unsubscribed"]
    file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(SubscriberFileError, match="damaged or cut off"), unpack_lists(file):
        pass

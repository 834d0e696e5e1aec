"""The records of imports: the last ten can be undone, and no older one is kept."""

from datetime import timedelta
from pathlib import Path

from digest.subscribers.import_journal import MAX_IMPORTS, ImportJournal
from tests.newsroom import NOW


def test_the_oldest_record_goes_when_there_are_ten(tmp_path: Path) -> None:
    subscriber_file = tmp_path / "subscribers.csv"
    for number in range(MAX_IMPORTS + 3):
        record = ImportJournal.begin(subscriber_file, NOW + timedelta(hours=number))
        record.write_fates([{"email": f"r{number}@readers.example", "fate": "new"}])
        record.add_row({"email": f"r{number}@readers.example"})
        record.write_rows()
    folder = tmp_path / "state" / "imports"
    assert len(list(folder.glob("*.fates.jsonl.gz"))) == len(list(folder.glob("*.rows.jsonl.gz"))) == MAX_IMPORTS
    undone = []
    while last := ImportJournal.last(subscriber_file):
        undone += [row["email"] for row in last.fates()]
        assert [row["email"] for row in last.rows()] == undone[-1:]
        last.delete()
    assert undone == [f"r{number}@readers.example" for number in range(12, 2, -1)]
    assert list(folder.iterdir()) == []


def test_an_import_that_never_changed_the_list_has_no_rows(tmp_path: Path) -> None:
    subscriber_file = tmp_path / "subscribers.csv"
    assert ImportJournal.last(subscriber_file) is None
    ImportJournal.begin(subscriber_file, NOW).write_fates([{"email": "ada@readers.example"}])
    last = ImportJournal.last(subscriber_file)
    assert last
    assert last.at == NOW
    assert list(last.rows()) == []

"""The database and the archive on a real SQLite file."""

import multiprocessing
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from digest.collect.fetch import CachedResponse, Response
from digest.errors import ConfigError, StoreError
from digest.model import Edition, Harvest, LeftOut, Message, Outcome, Receipt, Recipient, Rendered, Subscriber, ThreadCoverage
from digest.store import FrozenEdition, RecipientRules, Store, StoredDeliveryLog
from digest.store.content import ResponseCache
from digest.store.schema import metadata
from tests.curate.test_curate import END, SLOT, article, comment, made

WORDS = Rendered(subject="s", preheader="p", html="<p>h</p>", text="t")


def edition() -> Edition:
    return made([article("a"), article("b", 3, access="protected")], [comment("c")])


def frozen(store: Store, *emails: str) -> FrozenEdition:
    subscribers = [Subscriber(email=email, name=f"Name of {email}") for email in emails]
    return store.editions.freeze(edition(), WORDS, subscribers, RecipientRules(token=lambda email: f"token-{email}"))


def message(recipient: Recipient) -> Message:
    return Message(recipient=recipient, message_id=f"<{recipient.id}>", raw=b"")


def receipt(recipient: Recipient, outcome: Outcome, minutes: int = 5) -> Receipt:
    retry = END + timedelta(minutes=minutes) if outcome is Outcome.DEFERRED else None
    return Receipt(recipient=recipient, message_id="<1>", outcome=outcome, code=250, reply="ok", relay="r", at=END, retry_at=retry)


def test_what_goes_in_comes_out(store: Store) -> None:
    harvest = Harvest(articles=(article("a"), article("b", 50)), comments=(comment("c", parent_id="x"),))
    store.content.keep(harvest, END)
    material = store.content.material(END - timedelta(days=1))
    assert material.articles == harvest.articles
    assert material.comments == harvest.comments


def test_an_edited_article_is_renewed(store: Store) -> None:
    store.content.keep(Harvest(articles=(article("a"),)), END)
    store.content.keep(Harvest(articles=(article("a", title="Corrected"),)), END)
    assert [row.title for row in store.content.material(END - timedelta(days=1)).articles] == ["Corrected"]


def test_a_removed_comment_is_gone_as_far_as_the_thread_reaches(store: Store) -> None:
    old, young = comment("old", written=END - timedelta(hours=4)), comment("young")
    store.content.keep(Harvest(articles=(article("a"),), comments=(old, young)), END)
    reach = ThreadCoverage(article_id="a", complete_since=END - timedelta(hours=3))
    store.content.keep(Harvest(articles=(article("a"),), threads=(reach,)), END)
    assert [row.id for row in store.content.material(END - timedelta(days=1)).comments] == ["old"]


def test_material_is_kept_for_a_month(store: Store) -> None:
    store.content.keep(Harvest(articles=(article("a"),), comments=(comment("c"),)), END)
    store.content.keep(Harvest(), END + timedelta(days=32))
    assert store.content.material(END - timedelta(days=2)) == Harvest()


def test_http_answers_are_kept(store: Store) -> None:
    cache = ResponseCache(store.engine, lambda: END)
    kept = CachedResponse(
        etag='"1"', last_modified="", response=Response(status=200, url="http://a/", headers={"etag": '"1"'}, body=b"x" * 9)
    )
    cache.remember("http://a/", kept)
    cache.remember("http://a/", kept)
    assert cache.recall("http://a/") == kept
    assert cache.recall("http://b/") is None


def test_permanent_redirects_are_kept_and_forgotten(store: Store) -> None:
    cache = ResponseCache(store.engine, lambda: END)
    cache.set_permanent_redirect("http://a/", "http://b/")
    cache.set_permanent_redirect("http://a/", "http://c/")
    assert cache.permanent_redirect("http://a/") == "http://c/"
    cache.set_permanent_redirect("http://a/", None)
    assert cache.permanent_redirect("http://a/") is None


def test_an_edition_is_kept_whole(store: Store) -> None:
    made_edition = edition()
    frozen(store, "ada@r.example")
    again = store.editions.frozen(SLOT.key)
    assert again is not None
    assert again.edition == made_edition
    assert again.rendered == WORDS
    assert {(row.id, row.address) for row in store.editions.used_articles("weekday")} == {
        ("a", "g.example/a"),
        ("b", "g.example/b"),
    }
    assert store.editions.used_articles("weekly") == ()
    assert store.editions.next_number() == 2
    assert store.editions.key_of(1) == SLOT.key
    assert store.editions.covered_until("weekday", END + timedelta(days=1)) == END


def test_a_skipped_slot_keeps_its_window_open(store: Store) -> None:
    store.editions.skip(SLOT, "too few", END)
    assert store.editions.has_slot(SLOT.key)
    assert store.editions.recent(1)[0].note == "too few"
    assert store.editions.frozen(SLOT.key) is None
    assert store.editions.covered_until("weekday", END + timedelta(days=1)) == SLOT.window.start
    frozen(store)
    assert store.editions.recent(1)[0].number == 1


def test_a_delivery_goes_its_way(store: Store) -> None:
    frozen(store, "ada@r.example", "bo@r.example", "cy@r.example")
    ada, bo, cy = store.deliveries.to_send(SLOT.key, None)
    assert ada.name == "Name of ada@r.example"
    assert store.deliveries.record(SLOT.key, [message(ada), message(bo)], []) == {ada.id, bo.id}
    assert store.deliveries.record(SLOT.key, [message(ada)], []) == set()
    store.deliveries.record(SLOT.key, [], [receipt(ada, Outcome.SENT), receipt(bo, Outcome.DEFERRED)])
    assert store.deliveries.counts(SLOT.key) == {"sent": 1, "deferred": 1, "queued": 1}
    assert [row.email for row in store.deliveries.to_send(SLOT.key, END)] == [cy.email]
    assert [row.email for row in store.deliveries.to_send(SLOT.key, END + timedelta(minutes=6))] == [bo.email, cy.email]
    assert next(iter(store.deliveries.to_send(SLOT.key, None))).attempts == 1
    assert store.deliveries.waiting(SLOT.key, None) == 2


def test_in_flight_at_a_crash_is_queued_again_and_remembered(store: Store) -> None:
    frozen(store, "ada@r.example", "bo@r.example")
    ada, _ = store.deliveries.to_send(SLOT.key, None)
    store.deliveries.record(SLOT.key, [message(ada)], [])
    assert store.deliveries.reclaim(SLOT.key) == ["ada@r.example"]
    assert store.deliveries.reclaim(SLOT.key) == []
    store.deliveries.record(SLOT.key, [message(ada)], [receipt(ada, Outcome.SENT)])
    assert [(row.email, row.interrupted) for row in store.delivery_reports.undelivered(SLOT.key, 10)] == [("ada@r.example", True)]


def test_an_opt_out_wins_over_a_queue(store: Store) -> None:
    frozen(store, "ada@r.example", "bo@r.example")
    ada, bo = store.deliveries.to_send(SLOT.key, None)
    assert store.suppressions.add("ada@r.example", "unsubscribed", END)
    assert not store.suppressions.add("ada@r.example", "unsubscribed", END)
    assert store.deliveries.record(SLOT.key, [message(ada), message(bo)], []) == {bo.id}
    assert store.deliveries.counts(SLOT.key) == {"skipped": 1, "sending": 1}
    assert store.suppressions.among(["ada@r.example", "bo@r.example"]) == {"ada@r.example": "unsubscribed"}


def test_a_token_finds_its_subscriber(store: Store) -> None:
    frozen(store, "ada@r.example")
    assert store.subscribers.email_of_token("token-ada@r.example") == "ada@r.example"
    assert store.subscribers.email_of_token("token-nobody") is None
    recipient = store.deliveries.recipient(SLOT.key, "token-ada@r.example")
    assert recipient is not None
    assert recipient.email == "ada@r.example"


def test_many_recipients_come_in_pages(store: Store) -> None:
    emails = [f"r{number:04}@r.example" for number in range(1_203)]
    frozen(store, *emails)
    assert [row.email for row in store.deliveries.to_send(SLOT.key, None)] == emails


async def test_the_delivery_log_records_many_messages_at_once(store: Store) -> None:
    frozen(store, *(f"r{number:03}@r.example" for number in range(300)))
    delivery_log, people = StoredDeliveryLog(store.deliveries, SLOT.key), list(store.deliveries.to_send(SLOT.key, None))
    assert await delivery_log.record([message(recipient) for recipient in people], []) == {recipient.id for recipient in people}
    await delivery_log.record([], [receipt(recipient, Outcome.SENT) for recipient in people])
    assert store.deliveries.counts(SLOT.key) == {"sent": 300}


async def test_a_delivery_log_that_cannot_write_raises_an_error(store: Store) -> None:
    frozen(store, "ada@r.example")
    (ada,) = store.deliveries.to_send(SLOT.key, None)
    with closing(sqlite3.connect(str(store.engine.url.database), isolation_level=None)) as connection:
        connection.execute("DROP TABLE deliveries")
    with pytest.raises(Exception, match="deliveries"):
        await StoredDeliveryLog(store.deliveries, SLOT.key).record([message(ada)], [])


def test_secrets_last(store: Store, tmp_path: Path) -> None:
    first = store.secret("readers")
    again = Store.open("sqlite:///state/digest.db", tmp_path)
    assert again.secret("readers") == first
    assert len(first) == 64
    assert store.secret("other") != first
    again.close()


def test_migrations_make_the_tables_of_the_schema(store: Store) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        for pragma, value in {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}.items():
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, not a folder")
    with pytest.raises(StoreError, match="cannot open the database"):
        Store.open("sqlite:///state/digest.db", tmp_path)
    with pytest.raises(ConfigError, match=r"store\.url"):
        Store.open("no url", tmp_path)
    (tmp_path / "x.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Store.open("sqlite:///x.db", tmp_path)


def test_a_database_of_the_future_is_left_alone(tmp_path: Path) -> None:
    Store.open("sqlite:///d.db", tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "d.db", isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version of digest"):
        Store.open("sqlite:///d.db", tmp_path)


def test_left_out_comments_are_not_settled_articles(store: Store) -> None:
    extra = LeftOut(kind="comment", id="zzz", label="x", url="http://g.example/a#zzz", reason="abuse")
    store.editions.freeze(replace(edition(), left_out=(extra,)), WORDS, [], RecipientRules(token=str))
    assert "zzz" not in {row.id for row in store.editions.used_articles("weekday")}


def _open(folder: str) -> None:
    Store.open("sqlite:///state/d.db", Path(folder)).close()


def test_many_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_open, args=(str(tmp_path),)) for _ in range(5)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 5


def test_a_migration_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(*given: object, **more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.create_index", dying)
        with pytest.raises(KeyboardInterrupt):
            Store.open("sqlite:///d.db", tmp_path)
    Store.open("sqlite:///d.db", tmp_path).close()


def test_a_subscriber_list_becomes_recipients(store: Store) -> None:
    store.suppressions.add("left@r.example", "unsubscribed", END)
    rows = [
        Subscriber(email="zoe@r.example", name="Zoe"),
        Subscriber(email="ada@r.example", name="Ada"),
        Subscriber(email="ada@r.example", name="Ada again"),
        Subscriber(email="bo@r.example"),
        Subscriber(email="bo@r.example", status="paused"),
        Subscriber(email="cy@r.example", status="unsubscribed"),
        Subscriber(email="cy@r.example"),
        Subscriber(email="left@r.example"),
        *(Subscriber(email=f"r{number:04}@r.example") for number in range(6_000)),
    ]
    store.editions.freeze(edition(), WORDS, iter(rows), RecipientRules(token=lambda email: f"token-{email}"))
    listed = [(row.email, row.name) for row in store.deliveries.to_send(SLOT.key, None)]
    assert listed[:3] == [("zoe@r.example", "Zoe"), ("ada@r.example", "Ada"), ("r0000@r.example", "")]
    assert len(listed) == 6_002
    assert store.suppressions.among(["bo@r.example", "cy@r.example"]) == {"cy@r.example": "unsubscribed"}
    assert store.subscribers.email_of_token("token-ada@r.example") == "ada@r.example"


def test_what_has_not_left_is_queued_again(store: Store) -> None:
    frozen(store, "ada@r.example", "bo@r.example")
    ada, bo = store.deliveries.to_send(SLOT.key, None)
    store.deliveries.record(SLOT.key, [message(ada), message(bo)], [])
    store.deliveries.record(SLOT.key, [], [receipt(bo, Outcome.SENT)])
    store.deliveries.release(SLOT.key, [message(ada), message(bo)])
    assert store.deliveries.counts(SLOT.key) == {"queued": 1, "sent": 1}
    assert store.deliveries.answers(SLOT.key) == 1
    assert store.delivery_reports.sent_since(END - timedelta(days=1)) == {"r": 1}
    assert store.delivery_reports.sent_since(END + timedelta(seconds=1)) == {}

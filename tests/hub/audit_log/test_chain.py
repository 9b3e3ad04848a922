"""The audit log: written with the act, refused to be changed, and found out where it was."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from paddock import clock
from paddock.errors import PaddockError
from paddock.hub.audit_log import acts as module
from paddock.hub.audit_log import checkpoints, erasing, exporting, verifying
from paddock.hub.audit_log.acting import Actor, acting
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.audit_log.reading import every_entry
from paddock.hub.audit_log.tables import audit_log, audit_log_head
from paddock.hub.context import Hub
from paddock.hub.people.accounts import create_user
from paddock.hub.people.leaving import delete_account
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.databases import postgresql_url, sqlite_url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        opened = Database(sqlite_url(tmp_path))
        yield opened
        opened.dispose()
        return
    with postgresql_url() as url:
        opened = Database(url)
        yield opened
        opened.dispose()


@pytest.fixture
def hub(database: Database, tmp_path: Path) -> Hub:
    return Hub(database, LocalBlobStore(tmp_path / "blobs"), None)


def noted(database: Database, count: int, address: str = "192.0.2.7") -> None:
    """So many acts of one person, each in a transaction of its own."""
    for number in range(count):
        with (
            acting(lambda: Actor(7, "ada", "token 3", address)),
            database.write() as conn,
        ):
            note(conn, Act.QUOTA, bytes=number, text="because\0 it is full")


def sentences(database: Database) -> list[str]:
    return [p.sentence for p in verifying.verify_database(database).problems]


def test_an_act_and_its_entry_are_written_together_or_not_at_all(database: Database) -> None:
    noted(database, 2)
    with pytest.raises(RuntimeError), database.write() as conn:
        note(conn, Act.QUOTA, bytes=99)
        raise RuntimeError
    noted(database, 1)
    entries = list(every_entry(database))
    assert [e.seq for e in entries] == [1, 2, 3]
    assert [e.fields["bytes"] for e in entries] == [0, 1, 0]
    assert entries[0].actor_id == 7
    assert entries[0].fields["address"] == "192.0.2.7"
    assert entries[0].fields["text"] == "because\\0 it is full"
    found = verifying.verify_database(database)
    assert found.is_whole
    assert (found.entries, found.last_hash) == (3, entries[-1].hash)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET act = 'quota.not' WHERE seq = 2",
        "UPDATE audit_log SET fields = '{}' WHERE seq = 2",
        "DELETE FROM audit_log WHERE seq = 3",
        "DELETE FROM audit_log_head",
        "UPDATE audit_log_head SET seq = 1",
        "DELETE FROM audit_log_checkpoints",
        "UPDATE audit_log_checkpoints SET hash = 'x'",
    ],
)
def test_the_database_refuses_to_change_an_entry(hub: Hub, statement: str) -> None:
    noted(hub.database, 3)
    checkpoints.sign_head(hub, {})
    with (
        pytest.raises((sa.exc.DBAPIError, PaddockError), match="append-only"),
        hub.database.write() as conn,
    ):
        conn.execute(sa.text(statement))
    assert verifying.verify_database(hub.database).is_whole


def test_postgresql_refuses_to_empty_the_log(database: Database) -> None:
    noted(database, 1)
    if database.is_sqlite:
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.write() as conn:
        conn.execute(sa.text("TRUNCATE audit_log"))


def without_triggers(database: Database) -> None:
    """What whoever owns the database can do."""
    with database.write() as conn:
        if database.is_sqlite:
            names = conn.execute(
                sa.text(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'"
                )
            )
            for name in list(names.scalars()):
                conn.execute(sa.text(f"DROP TRIGGER {name}"))
        else:
            for table in ("audit_log", "audit_log_head", "audit_log_checkpoints"):
                conn.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))


_c = audit_log.c


def _drop_last(conn: sa.Connection) -> None:
    conn.execute(audit_log.delete().where(_c.seq == 5))
    before = conn.execute(sa.select(_c.seq, _c.hash).where(_c.seq == 4)).one()
    conn.execute(audit_log_head.update().values(seq=before.seq, hash=before.hash))


def _swap(conn: sa.Connection) -> None:
    for old, new in ((2, 99), (3, 2), (99, 3)):
        conn.execute(audit_log.update().where(_c.seq == old).values(seq=new))


def _set(seq: int = 2, **values: Any) -> Callable[[sa.Connection], None]:
    def change(conn: sa.Connection) -> None:
        conn.execute(audit_log.update().where(_c.seq == seq).values(**values))

    return change


@pytest.mark.parametrize(
    ("tamper", "sentence"),
    [
        (_set(act="token.create"), "its hash is another one"),
        (_set(actor_id=8), "its hash is another one"),
        (_set(repo_id=8), "its hash is another one"),
        (_set(account_id=8), "its hash is another one"),
        (_set(happened_at=datetime(2020, 1, 1, tzinfo=UTC)), "its hash is another one"),
        (_set(seals={}), "its hash is another one"),
        (_set(hash="f" * 64), "its hash is another one"),
        (_set(previous="f" * 64), "its hash is another one"),
        (_set(fields={"way": "token 4"}), "way is another one"),
        (_set(fields={"extra": 1}), "a field that it never had"),
        (_set(fields={}, salts={}), "no entry says that it was erased"),
        (_set(salts={}), "a field that it never had"),
        (lambda conn: conn.execute(audit_log.delete().where(_c.seq == 3)), "entries between"),
        (lambda conn: conn.execute(audit_log.delete().where(_c.seq == 1)), "those before it went"),
        (_swap, "its hash is another one"),
        (_drop_last, "missing at the end"),
    ],
)
def test_whatever_is_changed_behind_the_triggers_is_found(
    hub: Hub, tamper: Callable[[sa.Connection], None], sentence: str
) -> None:
    noted(hub.database, 5)
    checkpoints.sign_head(hub, {})
    without_triggers(hub.database)
    with hub.database.write() as conn:
        tamper(conn)
    assert any(sentence in found for found in sentences(hub.database)), sentences(hub.database)


def test_an_end_that_was_written_anew_differs_from_a_checkpoint_that_was_kept(hub: Hub) -> None:
    noted(hub.database, 5)
    checkpoints.sign_head(hub, {})
    with hub.database.read() as conn:
        kept = checkpoints.list_checkpoints(conn)
    without_triggers(hub.database)
    with hub.database.write() as conn:
        conn.execute(sa.text("DELETE FROM audit_log_checkpoints"))
        _drop_last(conn)
    noted(hub.database, 1)
    assert verifying.verify_database(hub.database).is_whole  # as far as its own rows tell
    found = verifying.verify_database(hub.database, kept)
    assert [p.sentence for p in found.problems] == [
        "is not the entry that a checkpoint was signed for"
    ]


def test_an_exported_log_is_verified_elsewhere_and_tampering_is_found(
    hub: Hub, tmp_path: Path
) -> None:
    noted(hub.database, 4)
    checkpoints.sign_head(hub, {})
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(exporting.export(hub.database)))
    found = verifying.verify_file(path)
    assert found.is_whole
    assert (found.entries, found.checkpoints) == (4, 1)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-2] + lines[-1:]))  # the last entry is gone
    assert not verifying.verify_file(path).is_whole
    told = json.loads(lines[2])
    told["fields"]["actor"] = "eve"
    path.write_bytes(b"".join([*lines[:2], json.dumps(told).encode() + b"\n", *lines[3:]]))
    assert [p.seq for p in verifying.verify_file(path).problems] == [2]
    other_key = "ab" * 32
    path.write_bytes(b"".join(lines))
    assert not verifying.verify_file(path, other_key).is_whole


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff\xfe",
        b'{"format":"paddock-audit-log-1","start":1,"key":"00"}\n{"seq":1}',
        b'{"format":"paddock-audit-log-1","start":1,"key":"00"}\n{"checkpoint":3}',
        b'{"format":"paddock-audit-log-1","start":1,"key":"00"}\nx' + b"y" * (2 << 20),
        b'{"format":"paddock-audit-log-1","start":1,"key":"00"}\n{"seq":"1","moment":"2026-01-01'
        b'T00:00:00Z","act":{},"actor":null,"repository":null,"account":null,"fields":{},"salts":'
        b'{},"seals":{},"previous":"","hash":""}',
    ],
)
def test_a_file_that_is_no_log_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(content)
    with pytest.raises(exporting.BadLog):
        verifying.verify_file(path)


def test_addresses_go_after_their_days_and_the_chain_still_holds(hub: Hub) -> None:
    noted(hub.database, 3)
    assert erasing.erase_addresses(hub.database, 30) == 0
    assert erasing.erase_addresses(hub.database, -1) == 3
    assert erasing.erase_addresses(hub.database, -1) == 0  # the erasure itself has none
    entries = list(every_entry(hub.database))
    assert [e.erased for e in entries[:3]] == [["address"]] * 3
    assert entries[0].fields["actor"] == "ada"
    found = verifying.verify_database(hub.database)
    assert found.is_whole
    assert found.erased_fields == 3


def test_who_deleted_their_account_is_named_no_more(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub.database.write() as conn:
        ada, eve = create_user(conn, "ada"), create_user(conn, "eve")
    with hub.database.write() as conn:
        delete_account(conn, ada)
    erasing.keep_to_rules(hub, {})
    assert any(e.fields.get("subject") == "ada" for e in every_entry(hub.database))
    later = clock.now() + timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    erasing.keep_to_rules(hub, {})
    entries = list(every_entry(hub.database))
    assert "ada" not in {e.fields.get("subject") for e in entries}
    assert "eve" in {e.fields.get("subject") for e in entries}
    assert eve.id in {e.account_id for e in entries}
    assert verifying.verify_database(hub.database).is_whole


def test_the_oldest_entries_go_after_years_and_the_rest_is_still_a_chain(hub: Hub) -> None:
    noted(hub.database, 3)
    checkpoints.sign_head(hub, {})
    assert erasing.cut(hub.database, -1) == 3
    noted(hub.database, 1)
    found = verifying.verify_database(hub.database)
    assert found.is_whole, found.problems
    assert (found.first_seq, found.entries) == (4, 2)


def test_writers_at_once_make_one_chain(database: Database) -> None:
    threads = [threading.Thread(target=noted, args=[database, 8]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verifying.verify_database(database)
    assert found.is_whole
    assert found.entries == 48


def test_every_act_is_noted_somewhere() -> None:
    root = Path(module.__file__).parents[2]
    sources = "".join(path.read_text() for path in root.rglob("*.py") if path.name != "acts.py")
    assert [act.name for act in Act if f"Act.{act.name}" not in sources] == []

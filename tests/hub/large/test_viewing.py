"""Views that a job makes: killed, it goes on where it was, and the hash is the client's."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hf_xet
import pytest

from paddock.hub.context import Hub
from paddock.hub.jobs.stopping import HandedBack
from paddock.hub.large import large_files, viewing
from paddock.hub.people.accounts import create_user
from paddock.hub.repositories import NewRepository, create_repository
from paddock.hub.types import Caller, Kind, Token
from paddock.hub.xet import records, views
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore

CONTENT = random.Random(5).randbytes(2_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def hub(database: Database, blobs: LocalBlobStore, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub with a blob that has no view yet; a view of it takes many xorbs and writes."""
    monkeypatch.setattr(views, "XORB_BYTES", 150_000)
    monkeypatch.setattr(viewing, "_XORBS_PER_WRITE", 2)
    with blobs.begin() as writer:
        writer.write(CONTENT)
        blob = writer.commit()
    with database.write() as conn:
        account = create_user(conn, "alice")
        caller = Caller(account, Token(1, "t", "write", account.created_at))
        repo = create_repository(conn, caller, NewRepository(Kind.MODEL, "one"))
        large_files.add_blob(conn, repo.id, blob)
    return Hub(database, blobs, None, own_url="http://hub")


def xet_hash(hub: Hub) -> str | None:
    with hub.database.read() as conn:
        return large_files.lookup(conn, [SHA256])[SHA256].xet_hash


class Interrupted(LocalBlobStore):
    """A store whose readers are stopped after so many bytes; it notes where they begin."""

    def __init__(self, root: Path, stop: int) -> None:
        super().__init__(root)
        self.stop = stop
        self.begun: list[int] = []

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        self.begun.append(start)
        for at in range(start, len(CONTENT), 100_000):
            if at >= start + self.stop:
                raise HandedBack
            yield CONTENT[at : at + 100_000]


def test_the_hash_is_the_clients(hub: Hub, tmp_path: Path) -> None:
    viewing.view_blob(hub, {"sha256": SHA256})
    (tmp_path / "w.bin").write_bytes(CONTENT)
    (named,) = hf_xet.hash_files([str(tmp_path / "w.bin")])
    assert xet_hash(hub) == named.hash


def test_a_job_that_is_stopped_goes_on_where_it_was(hub: Hub, tmp_path: Path) -> None:
    store = Interrupted(tmp_path / "again", 700_000)
    slow = Hub(hub.database, store, None, own_url="http://hub")
    for _ in range(20):
        try:
            viewing.view_blob(slow, {"sha256": SHA256})
        except HandedBack:
            continue
        break
    assert store.begun == sorted(set(store.begun))
    assert len(store.begun) > 2
    after_stops: Any = xet_hash(hub)
    with hub.database.read() as conn:
        file = records.find_file(conn, after_stops)
    assert file is not None
    assert file.terms.size_bytes == len(CONTENT)
    (tmp_path / "w.bin").write_bytes(CONTENT)
    (named,) = hf_xet.hash_files([str(tmp_path / "w.bin")])
    assert after_stops == named.hash


def test_a_file_that_went_meanwhile_needs_no_view(hub: Hub) -> None:
    hub.blobs.delete(SHA256)
    viewing.view_blob(hub, {"sha256": SHA256})
    viewing.view_blob(hub, {"sha256": "0" * 64})
    assert xet_hash(hub) is None

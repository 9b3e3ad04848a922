"""Pushes that break off: nothing of them is seen, and they can be sent again."""

from __future__ import annotations

import base64
import os
import socket
import time

import pytest
import sqlalchemy as sa

from paddock.hub.git_http import receive_pack, storing
from paddock.hub.git_http.pkt_lines import pkt
from paddock.hub.tables import commits, git_objects
from paddock.storage.errors import StorageFull
from tests.hub.git_http.workshop import Workshop


def rows(shop: Workshop) -> tuple[int, int]:
    counts = [sa.select(sa.func.count()).select_from(table) for table in (git_objects, commits)]
    with shop.server.hub.database.read() as conn:
        first, second = (int(conn.execute(query).scalar_one()) for query in counts)
    return first, second


def test_a_failure_after_everything_was_written_leaves_nothing(
    shop_on_each: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_on_each
    shop.clone()
    shop.commit("work", {"a.txt": b"a", "b.txt": os.urandom(100_000)})
    before, tip = rows(shop), shop.hub_head()

    def fail(*_: object) -> None:
        raise StorageFull("no room left while writing")

    with monkeypatch.context() as patched:
        patched.setattr(receive_pack, "refs_moved", fail)
        said = shop.try_git("push", at="work").said
    assert "no room left" in said
    assert (rows(shop), shop.hub_head()) == (before, tip)
    shop.git("push", "-q", at="work")
    assert shop.hub_head() == shop.head("work")


def test_a_store_that_fails_refuses_the_push(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.clone()
    shop.commit("work", {"b.txt": os.urandom(100_000)})
    before = rows(shop)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("paddock.storage.staging.os.write", fail)
        assert not shop.try_git("push", at="work").is_ok
    assert rows(shop) == before
    shop.git("push", "-q", at="work")


def test_a_client_that_goes_away_in_the_middle_of_its_pack(shop: Workshop) -> None:
    before = rows(shop)
    host, port = shop.server.url.removeprefix("http://").split(":")
    who = base64.b64encode(f"x:{shop.token}".encode()).decode()
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        body = pkt(f"{'0' * 40} {'1' * 40} refs/heads/x\0report-status".encode()) + b"0000PACK"
        connection.sendall(
            f"POST /{shop.repo_id}/git-receive-pack HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Basic {who}\r\nContent-Length: 100000\r\n"
            "Content-Type: application/x-git-receive-pack-request\r\n\r\n".encode()
            + body
        )
    time.sleep(0.2)
    assert rows(shop) == before
    assert shop.hub_head()


def test_many_files_are_written_in_batches(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "_BATCH_OBJECTS", 7)
    monkeypatch.setattr(storing, "INLINE_BUDGET_BYTES", 30_000)
    shop.clone()
    files: dict[str, bytes | None] = {f"d/{n}.txt": os.urandom(2_000) for n in range(50)}
    shop.commit("work", files)
    shop.git("push", "-q", at="work")
    shop.clone("again")
    for path, content in files.items():
        assert (shop.folder / "again" / path).read_bytes() == content

"""Every kind of hostile xorb and shard, sent over HTTP: refused for its reason, nothing kept."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
import sqlalchemy as sa

from paddock.hub import tables
from tests.attacks.xet.case import Case, Stored
from tests.attacks.xet.everything import cases
from tests.attacks.xet.footers import ShardFooter, XorbFooter
from tests.hub.xet.messages import Xorb, shard, whole_file
from tests.live import LiveServer

AT_LEAST = 200
_ROWS = (tables.xorbs, tables.xet_files, tables.repository_large_files, tables.large_files)


@dataclass
class Sender:
    """Who sends hostile messages, and what was stored before."""

    server: LiveServer
    http: httpx.Client
    stored: Stored

    def rows(self) -> list[int]:
        """How much the server knows."""
        with self.server.hub.database.read() as conn:
            counts = [sa.select(sa.func.count()).select_from(table) for table in _ROWS]
            return [conn.execute(count).scalar_one() for count in counts]


@pytest.fixture(scope="module")
def sender(shared_server: LiveServer) -> Iterator[Sender]:
    foreign = Xorb([os.urandom(2500), os.urandom(3500)])
    with _client(shared_server, "victim/private", private=True) as victim:
        _upload(victim, foreign)
        assert victim.post("v1/shards", content=_told(foreign)).is_success
    with _client(shared_server, "mallory/hostile") as thief:
        mine = Xorb([os.urandom(size) for size in (2000, 3000, 4000)])
        other = Xorb([os.urandom(1500), os.urandom(700)])
        for xorb in (mine, other):
            _upload(thief, xorb)
        unknown = Xorb([os.urandom(1234)])
        yield Sender(shared_server, thief, Stored(mine, other, foreign, unknown))


def _client(server: LiveServer, repo: str, *, private: bool = False) -> httpx.Client:
    token = server.user(repo.split("/")[0])
    server.api(token).create_repo(repo, private=private)
    url = f"{server.url}/api/models/{repo}/xet-write-token/main"
    grant = httpx.get(url, headers={"Authorization": f"Bearer {token}"}).json()
    headers = {"Authorization": f"Bearer {grant['accessToken']}"}
    return httpx.Client(base_url=grant["casUrl"], headers=headers, timeout=60)


def _upload(client: httpx.Client, xorb: Xorb) -> None:
    assert client.post(f"v1/xorbs/default/{xorb.hash}", content=xorb.body).is_success


def _told(*xorbs: Xorb) -> bytes:
    return shard([whole_file(xorb) for xorb in xorbs], list(xorbs))


def test_there_are_as_many_kinds_as_promised_and_none_is_there_twice() -> None:
    names = [case.name for case in cases()]
    assert len(names) == len(set(names)) >= AT_LEAST


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_it_is_refused_for_its_reason_and_nothing_of_it_is_kept(case: Case, sender: Sender) -> None:
    before = sender.rows()
    sent = case.make(sender.stored)
    answer = sender.http.post(sent.path, content=sent.body)
    assert answer.status_code == case.status, answer.text
    assert re.search(case.reason, answer.json()["error"]), answer.text
    assert sender.rows() == before
    staging = sender.server.data / "blobs" / "staging"
    assert list(staging.iterdir()) == []


def test_the_honest_neighbours_of_all_that_are_taken(sender: Sender) -> None:
    """Footers that older clients append, a file told twice, every scheme: no case is too strict."""
    xorb = Xorb([b"quiet " * 400, os.urandom(900), bytes(5000)], [1, 0, 2])
    plain = Xorb([os.urandom(1000), os.urandom(2000)])
    with_footer = plain.body + XorbFooter(plain).packed
    footer = ShardFooter.of([], [plain]).packed
    for path, body in [
        (f"v1/xorbs/default/{xorb.hash}", xorb.body),
        (f"v1/xorbs/default/{plain.hash}", with_footer),
        (f"v1/xorbs/default/{sender.stored.mine.hash}", sender.stored.mine.body + b"XETBLOB noise"),
        ("v1/shards", _told(xorb)),
        ("v1/shards", shard([whole_file(plain)] * 2, [plain])),
        ("v1/shards", shard([], [plain], footer)),
        ("v1/shards", shard([], [plain], footer)[: -len(footer)]),  # announced alone: hf-xet 1.2
        ("v1/shards", _told(sender.stored.mine, sender.stored.other)),
    ]:
        answer = sender.http.post(path, content=body)
        assert answer.status_code == 200, answer.text

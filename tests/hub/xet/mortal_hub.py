"""A hub that is killed (SIGKILL) at one of the calls that change its disk, store or database.

Each life is a process of its own, on the data that the lives before it left. It first checks every
promise that was made: what was acknowledged is there, byte for byte; what was not is whole or not
there. Then it takes one upload by Xet, step by step, and dies at the call that it is told. Promises
are written down by one system call each, when the answer has arrived.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import httpx
import sqlalchemy as sa

from paddock import log
from paddock.storage.database import Database
from paddock.storage.s3_address import Bucket
from paddock.storage.s3_blobs import S3BlobStore
from paddock.storage.s3_connection import S3Connection
from tests.fakes.faulty_disk import faulty_disk
from tests.fakes.faulty_store import faulty_store
from tests.hub.api.hosted import Hosted, line
from tests.hub.xet.messages import Xorb, shard, whole_file
from tests.live import LiveServer, live_server

REPO = "mortal/repo"
_FIRST = 10**6  # an upload that is not counted
_CHANGES = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Place:
    """Where a hub lives, again and again."""

    folder: Path
    database_url: str
    bucket: Bucket | None = None

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    @property
    def calls(self) -> Path:
        return self.folder / "calls"

    def promises(self) -> dict[int, set[str]]:
        """Which steps of each upload were acknowledged."""
        made: dict[int, set[str]] = {}
        for written in self.journal.read_text().splitlines() if self.journal.exists() else []:
            number, step = json.loads(written)
            made.setdefault(number, set()).add(step)
        return made


def live(place: Place, number: int, die_at: int | None) -> int | None:
    """One life; its exit code, which is -9 where it was killed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=_live, args=(place, number, die_at))
    process.start()
    process.join()
    return process.exitcode


@dataclass
class _Mortal:
    """Counts calls, and dies at one of them."""

    die_at: int | None
    is_counting: bool = False
    seen: list[str] = field(default_factory=list)

    def step(self, call: str) -> None:
        if self.is_counting:
            self.seen.append(call)
            if len(self.seen) == self.die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def on_statement(self, statement: str) -> None:
        if _answers_requests() and statement.split(maxsplit=1)[0] in _CHANGES:
            self.step(statement.split(maxsplit=1)[0])

    def on_commit(self, database: Database, conn: sa.Connection) -> None:
        """Before it, and, where that is the moment to die, behind it and before any answer."""
        if not _answers_requests():
            return
        self.step("COMMIT")
        if self.is_counting and len(self.seen) + 1 == self.die_at:
            raw: Any = conn.connection.dbapi_connection
            if database.is_sqlite:
                raw.cursor().execute("COMMIT")
            else:
                raw.commit()
        self.step("COMMITTED")


def _check_promises(hosted: Hosted, place: Place, number: int, *, is_last: bool) -> None:
    """Those of the life before this one; in the last life all, each by finishing the upload."""
    promises = place.promises()
    for earlier in range(number) if is_last else range(max(0, number - 1), number):
        _check(hosted, earlier, promises.get(earlier, set()))
        if is_last:
            assert list(_upload(hosted, earlier))
            _check(hosted, earlier, {"xorb", "shard", "commit"})


def _answers_requests() -> bool:
    # Threads that answer requests are anyio's; background work is no part of the upload.
    return threading.current_thread().name.startswith("AnyIO")


def _live(place: Place, number: int, die_at: int | None) -> NoReturn:
    log.configure("error")
    mortal = _Mortal(die_at)
    with ExitStack() as stack:
        server = _start(place, mortal, stack)
        token = server.user(REPO.split("/")[0])
        server.api(token).create_repo(REPO, exist_ok=True)
        hosted = Hosted(server, token, REPO)
        stack.enter_context(hosted.http)
        if not place.journal.exists():
            assert list(_upload(hosted, _FIRST))  # which makes keys, too
        _check_promises(hosted, place, number, is_last=die_at is None)
        mortal.is_counting = True
        with place.journal.open("a") as journal:
            for step in _upload(hosted, number):
                os.write(journal.fileno(), (json.dumps([number, step]) + "\n").encode())
        mortal.is_counting = False
        _check(hosted, number, {"xorb", "shard", "commit"})
        place.calls.write_text(json.dumps(mortal.seen))
        os._exit(0)


def _start(place: Place, mortal: _Mortal, stack: ExitStack) -> LiveServer:
    data = place.folder / "data"
    blobs = None
    if place.bucket is not None:
        store = stack.enter_context(faulty_store(place.bucket.endpoint))
        store.next_fault = lambda request: mortal.step(request.split()[0])  # type: ignore[method-assign, func-returns-value]
        blobs = S3BlobStore(S3Connection(replace(place.bucket, endpoint=store.endpoint)))
    server = stack.enter_context(live_server(data, place.database_url, blobs=blobs))
    if place.bucket is None:
        disk = stack.enter_context(faulty_disk(data / "blobs"))
        disk.fault = mortal.step  # type: ignore[method-assign, assignment]
    database = server.hub.database

    def on_statement(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        mortal.on_statement(statement)

    sa.event.listen(database._writes, "before_cursor_execute", on_statement)
    sa.event.listen(database._writes, "commit", partial(mortal.on_commit, database))
    return server


def _content(number: int) -> bytes:
    return random.Random(f"upload {number}").randbytes(150_000)


def _xorb(number: int) -> Xorb:
    content = _content(number)
    return Xorb([content[at : at + 60_000] for at in range(0, len(content), 60_000)], [1, 0, 2])


def _upload(hosted: Hosted, number: int) -> Iterator[str]:
    """The steps, each named when it was acknowledged."""
    xorb = _xorb(number)
    with _cas(hosted) as cas:
        cas.post(f"v1/xorbs/default/{xorb.hash}", content=xorb.body).raise_for_status()
        yield "xorb"
        told = shard([whole_file(xorb)], [xorb])
        cas.post("v1/shards", content=told).raise_for_status()
        yield "shard"
    _commit(hosted, number).raise_for_status()
    yield "commit"


def _cas(hosted: Hosted) -> httpx.Client:
    grant = hosted.http.get(f"{hosted.api}/xet-write-token/main").raise_for_status().json()
    headers = {"Authorization": f"Bearer {grant['accessToken']}"}
    return httpx.Client(base_url=grant["casUrl"], headers=headers, timeout=60)


def _commit(hosted: Hosted, number: int) -> httpx.Response:
    file = whole_file(_xorb(number))
    named = {"algo": "sha256", "oid": file.sha256, "size": len(file.content)}
    return hosted.post_commit(line("lfsFile", path=f"{number}.bin", **named))


def _check(hosted: Hosted, number: int, acknowledged: set[str]) -> None:
    """What was acknowledged is there; what was not is the right bytes, or is not there."""
    xorb = _xorb(number)
    file = whole_file(xorb)
    got = hosted.http.get(f"/{REPO}/resolve/main/{number}.bin")
    if "commit" in acknowledged:
        assert got.status_code == 200, (number, got.text)
    assert got.status_code in (200, 404)
    assert got.status_code == 404 or got.content == file.content, number
    with _cas(hosted) as cas:
        found = cas.get(f"v2/reconstructions/{file.hash}")
        if "shard" in acknowledged:
            assert found.status_code == 200, (number, found.text)
            assert _commit(hosted, number).is_success
            assert hosted.http.get(f"/{REPO}/resolve/main/{number}.bin").content == file.content
        elif "xorb" in acknowledged:
            told = cas.post("v1/shards", content=shard([file], [xorb]))
            assert told.is_success, (number, told.text)
        assert found.status_code in (200, 404)

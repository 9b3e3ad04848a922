"""A hub's folder with files that came by every way, to be damaged: made once, copied for a test."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from paddock.cli import main
from paddock.errors import PaddockError
from paddock.hub.context import Hub
from paddock.hub.large.content import open_large
from paddock.hub.tables import repository_large_files, xorbs
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.databases import sqlite_url
from tests.hub.api.hosted import file_line, host
from tests.hub.stories import _ask, _ask_hub, _commit_large, by_lfs, by_xet
from tests.hub.xet.messages import File, Xorb, shard
from tests.live import live_server

_chance = random.Random(7)
LFS, XET, BOTH, GIT, OTHER = (
    _chance.randbytes(size) for size in (300_000, 400_000, 200_000, 90_000, 70_000)
)


@dataclass
class Stored:
    """A data folder; nothing runs on it."""

    data: Path

    def __post_init__(self) -> None:
        self.database = Database(f"sqlite:///{self.data}/paddock.db")
        self.store = LocalBlobStore(self.data / "blobs")

    def path(self, sha256: str) -> Path:
        return self.data / "blobs/blobs" / sha256[:2] / sha256

    def flip(self, sha256: str, at: int = 1000) -> bytes:
        """Damage one byte, as a medium does; gives what it was."""
        before = self.path(sha256).read_bytes()
        broken = bytearray(before)
        broken[at] ^= 255
        self.path(sha256).write_bytes(broken)
        return before

    def one(self, query: sa.Select[Any]) -> Any:
        with self.database.read() as conn:
            return conn.execute(query).one()

    def all(self, query: sa.Select[Any]) -> Any:
        with self.database.read() as conn:
            return conn.execute(query).all()

    def run(self, statement: Any) -> None:
        with self.database.write() as conn:
            conn.execute(statement)

    def xorb_blobs(self) -> list[str]:
        """Blobs of xorbs that were sent as such."""
        with self.database.read() as conn:
            query = sa.select(xorbs.c.blob_sha256).where(xorbs.c.view_start.is_(None))
            return sorted(conn.execute(query).scalars())

    def unreadable(self) -> list[str]:
        """Large files that some repository holds and that cannot be read as they were stored."""
        hub = Hub(self.database, self.store, None)
        broken = []
        with self.database.read() as conn:
            held = conn.execute(sa.select(repository_large_files)).all()
            for row in held:
                digest = hashlib.sha256()
                try:
                    content = open_large(hub, conn, row.repo_id, row.sha256)
                    for piece in content.read(0, content.size_bytes):
                        digest.update(piece)
                except PaddockError:
                    broken.append(row.sha256)
                else:
                    broken += [row.sha256] if digest.hexdigest() != row.sha256 else []
        return broken


def build(folder: Path) -> Path:
    """Files by git-lfs, by Xet (two that share a xorb's chunks), both ways, and in git."""
    url = sqlite_url(_made(folder / "data"))
    with live_server(folder / "data", url) as server, host(server) as hosted:
        by_lfs(hosted, "lfs.bin", LFS)
        by_xet(hosted, "xet.bin", XET)
        by_lfs(hosted, "both.bin", BOTH)
        server.run_jobs()
        with host(server) as other:
            by_xet(other, "same.bin", BOTH)
            assert other.post_commit(file_line("notes.txt", GIT)).is_success
            _send_twice(other)
        assert hosted.post_commit(file_line("folder/notes.txt", GIT)).is_success
        server.run_jobs()
    return folder / "data"


def _send_twice(hosted: Any) -> None:
    """A xorb with the first chunks of ``XET`` beside chunks of its own, and a file of it."""
    chunks = [XET[:60_000], XET[60_000:120_000], OTHER]
    xorb = Xorb(chunks)
    grant = _ask_hub(hosted, "GET", f"{hosted.api}/xet-write-token/main").json()
    headers = {"Authorization": f"Bearer {grant['accessToken']}"}
    cas, content = grant["casUrl"], b"".join(chunks)
    _ask("POST", f"{cas}/v1/xorbs/default/{xorb.hash}", content=xorb.body, headers=headers)
    told = shard([File([xorb.term()], content)], [xorb])
    _ask("POST", f"{cas}/v1/shards", content=told, headers=headers)
    _commit_large(hosted, "part.bin", content)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def copy_of(data: Path, folder: Path) -> Stored:
    shutil.copytree(data, folder)
    return Stored(folder)


def fsck(
    capsys: pytest.CaptureFixture[str], data: Path, *options: object
) -> tuple[int, dict[str, Any]]:
    """Exit code and what ``paddock admin fsck --json`` told."""
    with pytest.raises(SystemExit) as stopped:
        main(["admin", "fsck", "--data", str(data), "--json", *map(str, options)])
    code = stopped.value.code
    assert isinstance(code, int)
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, told

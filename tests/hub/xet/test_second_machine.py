"""The real client on another machine sends what the hub lacks, as far as its user may know."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from paddock.hub.tables import xorbs
from tests.live import LiveServer

_UPLOAD = """
import sys
from huggingface_hub import HfApi
HfApi().upload_file(repo_id=sys.argv[1], path_or_fileobj=sys.argv[2], path_in_repo="w.bin")
"""
MB = 1_000_000


@dataclass
class Machine:
    """A fresh home, and the real client in a process of its own."""

    server: LiveServer
    home: Path

    def upload(self, user: str, repo: str, content: bytes, *, private: bool = False) -> int:
        """Upload as a user; how many bytes of xorbs the hub keeps more by then."""
        token = self.server.user(user)
        self.server.api(token).create_repo(repo, private=private, exist_ok=True)
        self.home.mkdir(exist_ok=True)
        path = self.home / "weights.bin"
        path.write_bytes(content)
        environ = {
            **os.environ,
            "HF_ENDPOINT": self.server.url,
            "HF_TOKEN": token,
            "HF_HOME": str(self.home / "hf"),
        }
        before = self._stored()
        done = subprocess.run(
            [sys.executable, "-c", _UPLOAD, repo, str(path)],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return self._stored() - before

    def _stored(self) -> int:
        with self.server.hub.database.read() as conn:
            return conn.scalar(sa.select(sa.func.sum(xorbs.c.serialized_bytes))) or 0


@pytest.fixture
def machines(server: LiveServer, tmp_path: Path) -> Iterator[Machine]:
    return (Machine(server, tmp_path / f"machine{number}") for number in range(100))


def test_a_copy_and_a_new_version_send_what_is_new_alone(machines: Iterator[Machine]) -> None:
    content = os.urandom(12 * MB)
    assert next(machines).upload("alice", "alice/first", content) >= 12 * MB
    assert next(machines).upload("alice", "alice/copy", content) == 0
    assert next(machines).upload("bob", "bob/copy", content) == 0
    edited = content[: 5 * MB] + os.urandom(1000) + content[5 * MB + 8 :]
    assert next(machines).upload("bob", "bob/edited", edited) < MB / 2


def test_one_machine_of_two_people_never_names_what_the_other_one_sent(
    machines: Iterator[Machine], server: LiveServer
) -> None:
    content, shared = os.urandom(2 * MB), next(machines)
    assert shared.upload("alice", "alice/secret", content, private=True) >= 2 * MB
    # Nothing is told to Bob: he sends it all, although his client has a memory of Alice's.
    shared.upload("bob", "bob/own", content)
    assert shared.upload("bob", "bob/again", content) == 0
    path = server.api(server.user("bob")).hf_hub_download(
        "bob/own", "w.bin", cache_dir=shared.home / "cache"
    )
    assert Path(path).read_bytes() == content

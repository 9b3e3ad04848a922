"""Several clients at once, each a machine of its own: the same content, and content in common."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.clients.installing import PROGRAMS, javascript_program
from tests.clients.test_hf_command import digests
from tests.databases import postgresql_url
from tests.live import LiveServer, live_server

MB = 1_000_000
PYTHON = (sys.executable, "-W", "ignore", PROGRAMS / "hub_client.py")


class Machines(NamedTuple):
    """Where clients run; each has a home with caches of its own."""

    server: LiveServer
    homes: Path

    def start(
        self, name: str, *command: str | Path, **environ: str
    ) -> tuple[str, subprocess.Popen[bytes]]:
        home = self.homes / name
        home.mkdir(parents=True, exist_ok=True)
        client = subprocess.Popen(
            command,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "HF_HOME": str(home / "hf"),
                "HF_ENDPOINT": self.server.url,
                "HF_TOKEN": self.server.admin_token,
                "HF_HUB_DISABLE_PROGRESS_BARS": "1",
                **environ,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return name, client


def finish(*started: tuple[str, subprocess.Popen[bytes]]) -> None:
    for name, client in started:
        told, _ = client.communicate(timeout=120)
        assert client.returncode == 0, (name, told.decode(errors="replace"))


def write(folder: Path, **contents: bytes) -> Path:
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / f"{name}.bin").write_bytes(content)
    return folder


@pytest.fixture
def server_on_postgresql(tmp_path: Path) -> Iterator[LiveServer]:
    """Where writers do not take turns."""
    with postgresql_url() as url, live_server(tmp_path / "data", url) as running:
        yield running


def test_clients_at_once_lose_nothing_and_agree(
    server_on_postgresql: LiveServer, tmp_path: Path
) -> None:
    """By Xet from two machines, by LFS and from JavaScript into one branch; then down again."""
    server = server_on_postgresql
    server.admin_api.create_repo("boss/together")
    common = os.urandom(4 * MB)
    longer = common[: 2 * MB] + b"eight by" + common[2 * MB :]
    machines = Machines(server, tmp_path / "homes")
    folders = {
        "a": write(tmp_path / "a", same=common, mine_a=longer),
        "b": write(tmp_path / "b", same=common, mine_b=os.urandom(MB)),
        "lfs": write(tmp_path / "lfs", same=common, mine_lfs=longer),
    }
    from_node = write(tmp_path / "node", mine_node=longer) / "mine_node.bin"
    program = javascript_program("javascript_files.mjs")
    upload = ("upload", "boss/together")
    finish(
        machines.start("a", *PYTHON, *upload, folders["a"]),
        machines.start("b", *PYTHON, *upload, folders["b"]),
        machines.start("lfs", *PYTHON, *upload, folders["lfs"], HF_HUB_DISABLE_XET="1"),
        machines.start("node", "node", program, *upload, from_node),
    )
    expected: dict[str, str] = {}
    for folder in (*folders.values(), from_node.parent):
        expected |= digests(folder)
    down = ("download", "boss/together")
    finish(
        machines.start("a", *PYTHON, *down, tmp_path / "down-a"),
        machines.start("lfs", *PYTHON, *down, tmp_path / "down-lfs", HF_HUB_DISABLE_XET="1"),
    )
    assert digests(tmp_path / "down-a") == digests(tmp_path / "down-lfs") == expected


def test_a_file_is_read_while_the_next_version_of_it_is_written(
    shared_server: LiveServer, tmp_path: Path
) -> None:
    """A download that has begun is of its commit, whatever comes meanwhile; so are ranges."""
    api = shared_server.admin_api
    api.create_repo("boss/moving")
    versions = [os.urandom(3 * MB)]
    for number in range(3):
        versions.append(versions[-1][: number * MB] + b"more" + versions[-1][number * MB :])
    for content in versions[:1]:
        api.upload_file(repo_id="boss/moving", path_in_repo="w.bin", path_or_fileobj=content)
    stop = threading.Event()
    wrong: list[str] = []

    def read() -> None:
        url = f"{shared_server.url}/boss/moving/resolve/main/w.bin"
        with httpx.Client(follow_redirects=True) as client:
            while not stop.is_set():
                got = client.get(url)
                if got.content not in versions:
                    wrong.append(f"{got.status_code}: {len(got.content)} bytes")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for content in versions[1:]:
            api.upload_file(repo_id="boss/moving", path_in_repo="w.bin", path_or_fileobj=content)
            got = api.hf_hub_download("boss/moving", "w.bin", cache_dir=tmp_path / "c")
            assert Path(got).read_bytes() == content
    finally:
        stop.set()
        reader.join(60)
    assert not wrong


def test_the_same_content_from_several_machines_at_once_is_stored_once(
    shared_server: LiveServer, tmp_path: Path
) -> None:
    api = shared_server.admin_api
    content = os.urandom(2 * MB)
    repos = [f"boss/same-{number}" for number in range(3)]
    for repo in repos:
        api.create_repo(repo)
    before = stored_bytes(shared_server)
    program = "import sys; from huggingface_hub import HfApi; "
    program += "HfApi().upload_file(repo_id=sys.argv[1], path_in_repo='w.bin', "
    program += "path_or_fileobj=sys.argv[2])"
    path = tmp_path / "w.bin"
    path.write_bytes(content)
    machines = Machines(shared_server, tmp_path / "homes")
    finish(
        *(
            machines.start(f"m{number}", sys.executable, "-W", "ignore", "-c", program, repo, path)
            for number, repo in enumerate(repos)
        )
    )
    assert stored_bytes(shared_server) - before < 1.1 * len(content)
    for repo in repos:
        got = httpx.get(f"{shared_server.url}/{repo}/resolve/main/w.bin", follow_redirects=True)
        assert got.content == content


def stored_bytes(server: LiveServer) -> int:
    folder = server.data / "blobs" / "blobs"
    return sum(path.stat().st_size for path in folder.glob("*/*"))

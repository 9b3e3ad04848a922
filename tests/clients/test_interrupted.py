"""Clients that are killed half-way, and networks that go away: tried again, everything is whole."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clients.installing import PROGRAMS
from tests.clients.test_hf_command import digests
from tests.clients.wire import Event, Wire, wire_to
from tests.live import LiveServer

MB = 1_000_000
FILE_BYTES = (6 * MB, 3 * MB, 2 * MB)
FOLDER_BYTES = sum(FILE_BYTES)


@pytest.fixture
def wire(shared_server: LiveServer) -> Iterator[Wire]:
    with wire_to(shared_server.url) as carrying:
        yield carrying


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Large files; the last is a longer version of the first."""
    made = tmp_path / "model"
    made.mkdir()
    contents = [os.urandom(size) for size in FILE_BYTES]
    for number, content in enumerate(contents):
        (made / f"part-{number}.safetensors").write_bytes(content)
    first = contents[0]
    (made / "longer.bin").write_bytes(first[: 2 * MB] + b"eight by" + first[2 * MB :])
    return made


@pytest.fixture
def dice() -> random.Random:
    """Another run kills at other moments; a failure tells them with the values it compares."""
    return random.Random()


Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(wire: Wire, shared_server: LiveServer, tmp_path: Path) -> Start:
    """Start huggingface_hub behind the wire, on a machine that keeps its caches between starts."""

    def _start(way: str, repo: str, folder: Path, **environ: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", PROGRAMS / "hub_client.py", way, repo, folder],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "HF_HOME": str(tmp_path / "hf"),
                "HF_ENDPOINT": wire.url,
                "HF_TOKEN": shared_server.admin_token,
                "HF_HUB_DISABLE_PROGRESS_BARS": "1",
                **environ,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    return _start


def finished(client: subprocess.Popen[bytes]) -> tuple[int, str]:
    told, _ = client.communicate(timeout=120)
    return client.returncode, told.decode(errors="replace")


def killed(wire: Wire, start: Callable[[], subprocess.Popen[bytes]], **moment: int | bytes) -> bool:
    """Start a client and kill it at that moment; False when it was through before."""
    client: list[subprocess.Popen[bytes]] = []
    wire.expect(Event(lambda: client[0].kill(), **moment))  # type: ignore[arg-type]
    client.append(start())
    status, told = finished(client[0])
    assert status in {0, -9}, told
    wire.forget()
    return status == -9


def create(server: LiveServer, repo: str) -> str:
    server.admin_api.create_repo(repo)
    return repo


def assert_holds(server: LiveServer, repo: str, folder: Path, target: Path) -> None:
    server.admin_api.snapshot_download(repo, local_dir=target)
    assert digests(target) == digests(folder)


def test_an_upload_that_is_killed_anywhere_is_whole_the_next_time(
    wire: Wire,
    start: Start,
    shared_server: LiveServer,
    folder: Path,
    tmp_path: Path,
    dice: random.Random,
) -> None:
    repo = create(shared_server, "boss/killed")
    api = shared_server.admin_api
    before = api.model_info(repo).sha
    moments = sorted(dice.randrange(FOLDER_BYTES) for _ in range(2))
    for sent_bytes in moments:
        if killed(wire, lambda: start("upload", repo, folder), sent_bytes=sent_bytes):
            assert api.model_info(repo).sha == before, moments
    status, told = finished(start("upload", repo, folder))
    assert status == 0, (moments, told)
    assert_holds(shared_server, repo, folder, tmp_path / "down")


def test_an_upload_that_is_killed_behind_a_step_need_not_repeat_it(
    wire: Wire, start: Start, shared_server: LiveServer, folder: Path, tmp_path: Path
) -> None:
    """The hub has done the step, and the client never hears of it."""
    repo = create(shared_server, "boss/behind")
    assert killed(wire, lambda: start("upload", repo, folder), answered=b"/shards HTTP")
    assert killed(wire, lambda: start("upload", repo, folder), answered=b"/commit/main")
    assert wire.sent_bytes < MB, "what had been sent was sent again"
    wire.expect(None)
    status, told = finished(start("upload", repo, folder))
    assert status == 0, told
    assert wire.sent_bytes < MB
    assert_holds(shared_server, repo, folder, tmp_path / "down")


@pytest.mark.parametrize("disabled", ["0", "1"], ids=["with Xet", "without Xet"])
def test_a_download_that_is_killed_anywhere_is_whole_the_next_time(
    wire: Wire,
    start: Start,
    shared_server: LiveServer,
    folder: Path,
    tmp_path: Path,
    dice: random.Random,
    disabled: str,
) -> None:
    repo = create(shared_server, f"boss/fetched-{disabled}")
    shared_server.admin_api.upload_folder(repo_id=repo, folder_path=folder)
    target = tmp_path / "down"
    moment = dice.randrange(FOLDER_BYTES)

    def fetch() -> subprocess.Popen[bytes]:
        return start("download", repo, target, HF_HUB_DISABLE_XET=disabled)

    killed(wire, fetch, received_bytes=moment)
    status, told = finished(fetch())
    assert status == 0, (moment, told)
    assert digests(target) == digests(folder), moment


def test_a_network_that_goes_away_costs_only_what_was_on_its_way(
    wire: Wire, start: Start, shared_server: LiveServer, tmp_path: Path
) -> None:
    """Plain HTTP of a file that came by Xet: the stock client, which writes 10 MiB at a time."""
    repo, content = create(shared_server, "boss/cut"), os.urandom(16 * MB)
    shared_server.admin_api.upload_file(repo_id=repo, path_in_repo="w.bin", path_or_fileobj=content)
    wire.expect(Event(wire.cut, received_bytes=12 * MB))
    status, told = finished(start("download", repo, tmp_path / "down", HF_HUB_DISABLE_XET="1"))
    assert status == 0, told
    assert wire.has_happened
    assert wire.received_bytes < 20 * MB, "it began again"
    assert (tmp_path / "down" / "w.bin").read_bytes() == content


def test_curl_goes_on_where_the_network_went_away(
    wire: Wire, shared_server: LiveServer, folder: Path, tmp_path: Path
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    repo = create(shared_server, "boss/curled")
    shared_server.admin_api.upload_folder(repo_id=repo, folder_path=folder)
    got = tmp_path / "got.bin"
    command: list[str | Path] = [
        "curl",
        "--silent",
        "--fail",
        "--location",
        "--continue-at",
        "-",
        "--output",
        got,
    ]
    command.append(f"{wire.url}/{repo}/resolve/main/longer.bin")
    wire.expect(Event(wire.cut, received_bytes=2 * MB))
    assert subprocess.run(command, check=False).returncode
    assert 0 < got.stat().st_size < FILE_BYTES[0]
    assert subprocess.run(command, check=False).returncode == 0
    assert got.read_bytes() == (folder / "longer.bin").read_bytes()
    assert wire.received_bytes < FILE_BYTES[0] + MB

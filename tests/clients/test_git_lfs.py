"""git with git-lfs, and what came by Xet: cloned, resumed, and pushed by Xet itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.installing import PROGRAMS
from tests.clients.wire import Event, Wire, wire_to
from tests.hub.git_http.workshop import Workshop, workshop
from tests.live import LiveServer

MB = 1_000_000
POINTER = b"version https://git-lfs.github.com/spec/v1\n"


@pytest.fixture
def shop(shared_server: LiveServer, tmp_path: Path) -> Workshop:
    made = workshop(shared_server, tmp_path, private=True)
    made.git("lfs", "install", "--skip-repo")
    return made


@pytest.fixture
def wire(shared_server: LiveServer) -> Iterator[Wire]:
    with wire_to(shared_server.url) as carrying:
        yield carrying


@pytest.fixture
def files(shop: Workshop) -> dict[str, bytes]:
    """Large files that the repository was given by Xet; the second is a longer first."""
    noise = os.urandom(4 * MB)
    files = {"w.bin": noise, "a/longer.bin": noise[:MB] + b"eight by" + noise[MB:], "z.bin": b"z"}
    for path, content in files.items():
        shop.hf.upload_file(repo_id=shop.repo_id, path_in_repo=path, path_or_fileobj=content)
    return files


def assert_same(folder: Path, files: dict[str, bytes]) -> None:
    for path, content in files.items():
        assert (folder / path).read_bytes() == content, path


def test_a_clone_has_the_bytes_of_files_that_came_by_xet(
    shop: Workshop, files: dict[str, bytes]
) -> None:
    assert_same(shop.clone("work"), files)
    assert shop.git("lfs", "fsck", at="work") == "Git LFS fsck OK"


def test_a_clone_without_the_bytes_pulls_those_that_it_wants(
    shop: Workshop, files: dict[str, bytes]
) -> None:
    shop.git("clone", "-q", shop.url, "work", GIT_LFS_SKIP_SMUDGE="1")
    assert (shop.folder / "work" / "w.bin").read_bytes().startswith(POINTER)
    shop.git("lfs", "pull", "--include", "a/*", at="work")
    assert (shop.folder / "work" / "w.bin").read_bytes().startswith(POINTER)
    assert (shop.folder / "work" / "a" / "longer.bin").read_bytes() == files["a/longer.bin"]


def test_a_pull_goes_on_where_the_network_went_away(
    shop: Workshop, wire: Wire, files: dict[str, bytes]
) -> None:
    there = shop.url.replace(shop.server.url.removeprefix("http://"), wire.url[len("http://") :])
    shop.git("clone", "-q", there, "work", GIT_LFS_SKIP_SMUDGE="1")
    wire.expect(Event(wire.cut, received_bytes=3 * MB))
    shop.try_git("lfs", "pull", "--include", "w.bin", at="work")
    assert wire.has_happened
    shop.git("lfs", "pull", "--include", "w.bin", at="work")
    assert wire.received_bytes < 5 * MB, "it began again"
    assert (shop.folder / "work" / "w.bin").read_bytes() == files["w.bin"]


def test_git_pushes_by_xet_where_an_agent_speaks_it(
    shop: Workshop, wire: Wire, files: dict[str, bytes]
) -> None:
    shop.clone("work")
    there = shop.url.replace(shop.server.url.removeprefix("http://"), wire.url[len("http://") :])
    agent = {"path": sys.executable, "args": f"-W ignore {PROGRAMS / 'xet_transfer_agent.py'}"}
    for key, value in agent.items():
        shop.git("config", f"lfs.customtransfer.xet.{key}", value, at="work")
    shop.git("remote", "set-url", "origin", there, at="work")
    assert "xet" in shop.git("lfs", "env", at="work")
    edited = files["w.bin"][: 3 * MB] + b"edited" + files["w.bin"][3 * MB :]
    pushed = {"w.bin": edited, "new.bin": os.urandom(MB)}
    shop.commit("work", dict(pushed))
    wire.expect(None)
    cache = str(shop.folder / "hf")
    shop.git("push", "-q", "origin", "main", at="work", HF_TOKEN=shop.token, HF_HOME=cache)
    assert MB < wire.sent_bytes < 2 * MB, "all of it was sent"
    assert_same(shop.clone("again"), {**files, **pushed})
    infos = shop.hf.get_paths_info(shop.repo_id, list(pushed))
    assert all(info.xet_hash for info in infos)

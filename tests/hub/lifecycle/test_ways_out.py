"""Weights of a revoked release leave by no way: neither git nor LFS nor Xet, and each says why."""

from __future__ import annotations

import itertools
import os
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.hub.lifecycle.published import Model, publish
from tests.live import LiveServer

_numbers = itertools.count()
_ENVIRONMENT = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
IN_GIT = {".gitattributes": b"*.bin filter=lfs diff=lfs merge=lfs -text\n"}  # not safetensors


def git(*arguments: object, token: str | None = None) -> subprocess.CompletedProcess[str]:
    config = [] if token is None else ["-c", f"http.extraHeader=Authorization: Bearer {token}"]
    return subprocess.run(
        ["git", *config, *map(str, arguments)],
        env={**_ENVIRONMENT, "GIT_LFS_SKIP_SMUDGE": "1"}, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip


@pytest.fixture
def model(
    shared_server: LiveServer, tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> Model:
    name = f"ways{next(_numbers)}"
    return publish(shared_server, name, tmp_path / name, paddock, monkeypatch)


def revoke(model: Model, version: str = "1.0.0") -> None:
    code, _, error = model.announce("revoke", f"{model.repo}@{version}", "--reason", "unsafe")
    assert code == 0, error
    assert model.told(version)["state"] == "revoked"


def test_git_lfs_gets_pointers_and_the_bytes_of_the_good_release_alone(
    model: Model, tmp_path: Path
) -> None:
    revoke(model)
    address, here = f"{model.server.url}/{model.repo}", tmp_path / "clone"
    assert git("clone", address, here).returncode == 0
    pulled = git("-C", here, "lfs", "pull")
    assert pulled.returncode == 0, pulled.stderr
    assert (here / "model.safetensors").read_bytes() == b"second" * 1000
    assert git("-C", here, "checkout", "1.0.0").returncode == 0
    refused = git("-C", here, "lfs", "pull")
    assert refused.returncode != 0
    assert "tiny 1.0.0 was revoked" in refused.stderr + refused.stdout
    assert b"git-lfs" in (here / "model.safetensors").read_bytes()
    assert (here / "config.json").is_file()
    own = git("-C", here, "lfs", "pull", token=model.token)
    assert own.returncode == 0, own.stderr
    assert (here / "model.safetensors").read_bytes() == b"first" * 1000


def test_a_clone_that_would_hold_the_weights_is_refused_and_one_without_them_is_not(
    model: Model, tmp_path: Path
) -> None:
    model.release("1.9.0", b"old" * 1000, more=IN_GIT)  # from then on they lie in git itself
    model.release("2.0.0", b"third" * 1000, more=IN_GIT)
    model.release("2.1.0", b"fourth" * 1000, more=IN_GIT)
    address = f"{model.server.url}/{model.repo}"
    assert git("clone", address, tmp_path / "before").returncode == 0
    assert (tmp_path / "before/model.safetensors").read_bytes() == b"fourth" * 1000
    revoke(model, "2.0.0")
    for arguments in (("clone", address), ("clone", "--depth=1", "--branch=2.0.0", address)):
        done = git(*arguments, tmp_path / f"refused{len(arguments)}")
        assert done.returncode != 0
        assert "tiny 2.0.0 was revoked" in done.stderr
    good = git("clone", "--depth=1", "--branch=2.1.0", address, tmp_path / "good")
    assert good.returncode == 0, good.stderr
    assert (tmp_path / "good/model.safetensors").read_bytes() == b"fourth" * 1000
    own = git("clone", address, tmp_path / "own", token=model.token)
    assert own.returncode == 0, own.stderr


def test_xet_gives_no_pieces_of_them(model: Model) -> None:
    tree = f"/api/models/{model.repo}/tree/1.0.0"
    row = next(r for r in model.stranger(tree).json() if r["path"] == "model.safetensors")
    hash_ = row["xetHash"]

    def pieces(token: str | None) -> httpx.Response:
        ask = f"{model.server.url}/api/models/{model.repo}/xet-read-token/1.0.0"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        told = httpx.get(ask, headers=headers).json()
        return httpx.get(
            f"{told['casUrl']}/v1/reconstructions/{hash_}",
            headers={"Authorization": f"Bearer {told['accessToken']}"},
        )

    assert pieces(None).status_code == 200
    revoke(model)
    refused = pieces(None)
    assert (refused.status_code, "terms" in refused.text) == (403, False)
    assert "was revoked" in refused.text
    assert pieces(model.token).status_code == 200
    for row in model.stranger(tree).json():
        assert "xetHash" not in row, row

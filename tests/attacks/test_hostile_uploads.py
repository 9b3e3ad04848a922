"""From upload to refusal with every part real: the stock client, the hub, the scanner's process."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import httpx
import numpy as np
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from tests.live import LiveServer

HOSTILE = b"cos\nsystem\n(S'true'\ntR."  # a pickle that calls os.system("true"); never loaded
NAMES = ("model.safetensors", "hostile.bin", "large.bin", "notes.txt")


def safetensors() -> bytes:
    weights = np.linspace(-1, 1, 64, dtype=np.float32).tobytes()
    entry = {"w": {"dtype": "F32", "shape": [64], "data_offsets": [0, len(weights)]}}
    header = json.dumps(entry).encode()
    return struct.pack("<Q", len(header)) + header + weights


@pytest.fixture
def repo(shared_server: LiveServer, request: pytest.FixtureRequest) -> str:
    name = f"boss/{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]}"
    shared_server.admin_api.create_repo(name)
    large = HOSTILE + bytes(11 << 20)  # leaves as a large file, by its digest
    contents = dict(zip(NAMES, (safetensors(), HOSTILE, large, b"Notes.\n"), strict=True))
    operations = [CommitOperationAdd(path, content) for path, content in contents.items()]
    shared_server.admin_api.create_commit(name, operations, commit_message="Add files")
    shared_server.run_scans()
    return name


def test_a_stranger_gets_what_is_clean_and_an_owner_everything(
    shared_server: LiveServer, repo: str, tmp_path: Path
) -> None:
    stranger = HfApi(endpoint=shared_server.url, token=False)
    for name in ("model.safetensors", "notes.txt"):
        assert Path(stranger.hf_hub_download(repo, name, local_dir=tmp_path / "s")).is_file()
    for name in ("hostile.bin", "large.bin"):
        with pytest.raises((HfHubHTTPError, LocalEntryNotFoundError)):
            stranger.hf_hub_download(repo, name, local_dir=tmp_path / "s")
        assert shared_server.admin_api.hf_hub_download(repo, name, local_dir=tmp_path / "o")


def test_the_refusal_names_what_was_found_and_the_tree_shows_it(
    shared_server: LiveServer, repo: str
) -> None:
    answer = httpx.get(f"{shared_server.url}/{repo}/resolve/main/hostile.bin")
    assert answer.status_code == 403
    assert "pickle_global" in answer.json()["error"]
    owner = {"Authorization": f"Bearer {shared_server.admin_token}"}
    report = httpx.get(f"{shared_server.url}/api/models/{repo}/scan", headers=owner)
    assert "os.system" in report.text
    info = shared_server.admin_api.get_paths_info(repo, list(NAMES), expand=True)
    statuses = {each.path: each.security and each.security["safe"] for each in info}
    assert statuses == {
        "model.safetensors": True, "hostile.bin": False, "large.bin": False, "notes.txt": True,
    }  # fmt: skip

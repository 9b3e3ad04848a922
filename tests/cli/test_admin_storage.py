"""``paddock admin gc`` and ``quota`` on a hub's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddock.storage.local_blobs import LocalBlobStore
from tests.cli.conftest import Paddock


@pytest.fixture
def data(tmp_path: Path, paddock: Paddock) -> Path:
    folder = tmp_path / "data"
    code, _, err = paddock("admin", "init", "--data", folder, "--name", "anna")
    assert code == 0, err
    return folder


def test_gc_removes_what_no_row_names_and_says_so(data: Path, paddock: Paddock) -> None:
    store = LocalBlobStore(data / "blobs")
    with store.begin() as writer:
        writer.write(b"nobody's")
        blob = writer.commit()
    at_once = ("admin", "gc", "--data", data, "--grace-hours", 0, "--json")
    _, out, _ = paddock("admin", "gc", "--data", data, "--json")
    assert json.loads(out)["waiting_bytes"] == 8
    _, out, _ = paddock(*at_once, "--dry-run")
    assert json.loads(out)["blobs"] == 1 and store.size_bytes(blob.sha256) == 8
    _, out, _ = paddock(*at_once)
    assert json.loads(out)["bytes"] == 8 and store.size_bytes(blob.sha256) is None
    code, out, _ = paddock("admin", "gc", "--data", data)
    assert code == 0 and out.startswith("removed 0 blobs")


def test_quotas_are_set_shown_and_dropped(data: Path, paddock: Paddock) -> None:
    here = ("--data", data, "--json")
    assert paddock("admin", "quota", "default", "2TB", *here)[0] == 0
    _, out, _ = paddock("admin", "quota", "show", "anna", *here)
    assert json.loads(out) == {"name": "anna", "used_bytes": 0, "quota_bytes": 2 * 10**12}
    _, out, _ = paddock("admin", "quota", "set", "anna", "500MB", *here)
    assert json.loads(out)["quota_bytes"] == 500 * 10**6
    _, out, _ = paddock("admin", "quota", "set", "anna", "unlimited", *here)
    assert json.loads(out)["quota_bytes"] is None
    _, out, _ = paddock("admin", "quota", "set", "anna", "default", *here)
    assert json.loads(out)["quota_bytes"] == 2 * 10**12
    code, _, err = paddock("admin", "quota", "set", "anna", "lots", "--data", data)
    assert code == 1 and "no size" in err

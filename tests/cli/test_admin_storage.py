"""``paddock admin gc`` and ``quota`` on a hub's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddock.hub.tables import large_files
from paddock.storage.database import Database
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


def test_fsck_says_whole_or_what_is_not_and_ends_with_4(data: Path, paddock: Paddock) -> None:
    code, out, _ = paddock("admin", "fsck", "--data", data)
    assert code == 0 and out.endswith("the store is whole\n")
    sha256 = _a_large_file(data)
    assert paddock("admin", "fsck", "--deep", "--data", data)[0] == 0
    path = data / "blobs/blobs" / sha256[:2] / sha256
    path.write_bytes(b"other")
    code, out, _ = paddock("admin", "fsck", "--deep", "--data", data)
    assert code == 4 and f"blob_damaged {sha256}" in out and "NOT REPAIRED" in out
    assert out.endswith("1 problems, 0 repaired: 1 remain\n")
    code, out, _ = paddock("admin", "fsck", "--deep", "--data", data, "--json")
    assert code == 4 and json.loads(out)["whole"] is False


def test_storage_is_told_for_all_and_for_one(data: Path, paddock: Paddock) -> None:
    _a_large_file(data)
    _, out, _ = paddock("admin", "storage", "--data", data, "--json")
    told = json.loads(out)
    assert told["stored_bytes"] == told["elsewhere_bytes"] == 5
    assert [one["name"] for one in told["accounts"]] == ["anna"]
    code, out, _ = paddock("admin", "storage", "--data", data)
    assert code == 0 and out.startswith("stored: 5 bytes in 1 blobs")
    code, out, _ = paddock("admin", "storage", "--account", "anna", "--data", data)
    assert code == 0 and out.startswith("user anna: 0 bytes of files")
    for options in (("--repo", "anna/none"), ("--account", "nobody")):
        assert paddock("admin", "storage", *options, "--data", data)[0] == 1
    both = ("--repo", "anna/none", "--account", "anna")
    assert paddock("admin", "storage", *both, "--data", data)[0] == 2


def _a_large_file(data: Path) -> str:
    """A large file's row and its bytes."""
    with LocalBlobStore(data / "blobs").begin() as writer:
        writer.write(b"bytes")
        blob = writer.commit()
    database = Database(f"sqlite:///{data}/paddock.db")
    row = {"sha256": blob.sha256, "size_bytes": 5, "is_blob": True, "xet_hash": None}
    with database.write() as conn:
        conn.execute(large_files.insert().values(row))
    database.dispose()
    return blob.sha256

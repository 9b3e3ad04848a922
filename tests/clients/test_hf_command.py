"""The stock ``hf`` command, unmodified, pointed at this hub and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from tests.clients.conftest import Run
from tests.live import LiveServer


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".cache" not in path.parts and path.name != ".gitattributes"
    }


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """Many large files and some small ones, in folders."""
    folder = tmp_path / "model"
    (folder / "sub" / "deeper").mkdir(parents=True)
    for number in range(6):
        (folder / f"part-{number}.safetensors").write_bytes(os.urandom(3_000_000 + number))
    (folder / "sub" / "same.bin").write_bytes((folder / "part-1.safetensors").read_bytes())
    (folder / "sub" / "compressible.bin").write_bytes(b"abcdefgh" * 500_000)
    (folder / "sub" / "deeper" / "empty.txt").write_bytes(b"")
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# Many parts\n")
    (folder / "naïve ☃.txt").write_text("unusual")
    return folder


@pytest.mark.parametrize("xet", ["0", "1"], ids=["with Xet", "without Xet"])
def test_a_folder_goes_up_and_comes_down_the_same(
    run: Run, model_folder: Path, tmp_path: Path, xet: str
) -> None:
    repo = f"boss/folder-{xet}"
    run("hf", "upload", repo, str(model_folder), ".", HF_HUB_DISABLE_XET=xet)
    run("hf", "download", repo, "--local-dir", str(tmp_path / "down"), HF_HUB_DISABLE_XET=xet)
    assert digests(tmp_path / "down") == digests(model_folder)


def test_what_came_by_one_transport_leaves_by_the_other(
    run: Run, model_folder: Path, tmp_path: Path
) -> None:
    for up, down in (("0", "1"), ("1", "0")):
        repo, target = f"boss/crossed-{up}{down}", tmp_path / f"down-{up}"
        run("hf", "upload", repo, str(model_folder), ".", HF_HUB_DISABLE_XET=up)
        run("hf", "download", repo, "--local-dir", str(target), HF_HUB_DISABLE_XET=down)
        assert digests(target) == digests(model_folder)


def test_a_file_that_went_missing_is_fetched_again(
    run: Run, model_folder: Path, tmp_path: Path
) -> None:
    run("hf", "upload", "boss/resumed", str(model_folder), ".")
    for _ in range(2):
        run("hf", "download", "boss/resumed", "--local-dir", str(tmp_path / "down"))
        (tmp_path / "down" / "part-3.safetensors").unlink()
    run("hf", "download", "boss/resumed", "--local-dir", str(tmp_path / "down"))
    assert digests(tmp_path / "down") == digests(model_folder)


def test_the_cache_agrees_with_the_hub(run: Run, model_folder: Path) -> None:
    run("hf", "upload", "boss/cached", str(model_folder), ".")
    run("hf", "download", "boss/cached")
    checked = run("hf", "cache", "verify", "boss/cached")
    assert "mismatch" not in checked.stdout.lower() + checked.stderr.lower()


def test_signing_in_and_asking_who_one_is(run: Run, shared_server: LiveServer) -> None:
    run("hf", "auth", "login", "--token", shared_server.admin_token)
    assert "boss" in run("hf", "auth", "whoami").stdout


def test_a_wrong_token_is_told_as_one(run: Run) -> None:
    done = run("hf", "auth", "whoami", check=False, HF_TOKEN="hf_wrong")
    assert done.returncode != 0
    assert "token" in (done.stdout + done.stderr).lower()


def test_repositories_from_birth_to_end(run: Run, shared_server: LiveServer) -> None:
    run("hf", "repos", "create", "boss/life", "--private")
    run("hf", "repos", "branch", "create", "boss/life", "dev")
    run("hf", "repos", "tag", "create", "boss/life", "v1", "-m", "first")
    assert "v1" in run("hf", "repos", "tag", "list", "boss/life").stdout
    run("hf", "repos", "settings", "boss/life", "--public")
    run("hf", "repos", "move", "boss/life", "boss/afterlife")
    assert shared_server.api().repo_exists("boss/afterlife")
    run("hf", "repos", "delete", "boss/afterlife", "--yes")
    assert not shared_server.admin_api.repo_exists("boss/afterlife")


def test_files_are_deleted_by_pattern(run: Run, model_folder: Path, tmp_path: Path) -> None:
    run("hf", "upload", "boss/pruned", str(model_folder), ".")
    run("hf", "repos", "delete-files", "boss/pruned", "part-*.safetensors")
    run("hf", "download", "boss/pruned", "--local-dir", str(tmp_path / "down"))
    assert not list((tmp_path / "down").glob("part-*"))
    assert (tmp_path / "down" / "config.json").exists()


def test_a_download_by_xet_alone_is_counted(
    run: Run, tmp_path: Path, shared_server: LiveServer
) -> None:
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "large.bin").write_bytes(os.urandom(2_000_000))
    run("hf", "upload", "boss/counted", str(tmp_path / "only"), ".")
    run("hf", "download", "boss/counted", "--include", "*.bin")
    deadline = time.monotonic() + 10
    while not shared_server.api().model_info("boss/counted").downloads:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_collections_are_managed_by_command(run: Run) -> None:
    """`hf collections`, each command once, as its own help shows it."""
    run("hf", "repos", "create", "boss/collected")
    made = run("hf", "collections", "create", "Picked", "--description", "d", "--format", "json")
    slug = json.loads(made.stdout)["slug"]
    run("hf", "collections", "create", "Picked", "--exists-ok")
    assert run("hf", "collections", "create", "Picked", check=False).returncode == 1
    run("hf", "collections", "add-item", slug, "boss/collected", "model", "--note", "good")
    info = json.loads(run("hf", "collections", "info", slug, "--format", "json").stdout)
    (item,) = info["items"]
    assert (item["item_id"], item["note"]) == ("boss/collected", "good")
    run("hf", "collections", "update-item", slug, item["item_object_id"], "--note", "better")
    run("hf", "collections", "update", slug, "--title", "Chosen", "--theme", "green")
    listed = run("hf", "collections", "ls", "--owner", "boss", "--format", "json").stdout
    assert [one["title"] for one in json.loads(listed)] == ["Chosen"]
    held = run(
        "hf", "collections", "ls", "--item", "models/boss/collected", "--format", "json"
    ).stdout
    assert len(json.loads(held)) == 1
    run("hf", "collections", "delete-item", slug, item["item_object_id"])
    run("hf", "collections", "delete", slug)
    run("hf", "collections", "delete", slug, "--missing-ok")
    assert run("hf", "collections", "info", slug, check=False).returncode == 1
    assert "boss/collected" in run("hf", "repos", "ls").stdout

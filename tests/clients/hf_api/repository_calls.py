"""Repositories, files, commits, large files: each method called once, and its answer read."""

from __future__ import annotations

import json

import numpy as np
from huggingface_hub import CommitOperationAdd, CommitOperationDelete
from huggingface_hub.errors import EntryNotFoundError
from safetensors.numpy import save_file

from tests.clients.hf_api.world import Call, World, stranger, weights


def _create_repo(w: World) -> None:
    for kind in ("model", "dataset", "space", "kernel"):
        made = w.api.create_repo(
            f"{w.alice}/new", repo_type=kind, space_sdk="static" if kind == "space" else None
        )
        assert made.repo_id == f"{w.alice}/new"


def _create_commit(w: World) -> None:
    done = w.api.create_commit(
        w.repo,
        [CommitOperationAdd("b.txt", b"b"), CommitOperationDelete("notes/a.txt")],
        commit_message="change",
    )
    assert set(w.api.list_repo_files(w.repo, revision=done.oid)) >= {"b.txt", "README.md"}
    assert not w.api.file_exists(w.repo, "notes/a.txt")


def _create_branch(w: World) -> None:
    w.api.create_branch(w.repo, branch="dev")
    assert {b.name for b in w.api.list_repo_refs(w.repo).branches} == {"main", "dev"}


def _delete_branch(w: World) -> None:
    w.api.create_branch(w.repo, branch="dev")
    w.api.delete_branch(w.repo, branch="dev")
    assert [b.name for b in w.api.list_repo_refs(w.repo).branches] == ["main"]


def _create_tag(w: World) -> None:
    w.api.create_tag(w.repo, tag="v1", tag_message="one")
    assert w.api.model_info(w.repo, revision="v1").sha == w.api.model_info(w.repo).sha


def _delete_tag(w: World) -> None:
    w.api.create_tag(w.repo, tag="v1")
    w.api.delete_tag(w.repo, tag="v1")
    assert w.api.list_repo_refs(w.repo).tags == []


def _delete_repo(w: World) -> None:
    w.api.delete_repo(w.repo)
    assert not w.api.repo_exists(w.repo)


def _move_repo(w: World) -> None:
    w.api.move_repo(w.repo, f"{w.org}/moved")
    assert w.api.model_info(w.repo).id == f"{w.org}/moved"


def _update_repo_settings(w: World) -> None:
    w.api.update_repo_settings(w.repo, private=True, gated="auto")
    info = w.api.model_info(w.repo)
    assert (info.private, info.gated) == (True, "auto")
    assert not stranger(w).repo_exists(w.repo)


def _duplicate_repo(w: World) -> None:
    made = w.api.duplicate_repo(w.repo, f"{w.org}/copy")
    assert made.repo_id == f"{w.org}/copy"
    path = w.api.hf_hub_download(made.repo_id, "model.safetensors", cache_dir=w.folder)
    with open(path, "rb") as file:  # noqa: PTH123
        assert file.read() == weights()


def _copy_files(w: World) -> None:
    w.api.create_repo(f"{w.org}/target")
    w.api.copy_files(f"hf://{w.repo}/model.safetensors", f"hf://{w.org}/target/copied.safetensors")
    assert w.api.file_exists(f"{w.org}/target", "copied.safetensors")


def _upload_folder(w: World) -> None:
    (w.folder / "up" / "deep").mkdir(parents=True)
    (w.folder / "up" / "deep" / "x.txt").write_text("x")
    w.api.upload_folder(repo_id=w.repo, folder_path=w.folder / "up", delete_patterns="notes/*")
    assert w.api.file_exists(w.repo, "deep/x.txt")
    assert not w.api.file_exists(w.repo, "notes/a.txt")


def _preupload(w: World) -> None:
    add = CommitOperationAdd("second.safetensors", weights() + b"")
    w.api.preupload_lfs_files(w.repo, [add])
    w.api.create_commit(w.repo, [add], commit_message="second")
    assert w.api.file_exists(w.repo, "second.safetensors")


def _snapshot(w: World) -> None:
    path = w.api.snapshot_download(w.repo, cache_dir=w.folder / "cache")
    assert (w.folder / path / "notes" / "a.txt").read_text() == "first"


def _verify(w: World) -> None:
    w.api.snapshot_download(w.repo, local_dir=w.folder / "local")
    checked = w.api.verify_repo_checksums(w.repo, local_dir=w.folder / "local")
    assert checked.checked_count >= 5
    assert not checked.mismatches


def _super_squash(w: World) -> None:
    w.api.super_squash_history(w.repo, commit_message="one")
    assert [commit.title for commit in w.api.list_repo_commits(w.repo)] == ["one"]


def _sharded(w: World) -> None:
    _upload_shards(w)
    found = w.api.get_sharded_safetensors_metadata(w.repo)
    assert found.sharded
    assert set(found.weight_map) == {"a", "b"}


def _upload_shards(w: World) -> None:
    names = {"a": "model-1.safetensors", "b": "model-2.safetensors"}
    for tensor, name in names.items():
        save_file({tensor: np.zeros(4, np.float32)}, w.folder / name)
        w.api.upload_file(path_or_fileobj=w.folder / name, path_in_repo=name, repo_id=w.repo)
    index = {"metadata": {"total_size": 32}, "weight_map": names}
    w.api.upload_file(
        path_or_fileobj=json.dumps(index).encode(),
        path_in_repo="model.safetensors.index.json",
        repo_id=w.repo,
    )


def _lfs_files(w: World) -> None:
    (file,) = w.api.list_lfs_files(w.repo)
    assert (file.filename, file.size) == ("model.safetensors", len(weights()))


def _delete_lfs(w: World) -> None:
    w.api.permanently_delete_lfs_files(w.repo, w.api.list_lfs_files(w.repo))
    assert list(w.api.list_lfs_files(w.repo)) == []
    assert not w.api.file_exists(w.repo, "model.safetensors")
    assert w.api.file_exists(w.repo, "README.md")


def _paths_info(w: World) -> None:
    found = w.api.get_paths_info(w.repo, ["notes", "config.json", "nothing"], expand=True)
    assert {entry.path for entry in found} == {"notes", "config.json"}
    assert all(entry.last_commit.title == "first files" for entry in found)


def _delete_files(w: World) -> None:
    w.api.delete_files(w.repo, ["notes/*", "config.json"])
    assert not w.api.file_exists(w.repo, "notes/a.txt")


def _delete_file(w: World) -> None:
    w.api.delete_file("config.json", w.repo)
    assert not w.api.file_exists(w.repo, "config.json")


def _delete_folder(w: World) -> None:
    w.api.delete_folder("notes", w.repo)
    assert w.api.get_paths_info(w.repo, ["notes"]) == []


def _upload_file(w: World) -> None:
    done = w.api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=w.repo)
    assert done.oid == w.api.model_info(w.repo).sha


def _metadata(w: World) -> None:
    url = f"{w.server.url}/{w.repo}/resolve/main/model.safetensors"
    found = w.api.get_hf_file_metadata(url=url)
    assert found.size == len(weights())
    assert found.commit_hash == w.api.model_info(w.repo).sha


def _download(w: World) -> None:
    path = w.api.hf_hub_download(w.repo, "notes/a.txt", cache_dir=w.folder)
    with open(path, "rb") as file:  # noqa: PTH123
        assert file.read() == b"first"
    try:
        w.api.hf_hub_download(w.repo, "nothing.txt", cache_dir=w.folder)
    except EntryNotFoundError:
        return
    raise AssertionError("a file that is not there was downloaded")


def _is(condition: object) -> None:
    assert condition


CALLS: dict[str, Call] = {
    "create_repo": _create_repo,
    "delete_repo": _delete_repo,
    "move_repo": _move_repo,
    "update_repo_settings": _update_repo_settings,
    "duplicate_repo": _duplicate_repo,
    "repo_exists": lambda w: _is(w.api.repo_exists(w.repo) and not w.api.repo_exists("no/thing")),
    "repo_info": lambda w: _is(w.api.repo_info(w.repo, files_metadata=True).siblings[0].size),
    "model_info": lambda w: _is(w.api.model_info(w.repo, securityStatus=True).sha),
    "dataset_info": lambda w: _is(w.api.dataset_info(w.repo_of("dataset")).sha),
    "space_info": lambda w: _is(w.api.space_info(w.repo_of("space")).sdk == "static"),
    "kernel_info": lambda w: _is(w.api.kernel_info(w.repo_of("kernel")).sha),
    "resolve_revision": lambda w: _is(
        w.api.resolve_revision(w.repo, revision="main", cache_dir=w.folder)
    ),
    "revision_exists": lambda w: _is(
        w.api.revision_exists(w.repo, "main") and not w.api.revision_exists(w.repo, "nothing")
    ),
    "file_exists": lambda w: _is(
        w.api.file_exists(w.repo, "config.json") and not w.api.file_exists(w.repo, "nothing")
    ),
    "get_full_repo_name": lambda w: _is(w.api.get_full_repo_name("x") == f"{w.alice}/x"),
    "auth_check": lambda w: w.api.auth_check(w.repo, write=True),
    "list_repo_files": lambda w: _is("notes/a.txt" in w.api.list_repo_files(w.repo)),
    "list_repo_tree": lambda w: _is(
        {e.path for e in w.api.list_repo_tree(w.repo, recursive=True, expand=True)} >= {"notes"}
    ),
    "list_repo_refs": lambda w: _is(
        w.api.list_repo_refs(w.repo, include_pull_requests=True).branches[0].name == "main"
    ),
    "list_repo_commits": lambda w: _is(
        [c.title for c in w.api.list_repo_commits(w.repo, formatted=True)]
        == ["first files", "initial commit"]
    ),
    "get_paths_info": _paths_info,
    "create_branch": _create_branch,
    "delete_branch": _delete_branch,
    "create_tag": _create_tag,
    "delete_tag": _delete_tag,
    "super_squash_history": _super_squash,
    "create_commit": _create_commit,
    "preupload_lfs_files": _preupload,
    "upload_file": _upload_file,
    "upload_folder": _upload_folder,
    "delete_file": _delete_file,
    "delete_files": _delete_files,
    "delete_folder": _delete_folder,
    "copy_files": _copy_files,
    "hf_hub_download": _download,
    "snapshot_download": _snapshot,
    "verify_repo_checksums": _verify,
    "get_hf_file_metadata": _metadata,
    "get_safetensors_metadata": lambda w: _is(
        w.api.get_safetensors_metadata(w.repo).parameter_count == {"F32": 6}
    ),
    "get_sharded_safetensors_metadata": _sharded,
    "parse_safetensors_file_metadata": lambda w: _is(
        set(w.api.parse_safetensors_file_metadata(w.repo, "model.safetensors").tensors) == {"w"}
    ),
    "list_lfs_files": _lfs_files,
    "permanently_delete_lfs_files": _delete_lfs,
    "run_as_future": lambda w: _is(w.api.run_as_future(w.api.whoami).result()["name"] == w.alice),
}

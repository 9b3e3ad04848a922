"""Large files with the stock clients: huggingface_hub with and without Xet, git-lfs, plain HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from huggingface_hub import HfFileSystem, hf_hub_download, snapshot_download

from paddock.storage.s3_blobs import S3BlobStore
from paddock.storage.s3_connection import S3Connection
from tests.buckets import new_bucket
from tests.databases import sqlite_url
from tests.live import LiveServer, live_server

MIB = 1 << 20


@pytest.fixture(scope="module", params=["local", "s3", "s3 directly"])
def shared_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """A server over every kind of blob store, and one that sends clients to the store itself."""
    folder = tmp_path_factory.mktemp("server")
    blobs = None
    if request.param != "local":
        bucket = new_bucket(direct=request.param == "s3 directly", prefix="paddock")
        blobs = S3BlobStore(S3Connection(bucket))
    with live_server(folder / "data", sqlite_url(folder), blobs=blobs) as running:
        yield running


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Bytes of every kind that is stored differently."""
    random = np.random.default_rng(os.getpid())
    return {
        "noise.bin": random.bytes(20 * MIB),
        "weights.safetensors": random.normal(size=6 * MIB).astype(np.float32).tobytes(),
        "text.parquet": b"the same words again and again " * 100_000,
        "small.bin": random.bytes(5),
        "odd/tail.npy": random.normal(size=100_000).astype(np.float32).tobytes()[:-3],
    }


@pytest.fixture
def folder(files: dict[str, bytes], tmp_path: Path) -> Path:
    for name, content in files.items():
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "files"


@pytest.fixture
def name(shared_server: LiveServer) -> str:
    made = f"boss/r{time.monotonic_ns()}"
    shared_server.admin_api.create_repo(made)
    return made


def _without_xet(server: LiveServer, code: str, *arguments: str) -> None:
    """Run a script in a process whose client knows no Xet."""
    environ = {
        **os.environ,
        "HF_HUB_DISABLE_XET": "1",
        "HF_ENDPOINT": server.url,
        "HF_TOKEN": server.admin_token,
    }
    subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environ, check=True, capture_output=True
    )


UPLOAD = """
import sys
from huggingface_hub import HfApi
HfApi().upload_folder(repo_id=sys.argv[1], folder_path=sys.argv[2])
"""
DOWNLOAD = """
import sys
from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], local_dir=sys.argv[2])
"""


def _assert_same(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        assert (folder / name).read_bytes() == content, name


def test_a_folder_goes_up_by_xet_and_comes_down_by_xet_and_by_plain_http(
    shared_server: LiveServer, name: str, folder: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    shared_server.admin_api.upload_folder(repo_id=name, folder_path=folder)
    by_xet = snapshot_download(
        name, endpoint=shared_server.url, token=shared_server.admin_token, cache_dir=tmp_path / "c"
    )
    _assert_same(Path(by_xet), files)
    _without_xet(shared_server, DOWNLOAD, name, str(tmp_path / "plain"))
    _assert_same(tmp_path / "plain", files)
    tree = shared_server.admin_api.list_repo_tree(name, recursive=True)
    xet_hashes = {entry.path: getattr(entry, "xet_hash", None) for entry in tree}
    assert all(xet_hashes[path] for path in files)


def test_a_folder_goes_up_by_lfs_and_comes_down_by_the_default_client(
    shared_server: LiveServer, name: str, folder: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    _without_xet(shared_server, UPLOAD, name, str(folder))
    got = snapshot_download(
        name, endpoint=shared_server.url, token=shared_server.admin_token, cache_dir=tmp_path / "c"
    )
    _assert_same(Path(got), files)


def test_the_same_bytes_by_lfs_and_by_xet_are_one_file(
    shared_server: LiveServer, folder: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    by_lfs, by_xet = (f"boss/r{time.monotonic_ns()}" for _ in range(2))
    for repo in (by_lfs, by_xet):
        shared_server.admin_api.create_repo(repo)
    _without_xet(shared_server, UPLOAD, by_lfs, str(folder))
    shared_server.admin_api.upload_folder(repo_id=by_xet, folder_path=folder)
    listed = []
    for repo in (by_lfs, by_xet):
        tree = shared_server.admin_api.list_repo_tree(repo, recursive=True)
        listed.append({e.path: (e.lfs, e.xet_hash) for e in tree if hasattr(e, "lfs")})
        got = snapshot_download(
            repo, endpoint=shared_server.url, token=shared_server.admin_token,
            cache_dir=tmp_path / repo,
        )  # fmt: skip
        _assert_same(Path(got), files)
    # The Xet hash is known for both: whichever way a repository got its bytes, it may use it.
    assert listed[0] == listed[1]
    assert listed[0]["noise.bin"][1] is not None


def test_a_second_version_sends_only_what_changed(
    shared_server: LiveServer, name: str, files: dict[str, bytes]
) -> None:
    api = shared_server.admin_api
    content = files["noise.bin"]
    api.upload_file(repo_id=name, path_in_repo="m.bin", path_or_fileobj=content)
    before = _stored_bytes(shared_server)
    edited = content[: 9 * MIB] + b"eight by" + content[9 * MIB :]
    api.upload_file(repo_id=name, path_in_repo="m.bin", path_or_fileobj=edited)
    assert _stored_bytes(shared_server) - before < MIB
    got = hf_hub_download(
        name, "m.bin", endpoint=shared_server.url, token=shared_server.admin_token
    )
    assert Path(got).read_bytes() == edited


# What the stock client does with its own HTTP library.
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_an_open_stream_is_uploaded_too(shared_server: LiveServer, name: str) -> None:
    content = os.urandom(3 * MIB)
    path = Path(os.environ["HF_HOME"]) / "stream.bin"
    path.write_bytes(content)
    with path.open("rb") as stream:
        shared_server.admin_api.upload_file(
            repo_id=name, path_in_repo="s.bin", path_or_fileobj=stream
        )
    url = f"{shared_server.url}/{name}/resolve/main/s.bin"
    assert httpx.get(url, follow_redirects=True).content == content


def test_ranges_of_a_xet_file_by_file_system_and_by_plain_http(
    shared_server: LiveServer, name: str, files: dict[str, bytes]
) -> None:
    content = files["weights.safetensors"]
    shared_server.admin_api.upload_file(
        repo_id=name, path_in_repo="w.safetensors", path_or_fileobj=content
    )
    system = HfFileSystem(endpoint=shared_server.url, token=shared_server.admin_token)
    url = f"{shared_server.url}/{name}/resolve/main/w.safetensors"
    size = len(content)
    spans = [(0, 8), (1, 2), (131_000, 132_000), (5_000_000, 9_000_000), (size - 5, size)]
    client = httpx.Client(follow_redirects=True)
    with system.open(f"{name}/w.safetensors", "rb") as stream, client:
        for start, end in spans:
            stream.seek(start)
            assert stream.read(end - start) == content[start:end]
            got = client.get(url, headers={"Range": f"bytes={start}-{end - 1}"})
            assert (got.status_code, got.content) == (206, content[start:end])
        assert client.get(url, headers={"Range": f"bytes={size}-"}).status_code == 416
        assert client.get(url, headers={"Range": "bytes=-7"}).content == content[-7:]


def test_git_lfs_uploads_and_downloads(
    shared_server: LiveServer, name: str, tmp_path: Path, files: dict[str, bytes]
) -> None:
    address = shared_server.url.replace("http://", f"http://boss:{shared_server.admin_token}@")
    there = f"{address}/{name}.git/info/lfs"
    work = tmp_path / "work"
    work.mkdir()
    environ = {
        **os.environ,
        "HOME": str(tmp_path),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }

    def git(*command: str, cwd: Path = work) -> str:
        done = subprocess.run(
            ["git", *command], cwd=cwd, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    bare = tmp_path / "bare"
    git("init", "-q", "--bare", str(bare))
    git("init", "-q", "-b", "main", ".")
    git("config", "user.name", "boss")
    git("config", "user.email", "boss@example.org")
    git("config", "lfs.url", there)
    git("lfs", "install")
    git("lfs", "track", "*.bin")
    content, other = os.urandom(5 * MIB), os.urandom(1000)
    (work / "a.bin").write_bytes(content)
    (work / "b.bin").write_bytes(other)
    git("add", ".")
    git("commit", "-q", "-m", "two large files")
    git("lfs", "push", "--all", str(bare))
    git("push", "-q", str(bare), "main")

    # One of them arrives a second time by Xet; git-lfs gets both.
    xet_only = files["small.bin"] * 1000
    shared_server.admin_api.upload_file(
        repo_id=name, path_in_repo="c.bin", path_or_fileobj=xet_only
    )
    clone = tmp_path / "clone"
    git("-c", f"lfs.url={there}", "clone", "-q", "-b", "main", str(bare), str(clone))
    git("config", "lfs.url", there, cwd=clone)
    git("lfs", "pull", cwd=clone)
    assert (clone / "a.bin").read_bytes() == content
    assert (clone / "b.bin").read_bytes() == other
    pointer = httpx.get(f"{shared_server.url}/{name}/raw/main/c.bin").text
    (clone / "c.bin").write_text(pointer)
    git("add", "c.bin", cwd=clone)
    git("-c", "user.name=boss", "-c", "user.email=b@x", "commit", "-q", "-m", "third", cwd=clone)
    git("lfs", "pull", cwd=clone)
    assert (clone / "c.bin").read_bytes() == xet_only


def _stored_bytes(server: LiveServer) -> int:
    folder = server.data / "blobs" / "blobs"
    return sum(path.stat().st_size for path in folder.glob("*/*"))

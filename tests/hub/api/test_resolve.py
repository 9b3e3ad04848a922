"""Files' bytes and the headers that clients read."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from huggingface_hub import get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from paddock.hub.large import large_files
from paddock.hub.large.pointers import Pointer, render_pointer
from paddock.hub.lookup import find_repository
from paddock.hub.names import RepositoryName
from paddock.hub.types import Kind
from tests.hub.api.hosted import Hosted, host, line
from tests.live import LiveServer

SMALL = b"hello\n"
MEDIUM = bytes(range(256)) * 2000  # in the blob store, sent by the kernel
LARGE = b"weights" * 50_000
SHA256 = hashlib.sha256(LARGE).hexdigest()
ODD = 'é/🐎 "x"; filename=evil\'%0d%0a\u202e.html'


@pytest.fixture(scope="module")
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        made.commit({"small.txt": SMALL, "medium.json": MEDIUM, "empty": b"", ODD: b"<script>"})
        with shared_server.hub.blobs.begin() as writer:
            writer.write(LARGE)
            blob = writer.commit()
        with shared_server.hub.database.write() as conn:
            repo = find_repository(conn, RepositoryName(Kind.MODEL, *made.repo_id.split("/")))
            assert repo is not None
            large_files.add_blob(conn, repo.id, blob)
        assert made.post_commit(line("lfsFile", path="m.bin", oid=SHA256)).status_code == 200
        yield made


def address(hosted: Hosted, path: str, rev: str = "main", form: str = "resolve") -> str:
    return f"/{hosted.repo_id}/{form}/{rev}/{quote(path)}"


def git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@pytest.mark.parametrize(
    ("path", "content", "etag"),
    [
        ("small.txt", SMALL, git_oid(SMALL)),
        ("medium.json", MEDIUM, git_oid(MEDIUM)),
        ("empty", b"", git_oid(b"")),
        ("m.bin", LARGE, SHA256),
        (ODD, b"<script>", git_oid(b"<script>")),
    ],
)
def test_get_and_head_say_the_same(hosted: Hosted, path: str, content: bytes, etag: str) -> None:
    got = hosted.http.get(address(hosted, path))
    head = hosted.http.head(address(hosted, path))
    assert (got.status_code, head.status_code) == (200, 200)
    assert (got.content, head.content) == (content, b"")
    for answer in (got, head):
        assert answer.headers["ETag"] == f'"{etag}"'
        assert answer.headers["Content-Length"] == str(len(content))
        assert answer.headers["X-Repo-Commit"] == hosted.tip()
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Disposition"].isascii()
        assert "content-encoding" not in answer.headers
    assert ("X-Linked-Etag" in head.headers) is (path == "m.bin")
    if path == "m.bin":
        assert head.headers["X-Linked-Etag"] == f'"{SHA256}"'
        assert head.headers["X-Linked-Size"] == str(len(LARGE))


def test_a_file_s_name_cannot_break_out_of_its_header(hosted: Hosted) -> None:
    answer = hosted.http.head(address(hosted, ODD))
    shown = answer.headers["Content-Disposition"]
    name = ODD.rpartition("/")[2]
    assert shown.startswith(f"attachment; filename*=UTF-8''{quote(name, safe='')}; filename=\"")
    plain = shown.split('filename="')[1]
    assert plain.endswith('";') and plain.count('"') == 1
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", ["small.txt", "medium.json", "m.bin"])
def test_ranges_are_exact(hosted: Hosted, path: str) -> None:
    whole = {"small.txt": SMALL, "medium.json": MEDIUM, "m.bin": LARGE}[path]
    size = len(whole)
    for asked, start, end in (
        ("0-0", 0, 1),
        ("1-3", 1, 4),
        ("2-", 2, size),
        ("-2", size - 2, size),
        ("1-99999999", 1, size),
    ):
        got = hosted.http.get(address(hosted, path), headers={"Range": f"bytes={asked}"})
        assert (got.status_code, got.content) == (206, whole[start:end])
        assert got.headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
    beyond = hosted.http.get(address(hosted, path), headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    empty = hosted.http.get(address(hosted, "empty"), headers={"Range": "bytes=0-0"})
    assert (empty.status_code, empty.headers["Content-Length"]) == (200, "0")


def test_what_the_client_has_is_not_sent_again(hosted: Hosted) -> None:
    etag = hosted.http.head(address(hosted, "medium.json")).headers["ETag"]
    same = hosted.http.get(address(hosted, "medium.json"), headers={"If-None-Match": etag})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
    changed = {"Range": "bytes=0-0", "If-Range": '"other"'}
    assert hosted.http.get(address(hosted, "medium.json"), headers=changed).status_code == 200


def test_raw_is_what_git_holds(hosted: Hosted) -> None:
    pointer = render_pointer(Pointer(SHA256, len(LARGE)))
    got = hosted.http.get(address(hosted, "m.bin", form="raw"))
    assert got.content == pointer
    assert got.headers["ETag"] == f'"{git_oid(pointer)}"'
    assert got.headers["Content-Type"].startswith("text/plain")
    assert hosted.http.get(address(hosted, "medium.json", form="raw")).content == MEDIUM
    assert hosted.http.head(address(hosted, "none", form="raw")).status_code == 404


def test_every_spelling_of_a_revision_in_an_address(hosted: Hosted) -> None:
    tip = hosted.tip()
    for rev in ("main", "HEAD", tip, tip[:8], "refs%2Fheads%2Fmain", "refs/heads/main"):
        answer = hosted.http.head(address(hosted, "small.txt", rev))
        assert (answer.status_code, answer.headers["X-Repo-Commit"]) == (200, tip)
    for rev in ("none", "refs/pr/1", "refs%2Fpr%2F1", "refs/convert/parquet", "0" * 40):
        answer = hosted.http.head(address(hosted, "small.txt", rev))
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "RevisionNotFound")


@pytest.mark.parametrize("path", ["none", "é", "small.txt/x", "", "../small.txt", "a//b", "%00"])
def test_a_missing_file_is_a_cacheable_absence(hosted: Hosted, path: str) -> None:
    if path == "%00":
        assert hosted.http.get(f"/{hosted.repo_id}/resolve/main/%00").status_code == 400
        return
    raw = f"/{hosted.repo_id}/resolve/main/{path.replace('..', '%2e%2e')}"
    for answer in (hosted.http.get(raw), hosted.http.head(raw)):
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "EntryNotFound")
        assert answer.headers["X-Repo-Commit"] == hosted.tip()


def test_the_stock_client_downloads_and_keeps_what_it_has(hosted: Hosted, tmp_path: Path) -> None:
    for path, content in {"small.txt": SMALL, "medium.json": MEDIUM, "m.bin": LARGE}.items():
        local = hosted.hf.hf_hub_download(hosted.repo_id, path, cache_dir=tmp_path / "cache")
        assert Path(local).read_bytes() == content
        again = hosted.hf.hf_hub_download(hosted.repo_id, path, cache_dir=tmp_path / "cache")
        assert again == local
    url = hf_hub_url(hosted.repo_id, ODD, endpoint=hosted.server.url)
    assert get_hf_file_metadata(url, token=hosted.token).size == 8
    folder = hosted.hf.snapshot_download(
        hosted.repo_id, local_dir=tmp_path / "all", allow_patterns=["*.txt", "*.json", "*.bin"]
    )
    assert {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()} == {
        "small.txt": SMALL, "medium.json": MEDIUM, "m.bin": LARGE,
    }  # fmt: skip


def test_the_stock_client_raises_its_right_exceptions(hosted: Hosted, tmp_path: Path) -> None:
    hf, repo = hosted.hf, hosted.repo_id
    with pytest.raises(EntryNotFoundError):
        hf.hf_hub_download(repo, "none", cache_dir=tmp_path)
    with pytest.raises(RevisionNotFoundError):
        hf.hf_hub_download(repo, "small.txt", revision="none", cache_dir=tmp_path)
    with pytest.raises(RepositoryNotFoundError):
        hf.hf_hub_download("user0/none", "small.txt", cache_dir=tmp_path)
    assert hf.file_exists(repo, "small.txt")
    assert not hf.file_exists(repo, "none")
    assert not hf.file_exists("user0/none", "small.txt")


def test_private_and_gated_content_is_for_those_who_were_let_in(shared_server: LiveServer) -> None:
    with host(shared_server, private=True) as hosted:
        hosted.commit({"secret.txt": b"s3cret"})
    other = shared_server.user("other")
    url = hf_hub_url(hosted.repo_id, "secret.txt", endpoint=shared_server.url)
    for token in (False, other):
        with pytest.raises(RepositoryNotFoundError):
            get_hf_file_metadata(url, token=token)
    hosted.hf.update_repo_settings(hosted.repo_id, private=False, gated="manual")
    for token in (False, other):
        with pytest.raises(GatedRepoError):
            get_hf_file_metadata(url, token=token)
        # Metadata is for everyone who may see that the repository exists.
        listed = shared_server.api(token or None).list_repo_files(hosted.repo_id)
        assert "secret.txt" in listed
    assert get_hf_file_metadata(url, token=hosted.token).size == 6


def test_a_download_is_counted_once(shared_server: LiveServer) -> None:
    def downloads() -> int:
        count: int = hosted.http.get(hosted.api).json()["downloads"]
        return count

    with host(shared_server) as hosted:
        hosted.commit({"config.json": b"{}", "b": b"2"})
        assert hosted.http.head(address(hosted, "config.json")).status_code == 200
        for _ in range(3):
            hosted.http.get(address(hosted, "config.json"))
            hosted.http.get(address(hosted, "b"))
        with hosted.stranger() as client:
            client.get(address(hosted, "b"))
        deadline = time.monotonic() + 10
        while downloads() < 2 and time.monotonic() < deadline:
            time.sleep(0.02)  # counted behind the answer
        assert downloads() == 2


def test_xet_files_name_their_hash_and_where_to_ask(
    hosted: Hosted, shared_server: LiveServer
) -> None:
    xet_hash = "cd" * 32
    with shared_server.hub.database.write() as conn:
        changed = large_files.large_files.update().values(xet_hash=xet_hash)
        conn.execute(changed.where(large_files.large_files.c.sha256 == SHA256))
    tip = hosted.tip()
    token = f"{hosted.server.url}{hosted.api}/xet-read-token/{tip}"
    info = f"{hosted.server.url}/xet/v1/reconstructions/{xet_hash}"
    links = f'<{token}>; rel="xet-auth", <{info}>; rel="xet-reconstruction-info"'
    head = hosted.http.head(address(hosted, "m.bin"))
    assert (head.headers["X-Xet-Hash"], head.headers["Link"]) == (xet_hash, links)
    metadata = get_hf_file_metadata(
        f"{hosted.server.url}{address(hosted, 'm.bin')}", token=hosted.token
    )
    assert metadata.xet_file_data is not None
    assert metadata.xet_file_data.file_hash == xet_hash
    accept = {"Accept": "application/vnd.xet-fileinfo+json", "Range": "bytes=0-0"}
    asked = hosted.http.get(address(hosted, "m.bin"), headers=accept)
    assert (asked.status_code, asked.headers["Content-Type"]) == (200, accept["Accept"])
    assert asked.headers["X-Xet-Hash"] == xet_hash
    plain = hosted.http.get(address(hosted, "small.txt"), headers=accept)
    assert (plain.status_code, plain.content) == (206, SMALL[:1])
    listed = hosted.hf.get_paths_info(hosted.repo_id, ["m.bin"])
    assert listed[0].xet_hash == xet_hash


def test_bytes_that_the_medium_lost_are_an_error_and_no_broken_answer(hosted: Hosted) -> None:
    content = b"x" * 200_000
    hosted.commit({"lost.txt": content})
    sha256 = hashlib.sha256(content).hexdigest()
    hosted.server.hub.blobs.delete(sha256)
    answer = hosted.http.get(f"/{hosted.repo_id}/resolve/main/lost.txt")
    assert answer.status_code == 503
    assert sha256 in answer.json()["error"]

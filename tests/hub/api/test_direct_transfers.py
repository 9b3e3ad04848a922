"""Large files that travel between a client and the object store itself, by addresses of ours."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from paddock.hub.large import lfs
from paddock.storage.s3_address import Bucket
from paddock.storage.s3_blobs import S3BlobStore
from paddock.storage.s3_connection import S3Connection
from tests.buckets import new_bucket
from tests.databases import sqlite_url
from tests.hub.api.hosted import Hosted, host, line
from tests.live import LiveServer, live_server

MIB = 1 << 20


@pytest.fixture(scope="module")
def bucket() -> Bucket:
    return new_bucket(direct=True, prefix="hub")


@pytest.fixture(scope="module")
def shared_server(bucket: Bucket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("server")
    blobs = S3BlobStore(S3Connection(bucket))
    with live_server(folder / "data", sqlite_url(folder), blobs=blobs) as running:
        yield running


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


def _oid(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _actions(hosted: Hosted, content: bytes, *transfers: str) -> dict[str, Any]:
    body = {
        "operation": "upload",
        "transfers": transfers or ("basic",),
        "objects": [{"oid": _oid(content), "size": len(content)}],
    }
    told = hosted.http.post(f"/{hosted.repo_id}.git/info/lfs/objects/batch", json=body).json()
    actions: dict[str, Any] = told["objects"][0]["actions"]
    return actions


def _verify(actions: dict[str, Any], content: bytes) -> httpx.Response:
    named = {"oid": _oid(content), "size": len(content)}
    return httpx.post(actions["verify"]["href"], json=named, timeout=60)


def _commit(hosted: Hosted, path: str, content: bytes) -> httpx.Response:
    named = {"path": path, "algo": "sha256", "oid": _oid(content), "size": len(content)}
    return hosted.post_commit(line("lfsFile", **named))


def _put(hosted: Hosted, path: str, content: bytes) -> None:
    actions = _actions(hosted, content)
    assert httpx.put(actions["upload"]["href"], content=content).status_code == 200
    assert _verify(actions, content).status_code == 200
    assert _commit(hosted, path, content).status_code == 200


def _waiting(server: LiveServer, content: bytes) -> list[str]:
    blobs = server.hub.blobs
    assert isinstance(blobs, S3BlobStore)
    paths = [part["path"] for part in blobs._connection.list("uploads")]
    return [path for path in paths if _oid(content)[:16] in path]


def _host(url: str) -> str:
    return urlsplit(url).netloc


def test_a_large_file_is_fetched_from_the_store_by_an_address_that_needs_no_token(
    hosted: Hosted, bucket: Bucket
) -> None:
    content = os.urandom(2 * MIB)
    _put(hosted, "weights é.bin", content)
    url = f"/{hosted.repo_id}/resolve/main/weights é.bin"
    told = hosted.http.get(url)
    assert told.status_code == 302
    assert _host(told.headers["Location"]) == _host(bucket.endpoint)
    assert told.headers["X-Repo-Commit"] == hosted.tip()
    assert told.headers["ETag"] == told.headers["X-Linked-Etag"] == f'"{_oid(content)}"'
    assert told.headers["X-Linked-Size"] == str(len(content))
    assert told.headers["Accept-Ranges"] == "bytes"
    assert "weights%20%C3%A9.bin" in told.headers["Content-Disposition"]
    got = httpx.get(told.headers["Location"])
    assert got.content == content
    assert got.headers["Content-Type"] == "application/octet-stream"
    assert got.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''weights%20")
    part = httpx.get(told.headers["Location"], headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, content[5:10])


def test_head_and_conditions_are_answered_here(hosted: Hosted) -> None:
    content = os.urandom(2 * MIB)
    _put(hosted, "w.bin", content)
    url = f"/{hosted.repo_id}/resolve/main/w.bin"
    head = hosted.http.head(url)
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(content)))
    etag = {"If-None-Match": head.headers["ETag"]}
    assert hosted.http.get(url, headers=etag).status_code == 304
    past = {"Range": f"bytes={len(content)}-"}
    assert hosted.http.get(url, headers=past).status_code == 416


def test_small_files_come_from_here(hosted: Hosted) -> None:
    _put(hosted, "small.bin", b"few bytes")
    assert hosted.http.get(f"/{hosted.repo_id}/resolve/main/small.bin").content == b"few bytes"


def test_who_may_not_read_gets_no_address(shared_server: LiveServer) -> None:
    with host(shared_server, private=True) as hosted, hosted.stranger() as stranger:
        _put(hosted, "w.bin", os.urandom(2 * MIB))
        refused = stranger.get(f"/{hosted.repo_id}/resolve/main/w.bin")
        assert refused.status_code == 401
        assert "Location" not in refused.headers


def test_an_upload_into_the_store_counts_when_its_bytes_were_read(hosted: Hosted) -> None:
    content = os.urandom(3 * MIB)
    actions = _actions(hosted, content)
    early = _verify(actions, content)
    assert early.status_code == 404  # nothing there: knowing the digest is not having the bytes
    wrong = bytes(len(content))
    assert httpx.put(actions["upload"]["href"], content=wrong).status_code == 200
    refused = _verify(actions, content)
    assert refused.status_code == 400
    assert "SHA-256" in refused.json()["error"]
    assert hosted.server.hub.blobs.size_bytes(_oid(content)) is None
    assert httpx.put(actions["upload"]["href"], content=content).status_code == 200
    assert _verify(actions, content).status_code == 200
    assert _verify(actions, content).status_code == 200
    assert hosted.server.hub.blobs.size_bytes(_oid(content)) == len(content)
    assert _waiting(hosted.server, content) == []


def test_the_store_takes_no_more_than_was_announced(hosted: Hosted) -> None:
    address = _actions(hosted, os.urandom(1000))["upload"]["href"]
    assert httpx.put(address, content=bytes(1001)).status_code == 403
    assert httpx.put(address, content=bytes(999)).status_code == 403


def test_bytes_changed_after_they_were_verified_change_nothing(hosted: Hosted) -> None:
    content = os.urandom(2 * MIB)
    actions = _actions(hosted, content)
    httpx.put(actions["upload"]["href"], content=content)
    assert _verify(actions, content).status_code == 200
    assert httpx.put(actions["upload"]["href"], content=bytes(len(content))).status_code == 200
    assert b"".join(hosted.server.hub.blobs.read(_oid(content))) == content


def test_a_client_that_does_not_ask_to_verify_commits_all_the_same(hosted: Hosted) -> None:
    content = os.urandom(2 * MIB)
    assert httpx.put(_actions(hosted, content)["upload"]["href"], content=content).is_success
    assert _commit(hosted, "w.bin", content).status_code == 200
    url = f"/{hosted.repo_id}/resolve/main/w.bin"
    assert hosted.http.get(url, follow_redirects=True).content == content


def test_a_commit_of_what_never_arrived_is_refused(hosted: Hosted) -> None:
    content = os.urandom(2 * MIB)
    _actions(hosted, content)
    assert _commit(hosted, "w.bin", content).status_code == 400
    httpx.put(_actions(hosted, content)["upload"]["href"], content=bytes(len(content)))
    assert _commit(hosted, "w.bin", content).status_code == 400


def test_parts_go_into_the_store_and_are_joined_here(
    hosted: Hosted, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lfs, "_SMALLEST_PART_BYTES", MIB)
    content = os.urandom(3 * MIB + 5)
    upload = _actions(hosted, content, "multipart")["upload"]
    parts = []
    for number in range(1, 5):
        address = upload["header"][f"{number:05d}"]
        assert _host(address) == _host(bucket.endpoint)
        put = httpx.put(address, content=content[(number - 1) * MIB : number * MIB])
        parts.append({"partNumber": number, "etag": put.headers["ETag"]})
    done = httpx.post(upload["href"], json={"oid": _oid(content), "parts": parts}, timeout=60)
    assert done.status_code == 200
    assert b"".join(hosted.server.hub.blobs.read(_oid(content))) == content
    assert _waiting(hosted.server, content) == []


def test_xet_data_comes_from_the_store_and_no_other_range_by_that_address(
    hosted: Hosted, bucket: Bucket
) -> None:
    content = os.urandom(3 * MIB)
    hosted.hf.upload_file(repo_id=hosted.repo_id, path_in_repo="x.bin", path_or_fileobj=content)
    token = hosted.http.get(f"{hosted.api}/xet-read-token/main").json()
    file_hash = hosted.http.head(f"/{hosted.repo_id}/resolve/main/x.bin").headers["X-Xet-Hash"]
    told = httpx.get(
        f"{token['casUrl']}/v2/reconstructions/{file_hash}",
        headers={"Authorization": f"Bearer {token['accessToken']}"},
    ).json()
    fetches = [fetch for some in told["xorbs"].values() for fetch in some]
    assert fetches
    for fetch in fetches:
        assert _host(fetch["url"]) == _host(bucket.endpoint)
        (span,) = fetch["ranges"]
        wanted = f"bytes={span['bytes']['start']}-{span['bytes']['end']}"
        assert httpx.get(fetch["url"], headers={"Range": wanted}).status_code == 206
        wider = f"bytes=0-{span['bytes']['end'] + 1}"
        for other in ({}, {"Range": wider}):
            assert httpx.get(fetch["url"], headers=other).status_code == 403


def test_addresses_for_clients_name_the_endpoint_that_they_can_reach(bucket: Bucket) -> None:
    outside = replace(bucket, public_endpoint="https://files.example")
    store = S3BlobStore(S3Connection(outside))
    addresses = [
        store.download_url("0" * 64, seconds=60),
        store.part_url("u", 1, size_bytes=5, seconds=60),
    ]
    for address in addresses:
        assert address is not None
        assert address.startswith(f"https://files.example/{bucket.name}/hub/")

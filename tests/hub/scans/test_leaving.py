"""A rejected file leaves the hub for nobody but those who look after it, whichever way they ask."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import orjson
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, HfApi
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from tests.hub.scans.conftest import EVIL, NO_JSON, Watched
from tests.live import LiveServer

REPO = "boss/shared"
SMALL = EVIL + b" in a small file"
LARGE = EVIL + b" in a large file" + bytes(3 << 20)
CARD = b"---\nlicense: mit\n---\n# A card\n"
GOOD = b"good" + bytes(3 << 20)


@pytest.fixture
def hub(server_on_each: LiveServer) -> LiveServer:
    api = server_on_each.admin_api
    api.create_repo(REPO)
    files = {"small.txt": SMALL, "sub/large.bin": LARGE, "good.bin": GOOD, "README.md": CARD}
    commit(api, files)
    server_on_each.run_scans()
    return server_on_each


def commit(api: HfApi, files: dict[str, bytes], repo: str = REPO, **how: object) -> str:
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    done = api.create_commit(repo, operations, commit_message="add", **how)  # type: ignore[arg-type]
    return done.oid


def get(hub: LiveServer, path: str, **how: Any) -> httpx.Response:
    return httpx.request(how.pop("method", "GET"), f"{hub.url}{path}", **how, timeout=60)


def mine(hub: LiveServer) -> dict[str, str]:
    return {"Authorization": f"Bearer {hub.admin_token}"}


@pytest.mark.parametrize("path", ["small.txt", "sub/large.bin"])
def test_no_byte_of_it_is_resolved(hub: LiveServer, path: str) -> None:
    address = f"/{REPO}/resolve/main/{path}"
    for method, headers in (("GET", {}), ("HEAD", {}), ("GET", {"Range": "bytes=0-3"})):
        answer = get(hub, address, method=method, headers=headers)
        assert answer.status_code == 403, (method, headers)
        assert answer.headers["X-Error-Code"] == "FileRejected"
        said = answer.headers["X-Error-Message"]
        assert path in said
        assert "malformed" in said
        assert "administrator" in said
        assert not {"etag", "x-xet-hash", "location", "link"} & answer.headers.keys()
        assert b"EVIL" not in answer.content
    assert b"EVIL" in get(hub, address, headers=mine(hub)).content
    assert get(hub, f"/{REPO}/resolve/main/good.bin").content == GOOD


def test_what_git_holds_of_it_is_shown_only_where_that_is_a_pointer(hub: LiveServer) -> None:
    assert get(hub, f"/{REPO}/raw/main/small.txt").status_code == 403
    assert get(hub, f"/{REPO}/raw/main/small.txt", method="HEAD").status_code == 403
    assert b"git-lfs" in get(hub, f"/{REPO}/raw/main/sub/large.bin").content


def test_other_names_revisions_and_repositories_do_not_help(hub: LiveServer) -> None:
    """All before anybody looked at them again."""
    api = hub.admin_api
    old = api.list_repo_commits(REPO)[0].commit_id
    moves = [
        CommitOperationCopy("sub/large.bin", "renamed.safetensors"),
        CommitOperationAdd("again.md", SMALL),
        CommitOperationAdd("again.bin", LARGE),
    ]
    api.create_commit(REPO, moves, commit_message="other names")
    api.create_branch(REPO, branch="other")
    api.create_tag(REPO, tag="v1")
    pull = api.create_commit(
        REPO, [CommitOperationAdd("pr.txt", SMALL)], commit_message="pr", create_pr=True
    )
    other = hub.api(hub.user("eve"))
    other.create_repo("eve/copy")
    commit(other, {"mine.txt": SMALL, "mine.bin": LARGE}, "eve/copy")
    for path in (
        *(
            f"{REPO}/resolve/main/{name}"
            for name in ("renamed.safetensors", "again.md", "again.bin")
        ),
        *(f"{REPO}/resolve/{rev}/small.txt" for rev in (old, old[:10], "other", "v1", "HEAD")),
        f"{REPO}/resolve/refs%2Fpr%2F{pull.pr_num}/pr.txt",
        "eve/copy/resolve/main/mine.txt",
        "eve/copy/resolve/main/mine.bin",
    ):
        assert get(hub, f"/{path}").status_code == 403, path


def test_a_name_that_makes_bytes_worse_takes_them_from_nobody_else(hub: LiveServer) -> None:
    """Whoever commits my file under a name that it is bad for harms their own copy alone."""
    api, eve = hub.admin_api, hub.api(hub.user("eve"))
    commit(api, {"notes.txt": NO_JSON, "weights.bin": NO_JSON + bytes(3 << 20)})
    hub.run_scans()
    eve.create_repo("eve/bad-names")
    bad = {"notes.json": NO_JSON, "weights.json": NO_JSON + bytes(3 << 20)}
    commit(eve, bad, "eve/bad-names")
    hub.run_scans()
    assert get(hub, "/eve/bad-names/resolve/main/notes.json").status_code == 403
    assert get(hub, "/eve/bad-names/resolve/main/weights.json").status_code == 403
    assert get(hub, f"/{REPO}/resolve/main/notes.txt").content == NO_JSON
    assert get(hub, f"/{REPO}/resolve/main/weights.bin").status_code == 200
    sha256 = hashlib.sha256(NO_JSON + bytes(3 << 20)).hexdigest()
    assert "error" not in lfs_download(hub, REPO, sha256, 3 << 20)
    assert lfs_download(hub, "eve/bad-names", sha256, 3 << 20)["error"]["code"] == 403


def lfs_download(
    hub: LiveServer, repo: str, sha256: str, size: int, **headers: str
) -> dict[str, Any]:
    wanted = {"operation": "download", "objects": [{"oid": sha256, "size": size + len(NO_JSON)}]}
    answer = get(
        hub, f"/{repo}.git/info/lfs/objects/batch", method="POST", json=wanted, headers=headers
    )
    found: dict[str, Any] = answer.json()["objects"][0]
    return found


def lfs_batch(hub: LiveServer, content: bytes, **headers: str) -> dict[str, Any]:
    oid = hashlib.sha256(content).hexdigest()
    wanted = {"operation": "download", "objects": [{"oid": oid, "size": len(content)}]}
    address = f"/{REPO}.git/info/lfs/objects/batch"
    answer = get(hub, address, method="POST", json=wanted, headers=headers)
    found: dict[str, Any] = answer.json()["objects"][0]
    return found


def test_git_lfs_is_told_why(hub: LiveServer) -> None:
    refused = lfs_batch(hub, LARGE)
    assert refused["error"]["code"] == 403
    assert "sub/large.bin" in refused["error"]["message"]
    assert "actions" not in refused
    href = lfs_batch(hub, LARGE, **mine(hub))["actions"]["download"]["href"]
    assert httpx.get(href).content == LARGE
    assert httpx.get(lfs_batch(hub, GOOD)["actions"]["download"]["href"]).content == GOOD


def test_a_signed_address_ends_with_the_verdict(server: LiveServer, scanned: Watched) -> None:
    """Given out before the scan, used after it."""
    scanned.gate.clear()
    server.admin_api.create_repo(REPO)
    commit(server.admin_api, {"large.bin": LARGE})
    href = lfs_batch(server, LARGE)["actions"]["download"]["href"]
    xet = xet_address(server, "large.bin", {})
    assert httpx.get(href).content == LARGE
    assert httpx.get(xet.url, headers=xet.headers).status_code == 206
    scanned.gate.set()
    server.run_scans()
    for answer in (httpx.get(href), httpx.head(href), httpx.get(xet.url, headers=xet.headers)):
        assert answer.status_code == 403


class XetAddress(NamedTuple):
    url: str
    headers: dict[str, str]


def xet_address(hub: LiveServer, path: str, headers: dict[str, str]) -> XetAddress:
    """An address of some of the file's bytes in the CAS."""
    head = get(hub, f"/{REPO}/resolve/main/{path}", method="HEAD", headers=headers)
    token = get(hub, f"/api/models/{REPO}/xet-read-token/main", headers=headers).json()
    bearer = {"Authorization": f"Bearer {token['accessToken']}"}
    address = f"{token['casUrl']}/v2/reconstructions/{head.headers['X-Xet-Hash']}"
    told = httpx.get(address, headers=bearer).json()
    fetch = next(iter(told["xorbs"].values()))[0]
    span = fetch["ranges"][0]["bytes"]
    return XetAddress(fetch["url"], {"Range": f"bytes={span['start']}-{span['end']}"})


def test_xet_reconstructs_nothing_of_it(hub: LiveServer) -> None:
    head = get(hub, f"/{REPO}/resolve/main/sub/large.bin", method="HEAD", headers=mine(hub))
    token = get(hub, f"/api/models/{REPO}/xet-read-token/main").json()
    bearer = {"Authorization": f"Bearer {token['accessToken']}"}
    for version in ("v1", "v2"):
        address = f"{token['casUrl']}/{version}/reconstructions/{head.headers['X-Xet-Hash']}"
        assert httpx.get(address, headers=bearer).status_code == 403
    own = xet_address(hub, "sub/large.bin", mine(hub))
    assert httpx.get(own.url, headers=own.headers).status_code == 206
    listed = {e.path: e for e in hub.api().list_repo_tree(REPO, recursive=True)}
    assert listed["good.bin"].xet_hash  # type: ignore[union-attr]
    assert listed["sub/large.bin"].xet_hash is None  # type: ignore[union-attr]


def test_the_stock_client_names_the_file_and_the_reason(hub: LiveServer, tmp_path: Path) -> None:
    with pytest.raises(LocalEntryNotFoundError) as caught:
        hub.api().snapshot_download(REPO, cache_dir=tmp_path / "cache")
    cause = caught.value.__cause__
    assert isinstance(cause, HfHubHTTPError)
    assert "was rejected by this hub's scan" in str(cause)
    kept = hub.api().snapshot_download(
        REPO, cache_dir=tmp_path / "rest", ignore_patterns=["small.txt", "sub/*"]
    )
    assert (Path(kept) / "good.bin").read_bytes() == GOOD
    owned = hub.admin_api.snapshot_download(REPO, cache_dir=tmp_path / "owner")
    assert (Path(owned) / "sub/large.bin").read_bytes() == LARGE


def test_hf_download_says_it_on_the_command_line(hub: LiveServer, tmp_path: Path) -> None:
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path), "HF_TOKEN": ""}
    done = subprocess.run(
        [Path(sys.executable).parent / "hf", "download", REPO, "small.txt"],
        env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert "small.txt" in done.stderr
    assert "was rejected by this hub's scan" in done.stderr


def test_a_copy_of_the_repository_needs_the_right_to_its_files(hub: LiveServer) -> None:
    eve = httpx.Client(
        base_url=hub.url, headers={"Authorization": f"Bearer {hub.user('eve')}"}, timeout=60
    )
    with eve:
        copied = eve.post(f"/api/models/{REPO}/duplicate", json={"repository": "eve/copied"})
        assert copied.status_code == 403
        hub.api(hub.user("eve")).create_repo("eve/target")
        file = {"sha256": hashlib.sha256(LARGE).hexdigest()}
        body = {"target": {"type": "model", "name": "eve/target"}, "files": [file]}
        answer = eve.post(f"/api/models/{REPO}/lfs-files/duplicate", json=body).json()
    assert answer["success"] == 0
    assert "rejected" in answer["failed"][0]["error"]
    done = get(
        hub, f"/api/models/{REPO}/duplicate", method="POST", headers=mine(hub),
        json={"repository": "boss/copied"},
    )  # fmt: skip
    assert done.status_code == 200
    assert get(hub, "/boss/copied/resolve/main/small.txt").status_code == 403


def test_a_digest_alone_brings_nothing(hub: LiveServer) -> None:
    """Naming the file in a repository of one's own does not make one the owner of its bytes."""
    eve = hub.user("eve")
    hub.api(eve).create_repo("eve/claims")
    sha256 = hashlib.sha256(LARGE).hexdigest()
    header = {"key": "header", "value": {"summary": "claim"}}
    file = {"path": "x.bin", "algo": "sha256", "oid": sha256, "size": len(LARGE)}
    lines = [header, {"key": "lfsFile", "value": file}]
    answer = get(
        hub, "/api/models/eve/claims/commit/main", method="POST",
        content=b"\n".join(orjson.dumps(line) for line in lines),
        headers={"Authorization": f"Bearer {eve}", "Content-Type": "application/x-ndjson"},
    )  # fmt: skip
    assert answer.status_code >= 400


def test_a_pull_request_shows_no_line_of_it(hub: LiveServer) -> None:
    api = hub.admin_api
    pull = api.create_commit(
        REPO, [CommitOperationAdd("small.txt", SMALL + b" changed")], commit_message="pr",
        create_pr=True,
    )  # fmt: skip
    hub.run_scans()
    address = f"/api/models/{REPO}/discussions/{pull.pr_num}?diff=1"
    assert "EVIL" in get(hub, address, headers=mine(hub)).json()["diff"]
    assert "EVIL" not in get(hub, address).text
    assert "EVIL" not in get(hub, f"/{REPO}/discussions/{pull.pr_num}").text


def test_a_rejected_card_is_on_no_page_and_in_no_listing(hub: LiveServer) -> None:
    card = b"---\nlicense: mit\nsecret: EVIL\n---\n" + EVIL
    commit(hub.admin_api, {"README.md": card})
    hub.run_scans()
    assert "EVIL: runs" not in get(hub, f"/{REPO}").text
    assert (
        "was rejected" in get(hub, f"/{REPO}").text
        or "card is not shown" in get(hub, f"/{REPO}").text
    )
    assert hub.api().model_info(REPO).card_data is None
    page = get(hub, f"/{REPO}/blob/main/README.md").text
    assert "EVIL: runs" not in page
    assert "unsafe" in page


def test_headers_of_weights_are_bytes_of_theirs(server: LiveServer) -> None:
    api = server.admin_api
    api.create_repo(REPO)
    index = b'{"weight_map": {"a": "model-00001-of-00001.safetensors"}, "note": "' + EVIL + b'"}'
    commit(api, {"model.safetensors.index.json": index})
    server.run_scans()
    address = f"/api/models/{REPO}/safetensors-metadata/model.safetensors.index.json"
    assert get(server, address).status_code == 403

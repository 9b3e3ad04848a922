"""A rejected file leaves the hub for nobody but those who look after it, whichever way they ask."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import orjson
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, HfApi
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from paddock.web.app import _routers
from tests.hub.scans.conftest import EVIL, NO_JSON, Watched
from tests.live import LiveServer

SMALL = EVIL + b" in a small file"
LARGE = EVIL + b" in a large file" + bytes(3 << 20)
CARD = b"---\nlicense: mit\n---\n# A card\n"
GOOD = b"good" + bytes(3 << 20)
FILES = {"small.txt": SMALL, "sub/large.bin": LARGE, "good.bin": GOOD, "README.md": CARD}

_numbers = itertools.count()


class Shared(NamedTuple):
    """A repository with rejected files on a running hub."""

    server: LiveServer
    repo: str

    def get(self, path: str, **how: Any) -> httpx.Response:
        """An answer to a stranger, or to whom the headers name; ``REPO`` is the repository."""
        address = self.server.url + path.replace("REPO", self.repo)
        return httpx.request(how.pop("method", "GET"), address, **how, timeout=60)

    @property
    def mine(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.server.admin_token}"}

    @property
    def api(self) -> HfApi:
        return self.server.admin_api


def share(server: LiveServer, files: dict[str, bytes] = FILES) -> Shared:
    repo = f"boss/shared-{next(_numbers)}"
    server.admin_api.create_repo(repo)
    commit(server.admin_api, files, repo)
    server.run_scans()
    return Shared(server, repo)


@pytest.fixture
def hub(shared_server: LiveServer) -> Shared:
    return share(shared_server)


@pytest.fixture
def hub_on_each(server_on_each: LiveServer) -> Shared:
    return share(server_on_each)


def commit(client: HfApi, files: dict[str, bytes], repo: str) -> None:
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    client.create_commit(repo, operations, commit_message="add")


@pytest.mark.parametrize("path", ["small.txt", "sub/large.bin"])
def test_no_byte_of_it_is_resolved(hub: Shared, path: str) -> None:
    address = f"/REPO/resolve/main/{path}"
    for method, headers in (("GET", {}), ("HEAD", {}), ("GET", {"Range": "bytes=0-3"})):
        answer = hub.get(address, method=method, headers=headers)
        assert answer.status_code == 403, (method, headers)
        assert answer.headers["X-Error-Code"] == "FileRejected"
        said = answer.headers["X-Error-Message"]
        assert path in said
        assert "malformed" in said
        assert "administrator" in said
        assert not {"etag", "x-xet-hash", "location", "link"} & answer.headers.keys()
        assert b"EVIL" not in answer.content
    assert b"EVIL" in hub.get(address, headers=hub.mine).content
    assert hub.get("/REPO/resolve/main/good.bin").content == GOOD


def test_what_git_holds_of_it_is_shown_only_where_that_is_a_pointer(hub: Shared) -> None:
    assert hub.get("/REPO/raw/main/small.txt").status_code == 403
    assert hub.get("/REPO/raw/main/small.txt", method="HEAD").status_code == 403
    assert b"git-lfs" in hub.get("/REPO/raw/main/sub/large.bin").content


def test_other_names_revisions_and_repositories_do_not_help(hub_on_each: Shared) -> None:
    """All before anybody looked at them again."""
    hub = hub_on_each
    owner = hub.api
    old = owner.list_repo_commits(hub.repo)[0].commit_id
    moves: list[CommitOperationAdd | CommitOperationCopy] = [
        CommitOperationCopy("sub/large.bin", "renamed.safetensors"),
        CommitOperationAdd("again.md", SMALL),
        CommitOperationAdd("again.bin", LARGE),
    ]
    owner.create_commit(hub.repo, moves, commit_message="other names")
    owner.create_branch(hub.repo, branch="other")
    owner.create_tag(hub.repo, tag="v1")
    pull = owner.create_commit(
        hub.repo, [CommitOperationAdd("pr.txt", SMALL)], commit_message="pr", create_pr=True
    )
    other = hub.server.api(hub.server.user("eve"))
    other.create_repo("eve/copy")
    commit(other, {"mine.txt": SMALL, "mine.bin": LARGE}, "eve/copy")
    for path in (
        *(
            f"{hub.repo}/resolve/main/{name}"
            for name in ("renamed.safetensors", "again.md", "again.bin")
        ),
        *(f"{hub.repo}/resolve/{rev}/small.txt" for rev in (old, old[:10], "other", "v1", "HEAD")),
        f"{hub.repo}/resolve/refs%2Fpr%2F{pull.pr_num}/pr.txt",
        "eve/copy/resolve/main/mine.txt",
        "eve/copy/resolve/main/mine.bin",
    ):
        assert hub.get(f"/{path}").status_code == 403, path


def test_a_name_that_makes_bytes_worse_takes_them_from_nobody_else(hub: Shared) -> None:
    """Whoever commits my file under a name that it is bad for harms their own copy alone."""
    owner, eve = hub.api, hub.server.api(hub.server.user("eve"))
    weights = NO_JSON + bytes(3 << 20)
    commit(owner, {"notes.txt": NO_JSON, "weights.bin": weights}, hub.repo)
    hub.server.run_scans()
    eve.create_repo("eve/bad-names")
    bad = {"notes.json": NO_JSON, "weights.json": weights}
    commit(eve, bad, "eve/bad-names")
    hub.server.run_scans()
    assert hub.get("/eve/bad-names/resolve/main/notes.json").status_code == 403
    assert hub.get("/eve/bad-names/resolve/main/weights.json").status_code == 403
    assert hub.get("/REPO/resolve/main/notes.txt").content == NO_JSON
    assert hub.get("/REPO/resolve/main/weights.bin").status_code == 200
    assert "error" not in lfs_batch(hub, weights)
    assert lfs_batch(hub._replace(repo="eve/bad-names"), weights)["error"]["code"] == 403


def lfs_batch(hub: Shared, content: bytes, **headers: str) -> dict[str, Any]:
    oid = hashlib.sha256(content).hexdigest()
    wanted = {"operation": "download", "objects": [{"oid": oid, "size": len(content)}]}
    address = "/REPO.git/info/lfs/objects/batch"
    answer = hub.get(address, method="POST", json=wanted, headers=headers)
    found: dict[str, Any] = answer.json()["objects"][0]
    return found


def test_git_lfs_is_told_why(hub: Shared) -> None:
    refused = lfs_batch(hub, LARGE)
    assert refused["error"]["code"] == 403
    assert "sub/large.bin" in refused["error"]["message"]
    assert "actions" not in refused
    href = lfs_batch(hub, LARGE, **hub.mine)["actions"]["download"]["href"]
    assert httpx.get(href).content == LARGE
    assert httpx.get(lfs_batch(hub, GOOD)["actions"]["download"]["href"]).content == GOOD


def test_a_signed_address_ends_with_the_verdict(
    shared_server: LiveServer, scanned: Watched
) -> None:
    """Given out before the scan, used after it."""
    large = b"signed " + LARGE
    hub = Shared(shared_server, f"boss/signed-{next(_numbers)}")
    hub.api.create_repo(hub.repo)
    commit(hub.api, {"large.bin": large}, hub.repo)
    href = lfs_batch(hub, large)["actions"]["download"]["href"]
    xet = xet_address(hub, "large.bin", {})
    assert httpx.get(href).content == large
    assert httpx.get(xet.url, headers=xet.headers).status_code == 206
    shared_server.run_scans()
    for answer in (httpx.get(href), httpx.head(href), httpx.get(xet.url, headers=xet.headers)):
        assert answer.status_code == 403


class XetAddress(NamedTuple):
    url: str
    headers: dict[str, str]


def xet_address(hub: Shared, path: str, headers: dict[str, str]) -> XetAddress:
    """An address of some of the file's bytes in the CAS."""
    head = hub.get(f"/REPO/resolve/main/{path}", method="HEAD", headers=headers)
    token = hub.get("/api/models/REPO/xet-read-token/main", headers=headers).json()
    bearer = {"Authorization": f"Bearer {token['accessToken']}"}
    address = f"{token['casUrl']}/v2/reconstructions/{head.headers['X-Xet-Hash']}"
    told = httpx.get(address, headers=bearer).json()
    fetch = next(iter(told["xorbs"].values()))[0]
    span = fetch["ranges"][0]["bytes"]
    return XetAddress(fetch["url"], {"Range": f"bytes={span['start']}-{span['end']}"})


def test_xet_reconstructs_nothing_of_it(hub: Shared) -> None:
    head = hub.get("/REPO/resolve/main/sub/large.bin", method="HEAD", headers=hub.mine)
    token = hub.get("/api/models/REPO/xet-read-token/main").json()
    bearer = {"Authorization": f"Bearer {token['accessToken']}"}
    for version in ("v1", "v2"):
        address = f"{token['casUrl']}/{version}/reconstructions/{head.headers['X-Xet-Hash']}"
        assert httpx.get(address, headers=bearer).status_code == 403
    own = xet_address(hub, "sub/large.bin", hub.mine)
    assert httpx.get(own.url, headers=own.headers).status_code == 206
    listed = {e.path: e for e in hub.server.api().list_repo_tree(hub.repo, recursive=True)}
    assert listed["good.bin"].xet_hash
    assert listed["sub/large.bin"].xet_hash is None


def test_the_stock_client_names_the_file_and_the_reason(hub: Shared, tmp_path: Path) -> None:
    with pytest.raises(LocalEntryNotFoundError) as caught:
        hub.server.api().snapshot_download(hub.repo, cache_dir=tmp_path / "cache")
    cause = caught.value.__cause__
    assert isinstance(cause, HfHubHTTPError)
    assert "was rejected by this hub's scan" in str(cause)
    kept = hub.server.api().snapshot_download(
        hub.repo, cache_dir=tmp_path / "rest", ignore_patterns=["small.txt", "sub/*"]
    )
    assert (Path(kept) / "good.bin").read_bytes() == GOOD
    owned = hub.api.snapshot_download(hub.repo, cache_dir=tmp_path / "owner")
    assert (Path(owned) / "sub/large.bin").read_bytes() == LARGE


def test_hf_download_says_it_on_the_command_line(hub: Shared, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.server.url,
        "HF_HOME": str(tmp_path),
        "HF_TOKEN": "",
    }
    done = subprocess.run(
        [Path(sys.executable).parent / "hf", "download", hub.repo, "small.txt"],
        env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert "small.txt" in done.stderr
    assert "was rejected by this hub's scan" in done.stderr


def test_a_copy_of_the_repository_needs_the_right_to_its_files(hub: Shared) -> None:
    eve = httpx.Client(
        base_url=hub.server.url,
        headers={"Authorization": f"Bearer {hub.server.user('eve')}"},
        timeout=60,
    )
    with eve:
        copied = eve.post(f"/api/models/{hub.repo}/duplicate", json={"repository": "eve/copied"})
        assert copied.status_code == 403
        hub.server.api(hub.server.user("eve")).create_repo("eve/target")
        file = {"sha256": hashlib.sha256(LARGE).hexdigest()}
        body = {"target": {"type": "model", "name": "eve/target"}, "files": [file]}
        answer = eve.post(f"/api/models/{hub.repo}/lfs-files/duplicate", json=body).json()
    assert answer["success"] == 0
    assert "rejected" in answer["failed"][0]["error"]
    address, body = "/api/models/REPO/duplicate", {"repository": "boss/copied"}
    done = hub.get(address, method="POST", headers=hub.mine, json=body)
    assert done.status_code == 200
    assert hub.get("/boss/copied/resolve/main/small.txt").status_code == 403


def test_a_digest_alone_brings_nothing(hub: Shared) -> None:
    """Naming the file in a repository of one's own does not make one the owner of its bytes."""
    eve = hub.server.user("eve")
    hub.server.api(eve).create_repo("eve/claims")
    sha256 = hashlib.sha256(LARGE).hexdigest()
    header = {"key": "header", "value": {"summary": "claim"}}
    file = {"path": "x.bin", "algo": "sha256", "oid": sha256, "size": len(LARGE)}
    lines = [header, {"key": "lfsFile", "value": file}]
    headers = {"Authorization": f"Bearer {eve}", "Content-Type": "application/x-ndjson"}
    content = b"\n".join(orjson.dumps(line) for line in lines)
    address = "/api/models/eve/claims/commit/main"
    answer = hub.get(address, method="POST", content=content, headers=headers)
    assert answer.status_code >= 400


def test_a_pull_request_shows_no_line_of_it(hub: Shared) -> None:
    owner = hub.api
    pull = owner.create_commit(
        hub.repo, [CommitOperationAdd("small.txt", SMALL + b" changed")], commit_message="pr",
        create_pr=True,
    )  # fmt: skip
    hub.server.run_scans()
    address = f"/api/models/REPO/discussions/{pull.pr_num}?diff=1"
    assert "EVIL" in hub.get(address, headers=hub.mine).json()["diff"]
    assert "EVIL" not in hub.get(address).text
    assert "EVIL" not in hub.get(f"/REPO/discussions/{pull.pr_num}").text


def test_a_rejected_card_is_on_no_page_and_in_no_listing(hub: Shared) -> None:
    card = b"---\nlicense: mit\nsecret: EVIL\n---\n" + EVIL
    commit(hub.api, {"README.md": card}, hub.repo)
    hub.server.run_scans()
    assert "EVIL: runs" not in hub.get("/REPO").text
    assert "The card is not shown" in hub.get("/REPO").text
    assert hub.server.api().model_info(hub.repo).card_data is None
    page = hub.get("/REPO/blob/main/README.md").text
    assert "EVIL: runs" not in page
    assert "unsafe" in page


def test_headers_of_weights_are_bytes_of_theirs(shared_server: LiveServer) -> None:
    index = b'{"weight_map": {"a": "model-00001-of-00001.safetensors"}, "note": "' + EVIL + b'"}'
    hub = share(shared_server, {"model.safetensors.index.json": index})
    address = "/api/models/REPO/safetensors-metadata/model.safetensors.index.json"
    assert hub.get(address).status_code == 403


def test_no_route_at_all_gives_a_stranger_its_bytes(hub: Shared) -> None:
    """Whatever can be asked for with the parts of an address."""
    pull = hub.api.create_commit(
        hub.repo, [CommitOperationAdd("pr.txt", SMALL)], commit_message="pr", create_pr=True
    )
    hub.server.run_scans()
    namespace, name = hub.repo.split("/")
    oid = hub.api.list_repo_commits(hub.repo)[0].commit_id
    fixed = {"namespace": namespace, "name": name, "kind": "models", "num": str(pull.pr_num)}
    places = [
        ("main", "small.txt"),
        (oid, "sub/large.bin"),
        (f"refs%2Fpr%2F{pull.pr_num}", "pr.txt"),
    ]
    asked = set()
    for pattern, (rev, path) in product(sorted(addresses()), places):
        parts = {**fixed, "rev": rev, "path": path, "oid": hashlib.sha256(LARGE).hexdigest()}
        address = filled(pattern, parts)
        if address in asked:
            continue
        asked.add(address)
        answer = hub.get(f"{address}?diff=1&expand=true&recursive=true", follow_redirects=True)
        assert EVIL not in answer.content, address
        assert answer.status_code != 500, address
    assert len(asked) > 100


def filled(pattern: str, parts: dict[str, str]) -> str:
    """A route's pattern with values for its parts."""
    address = re.sub(r"\{(\w+):?\w*\}", lambda part: parts.get(part[1], "x"), pattern)
    return address.replace("/models", "/", 1) if "kind_prefix" in pattern else address


def addresses() -> set[str]:
    """Every address that can be read, of a repository or not."""
    found: set[str] = set()
    stack: list[Any] = _routers()
    while stack:
        route = stack.pop()
        stack += getattr(route, "routes", []) or []
        inner = getattr(route, "original_router", None)
        stack += [inner] if inner is not None else []
        if "GET" in (getattr(route, "methods", None) or ()):
            found.add(route.path)
    return found

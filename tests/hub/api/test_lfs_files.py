"""Large files administered by the stock client: listed, removed for good, copied; quotas."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_download
from huggingface_hub.errors import FileDuplicationError, HfHubHTTPError

from paddock.digest import sha256_hex
from paddock.hub.jobs.worker import run_until_empty
from paddock.hub.large import lfs, usage
from paddock.hub.people.accounts import get_account
from paddock.hub.tables import tokens
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer

UPLOAD = """
import sys
from huggingface_hub import HfApi
HfApi().upload_file(repo_id=sys.argv[1], path_in_repo=sys.argv[2], path_or_fileobj=sys.argv[3])
"""


@pytest.fixture
def hosted(server: LiveServer) -> Iterator[Hosted]:
    with host(server) as hosted:
        yield hosted


@pytest.fixture
def hosted_on_each(server_on_each: LiveServer) -> Iterator[Hosted]:
    with host(server_on_each) as hosted:
        yield hosted


def upload_by_lfs(hosted: Hosted, path: str, content: bytes, folder: Path) -> None:
    """As a client without Xet does."""
    local = folder / path.replace("/", "_")
    local.write_bytes(content)
    environ = {
        **os.environ,
        "HF_HUB_DISABLE_XET": "1",
        "HF_ENDPOINT": hosted.server.url,
        "HF_TOKEN": hosted.token,
    }
    command = [sys.executable, "-c", UPLOAD, hosted.repo_id, path, str(local)]
    subprocess.run(command, env=environ, check=True, capture_output=True)


def add(api: HfApi, repo_id: str, **contents: bytes) -> str:
    operations = [CommitOperationAdd(f"{name}.bin", data) for name, data in contents.items()]
    return api.create_commit(repo_id, operations, commit_message="add").oid


def used(hosted: Hosted) -> int:
    with hosted.server.hub.database.read() as conn:
        return usage.of_namespace(
            conn, get_account(conn, hosted.repo_id.split("/")[0]).id
        ).used_bytes


def limit(hosted: Hosted, quota_bytes: int | None) -> None:
    with hosted.server.hub.database.write() as conn:
        account = get_account(conn, hosted.repo_id.split("/")[0])
        usage.set_quota(conn, account.id, quota_bytes)


def test_files_of_all_refs_are_listed_with_a_path_and_a_ref(hosted: Hosted) -> None:
    api = hosted.hf
    add(api, hosted.repo_id, a=b"a" * 1000)
    api.create_branch(hosted.repo_id, branch="dev")
    api.create_commit(
        hosted.repo_id,
        [CommitOperationAdd("b.bin", b"b" * 2000), CommitOperationDelete("a.bin")],
        commit_message="b",
        revision="dev",
    )
    pr = api.create_commit(
        hosted.repo_id,
        [CommitOperationAdd("folder/c.bin", b"c" * 3000)],
        commit_message="c",
        create_pr=True,
    )
    listed = list(api.list_lfs_files(hosted.repo_id))
    assert [(f.filename, f.size, f.ref) for f in listed] == [
        ("folder/c.bin", 3000, f"refs/pr/{pr.pr_num}"),
        ("b.bin", 2000, "refs/heads/dev"),
        ("a.bin", 1000, "refs/heads/main"),
    ]


def test_the_list_comes_in_pages(hosted: Hosted) -> None:
    add(hosted.hf, hosted.repo_id, **{f"f{n}": bytes([n]) * 100 for n in range(7)})
    names, url = [], f"{hosted.api}/lfs-files?limit=3"
    while url:
        answer = hosted.http.get(url)
        names += [item["filename"] for item in answer.json()]
        url = answer.links.get("next", {}).get("url", "")
    assert sorted(names) == [f"f{n}.bin" for n in range(7)]


def test_a_file_is_removed_from_all_history_and_other_files_stay(hosted_on_each: Hosted) -> None:
    hosted, api, repo_id = hosted_on_each, hosted_on_each.hf, hosted_on_each.repo_id
    secret, kept = os.urandom(5000), os.urandom(4000)
    old = add(api, repo_id, secret=secret, kept=kept)
    api.create_branch(repo_id, branch="dev")
    api.create_tag(repo_id, tag="v1", tag_message="annotated")
    api.create_commit(
        repo_id, [CommitOperationDelete("secret.bin")], commit_message="not at the tip any more"
    )
    before = [commit.title for commit in api.list_repo_commits(repo_id)]
    doomed = [file for file in api.list_lfs_files(repo_id) if file.filename == "secret.bin"]
    api.permanently_delete_lfs_files(repo_id, doomed)
    assert [file.filename for file in api.list_lfs_files(repo_id)] == ["kept.bin"]
    for revision in ("main", "dev", "v1"):
        assert "secret.bin" not in api.list_repo_files(repo_id, revision=revision)
        assert "kept.bin" in api.list_repo_files(repo_id, revision=revision)
    assert [commit.title for commit in api.list_repo_commits(repo_id)] == before
    assert hosted.http.get(f"/{repo_id}/resolve/dev/kept.bin").content == kept
    # The old commit has the pointer at most; the bytes are nobody's.
    assert hosted.http.get(f"/{repo_id}/resolve/{old}/secret.bin").status_code == 404
    assert used(hosted) < 4000 + 5000


def test_without_rewriting_history_only_the_bytes_go(hosted: Hosted) -> None:
    add(hosted.hf, hosted.repo_id, a=b"a" * 1000)
    files = list(hosted.hf.list_lfs_files(hosted.repo_id))
    hosted.hf.permanently_delete_lfs_files(hosted.repo_id, files, rewrite_history=False)
    assert "a.bin" in hosted.hf.list_repo_files(hosted.repo_id)
    assert hosted.http.get(f"/{hosted.repo_id}/resolve/main/a.bin").status_code == 404


def test_only_those_who_may_write_list_and_remove(hosted: Hosted) -> None:
    add(hosted.hf, hosted.repo_id, a=b"a" * 1000)
    headers = {"Authorization": f"Bearer {hosted.server.user('reader')}"}
    body = {"deletions": {"sha": ["a" * 64], "rewriteHistory": True}}
    with httpx.Client(base_url=hosted.server.url, headers=headers) as reader:
        assert reader.get(f"{hosted.api}/lfs-files").status_code == 403
        assert reader.post(f"{hosted.api}/lfs-files/batch", json=body).status_code == 403
    with hosted.stranger() as stranger:
        assert stranger.post(f"{hosted.api}/lfs-files/batch", json=body).status_code == 401


def test_files_are_copied_between_repositories_however_they_came(
    hosted: Hosted, tmp_path: Path
) -> None:
    by_xet, by_lfs = os.urandom(200_000), os.urandom(300_000)
    add(hosted.hf, hosted.repo_id, x=by_xet)
    upload_by_lfs(hosted, "l.bin", by_lfs, tmp_path)
    owner = hosted.repo_id.split("/")[0]
    hosted.hf.create_repo(f"{owner}/copy")
    hosted.hf.copy_files(f"hf://{hosted.repo_id}/", f"hf://{owner}/copy/all/")
    for path, content in (("x.bin", by_xet), ("l.bin", by_lfs)):
        got = hf_hub_download(
            f"{owner}/copy", f"all/{path}", endpoint=hosted.server.url, token=hosted.token,
            cache_dir=str(tmp_path),
        )  # fmt: skip
        assert Path(got).read_bytes() == content


def test_a_copy_needs_to_read_the_source_and_to_write_the_target(server: LiveServer) -> None:
    with host(server, private=True) as hosted:
        add(hosted.hf, hosted.repo_id, a=b"a" * 1000)
        sha = next(iter(hosted.hf.list_lfs_files(hosted.repo_id))).file_oid
        token = server.user("thief")
        server.api(token).create_repo("thief/loot")
        headers = {"Authorization": f"Bearer {token}"}
        body = {"target": {"type": "model", "name": "thief/loot"}, "files": [{"sha256": sha}]}
        url = f"{server.url}{hosted.api}/lfs-files/duplicate"
        assert httpx.post(url, json=body, headers=headers).status_code == 404
        body["target"] = {"type": "model", "name": hosted.repo_id}
        loot = f"{server.url}/api/models/thief/loot/lfs-files/duplicate"
        assert httpx.post(loot, json=body, headers=headers).status_code == 404
        body["target"] = {"type": "model", "name": "thief/loot"}
        failed = httpx.post(loot, json=body, headers=headers).json()["failed"]
        assert [item["sha256"] for item in failed] == [sha]


def test_a_repository_is_duplicated_with_its_history(hosted: Hosted, tmp_path: Path) -> None:
    content = os.urandom(100_000)
    add(hosted.hf, hosted.repo_id, a=content)
    hosted.commit({"note.txt": b"hello"}, message="a note")
    stored = sum(1 for _ in (hosted.server.data / "blobs" / "blobs").glob("*/*"))
    owner = hosted.repo_id.split("/")[0]
    url = hosted.hf.duplicate_repo(hosted.repo_id, f"{owner}/twin")
    assert url.repo_id == f"{owner}/twin"
    old, new = (
        [(c.commit_id, c.title) for c in hosted.hf.list_repo_commits(repo)]
        for repo in (hosted.repo_id, f"{owner}/twin")
    )
    assert old == new
    assert hosted.http.get(f"/{owner}/twin/resolve/main/a.bin").content == content
    assert sum(1 for _ in (hosted.server.data / "blobs" / "blobs").glob("*/*")) == stored
    with pytest.raises(HfHubHTTPError, match="409"):
        hosted.hf.duplicate_repo(hosted.repo_id, f"{owner}/twin")
    again = hosted.hf.duplicate_repo(hosted.repo_id, f"{owner}/twin", exist_ok=True)
    assert again.repo_id == f"{owner}/twin"


def test_a_copy_of_what_is_closed_is_private_unless_told_otherwise(server: LiveServer) -> None:
    with host(server) as hosted:
        hosted.hf.update_repo_settings(hosted.repo_id, gated="manual")
        reader = server.api(server.user("reader"))
        with pytest.raises(HfHubHTTPError) as refused:
            reader.duplicate_repo(hosted.repo_id, "reader/taken")
        assert refused.value.response.status_code == 403
        hosted.hf.grant_access(hosted.repo_id, "reader")
        reader.duplicate_repo(hosted.repo_id, "reader/copy")
        assert reader.model_info("reader/copy").private
        owner = hosted.repo_id.split("/")[0]
        hosted.hf.duplicate_repo(hosted.repo_id, f"{owner}/open", private=False)
        assert not hosted.hf.model_info(f"{owner}/open").private


def test_a_quota_refuses_by_every_way_and_is_freed_by_removal(
    hosted_on_each: Hosted, tmp_path: Path
) -> None:
    hosted, api, repo_id = hosted_on_each, hosted_on_each.hf, hosted_on_each.repo_id
    limit(hosted, 1_000_000)
    add(api, repo_id, first=os.urandom(700_000))
    with pytest.raises(Exception, match=r"Storage limit reached|403"):
        add(api, repo_id, second=os.urandom(400_000))
    with pytest.raises(subprocess.CalledProcessError):
        upload_by_lfs(hosted, "second.bin", os.urandom(400_000), tmp_path)
    big = hosted.post_commit(
        {"key": "file", "value": {"path": "t.txt", "content": "x" * 400_000, "encoding": "utf-8"}}
    )
    assert (big.status_code, "Storage limit" in big.json()["error"]) == (403, True)
    assert used(hosted) < 1_000_000
    api.permanently_delete_lfs_files(repo_id, api.list_lfs_files(repo_id))
    add(api, repo_id, second=os.urandom(400_000))
    owner = repo_id.split("/")[0]
    api.create_repo(f"{owner}/other")
    with pytest.raises(Exception, match=r"Storage limit reached|403"):
        add(api, f"{owner}/other", third=os.urandom(700_000))
    api.delete_repo(repo_id)
    add(api, f"{owner}/other", third=os.urandom(700_000))


def test_copies_count_and_a_full_target_is_told(hosted: Hosted) -> None:
    add(hosted.hf, hosted.repo_id, a=os.urandom(10_000))
    owner = hosted.repo_id.split("/")[0]
    hosted.hf.create_repo(f"{owner}/copy")
    limit(hosted, 15_000)
    with pytest.raises((HfHubHTTPError, FileDuplicationError), match="Storage limit"):
        hosted.hf.copy_files(f"hf://{hosted.repo_id}/a.bin", f"hf://{owner}/copy/a.bin")


def test_many_at_once_do_not_get_past_a_quota(hosted_on_each: Hosted) -> None:
    hosted = hosted_on_each
    limit(hosted, 100_000)
    start = threading.Barrier(8)

    def commit(number: int) -> int:
        value = {"path": f"{number}.txt", "content": f"{number}" * 30_000, "encoding": "utf-8"}
        start.wait()
        return hosted.post_commit({"key": "file", "value": value}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(commit, range(8)))
    assert statuses == [200] * 3 + [403] * 5
    assert used(hosted) <= 100_000


def test_a_withdrawn_token_ends_addresses_and_xet_tokens_at_once(hosted: Hosted) -> None:
    content = os.urandom(1000)
    objects = [{"oid": sha256_hex(content), "size": len(content)}]
    body = {"operation": "upload", "transfers": ["basic"], "objects": objects}
    answer = hosted.http.post(f"/{hosted.repo_id}.git/info/lfs/objects/batch", json=body)
    address = answer.json()["objects"][0]["actions"]["upload"]["href"]
    grant = hosted.http.get(f"{hosted.api}/xet-write-token/main").json()
    with hosted.server.hub.database.write() as conn:
        conn.execute(tokens.delete())
    assert httpx.put(address, content=content).status_code == 401
    xorb = f"{grant['casUrl']}/v1/xorbs/default/{'0' * 64}"
    headers = {"Authorization": f"Bearer {grant['accessToken']}"}
    assert httpx.post(xorb, content=b"x", headers=headers).status_code == 401


def test_an_upload_in_25_parts_by_the_stock_client(
    hosted: Hosted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of a megabyte instead of 64, so that it takes no gigabytes to have so many."""
    monkeypatch.setattr(lfs, "_SMALLEST_PART_BYTES", 1 << 20)
    monkeypatch.setattr(lfs, "MULTIPART_FROM_BYTES", 1 << 20)
    content = os.urandom(25 * (1 << 20) - 17)
    upload_by_lfs(hosted, "big.bin", content, tmp_path)
    got = hosted.http.get(f"/{hosted.repo_id}/resolve/main/big.bin")
    assert got.content == content
    run_until_empty(hosted.server.hub)  # the view of such an upload is made by a job
    owner = hosted.repo_id.split("/")[0]
    hosted.hf.create_repo(f"{owner}/copy")
    hosted.hf.copy_files(f"hf://{hosted.repo_id}/big.bin", f"hf://{owner}/copy/big.bin")
    by_xet = hf_hub_download(
        f"{owner}/copy", "big.bin", endpoint=hosted.server.url, token=hosted.token,
        cache_dir=str(tmp_path / "cache"),
    )  # fmt: skip
    assert Path(by_xet).read_bytes() == content

"""Clone and fetch by real git, in every version of the protocol."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.hub.git_http.workshop import VERSIONS, Workshop
from tests.live import LiveServer


def grow(shop: Workshop) -> None:
    """Some history: two branches, tags of both sorts, folders, files of several sizes."""
    hf = shop.hf
    for number in range(4):
        content = b"text %d\n" % number * 200
        hf.upload_file(
            path_or_fileobj=content, path_in_repo=f"a/b{number % 2}/c.txt", repo_id=shop.repo_id
        )
    hf.create_tag(shop.repo_id, tag="v1", tag_message="the first")
    hf.create_tag(shop.repo_id, tag="light")
    hf.create_branch(shop.repo_id, branch="dev")
    hf.upload_file(  # over 64 KiB: its bytes are in the blob store
        path_or_fileobj=os.urandom(200_000),
        path_in_repo="middle.dat",
        repo_id=shop.repo_id,
        revision="dev",
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_a_clone_has_what_the_api_shows(shop: Workshop, version: str) -> None:
    grow(shop)
    work = shop.clone("work", version=version)
    shown = shop.hf.list_repo_refs(shop.repo_id)
    for branch in shown.branches:
        assert shop.head("work", f"origin/{branch.name}") == branch.target_commit
    for tag in shown.tags:
        assert shop.head("work", f"{tag.name}^{{commit}}") == tag.target_commit
    assert shop.git("cat-file", "-t", "v1", at="work") == "tag"
    assert shop.git("rev-parse", "--abbrev-ref", "HEAD", at="work") == "main"
    files = {
        str(p.relative_to(work)) for p in work.rglob("*") if p.is_file() and ".git/" not in str(p)
    }
    assert files == set(shop.hf.list_repo_files(shop.repo_id))
    commits = shop.git("rev-list", "main", at="work").split()
    assert commits == [commit.commit_id for commit in shop.hf.list_repo_commits(shop.repo_id)]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_fetch_brings_what_is_new_and_no_more(shop: Workshop, version: str) -> None:
    grow(shop)
    shop.clone("work", version=version)
    shop.hf.upload_file(path_or_fileobj=b"new", path_in_repo="a/new.txt", repo_id=shop.repo_id)
    before = objects(shop, "work")
    said = shop.git("-c", f"protocol.version={version}", "pull", "-q", at="work")
    assert said == ""
    shop.check("work")
    assert shop.head("work") == shop.hub_head()
    # A commit, the root folder, the folder "a", the file.
    assert objects(shop, "work") - before == 4


def test_a_commit_on_both_sides_is_negotiated(shop: Workshop) -> None:
    grow(shop)
    for version in VERSIONS:
        name = f"work{version}"
        shop.clone(name, version=version)
        for number in range(40):  # more than git tells of at once
            shop.commit(name, {f"own{number}.txt": b"mine %d" % number})
        path = f"theirs{version}.txt"
        shop.hf.upload_file(path_or_fileobj=b"theirs", path_in_repo=path, repo_id=shop.repo_id)
        shop.git("-c", f"protocol.version={version}", "pull", "-q", "--no-rebase", at=name)
        shop.check(name)
        assert (shop.folder / name / path).read_bytes() == b"theirs"


@pytest.mark.parametrize("version", VERSIONS)
def test_an_empty_repository_is_cloned_with_main(shop: Workshop, version: str) -> None:
    empty = f"{shop.user}/empty{version}"
    shop.hf.create_repo(empty)
    with shop.server.hub.database.write() as conn:  # the hub's own repositories are never empty
        conn.exec_driver_sql("DELETE FROM refs WHERE repo_id = (SELECT max(id) FROM repositories)")
    name = f"empty{version}"
    address = shop.address(shop.token, empty)
    shop.git("-c", f"protocol.version={version}", "clone", "-q", address, name)
    if version == "2":  # the older ones cannot say where an unborn HEAD leads
        assert shop.git("symbolic-ref", "HEAD", at=name) == "refs/heads/main"
    shop.git("checkout", "-q", "-B", "main", at=name)
    shop.commit(name, {"a.txt": b"first"})
    shop.git("push", "-q", "origin", "main", at=name)
    assert shop.hf.list_repo_files(empty) == ["a.txt"]


def test_pull_requests_are_fetched_by_their_refs(shop: Workshop) -> None:
    pull = shop.hf.upload_file(
        path_or_fileobj=b"p", path_in_repo="p.txt", repo_id=shop.repo_id, create_pr=True
    )
    shop.clone()
    shop.git("fetch", "-q", "origin", f"{pull.pr_revision}:proposal", at="work")
    assert shop.head("work", "proposal") == pull.oid


def test_a_private_repository_is_for_those_who_see_it(
    shared_server: LiveServer, shop: Workshop
) -> None:
    secret = f"{shop.user}/secret"
    shop.hf.create_repo(secret, private=True)
    stranger = shared_server.user("passerby")
    for repo_id in (secret, f"{shop.user}/nothing-there"):
        anonymous = httpx.get(refs_of(shop, repo_id))
        assert anonymous.status_code == 401
        assert anonymous.headers["WWW-Authenticate"] == 'Basic realm="paddock"'
        assert httpx.get(refs_of(shop, repo_id), auth=("x", stranger)).status_code == 404
        asked = shop.try_git("clone", "-q", shop.address(None, repo_id), "no")
        assert "could not read Username" in asked.said
        refused = shop.try_git("clone", "-q", shop.address("hf_wrong", repo_id), "no")
        assert "Authentication failed" in refused.said
        gone = shop.try_git("clone", "-q", shop.address(stranger, repo_id), "no")
        assert "not found" in gone.said
    shop.git("clone", "-q", shop.address(shop.token, secret), "mine")


def test_wrong_credentials_are_refused_for_a_public_repository_too(shop: Workshop) -> None:
    assert httpx.get(refs_of(shop, shop.repo_id)).status_code == 200
    assert httpx.get(refs_of(shop, shop.repo_id), auth=("x", "hf_wrong")).status_code == 401


def test_a_gated_repository_is_cloned_by_those_who_were_let_in(
    shared_server: LiveServer, shop: Workshop
) -> None:
    shop.hf.update_repo_settings(shop.repo_id, gated="manual")
    visitor = shared_server.user("gatevisitor")
    refused = shop.try_git("clone", "-q", shop.address(visitor), "no")
    assert "403" in refused.said
    assert "remote: Access to model" in refused.said, "git shows the sentence to a person"
    assert shop.try_git("clone", "-q", shop.address(), "no").code != 0
    shop.hf.grant_access(shop.repo_id, "gatevisitor")
    shop.git("clone", "-q", shop.address(visitor), "let-in")


def test_an_old_name_leads_to_the_new_one(shop: Workshop) -> None:
    shop.clone()
    new_id = f"{shop.user}/renamed"
    shop.hf.move_repo(shop.repo_id, new_id)
    shop.hf.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=new_id)
    shop.git("pull", "-q", at="work")
    shop.commit("work", {"y.txt": b"y"})
    shop.git("push", "-q", at="work")
    assert "y.txt" in shop.hf.list_repo_files(new_id)


def test_datasets_and_spaces_have_addresses_of_their_own(shop: Workshop) -> None:
    shop.hf.create_repo(shop.repo_id, repo_type="dataset")
    shop.git("clone", "-q", shop.address(shop.token, f"datasets/{shop.repo_id}.git"), "data")
    shop.commit("data", {"rows.csv": b"a,b\n"})
    shop.git("push", "-q", at="data")
    assert "rows.csv" in shop.hf.list_repo_files(shop.repo_id, repo_type="dataset")
    assert "rows.csv" not in shop.hf.list_repo_files(shop.repo_id)


def test_the_dumb_protocol_is_refused_with_a_sentence(shop: Workshop) -> None:
    said = httpx.get(f"{shop.server.url}/{shop.repo_id}.git/info/refs")
    assert said.status_code == 403
    assert "smart protocol" in said.text
    assert not shop.try_git("clone", "-q", shop.address(), "dumb", GIT_SMART_HTTP="0").is_ok


def test_a_request_that_is_not_gits_is_refused(shop: Workshop) -> None:
    address = f"{shop.server.url}/{shop.repo_id}/git-upload-pack"
    kind = {"Content-Type": "application/x-git-upload-pack-request"}
    assert httpx.post(address, content=b"0000").status_code == 415
    assert httpx.post(address, content=b"garbage", headers=kind).status_code == 400
    v2 = {**kind, "Git-Protocol": "version=2"}
    assert httpx.post(address, content=b"0011command=lala0000", headers=v2).status_code == 400
    coded = {**kind, "Content-Encoding": "br"}
    assert httpx.post(address, content=b"0000", headers=coded).status_code == 415
    not_gzip = {**kind, "Content-Encoding": "gzip"}
    assert httpx.post(address, content=b"0000", headers=not_gzip).status_code == 415
    cut = gzip.compress(b"0000" * 1000)[:-10]
    assert httpx.post(address, content=cut, headers=not_gzip).status_code == 415


def test_a_body_that_unpacks_to_too_much_is_cut_off(shop: Workshop) -> None:
    address = f"{shop.server.url}/{shop.repo_id}/git-upload-pack"
    kind = {"Content-Type": "application/x-git-upload-pack-request", "Content-Encoding": "gzip"}
    bomb = gzip.compress(b"\0" * (65 << 20), 9)
    assert len(bomb) < 100_000
    assert httpx.post(address, content=bomb, headers=kind, timeout=60).status_code == 413


def test_an_object_that_is_not_here_is_refused_in_gits_words(shop: Workshop) -> None:
    shop.clone()
    said = shop.try_git("fetch", "origin", "1" * 40, at="work").said
    assert "not our ref" in said


def test_any_object_of_the_repository_may_be_asked_for(shop: Workshop) -> None:
    grow(shop)
    hidden = shop.hub_head()
    shop.hf.super_squash_history(shop.repo_id)
    shop.clone()
    shop.git("fetch", "-q", "origin", hidden, at="work")
    assert shop.git("cat-file", "-t", hidden, at="work") == "commit"


def test_a_clone_does_not_bring_what_no_ref_leads_to(shop: Workshop) -> None:
    grow(shop)
    hidden = shop.hub_head()
    for branch, tag in (("dev", "v1"), (None, "light")):
        shop.hf.delete_tag(shop.repo_id, tag=tag)
        if branch:
            shop.hf.delete_branch(shop.repo_id, branch=branch)
    shop.clone("before")
    shop.hf.super_squash_history(shop.repo_id)
    shop.clone("after")
    assert shop.try_git("cat-file", "-e", hidden, at="before").is_ok
    assert not shop.try_git("cat-file", "-e", hidden, at="after").is_ok


def test_a_clone_works_on_both_databases(shop_on_each: Workshop) -> None:
    grow(shop_on_each)
    for version in VERSIONS:
        shop_on_each.clone(f"work{version}", version=version)
    shop_on_each.git("clone", "-q", "--depth", "1", shop_on_each.url, "shallow")


def test_dulwich_clones_and_pushes(shop: Workshop) -> None:
    from dulwich import porcelain

    grow(shop)
    target = shop.folder / "dulwich"
    repo = porcelain.clone(shop.url, target, errstream=io.BytesIO())
    assert repo.head().decode() == shop.hub_head()
    (target / "d.txt").write_bytes(b"by dulwich")
    porcelain.add(repo, [str(target / "d.txt")])
    porcelain.commit(
        repo, b"by dulwich", author=b"D <d@example.org>", committer=b"D <d@example.org>"
    )
    porcelain.push(repo, shop.url, b"main", errstream=io.BytesIO())
    assert shop.hub_head() == repo.head().decode()
    repo.close()


def test_no_password_stands_in_a_clone_that_used_a_credential_helper(shop: Workshop) -> None:
    """The way of docs/git.md: a helper gives the token, nobody types it."""
    helper = shop.folder / "helper"
    helper.write_text(
        '#!/bin/sh\ntest "$1" = get && printf "username=me\\npassword=%s\\n" "$HUB_TOKEN"\n'
    )
    helper.chmod(0o700)
    shop.hf.update_repo_settings(shop.repo_id, private=True)
    options = ["-c", f"credential.helper={helper}"]
    shop.git(*options, "clone", "-q", shop.address(), "helped", HUB_TOKEN=shop.token)
    shop.commit("helped", {"h.txt": b"h"})
    shop.git(*options, "push", "-q", at="helped", HUB_TOKEN=shop.token)
    assert "h.txt" in shop.hf.list_repo_files(shop.repo_id)
    assert shop.token not in (shop.folder / "helped/.git/config").read_text()
    header = f"http.extraHeader=Authorization: Bearer {shop.token}"
    shop.git("-c", header, "clone", "-q", shop.address(), "by-header")


def objects(shop: Workshop, name: str) -> int:
    counted = dict(
        line.split(": ") for line in shop.git("count-objects", "-v", at=name).splitlines()
    )
    return int(counted["count"]) + int(counted["in-pack"])


def refs_of(shop: Workshop, repo_id: str) -> str:
    return f"{shop.server.url}/{repo_id}/info/refs?service=git-upload-pack"


def test_git_is_new_enough_to_judge(tmp_path: Path) -> None:
    said = subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout
    assert tuple(map(int, said.split()[2].split(".")[:2])) >= (2, 39)

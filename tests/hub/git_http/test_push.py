"""Pushes by real git: what arrives is what the API shows, and the rules of refs and files hold."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from paddock.hub.git_http.arrivals import MAX_FILE_BYTES
from paddock.hub.large import usage
from paddock.hub.people.accounts import get_account
from paddock.hub.tables import git_objects
from tests.hub.git_http.workshop import VERSIONS, Workshop
from tests.live import LiveServer

CARD = b"---\nlicense: mit\ntags: [pushed]\n---\n# Pushed\n"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n"


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_pushed_is_at_once_what_the_api_shows(shop: Workshop, version: str) -> None:
    shop.clone(version=version)
    (shop.folder / "work/tool.sh").write_text("#!/bin/sh\n")
    (shop.folder / "work/tool.sh").chmod(0o755)
    (shop.folder / "work/link").symlink_to("a/b/deep.txt")
    middle = os.urandom(150_000)
    files = {"README.md": CARD, "a/b/deep.txt": b"deep", "empty.txt": b"", "middle.txt": middle}
    head = shop.commit("work", files, "Grüße from git\n\nwith a body")
    shop.git("-c", f"protocol.version={version}", "push", "-q", at="work")
    info = shop.hf.model_info(shop.repo_id)
    assert (info.sha, info.card_data.license) == (head, "mit")
    assert "pushed" in info.tags
    listed = shop.git("ls-tree", "-r", "--format=%(objectname) %(path)", "HEAD", at="work")
    tree = shop.hf.list_repo_tree(shop.repo_id, recursive=True, expand=True)
    entries = {entry.path: entry for entry in tree if hasattr(entry, "blob_id")}
    assert {f"{e.blob_id} {e.path}" for e in entries.values()} == set(listed.splitlines())
    assert entries["a/b/deep.txt"].last_commit.oid == head
    first = shop.hf.list_repo_commits(shop.repo_id)[0]
    assert (first.title, first.message) == ("Grüße from git", "with a body")
    found = shop.hf.hf_hub_download(shop.repo_id, "middle.txt", cache_dir=shop.folder / "cache")
    assert Path(found).read_bytes() == middle
    link = shop.hf.hf_hub_download(shop.repo_id, "link", cache_dir=shop.folder / "cache")
    assert Path(link).read_text() == "a/b/deep.txt"
    shop.clone("again", version=version)
    assert shop.head("again") == head


def test_commits_over_the_api_and_pushes_take_turns(shop_on_each: Workshop) -> None:
    shop = shop_on_each
    shop.clone()
    for number in range(3):
        shop.commit("work", {f"git{number}.txt": b"git" * 50_000}, f"by git {number}")
        shop.git("push", "-q", at="work")
        path = f"api{number}.txt"
        shop.hf.upload_file(path_or_fileobj=b"api", path_in_repo=path, repo_id=shop.repo_id)
        shop.git("pull", "-q", at="work")
        assert shop.head("work") == shop.hub_head()
    shop.check("work")
    shop.git("tag", "-a", "v1", "-m", "one", at="work")
    shop.git("push", "-q", "origin", "v1", "HEAD:refs/heads/dev", at="work")
    refs = shop.hf.list_repo_refs(shop.repo_id)
    assert {branch.name for branch in refs.branches} == {"main", "dev"}
    assert refs.tags[0].target_commit == shop.head("work")
    shop.git("push", "-q", "origin", ":v1", ":dev", at="work")
    assert not shop.hf.list_repo_refs(shop.repo_id).tags


def test_main_cannot_be_deleted_and_only_moves_forward(shop: Workshop) -> None:
    shop.clone()
    shop.commit("work", {"a.txt": b"a"})
    shop.git("push", "-q", at="work")
    said = shop.try_git("push", "origin", ":main", at="work").said
    assert "default branch and cannot be deleted" in said
    shop.git("commit", "-q", "--amend", "-m", "otherwise", at="work")
    said = shop.try_git("push", "--force", at="work").said
    assert "main only moves forward" in said
    assert "remote: merge or rebase first" in said
    shop.git("push", "-q", "--force", "-o", "force", at="work")
    assert shop.hub_head() == shop.head("work")


def test_other_branches_move_as_they_like(shop: Workshop) -> None:
    shop.clone()
    shop.git("checkout", "-q", "-b", "dev", at="work")
    shop.commit("work", {"a.txt": b"a"})
    shop.git("push", "-q", "origin", "dev", at="work")
    shop.git("commit", "-q", "--amend", "-m", "otherwise", at="work")
    shop.git("push", "-q", "--force", "origin", "dev", at="work")
    assert shop.hub_head("dev") == shop.head("work")


def test_a_tag_stays_until_it_is_deleted(shop: Workshop) -> None:
    shop.clone()
    shop.git("tag", "v1", at="work")
    shop.git("push", "-q", "origin", "v1", at="work")
    shop.commit("work", {"a.txt": b"a"})
    shop.git("tag", "-f", "v1", at="work")
    said = shop.try_git("push", "-f", "origin", "v1", at="work").said
    assert "a tag stays where it is" in said
    shop.git("push", "-q", "origin", ":v1", at="work")
    shop.git("push", "-q", "origin", "v1", at="work")


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ("refs/notes/x", "only branches, tags and pull requests"),
        ("refs/convert/parquet", "only branches, tags and pull requests"),
        ("refs/pr/7", "no such pull request"),
        ("refs/heads/" + "a" * 40, "cannot be the name"),
        ("refs/heads/main/below", "exists, so"),
        ("refs/tags/HEAD", "cannot be the name"),
    ],
)
def test_refs_that_are_the_hubs_own_or_cannot_be_are_refused(
    shop: Workshop, ref: str, reason: str
) -> None:
    shop.clone()
    outcome = shop.try_git("push", "origin", f"HEAD:{ref}", "HEAD:refs/heads/good", at="work")
    assert reason in outcome.said
    assert shop.hub_head("good"), "what can be moved is moved"
    outcome = shop.try_git(
        "push", "--atomic", "origin", f"HEAD:{ref}", "HEAD:refs/heads/better", at="work"
    )
    assert "atomic push failed" in outcome.said
    names = {branch.name for branch in shop.hf.list_repo_refs(shop.repo_id).branches}
    assert names == {"main", "good"}


def test_a_file_over_the_limit_is_refused_by_name_with_the_way_out(shop: Workshop) -> None:
    shop.clone()
    files = {"dir/weights.dat": b"\0" * (MAX_FILE_BYTES + 1), "fits.dat": b"\0" * MAX_FILE_BYTES}
    shop.commit("work", files)
    shop.commit("work", {"dir/weights.dat": None})  # gone again, and still in the history
    outcome = shop.try_git("push", at="work")
    assert not outcome.is_ok
    assert f"remote:   dir/weights.dat: {MAX_FILE_BYTES + 1} bytes" in outcome.said
    assert "git lfs migrate import" in outcome.said
    assert "fits.dat" not in outcome.said
    assert "fits.dat" not in shop.hf.list_repo_files(shop.repo_id)
    shop.git("reset", "-q", "--hard", "HEAD~2", at="work")
    shop.commit("work", {"fits.dat": b"\0" * MAX_FILE_BYTES})
    shop.git("push", "-q", at="work")


def test_a_pointer_to_a_file_that_is_not_here_is_refused(shop: Workshop) -> None:
    shop.clone()
    shop.commit("work", {"model.txt": POINTER % (b"ab" * 32, 12)})
    said = shop.try_git("push", at="work").said
    assert f"model.txt (oid {'ab' * 32})" in said
    assert "git lfs push --all origin" in said


def test_a_pointer_with_another_size_is_refused(shop: Workshop) -> None:
    shop.hf.upload_file(path_or_fileobj=os.urandom(500), path_in_repo="w.bin", repo_id=shop.repo_id)
    [entry] = shop.hf.get_paths_info(shop.repo_id, ["w.bin"])
    shop.clone()
    shop.commit("work", {"copy.txt": POINTER % (entry.lfs.sha256.encode(), 501)})
    assert "is said to have 501 bytes" in shop.try_git("push", at="work").said
    shop.commit("work", {"copy.txt": POINTER % (entry.lfs.sha256.encode(), 500)})
    shop.git("reset", "-q", "--soft", "HEAD~2", at="work")
    shop.git("commit", "-q", "-m", "right", at="work")
    shop.git("push", "-q", at="work")
    [copied] = shop.hf.get_paths_info(shop.repo_id, ["copy.txt"])
    assert copied.lfs.sha256 == entry.lfs.sha256


def test_a_card_that_nobody_could_read_is_refused(shop: Workshop) -> None:
    shop.clone()
    shop.commit("work", {"README.md": b"---\nlicense: nonsense\n---\n"})
    said = shop.try_git("push", at="work").said
    assert "Invalid metadata in README.md" in said
    shop.commit("work", {"README.md": CARD})  # corrected before it is pushed
    shop.git("push", "-q", at="work")


def test_who_may_not_write_may_not_push(shared_server: LiveServer, shop: Workshop) -> None:
    other = shared_server.user("pushvisitor")
    reader = shared_server.user(shop.user, role="read")
    shop.clone()
    shop.commit("work", {"a.txt": b"a"})
    for token in (other, reader):
        outcome = shop.try_git("push", shop.address(token), "main", at="work")
        assert "403" in outcome.said
        assert "remote: " in outcome.said
    assert "could not read Username" in shop.try_git("push", shop.address(), at="work").said


def test_the_author_of_a_pull_request_pushes_to_it_and_nowhere_else(
    shared_server: LiveServer, shop: Workshop
) -> None:
    token = shared_server.user("proposer")
    pull = shared_server.api(token).upload_file(
        path_or_fileobj=b"p", path_in_repo="p.txt", repo_id=shop.repo_id, create_pr=True
    )
    address = shop.address(token)
    shop.git("clone", "-q", address, "theirs")
    shop.git("fetch", "-q", "origin", f"{pull.pr_revision}:proposal", at="theirs")
    shop.git("checkout", "-q", "proposal", at="theirs")
    head = shop.commit("theirs", {"more.txt": b"more"}, "More of it")
    shop.git("push", "-q", "origin", f"HEAD:{pull.pr_revision}", at="theirs")
    assert shop.hub_head(pull.pr_revision) == head
    details = shop.hf.get_discussion_details(shop.repo_id, pull.pr_num)
    assert any(getattr(event, "summary", "") == "More of it" for event in details.events)
    for ref in ("refs/heads/main", "refs/heads/new", "refs/tags/t"):
        outcome = shop.try_git("push", "origin", f"HEAD:{ref}", at="theirs")
        assert "you may not write" in outcome.said
    said = shop.try_git("push", "origin", f":{pull.pr_revision}", at="theirs").said
    assert "closed, not deleted" in said
    shop.hf.change_discussion_status(shop.repo_id, pull.pr_num, new_status="closed")
    shop.commit("theirs", {"late.txt": b"late"})
    said = shop.try_git("push", "origin", f"HEAD:{pull.pr_revision}", at="theirs").said
    assert "takes no more commits" in said


def test_a_push_over_the_quota_is_refused_and_leaves_nothing(
    shared_server: LiveServer, shop: Workshop
) -> None:
    with shared_server.hub.database.write() as conn:
        usage.set_quota(conn, get_account(conn, shop.user).id, 100_000)
    shop.clone()
    shop.commit("work", {"a.txt": os.urandom(200_000)})
    assert "Storage limit reached" in shop.try_git("push", at="work").said
    assert "a.txt" not in shop.hf.list_repo_files(shop.repo_id)


def test_of_two_pushes_at_once_one_wins(shop_on_each: Workshop) -> None:
    shop = shop_on_each
    names = [f"work{number}" for number in range(4)]
    for name in names:
        shop.clone(name)
        shop.commit(name, {f"{name}.txt": name.encode()}, name)
    outcomes: dict[str, bool] = {}

    def push(name: str) -> None:
        outcomes[name] = shop.try_git("push", at=name).is_ok

    threads = [threading.Thread(target=push, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = [name for name, is_ok in outcomes.items() if is_ok]
    assert shop.hub_head() == shop.head(winner)
    shop.clone("after")


def test_what_a_refused_ref_leads_to_is_not_kept(shop: Workshop) -> None:
    shop.clone()
    shop.git("checkout", "-q", "-b", "dev", at="work")
    kept = shop.commit("work", {"kept.txt": b"kept"})
    shop.git("checkout", "-q", "main", at="work")
    refused = shop.commit("work", {"refused.txt": b"refused"})
    shop.try_git("push", "origin", "dev", "main:refs/notes/no", at="work")
    query = sa.select(git_objects.c.oid).where(git_objects.c.oid.in_([kept, refused]))
    with shop.server.hub.database.read() as conn:
        assert conn.execute(query).scalars().all() == [kept]


def test_a_merge_and_a_root_of_its_own_arrive(shop: Workshop) -> None:
    shop.clone()
    shop.git("checkout", "-q", "--orphan", "other", at="work")
    shop.commit("work", {"other.txt": b"other"}, "another root")
    shop.git("checkout", "-q", "-f", "main", at="work")
    shop.commit("work", {"mine.txt": b"mine"})
    merge = ("merge", "-q", "--allow-unrelated-histories", "-m", "both", "-X", "ours", "other")
    shop.git(*merge, at="work")
    shop.git("push", "-q", "origin", "main", at="work")
    commits = [commit.commit_id for commit in shop.hf.list_repo_commits(shop.repo_id)]
    assert sorted(commits) == sorted(shop.git("rev-list", "HEAD", at="work").split())
    shop.clone("again")


def test_a_commit_is_the_pushers_when_it_has_their_address(
    shared_server: LiveServer, shop: Workshop
) -> None:
    shop.clone()
    shop.commit("work", {"a.txt": b"a"})
    address = f"{shop.user}@users.noreply.paddock"
    shop.git("commit", "-q", "--allow-empty", "-m", "own", at="work", GIT_AUTHOR_EMAIL=address)
    shop.git("push", "-q", at="work")
    authors = [commit.authors for commit in shop.hf.list_repo_commits(shop.repo_id)[:2]]
    assert authors == [[shop.user], ["Ann Example"]]


def test_git_lfs_clones_and_pushes_by_the_same_address(shop: Workshop) -> None:
    shop.git("lfs", "install", "--skip-repo")
    shop.clone()
    weights = os.urandom(300_000)
    shop.commit("work", {"model.safetensors": weights, "notes.txt": b"notes"})
    shop.git("push", "-q", at="work")
    [entry] = shop.hf.get_paths_info(shop.repo_id, ["model.safetensors"])
    assert entry.lfs.size == len(weights)
    shop.git("clone", "-q", shop.url, "again")
    assert (shop.folder / "again/model.safetensors").read_bytes() == weights
    more = os.urandom(100_000)
    shop.hf.upload_file(path_or_fileobj=more, path_in_repo="more.safetensors", repo_id=shop.repo_id)
    shop.git("pull", "-q", at="work")
    assert (shop.folder / "work/more.safetensors").read_bytes() == more
    # Without the hook by which git-lfs sends its files first, the push is kept back.
    shop.commit("work", {"late.safetensors": os.urandom(1000)})
    outcome = shop.try_git("-c", "core.hooksPath=/dev/null", "push", at="work")
    assert "late.safetensors" in outcome.said
    shop.git("lfs", "push", "--all", "origin", at="work")
    shop.git("push", "-q", at="work")

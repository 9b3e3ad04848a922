"""Branches, tags and squashing over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


def test_the_stock_client_makes_lists_and_deletes_branches_and_tags(hosted: Hosted) -> None:
    hf, repo = hosted.hf, hosted.repo_id
    first = hosted.tip()
    second = hosted.commit({"a": b"1"})
    hf.create_branch(repo, branch="dev/x")
    hf.create_branch(repo, branch="old", revision=first[:8])
    hf.create_tag(repo, tag="v1", tag_message="the first")
    hf.create_tag(repo, tag="dev/x", revision="old")  # a branch of that name is no conflict
    found = hf.list_repo_refs(repo, include_pull_requests=True)
    branches = {ref.name: (ref.ref, ref.target_commit) for ref in found.branches}
    assert branches == {
        "main": ("refs/heads/main", second),
        "dev/x": ("refs/heads/dev/x", second),
        "old": ("refs/heads/old", first),
    }
    # An annotated tag is shown as the commit that it leads to.
    assert {ref.name: ref.target_commit for ref in found.tags} == {"v1": second, "dev/x": first}
    assert (found.converts, found.pull_requests) == ([], [])
    hosted.commit({"b": b"2"}, rev="dev%2Fx")
    assert hf.file_exists(repo, "b", revision="dev/x")
    assert not hf.file_exists(repo, "b")
    hf.delete_branch(repo, branch="dev/x")
    hf.delete_tag(repo, tag="v1")
    found = hf.list_repo_refs(repo)
    assert [ref.name for ref in found.branches] == ["main", "old"]
    assert [ref.name for ref in found.tags] == ["dev/x"]


def test_the_stock_client_raises_its_right_exceptions(hosted: Hosted) -> None:
    hf, repo = hosted.hf, hosted.repo_id
    hf.create_branch(repo, branch="b")
    hf.create_branch(repo, branch="b", exist_ok=True)
    hf.create_tag(repo, tag="t")
    hf.create_tag(repo, tag="t", exist_ok=True)
    with pytest.raises(HfHubHTTPError, match="Reference refs/heads/b already exists") as taken:
        hf.create_branch(repo, branch="b")
    assert taken.value.response.status_code == 409
    with pytest.raises(HfHubHTTPError, match="already exists"):
        hf.create_tag(repo, tag="t")
    with pytest.raises(RevisionNotFoundError):
        hf.create_branch(repo, branch="c", revision="none")
    with pytest.raises(RevisionNotFoundError):
        hf.create_tag(repo, tag="bad name", revision="none")
    with pytest.raises(HfHubHTTPError, match="cannot be the name") as bad:
        hf.create_tag(repo, tag="bad name")
    assert bad.value.response.status_code == 400
    with pytest.raises(HfHubHTTPError, match="Cannot delete refs/heads/main") as main:
        hf.delete_branch(repo, branch="main")
    assert main.value.response.status_code == 403
    for name in ("none", "t"):
        with pytest.raises(RevisionNotFoundError, match="Invalid rev id"):
            hf.delete_branch(repo, branch=name)
    for name in ("none", "b"):
        with pytest.raises(RevisionNotFoundError):
            hf.delete_tag(repo, tag=name)


def test_only_who_may_write_changes_refs(hosted: Hosted) -> None:
    stranger = hosted.server.api(hosted.server.user("stranger"))
    for change in (
        lambda: stranger.create_branch(hosted.repo_id, branch="x"),
        lambda: stranger.create_tag(hosted.repo_id, tag="x"),
        lambda: stranger.super_squash_history(hosted.repo_id),
    ):
        with pytest.raises(HfHubHTTPError) as refused:
            change()
        assert refused.value.response.status_code == 403
    assert len(stranger.list_repo_refs(hosted.repo_id).branches) == 1


def test_an_empty_branch_and_one_that_overwrites(hosted: Hosted) -> None:
    first = hosted.tip()
    hosted.commit({"a": b"1"})
    made = hosted.http.post(f"{hosted.api}/branch/blank", json={"emptyBranch": True})
    assert made.status_code == 200
    assert hosted.hf.list_repo_files(hosted.repo_id, revision="blank") == []
    again = hosted.http.post(f"{hosted.api}/branch/blank", json={"startingPoint": first})
    assert again.status_code == 409
    over = {"startingPoint": first, "overwrite": True}
    assert hosted.http.post(f"{hosted.api}/branch/blank", json=over).status_code == 200
    commits = hosted.hf.list_repo_commits(hosted.repo_id, revision="blank")
    assert [commit.commit_id for commit in commits] == [first]


@pytest.mark.parametrize("body", [b"[]", b"{", b'"x"', b'{"startingPoint": 3}'])
def test_a_malformed_body_is_400(hosted: Hosted, body: bytes) -> None:
    json = {"Content-Type": "application/json"}
    answer = hosted.http.post(f"{hosted.api}/branch/x", content=body, headers=json)
    assert answer.status_code == 400


def test_the_stock_client_squashes(hosted: Hosted) -> None:
    hf, repo = hosted.hf, hosted.repo_id
    old = hosted.commit({"a": b"1"})
    hf.create_branch(repo, branch="kept")
    hosted.commit({"a": b"2"})
    hf.super_squash_history(repo, commit_message="All in one")
    (only,) = hf.list_repo_commits(repo)
    assert only.title == "All in one"
    assert hf.list_repo_commits(repo, revision="kept")[0].commit_id == old
    assert sorted(hf.list_repo_files(repo)) == [".gitattributes", "a"]
    with pytest.raises(RevisionNotFoundError):
        hf.super_squash_history(repo, branch="none")


@pytest.mark.parametrize("message", ["\\ud800", "a\\udfff", "\\u0000"])
def test_a_message_that_no_commit_can_hold_is_refused(message: str, hosted: Hosted) -> None:
    hosted.commit({"a": b"1"})
    answer = hosted.http.post(
        f"/api/models/{hosted.repo_id}/super-squash/main",
        content=b'{"message": "' + message.encode() + b'"}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400

"""A change is proposed, looked at, settled, merged, or let go of, from its pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paddock.hub.discussions import contributing
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer
from tests.web.visitors import Visitor, told, visitors


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


@pytest.fixture
def people(hosted: Hosted) -> Iterator[list[Visitor]]:
    owner = hosted.repo_id.split("/")[0]
    with visitors(hosted.server, owner, f"{owner}-ann") as made:
        yield made


def test_a_draft_gets_commits_is_published_looked_at_and_merged(
    hosted: Hosted, people: list[Visitor]
) -> None:
    owner, ann = people
    at = f"/{hosted.repo_id}/discussions"
    ways = ann.read(f"{at}/new?type=pull_request")
    assert f"/{hosted.repo_id}/upload/main?pr=1" in ways
    assert f"hf upload {hosted.repo_id} PATH --create-pr" in told(ways)
    one = ann.done(f"{at}/new", type="pull_request", title="Say the licence", text="It is MIT")
    page = told(ann.read(one))
    assert "no commits to merge yet" in page and "refs/pr/1" in page
    assert "No file is changed" in told(ann.read(f"{one}/files"))
    hosted.commit({"a.txt": b"one\n<b>\n"}, rev="refs%2Fpr%2F1", message="Add <i>a</i>")
    assert "This is a draft" in told(ann.read(one))
    assert "/merge" not in owner.read(one)
    ann.done(f"{one}/comment", status="open")
    page = ann.read(one)
    assert "Those who may write to the repository merge it" in told(page)
    assert "/merge" not in page
    files = ann.read(f"{one}/files")
    assert "Add &lt;i&gt;a&lt;/i&gt;" in files and "&lt;b&gt;" in files
    assert "1 file changed" in told(files) and "2 lines added" in told(files)
    assert ann.send(f"{one}/merge").status_code == 403
    assert "No conflicts with main" in told(owner.read(one))
    owner.done(f"{one}/merge", text="Thank you")
    page = told(ann.read(one))
    assert "Thank you" in page and "merged this" in page and "Merged into main" in page
    assert owner.send(f"{one}/merge").status_code == 409
    assert "one" in hosted.http.get(f"/{hosted.repo_id}/resolve/main/a.txt").text
    assert "2 lines added" in told(ann.read(f"{one}/files"))


def test_conflicts_are_named_with_what_to_do(hosted: Hosted, people: list[Visitor]) -> None:
    owner, _ = people
    one = owner.done(
        f"/{hosted.repo_id}/discussions/new", type="pull_request", title="A change", text=""
    )
    hosted.commit({"a.txt": b"mine\n", "b.txt": b"b\n"}, rev="refs%2Fpr%2F1")
    owner.done(f"{one}/comment", status="open")
    hosted.commit({"a.txt": b"theirs\n"})
    page = told(owner.read(one))
    assert "1 file in conflict. main has other changes of: a.txt Commit" in page
    assert "git merge origin/main" in page and "git push origin pr/1:refs/pr/1" in page
    refused = owner.send(f"{one}/merge")
    assert refused.status_code == 409 and "main has other changes of 'a.txt'" in told(refused.text)
    hosted.commit({"a.txt": b"theirs\n"}, rev="refs%2Fpr%2F1")
    assert "No conflicts with main" in told(owner.read(one))
    owner.done(f"{one}/merge")


def test_a_closed_one_lets_go_of_its_commits(hosted: Hosted, people: list[Visitor]) -> None:
    owner, ann = people
    at = f"/{hosted.repo_id}/discussions"
    for _ in range(2):
        ann.done(f"{at}/new", type="pull_request", title="A change", text="")
    hosted.commit({"a.txt": b"x\n"}, rev="refs%2Fpr%2F1")
    for number in (1, 2):
        ann.done(f"{at}/{number}/comment", text="Not any more", status="closed")
    assert ann.send(f"{at}/1/delete-commits").status_code == 303
    page = told(owner.read(f"{at}/1"))
    assert "Its commits were deleted" in page and "Reopen" not in page
    assert "The commits of this pull request are gone" in told(owner.read(f"{at}/1/files"))
    assert ann.send(f"{at}/1/comment", status="open").status_code == 409
    ann.done(f"{at}/2/comment", status="open")
    assert ann.send(f"{at}/2/delete-commits").status_code == 409


def test_large_files_are_told_by_size_and_digest(hosted: Hosted, people: list[Visitor]) -> None:
    owner, _ = people
    api = hosted.hf
    old, new = b"\0" * 1000, b"\1" * 2000
    for content, revision in ((old, "main"), (new, None)):
        api.upload_file(
            path_or_fileobj=content,
            path_in_repo="model.safetensors",
            repo_id=hosted.repo_id,
            revision=revision,
            create_pr=revision is None,
        )
    files = told(owner.read(f"/{hosted.repo_id}/discussions/1/files"))
    assert "model.safetensors 1.0 kB (1000 bytes) sha256:" in files
    assert "2.0 kB (2000 bytes) sha256:" in files
    assert "git-lfs.github.com" not in files


def test_outsiders_keep_so_many_open(
    hosted: Hosted, people: list[Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ann = people
    monkeypatch.setattr(contributing, "MAX_OPEN_OF_AN_OUTSIDER", 1)
    at = f"/{hosted.repo_id}/discussions"
    ann.done(f"{at}/new", type="pull_request", title="The first", text="")
    refused = ann.send(f"{at}/new", type="pull_request", title="The second", text="keep me")
    assert refused.status_code == 403
    assert "close some of them first" in told(refused.text) and "keep me" in refused.text
    ann.done(f"{at}/1/comment", status="closed")
    ann.done(f"{at}/new", type="pull_request", title="The second", text="")
    assert ann.send(f"{at}/1/comment", status="open").status_code == 403


def test_a_branch_that_is_gone_takes_nothing(hosted: Hosted, people: list[Visitor]) -> None:
    owner, _ = people
    api = hosted.hf
    api.create_branch(hosted.repo_id, branch="dev")
    api.upload_file(
        path_or_fileobj=b"x\n", path_in_repo="a.txt", repo_id=hosted.repo_id, revision="dev",
        create_pr=True,
    )  # fmt: skip
    api.delete_branch(hosted.repo_id, branch="dev")
    one = f"/{hosted.repo_id}/discussions/1"
    assert "The branch dev is gone: there is nothing to merge into" in told(owner.read(one))
    assert "/merge" not in owner.read(one)
    assert "1 line added" in told(owner.read(f"{one}/files"))

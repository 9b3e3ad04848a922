"""Pull requests through the stock client: proposed by readers, merged by writers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import orjson
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RevisionNotFoundError

from paddock.errors import Forbidden, Unauthorized
from paddock.hub import lookup
from paddock.hub.discussions import contributing
from paddock.hub.errors import RevisionNotFound
from paddock.hub.garbage.collecting import collect
from paddock.hub.garbage.graces import Graces
from paddock.hub.large import usage
from paddock.hub.names import RepositoryName
from paddock.hub.people import tokens
from paddock.hub.people.accounts import find_account
from paddock.hub.tables import access_grants
from paddock.hub.types import Caller, Kind, Repository
from tests.hub.api.hosted import Hosted, file_line, host, line
from tests.hub.real_git import git
from tests.hub.xet.messages import Xorb, shard, whole_file
from tests.live import LiveServer


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


@pytest.fixture
def outsider(hosted: Hosted) -> HfApi:
    return hosted.server.api(hosted.server.user("outsider"))


def status_of(error: pytest.ExceptionInfo[HfHubHTTPError]) -> int:
    return error.value.response.status_code


def propose(api: HfApi, hosted: Hosted, files: dict[str, bytes], **more: str) -> int:
    """The number of a pull request that adds these files."""
    add = [CommitOperationAdd(path, content) for path, content in files.items()]
    done = api.create_commit(hosted.repo_id, add, commit_message="Propose", create_pr=True, **more)
    assert done.pr_num is not None
    return done.pr_num


def stored(hosted: Hosted) -> Repository:
    with hosted.server.hub.database.read() as conn:
        name = RepositoryName(Kind.MODEL, *hosted.repo_id.split("/"))
        found = lookup.find_repository(conn, name)
    assert found is not None
    return found


def test_a_reader_proposes_and_a_writer_merges(hosted: Hosted, outsider: HfApi) -> None:
    repo, hf = hosted.repo_id, hosted.hf
    tip = hosted.commit({"a.txt": b"one\ntwo\n", "old.txt": b"old\n"})
    operations = [
        CommitOperationAdd("a.txt", b"one\n2\n"),
        CommitOperationAdd("weights.bin", os.urandom(50_000)),  # by Xet
        CommitOperationDelete("old.txt"),
    ]
    done = outsider.create_commit(
        repo, operations, commit_message="Better numbers", commit_description="Because.",
        create_pr=True,
    )  # fmt: skip
    assert done.pr_url == f"{hosted.server.url}/{repo}/discussions/{done.pr_num}"
    assert done.pr_revision == f"refs/pr/{done.pr_num}"
    found = outsider.get_discussion_details(repo, done.pr_num)
    assert (found.status, found.title, found.target_branch) == (
        "open", "Better numbers", "refs/heads/main",
    )  # fmt: skip
    assert [event.type for event in found.events] == ["comment", "commit"]
    assert found.events[0].content == "Because."
    assert found.events[1].oid == done.oid
    assert found.conflicting_files == []
    assert "-two\n+2\n" in found.diff
    assert "+oid sha256:" in found.diff

    # The proposal is a revision like any other.
    assert hf.repo_info(repo, revision=done.pr_revision).sha == done.oid
    assert hf.list_repo_files(repo, revision=done.pr_revision) == [
        ".gitattributes", "a.txt", "weights.bin",
    ]  # fmt: skip
    path = hf.hf_hub_download(repo, "a.txt", revision=done.pr_revision, force_download=True)
    assert Path(path).read_bytes() == b"one\n2\n"
    prs = hf.list_repo_refs(repo, include_pull_requests=True).pull_requests
    assert [(ref.ref, ref.target_commit) for ref in prs] == [(done.pr_revision, done.oid)]

    outsider.upload_file(
        path_or_fileobj=b"more\n", path_in_repo="more.txt", repo_id=repo, revision=done.pr_revision
    )
    with pytest.raises(HfHubHTTPError) as refused:
        outsider.merge_pull_request(repo, done.pr_num)
    assert status_of(refused) == 403
    assert hosted.tip() == tip
    hf.merge_pull_request(repo, done.pr_num, comment="Thank you")
    merged = hf.get_discussion_details(repo, done.pr_num)
    kinds = ["comment", "commit", "commit", "comment", "status-change"]
    assert [event.type for event in merged.events] == kinds
    assert (merged.status, merged.merge_commit_oid) == ("merged", hosted.tip())
    assert "-two\n+2\n" in merged.diff
    newest = hf.list_repo_commits(repo)[0]
    assert newest.title == f"Better numbers (#{done.pr_num})"
    assert "Co-authored-by: outsider <" in newest.message
    assert hf.list_repo_files(repo) == [".gitattributes", "a.txt", "more.txt", "weights.bin"]
    assert hf.repo_info(repo).sha == hosted.tip()


def test_a_draft_is_opened_before_it_is_merged(hosted: Hosted, outsider: HfApi) -> None:
    repo = hosted.repo_id
    draft = outsider.create_pull_request(repo, "An idea", description="See")
    assert (draft.status, draft.git_reference) == ("draft", "refs/pr/1")
    assert (draft.diff, draft.conflicting_files) == ("", [])
    outsider.upload_file(
        path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo, revision="refs/pr/1"
    )
    with pytest.raises(HfHubHTTPError) as refused:
        hosted.hf.merge_pull_request(repo, 1)
    assert status_of(refused) == 409
    outsider.change_discussion_status(repo, 1, "open")
    hosted.hf.merge_pull_request(repo, 1)
    assert "x.txt" in hosted.hf.list_repo_files(repo)


def test_nothing_to_merge_is_said(hosted: Hosted) -> None:
    hosted.hf.create_pull_request(hosted.repo_id, "Nothing yet")
    hosted.hf.change_discussion_status(hosted.repo_id, 1, "open")
    with pytest.raises(HfHubHTTPError, match="no commits"):
        hosted.hf.merge_pull_request(hosted.repo_id, 1)


def test_changes_on_both_sides_are_merged_or_named(hosted: Hosted, outsider: HfApi) -> None:
    repo = hosted.repo_id
    hosted.commit({"a.txt": b"1\n", "d/b.txt": b"1\n"})
    clean = propose(outsider, hosted, {"a.txt": b"2\n"})
    clash = propose(outsider, hosted, {"d/b.txt": b"2\n", "c.txt": b"2\n"})
    hosted.commit({"d/b.txt": b"3\n", "e.txt": b"3\n"})
    assert outsider.get_discussion_details(repo, clean).conflicting_files == []
    assert outsider.get_discussion_details(repo, clash).conflicting_files == ["d/b.txt"]
    hosted.hf.merge_pull_request(repo, clean)
    before = hosted.tip()
    with pytest.raises(HfHubHTTPError, match=r"d/b\.txt") as refused:
        hosted.hf.merge_pull_request(repo, clash)
    assert status_of(refused) == 409
    assert hosted.tip() == before
    # Who wrote the proposal takes over what the branch has, and all is well.
    outsider.create_commit(
        repo, [CommitOperationAdd("d/b.txt", b"3\n")], commit_message="Give in",
        revision=f"refs/pr/{clash}",
    )  # fmt: skip
    hosted.hf.merge_pull_request(repo, clash)
    contents = {
        p: hosted.http.get(f"/{repo}/raw/main/{p}").text
        for p in ("a.txt", "d/b.txt", "c.txt", "e.txt")
    }
    assert contents == {"a.txt": "2\n", "d/b.txt": "3\n", "c.txt": "2\n", "e.txt": "3\n"}


def test_only_its_author_and_writers_commit_to_a_proposal(hosted: Hosted, outsider: HfApi) -> None:
    number = propose(outsider, hosted, {"a.txt": b"1\n"})
    other = hosted.server.api(hosted.server.user("somebody-else"))
    idle = hosted.server.api(hosted.server.user("outsider", role="read"))
    stranger = hosted.server.api()
    add = [CommitOperationAdd("b.txt", b"2\n")]
    for api, status in ((other, 403), (idle, 403), (stranger, 401)):
        for more in ({"revision": f"refs/pr/{number}"}, {"revision": "main"}):
            with pytest.raises(HfHubHTTPError) as refused:
                api.create_commit(hosted.repo_id, add, commit_message="x", **more)
            assert status_of(refused) == status
    for api, status in ((idle, 403), (stranger, 401)):
        with pytest.raises(HfHubHTTPError) as refused:
            api.create_commit(hosted.repo_id, add, commit_message="x", create_pr=True)
        assert status_of(refused) == status
    with pytest.raises(RevisionNotFoundError):
        other.create_commit(hosted.repo_id, add, commit_message="x", revision="refs/pr/77")
    hosted.hf.create_commit(
        hosted.repo_id, add, commit_message="by the owner", revision=f"refs/pr/{number}"
    )
    with pytest.raises(HfHubHTTPError):
        other.super_squash_history(hosted.repo_id, branch=f"refs/pr/{number}")


def test_what_is_over_takes_no_commits(hosted: Hosted, outsider: HfApi) -> None:
    repo, number = hosted.repo_id, propose(outsider, hosted, {"a.txt": b"1\n"})
    add = lambda: [CommitOperationAdd("b.txt", b"2\n")]  # noqa: E731
    outsider.change_discussion_status(repo, number, "closed", comment="later")
    with pytest.raises(HfHubHTTPError, match="closed"):
        outsider.create_commit(repo, add(), commit_message="x", revision=f"refs/pr/{number}")
    with pytest.raises(HfHubHTTPError, match="closed"):
        hosted.hf.merge_pull_request(repo, number)
    outsider.change_discussion_status(repo, number, "open")
    outsider.create_commit(repo, add(), commit_message="x", revision=f"refs/pr/{number}")
    hosted.hf.merge_pull_request(repo, number)
    for change in ("open", "closed"):
        with pytest.raises(HfHubHTTPError) as refused:
            hosted.hf.change_discussion_status(repo, number, change)
        assert status_of(refused) == 409
    with pytest.raises(HfHubHTTPError, match="merged"):
        outsider.create_commit(repo, add(), commit_message="x", revision=f"refs/pr/{number}")


def test_a_branch_or_an_older_commit_is_the_base(hosted: Hosted, outsider: HfApi) -> None:
    repo, first = hosted.repo_id, hosted.commit({"a.txt": b"1\n"})
    hosted.hf.create_branch(repo, branch="dev")
    on_dev = propose(outsider, hosted, {"b.txt": b"2\n"}, revision="dev")
    assert outsider.get_discussion_details(repo, on_dev).target_branch == "refs/heads/dev"
    hosted.commit({"a.txt": b"2\n"})
    on_first = propose(outsider, hosted, {"c.txt": b"3\n"}, parent_commit=first)
    log = hosted.hf.list_repo_commits(repo, revision=f"refs/pr/{on_first}")
    assert log[1].commit_id == first
    for bad in ("nothing", first, f"refs/pr/{on_dev}"):
        with pytest.raises(RevisionNotFoundError):
            propose(outsider, hosted, {"d.txt": b"4\n"}, revision=bad)
    hosted.hf.merge_pull_request(repo, on_dev)
    assert "b.txt" in hosted.hf.list_repo_files(repo, revision="dev")
    assert "b.txt" not in hosted.hf.list_repo_files(repo)
    gone = propose(outsider, hosted, {"e.txt": b"5\n"}, revision="dev")
    hosted.hf.delete_branch(repo, branch="dev")
    found = outsider.get_discussion_details(repo, gone)
    assert found.conflicting_files is True
    assert "+5" in found.diff
    with pytest.raises(HfHubHTTPError, match="gone"):
        hosted.hf.merge_pull_request(repo, gone)


def test_squashing_either_side_leaves_the_proposal_whole(hosted: Hosted, outsider: HfApi) -> None:
    repo = hosted.repo_id
    hosted.commit({"a.txt": b"1\n"})
    number = propose(outsider, hosted, {"b.txt": b"2\n"})
    diff = outsider.get_discussion_details(repo, number).diff
    outsider.super_squash_history(repo, branch=f"refs/pr/{number}")
    assert outsider.get_discussion_details(repo, number).diff == diff
    hosted.hf.super_squash_history(repo)
    found = outsider.get_discussion_details(repo, number)
    assert (found.diff, found.conflicting_files) == (diff, [])
    hosted.hf.merge_pull_request(repo, number)
    assert hosted.hf.list_repo_files(repo) == [".gitattributes", "a.txt", "b.txt"]
    assert len(hosted.hf.list_repo_commits(repo)) == 2


def test_git_applies_the_diff_that_is_shown(
    hosted: Hosted, outsider: HfApi, tmp_path: Path
) -> None:
    lines = b"".join(b"line %d\n" % n for n in range(50))
    hosted.commit({"README.md": b"---\nlicense: mit\n---\n" + lines, "no end": b"x"})
    changed = lines.replace(b"line 7\n", b"").replace(b"line 40\n", b"line forty\n\xc3\xa4\n")
    number = propose(
        outsider, hosted,
        {"README.md": b"---\nlicense: mit\n---\n" + changed, "no end": b"y", "new dir/f": b""},
    )  # fmt: skip
    diff = outsider.get_discussion_details(hosted.repo_id, number).diff
    for revision, folder in (("main", "old"), (f"refs%2Fpr%2F{number}", "new")):
        for path in ("README.md", "no end", "new dir/f"):
            got = hosted.http.get(f"/{hosted.repo_id}/raw/{revision}/{path}")
            target = tmp_path / folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if got.status_code == 200:
                target.write_bytes(got.content)
    git(tmp_path / "old", "init", "-q")
    done = subprocess.run(
        ["git", "apply", "-"], cwd=tmp_path / "old", input=diff.encode(), check=False
    )
    assert done.returncode == 0
    for path in ("README.md", "no end", "new dir/f"):
        assert (tmp_path / "old" / path).read_bytes() == (tmp_path / "new" / path).read_bytes()


def test_a_gated_repository_shows_no_diff_to_those_outside(hosted: Hosted, outsider: HfApi) -> None:
    hosted.commit({"secret.txt": b"1\n"})
    number = propose(hosted.hf, hosted, {"secret.txt": b"2\n"})
    hosted.hf.update_repo_settings(hosted.repo_id, gated="manual")
    assert hosted.hf.get_discussion_details(hosted.repo_id, number).diff
    assert outsider.get_discussion_details(hosted.repo_id, number).diff is None
    with pytest.raises(HfHubHTTPError) as refused:
        propose(outsider, hosted, {"x.txt": b"x"})
    assert status_of(refused) == 403
    with hosted.server.hub.database.read() as conn:
        assert conn.execute(access_grants.select().limit(1)).first() is None


@pytest.fixture
def small_contributions(hosted: Hosted) -> Iterator[None]:
    hub = hosted.server.hub
    usual = hub.pull_request_bytes
    object.__setattr__(hub, "pull_request_bytes", 100_000)
    yield
    object.__setattr__(hub, "pull_request_bytes", usual)


@pytest.mark.usefixtures("small_contributions")
def test_an_outsider_sends_so_many_bytes_and_no_more(hosted: Hosted, outsider: HfApi) -> None:
    first = os.urandom(60_000)
    number = propose(outsider, hosted, {"one.bin": first})
    propose(outsider, hosted, {"same.bin": first})  # counts once
    batch = f"/{hosted.repo_id}.git/info/lfs/objects/batch"
    token = hosted.server.user("outsider")
    wanted = {"operation": "upload", "objects": [{"oid": "a" * 64, "size": 50_000}]}
    refused = hosted.http.post(batch, json=wanted, headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 413
    assert hosted.http.post(batch, json=wanted).status_code == 200  # the owner's own
    with pytest.raises(Exception, match="413"):
        propose(outsider, hosted, {"two.bin": os.urandom(60_000)})  # by Xet
    hosted.hf.merge_pull_request(hosted.repo_id, number)
    again = hosted.http.post(batch, json=wanted, headers={"Authorization": f"Bearer {token}"})
    assert again.status_code == 200


@pytest.mark.usefixtures("small_contributions")
def test_announcing_less_at_first_gains_an_outsider_nothing(hosted: Hosted) -> None:
    batch = f"/{hosted.repo_id}.git/info/lfs/objects/batch"
    headers = {"Authorization": f"Bearer {hosted.server.user('outsider')}"}
    for size, status in ((0, 200), (90_000, 200), (110_000, 413), (1, 200)):
        wanted = {"operation": "upload", "objects": [{"oid": "b" * 64, "size": size}]}
        assert hosted.http.post(batch, json=wanted, headers=headers).status_code == status
    other = {"operation": "upload", "objects": [{"oid": "c" * 64, "size": 20_000}]}
    assert hosted.http.post(batch, json=other, headers=headers).status_code == 413


@pytest.mark.usefixtures("small_contributions")
def test_small_files_of_an_outsider_count_too(hosted: Hosted, outsider: HfApi) -> None:
    text = b"line\n" * 12_000
    number = propose(outsider, hosted, {"one.txt": text})
    propose(outsider, hosted, {"same.txt": text})  # counts once
    with pytest.raises(HfHubHTTPError) as refused:
        propose(outsider, hosted, {"two.txt": b"other\n" * 10_000})
    assert status_of(refused) == 413
    with pytest.raises(HfHubHTTPError) as refused:
        outsider.upload_file(
            path_or_fileobj=b"other\n" * 10_000, path_in_repo="two.txt", repo_id=hosted.repo_id,
            revision=f"refs/pr/{number}",
        )  # fmt: skip
    assert status_of(refused) == 413
    hosted.commit({"owners.txt": b"mine\n" * 40_000})  # the owner's own are not counted
    hosted.hf.merge_pull_request(hosted.repo_id, number)
    propose(outsider, hosted, {"two.txt": b"other\n" * 10_000})


@pytest.mark.usefixtures("small_contributions")
def test_what_an_outsider_pushes_counts_too(
    hosted: Hosted, outsider: HfApi, tmp_path: Path
) -> None:
    number = propose(outsider, hosted, {"a.txt": b"1"})
    where = f"{hosted.server.url}/{hosted.repo_id}".replace("://", f"://x:{outsider.token}@")
    git(tmp_path, "clone", "-q", where, "c")
    clone, who = tmp_path / "c", ("-c", "user.name=o", "-c", "user.email=o@example.org")
    git(clone, "fetch", "-q", "origin", f"refs/pr/{number}")
    git(clone, "checkout", "-q", "FETCH_HEAD")
    (clone / "folder").mkdir()
    for step in range(3):
        (clone / "folder" / "b.txt").write_text(f"{step}\n" * 20_000)
        git(clone, "add", ".")
        git(clone, *who, "commit", "-qm", str(step))
        pushed = subprocess.run(
            ["git", "push", "-q", "origin", f"HEAD:refs/pr/{number}"],
            cwd=clone, capture_output=True, text=True,
        )  # fmt: skip
        assert (pushed.returncode == 0) is (step < 2), pushed.stderr
    assert "your limit" in pushed.stderr


@pytest.mark.usefixtures("small_contributions")
def test_xorbs_of_an_outsider_are_bounded_and_keep_no_owner_out(hosted: Hosted) -> None:
    token = hosted.server.user("outsider")
    with hosted.server.hub.database.write() as conn:
        owner = find_account(conn, hosted.repo_id.split("/")[0])
        assert owner is not None
        usage.set_quota(conn, owner.id, 150_000)

    def put(token: str, xorb: Xorb) -> httpx.Response:
        query = {"create_pr": "1"}
        headers = {"Authorization": f"Bearer {token}"}
        address = f"{hosted.api}/xet-write-token/main"
        grant = hosted.http.get(address, params=query, headers=headers).json()
        bearer = {"Authorization": f"Bearer {grant['accessToken']}"}
        where = f"{grant['casUrl']}/v1/xorbs/default/{xorb.hash}"
        sent = httpx.post(where, content=xorb.body, headers=bearer)
        if sent.status_code == 200 and xorb.chunks[0].startswith(b"used"):
            body = shard([whole_file(xorb)], [xorb])
            made = httpx.post(f"{grant['casUrl']}/v1/shards", content=body, headers=bearer)
            assert made.status_code == 200, made.text
        return sent

    assert put(token, Xorb([b"used" + os.urandom(30_000)])).status_code == 200  # counts once
    assert put(token, Xorb([os.urandom(60_000)])).status_code == 200  # of which no file is made
    assert put(token, Xorb([os.urandom(30_000)])).status_code == 413
    assert put(hosted.token, Xorb([b"used" + os.urandom(100_000)])).status_code == 200


def test_an_outsider_keeps_so_many_open(
    hosted: Hosted, outsider: HfApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contributing, "MAX_OPEN_OF_AN_OUTSIDER", 2)
    propose(outsider, hosted, {"a.txt": b"1"})
    outsider.create_pull_request(hosted.repo_id, "Another")
    with pytest.raises(HfHubHTTPError, match="2 open pull requests"):
        outsider.create_pull_request(hosted.repo_id, "One too many")
    with pytest.raises(HfHubHTTPError, match="2 open pull requests"):
        propose(outsider, hosted, {"b.txt": b"1"})
    outsider.change_discussion_status(hosted.repo_id, 1, "closed")
    outsider.create_pull_request(hosted.repo_id, "Room again")
    with pytest.raises(HfHubHTTPError, match="2 open pull requests"):
        outsider.change_discussion_status(hosted.repo_id, 1, "open")
    hosted.hf.change_discussion_status(hosted.repo_id, 1, "open")
    assert hosted.hf.create_pull_request(hosted.repo_id, "Mine").num == 4


def test_a_commit_that_fails_opens_nothing(hosted: Hosted, outsider: HfApi) -> None:
    lines = (line("deletedFile", path="not-there"), file_line("a.txt", b"1"))
    body = b"\n".join(
        orjson.dumps(one) for one in ({"key": "header", "value": {"summary": "x"}}, *lines)
    )
    answer = hosted.http.post(f"{hosted.api}/commit/main?create_pr=1", content=body)
    assert answer.status_code == 404
    assert list(hosted.hf.get_repo_discussions(hosted.repo_id)) == []
    assert propose(outsider, hosted, {"a.txt": b"1"}) == 1  # no number was lost


def test_who_may_push_where(hosted: Hosted, outsider: HfApi) -> None:
    number = propose(outsider, hosted, {"a.txt": b"1"})
    repo = stored(hosted)
    database = hosted.server.hub.database
    owner = tokens.authenticate(database, hosted.token)
    theirs = tokens.authenticate(database, hosted.server.user("outsider"))
    other = tokens.authenticate(database, hosted.server.user("somebody-else"))
    with database.read() as conn:
        for caller, ref in (
            (owner, "refs/heads/main"),
            (owner, f"refs/pr/{number}"),
            (theirs, f"refs/pr/{number}"),
        ):
            assert contributing.require_ref(conn, caller, repo, ref) == caller.account
        for caller, ref, refusal in (
            (theirs, "refs/heads/main", Forbidden),
            (theirs, "refs/pr/99", RevisionNotFound),
            (theirs, f"refs/pr/0{number}", RevisionNotFound),
            (other, f"refs/pr/{number}", Forbidden),
            (Caller(None, None), f"refs/pr/{number}", Unauthorized),
        ):
            with pytest.raises(refusal):
                contributing.require_ref(conn, caller, repo, ref)


def test_deleting_a_pull_request_takes_its_ref(hosted: Hosted, outsider: HfApi) -> None:
    number = propose(outsider, hosted, {"a.txt": b"1"})
    assert hosted.http.delete(f"{hosted.api}/discussions/{number}").status_code == 200
    assert hosted.hf.list_repo_refs(hosted.repo_id, include_pull_requests=True).pull_requests == []
    with pytest.raises(RevisionNotFoundError):
        hosted.hf.repo_info(hosted.repo_id, revision=f"refs/pr/{number}")
    with pytest.raises(BadRequestError):
        hosted.hf.create_discussion(hosted.repo_id, "x")
    assert propose(outsider, hosted, {"a.txt": b"1"}) == number + 1


def test_a_proposal_outlives_what_it_began_with(hosted: Hosted, outsider: HfApi) -> None:
    """Both sides squashed and swept: it can be read, and is not merged by guessing."""
    repo = hosted.repo_id
    hosted.commit({"a.txt": b"1\n"})
    number = propose(outsider, hosted, {"b.txt": b"2\n"})
    outsider.super_squash_history(repo, branch=f"refs/pr/{number}")
    hosted.hf.super_squash_history(repo)
    hub = hosted.server.hub
    for _ in range(2):  # the server's own sweep may have marked some a moment later
        collect(hub.database, hub.blobs, Graces.all(timedelta(0)))
    found = outsider.get_discussion_details(repo, number)
    assert (found.status, found.diff, found.conflicting_files) == ("open", None, True)
    with pytest.raises(HfHubHTTPError, match="is gone"):
        hosted.hf.merge_pull_request(repo, number)
    assert hosted.hf.list_repo_files(repo, revision=f"refs/pr/{number}") == [
        ".gitattributes", "a.txt", "b.txt",
    ]  # fmt: skip
    with hosted.stranger() as stranger:
        assert stranger.get(f"/{repo}/discussions/{number}").status_code == 200

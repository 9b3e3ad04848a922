"""Discussions through the stock client and the command line, and what nobody may do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from huggingface_hub import DiscussionComment, DiscussionStatusChange, DiscussionTitleChange
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from paddock.hub.discussions import rules
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


_clients: list[httpx.Client] = []


@pytest.fixture(autouse=True)
def _close_clients() -> Iterator[None]:
    yield
    while _clients:
        _clients.pop().close()


def reader(hosted: Hosted, name: str | None = "reader", *, role: str = "write") -> httpx.Client:
    """Another user's plain HTTP; None is a stranger."""
    headers = {}
    if name is not None:
        headers["Authorization"] = f"Bearer {hosted.server.user(name, role=role)}"
    _clients.append(httpx.Client(base_url=hosted.server.url, headers=headers, timeout=60))
    return _clients[-1]


def opened(hosted: Hosted, title: str = "A question") -> str:
    """Where a new discussion of the owner is."""
    made = hosted.http.post(f"{hosted.api}/discussions", json={"title": title, "description": "x"})
    assert made.status_code == 200, made.text
    return f"{hosted.api}/discussions/{made.json()['num']}"


def test_a_discussion_lives_through_the_stock_client(hosted: Hosted) -> None:
    hf, repo = hosted.hf, hosted.repo_id
    made = hf.create_discussion(
        repo, "Is it *good*?", description="I **wonder** <script>x</script>"
    )
    assert (made.num, made.status, made.is_pull_request) == (1, "open", False)
    assert made.author == repo.split("/")[0]
    opening = made.events[0]
    assert isinstance(opening, DiscussionComment)
    assert "<strong>wonder</strong>" in opening.rendered
    assert "script" not in opening.rendered

    said = hf.comment_discussion(repo, 1, "Yes")
    edited = hf.edit_discussion_comment(repo, 1, said.id.upper(), "Yes, very")
    assert (edited.content, edited.edited, edited.number_of_edits) == ("Yes, very", True, 1)
    assert edited.edit_history[0]["raw"] == "Yes"
    assert edited.last_edited_by == made.author
    with pytest.warns(UserWarning, match="irreversible"):
        hidden = hf.hide_discussion_comment(repo, 1, said.id)
    assert hidden.hidden
    assert hidden.edit_history == []
    renamed = hf.rename_discussion(repo, 1, "It is good")
    assert isinstance(renamed, DiscussionTitleChange)
    assert (renamed.old_title, renamed.new_title) == ("Is it *good*?", "It is good")
    closed = hf.change_discussion_status(repo, 1, "closed", comment="Thanks")
    assert isinstance(closed, DiscussionStatusChange)
    assert closed.new_status == "closed"

    found = hf.get_discussion_details(repo, 1)
    assert (found.title, found.status) == ("It is good", "closed")
    kinds = ["comment", "comment", "title-change", "comment", "status-change"]
    assert [event.type for event in found.events] == kinds
    everything = hosted.http.get(f"{hosted.api}/discussions/1").text
    assert "Yes, very" not in everything


def test_the_command_line_does_the_same(hosted: Hosted, tmp_path: Path) -> None:
    image = tmp_path / "shot.png"
    image.write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 64)

    def hf(*arguments: str) -> str:
        environ = {**os.environ, "HF_ENDPOINT": hosted.server.url, "HF_TOKEN": hosted.token,
                   "HF_HOME": str(tmp_path), "HF_HUB_DISABLE_TELEMETRY": "1"}  # fmt: skip
        command = [str(Path(sys.executable).with_name("hf")), "discussions", *arguments]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    repo = hosted.repo_id
    assert "#1" in hf("create", repo, "--title", "Broken", "--body", "See", "--attach", str(image))
    hf("comment", repo, "1", "--body", "me too")
    comment = hosted.hf.get_discussion_details(repo, 1).events[1].id
    hf("edit", repo, "1", comment, "--body", "me, too")
    hf("rename", repo, "1", "Mended")
    assert "Mended" in hf("list", repo)
    assert "me, too" in hf("info", repo, "1", "--format", "json")
    hf("close", repo, "1", "--yes", "--comment", "done")
    assert "Mended" in hf("list", repo, "--status", "closed")
    hf("reopen", repo, "1", "--yes")
    assert "#2" in hf("create", repo, "--title", "A proposal", "--pull-request")
    assert "No diff" in hf("diff", repo, "2")
    hosted.commit({"a.txt": b"a\n"}, rev="refs%2Fpr%2F2")
    assert "+a" in hf("diff", repo, "2")
    hf("reopen", repo, "2", "--yes")
    hf("merge", repo, "2", "--yes", "--comment", "thank you")
    assert "a.txt" in hosted.hf.list_repo_files(repo)


def test_lists_are_filtered_sorted_and_paged(hosted: Hosted) -> None:
    hf, repo = hosted.hf, hosted.repo_id
    for number in range(1, 53):
        opened(hosted, f"Question {number}")
    hf.create_pull_request(repo, "Proposal 100% _x")
    hf.change_discussion_status(repo, 7, "closed")
    assert [one.num for one in hf.get_repo_discussions(repo)] == list(range(53, 0, -1))
    numbers = lambda **kw: [one.num for one in hf.get_repo_discussions(repo, **kw)]  # noqa: E731
    assert numbers(discussion_type="pull_request") == [53]
    assert numbers(discussion_status="closed") == [7]
    assert len(numbers(discussion_status="open", discussion_type="discussion")) == 51
    assert numbers(author=repo.split("/")[0])[0] == 53
    assert numbers(author="nobody-at-all") == []
    listed = lambda query: [  # noqa: E731
        one["num"]
        for one in hosted.http.get(f"{hosted.api}/discussions{query}").json()["discussions"]
    ]
    assert listed("?search=100%25%20_X") == [53]
    assert listed("?search=%25zz") == []
    assert listed("?sort=recently-updated")[0] == 7
    assert listed("?p=1") == [3, 2, 1]
    assert listed("?p=999999") == []
    for wrong in ("?p=-1", "?status=x", "?type=x", "?sort=x", "?search=%00", "?p=1e9"):
        assert hosted.http.get(f"{hosted.api}/discussions{wrong}").status_code == 400, wrong


def test_who_may_do_what(hosted: Hosted) -> None:
    at = opened(hosted)
    other, idle = reader(hosted, "other"), reader(hosted, "idle", role="read")
    stranger = reader(hosted, None)
    theirs = other.post(f"{at}/comment", json={"comment": "hello"}).json()["newMessage"]
    edit, hide = f"{at}/comment/{theirs['id']}/edit", f"{at}/comment/{theirs['id']}/hide"
    allowed = {  # by the owner, by another user, with a token that reads, without one
        ("POST", f"{at}/comment", '{"comment": "x"}'): (200, 200, 403, 401),
        ("POST", edit, '{"content": "y"}'): (403, 200, 403, 401),
        ("POST", f"{at}/title", '{"title": "Another"}'): (200, 403, 403, 401),
        ("POST", f"{at}/status", '{"status": "closed"}'): (200, 403, 403, 401),
        ("POST", f"{at}/pin", '{"pinned": true}'): (200, 403, 403, 401),
        ("POST", hide, ""): (200, 200, 403, 401),
        ("POST", f"{at}/merge", ""): (409, 403, 403, 401),
        ("DELETE", at, ""): (200, 403, 403, 401),
    }
    for (method, address, body), expected in allowed.items():
        for client, status in reversed(
            list(zip((hosted.http, other, idle, stranger), expected, strict=True))
        ):
            headers = {"Content-Type": "application/json"} if body else {}
            answer = client.request(method, address, content=body, headers=headers)
            assert answer.status_code == status, (method, address, status, answer.text)
    assert hosted.http.get(at).status_code == 404
    assert opened(hosted) != at  # its number is not given again


def test_a_private_repository_has_no_discussions_for_others(shared_server: LiveServer) -> None:
    with host(shared_server, private=True) as hosted:
        at = opened(hosted)
        other, stranger = reader(hosted), reader(hosted, None)
        addresses = [("GET", at), ("GET", f"{hosted.api}/discussions"), ("POST", f"{at}/comment"),
                     ("DELETE", at), ("POST", f"{at}/pin"), ("POST", f"{at}/merge")]  # fmt: skip
        for method, address in addresses:
            missing = address.replace("/repo/", "/nothing/")
            body = {"json": {"comment": "x"}} if method == "POST" else {}
            for client, status in ((other, 404), (stranger, 401)):
                ours = client.request(method, address, **body)
                theirs = client.request(method, missing, **body)
                assert ours.status_code == theirs.status_code == status
                assert ours.headers["X-Error-Code"] == "RepoNotFound"
                expected = theirs.json()["error"].replace("/nothing", "/repo")
                assert ours.json()["error"] == expected
        with pytest.raises(RepositoryNotFoundError):
            shared_server.api(shared_server.user("reader")).get_discussion_details(
                hosted.repo_id, 1
            )


@pytest.mark.parametrize(
    ("resource", "body", "status"),
    [
        ("", {"title": "ab", "description": "x"}, 400),
        ("", {"title": "x" * 201, "description": "x"}, 400),
        ("", {"title": "two\nlines", "description": "x"}, 400),
        ("", {"title": "nul \0 inside", "description": "x"}, 400),
        ("", {"title": "fine", "description": "x\0"}, 400),
        ("", {"title": "fine", "description": "x" * 65_537}, 413),
        ("", {"title": "fine", "description": "x", "pullRequest": "yes"}, 400),
        ("", {"title": ["fine"]}, 400),
        ("", [], 400),
        ("/1/comment", {"comment": "  \n"}, 400),
        ("/1/comment", {"comment": "x" * 65_537}, 413),
        ("/1/comment", {}, 400),
        ("/1/comment/zz/edit", {"content": "x"}, 404),
        ("/1/comment/%00/edit", {"content": "x"}, 400),
        ("/1/status", {"status": "merged"}, 400),
        ("/1/status", {"status": "open"}, 409),
        ("/1/title", {"title": ""}, 400),
        ("/1/merge", {}, 409),
        ("/2/comment", {"comment": "x"}, 404),
        ("/0/comment", {"comment": "x"}, 404),
        ("/99999999999999999999/comment", {"comment": "x"}, 404),
        ("/1.5/comment", {"comment": "x"}, 404),
        ("/-1/comment", {"comment": "x"}, 404),
    ],
)
def test_bad_input_is_refused(hosted: Hosted, resource: str, body: object, status: int) -> None:
    opened(hosted)
    answer = hosted.http.post(f"{hosted.api}/discussions{resource}", json=body)
    assert answer.status_code == status, answer.text
    lone = '{"title": "fine \\ud800", "description": "\\udfff"}'
    headers = {"Content-Type": "application/json"}
    made = hosted.http.post(f"{hosted.api}/discussions", content=lone, headers=headers)
    assert made.status_code == 400


def test_titles_of_every_script_are_kept(hosted: Hosted) -> None:
    for title in (
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 ok",
        "\u0645\u06cc\u200c\u062e",
        "日本語",
    ):
        made = hosted.hf.create_discussion(hosted.repo_id, title, description="")
        assert made.title == title
    assert hosted.hf.create_discussion(hosted.repo_id, "a\xa0b").title == "a b"
    override = {"title": "evil\u202etxt", "description": ""}
    assert hosted.http.post(f"{hosted.api}/discussions", json=override).status_code == 400


def test_a_discussion_is_bounded(hosted: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened(hosted)
    monkeypatch.setattr(rules, "MAX_EVENTS", 4)
    comment = hosted.http.post(f"{at}/comment", json={"comment": "2"}).json()["newMessage"]
    for text in ("3", "4"):  # versions count, too
        address = f"{at}/comment/{comment['id']}/edit"
        assert hosted.http.post(address, json={"content": text}).status_code == 200
    full = hosted.http.post(f"{at}/comment", json={"comment": "5"})
    assert full.status_code == 409
    assert "open a new one" in full.json()["hint"]
    monkeypatch.setattr(rules, "MAX_EVENTS", 100)
    monkeypatch.setattr(rules, "MAX_DISCUSSION_BYTES", 5000)
    assert hosted.http.post(f"{at}/comment", json={"comment": "x" * 2000}).status_code == 200
    assert hosted.http.post(f"{at}/comment", json={"comment": "x" * 2000}).status_code == 409


def test_an_author_who_is_gone_is_shown_as_deleted(hosted: Hosted) -> None:
    other = hosted.server.api(hosted.server.user("leaving"))
    other.create_discussion(hosted.repo_id, "Soon I will be gone")
    with hosted.server.hub.database.write() as conn:
        conn.exec_driver_sql("DELETE FROM accounts WHERE name = 'leaving'")
    found = hosted.hf.get_discussion_details(hosted.repo_id, 1)
    assert (found.author, found.events[0].author) == ("deleted", "deleted")
    assert [one.author for one in hosted.hf.get_repo_discussions(hosted.repo_id)] == ["deleted"]


def test_discussions_follow_a_repository_that_moves(hosted: Hosted) -> None:
    opened(hosted)
    new = f"{hosted.repo_id}-moved"
    hosted.hf.move_repo(hosted.repo_id, new)
    assert hosted.hf.get_discussion_details(hosted.repo_id, 1).repo_id == new
    assert hosted.hf.comment_discussion(hosted.repo_id, 1, "still here").content == "still here"
    hosted.hf.delete_repo(new)
    with pytest.raises(HfHubHTTPError):
        hosted.hf.get_discussion_details(new, 1)


def test_a_wrong_token_reads_nothing(hosted: Hosted) -> None:
    at = opened(hosted)
    assert hosted.http.get(at).status_code == 200
    bad = httpx.Client(base_url=hosted.server.url, headers={"Authorization": "Bearer hf_wrong"})
    with bad:
        assert bad.get(at).status_code == 401

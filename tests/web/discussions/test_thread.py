"""The pages of discussions: readable, paged, and nothing on them runs."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest

from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


@pytest.fixture
def stranger(hosted: Hosted) -> Iterator[httpx.Client]:
    with hosted.stranger() as client:
        yield client


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag, *(name for name, _ in attrs)]


def test_a_person_reads_a_discussion_and_a_proposal(hosted: Hosted, stranger: httpx.Client) -> None:
    hosted.hf.create_discussion(hosted.repo_id, "A <b>bold</b> title", description="*hello*")
    hosted.hf.comment_discussion(hosted.repo_id, 1, "<script>alert(1)</script><b>well</b>")
    hosted.hf.rename_discussion(hosted.repo_id, 1, "<i>Another</i>")
    hosted.hf.create_pull_request(hosted.repo_id, "A proposal")
    hosted.commit({"<u>.txt": b"<script>\n"}, rev="refs%2Fpr%2F2", message="<script>x</script>")
    hosted.hf.change_discussion_status(hosted.repo_id, 2, "open")
    shelf = stranger.get(f"/{hosted.repo_id}/discussions").text
    assert "&lt;i&gt;Another&lt;/i&gt;" in shelf
    assert f"/{hosted.repo_id}/discussions/2" in shelf
    one = stranger.get(f"/{hosted.repo_id}/discussions/1")
    assert "<em>hello</em>" in one.text
    assert "<b>well</b>" in one.text
    assert "default-src 'none'" in one.headers["Content-Security-Policy"]
    proposal = stranger.get(f"/{hosted.repo_id}/discussions/2").text
    assert "opened this" in proposal and "&lt;script&gt;x&lt;/script&gt;" in proposal
    files = stranger.get(f"/{hosted.repo_id}/discussions/2/files").text
    assert '<td class="diff-text">&lt;script&gt;</td>' in files
    for text in (shelf, one.text, proposal, files):
        tags = Tags(text).found
        assert tags.count("script") == text.count('<script type="module" src="/static/')
        assert "u" not in tags
        assert not [name for name in tags if name.startswith("on")]


def test_lists_and_events_come_in_pages(hosted: Hosted, stranger: httpx.Client) -> None:
    for number in range(51):
        body = {"title": f"Question {number}", "description": ""}
        hosted.http.post(f"{hosted.api}/discussions", json=body)
    for number in range(100):
        hosted.http.post(f"{hosted.api}/discussions/1/comment", json={"comment": f"c{number}c"})
    at = f"/{hosted.repo_id}/discussions"
    assert "Question 0" not in stranger.get(at).text
    assert "Question 0" in stranger.get(f"{at}?p=1").text
    first, second = stranger.get(f"{at}/1").text, stranger.get(f"{at}/1?p=1").text
    assert ("c98c" in first, "c99c" in first, "c99c" in second) == (True, False, True)
    assert stranger.get(f"{at}/1?p=2").status_code == 404
    assert "Nothing is closed" in stranger.get(f"{at}?status=closed").text
    happened = hosted.http.get(f"{hosted.api}/discussions/1").json()["events"]
    assert "c99c" in stranger.get(f"{at}/1?at={happened[100]['id']}").text
    for nowhere in ("x", "0" * 24, "'", "%F0%9F%92%A9"):
        assert "c0c" in stranger.get(f"{at}/1?at={nowhere}").text


def test_private_and_missing_pages_are_the_same(shared_server: LiveServer) -> None:
    with host(shared_server, private=True) as hosted, hosted.stranger() as stranger:
        hosted.hf.create_discussion(hosted.repo_id, "A secret")
        for path in (f"/{hosted.repo_id}/discussions/1", f"/{hosted.repo_id}/discussions",
                     "/nobody/nothing/discussions/1"):  # fmt: skip
            answer = stranger.get(path, headers={"Accept": "text/html"})
            assert answer.status_code == 401
            assert "A secret" not in answer.text
        for number in ("2", "0", "x", "9" * 5000):
            assert hosted.http.get(f"/{hosted.repo_id}/discussions/{number}").status_code == 404


def test_a_gated_proposal_shows_no_diff_to_strangers(
    hosted: Hosted, stranger: httpx.Client
) -> None:
    hosted.hf.create_pull_request(hosted.repo_id, "A proposal")
    hosted.commit({"a.txt": b"the-secret\n"}, rev="refs%2Fpr%2F1")
    hosted.hf.update_repo_settings(hosted.repo_id, gated="auto")
    for page in ("", "/files"):
        answer = stranger.get(f"/{hosted.repo_id}/discussions/1{page}")
        assert answer.status_code == 200
        assert "the-secret" not in answer.text
    assert "is restricted" in answer.text
    assert "the-secret" in hosted.http.get(f"/{hosted.repo_id}/discussions/1/files").text

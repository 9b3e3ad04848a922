"""Many at once, on both databases: numbers without gaps, one merge, no lost comment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.hub.api.hosted import Hosted, file_line, host
from tests.live import LiveServer

AT_ONCE = 8


@pytest.fixture
def hosted(server_on_each: LiveServer) -> Iterator[Hosted]:
    with host(server_on_each) as made:
        yield made


def together(*calls: Callable[[], httpx.Response]) -> list[int]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [done.status_code for done in pool.map(lambda call: call(), calls)]


def test_numbers_are_given_once_and_without_gaps(hosted: Hosted) -> None:
    discussions = f"{hosted.api}/discussions"

    def discuss() -> httpx.Response:
        return hosted.http.post(discussions, json={"title": "At once", "description": ""})

    def draft() -> httpx.Response:
        body = {"title": "At once", "description": "", "pullRequest": True}
        return hosted.http.post(discussions, json=body)

    def fail() -> httpx.Response:
        body = (
            b'{"key":"header","value":{"summary":"x"}}\n{"key":"deletedFile","value":{"path":"x"}}'
        )
        return hosted.http.post(f"{hosted.api}/commit/main?create_pr=1", content=body)

    statuses = together(*[discuss, draft, fail] * 8)
    assert sorted(set(statuses)) == [200, 404]
    found = hosted.http.get(discussions).json()["discussions"]
    assert [one["num"] for one in found] == list(range(16, 0, -1))


def test_a_pull_request_is_merged_once(hosted: Hosted) -> None:
    hosted.http.post(f"{hosted.api}/discussions",
                     json={"title": "Once", "description": "", "pullRequest": True})  # fmt: skip
    hosted.commit({"a.txt": b"a"}, rev="refs%2Fpr%2F1")
    hosted.http.post(f"{hosted.api}/discussions/1/status", json={"status": "open"})

    def merge() -> httpx.Response:
        return hosted.http.post(f"{hosted.api}/discussions/1/merge")

    def commit() -> httpx.Response:
        return hosted.post_commit(file_line("b.txt", b"b"))

    statuses = together(merge, merge, commit, merge, merge)
    assert sorted(statuses) == [200, 200, 409, 409, 409]
    titles = [one["title"] for one in hosted.http.get(f"{hosted.api}/commits/main").json()]
    assert sorted(titles) == ["Once (#1)", "change", "initial commit"]
    assert sorted(hosted.hf.list_repo_files(hosted.repo_id)) == [
        ".gitattributes", "a.txt", "b.txt",
    ]  # fmt: skip


def test_no_comment_and_no_edit_is_lost(hosted: Hosted) -> None:
    at = f"{hosted.api}/discussions"
    hosted.http.post(at, json={"title": "Many", "description": "0"})
    first = hosted.http.get(f"{at}/1").json()["events"][0]["id"]
    comments = [
        lambda n=n: hosted.http.post(f"{at}/1/comment", json={"comment": str(n)}) for n in range(10)
    ]
    edits = [
        lambda n=n: hosted.http.post(f"{at}/1/comment/{first}/edit", json={"content": f"e{n}"})
        for n in range(10)
    ]
    assert set(together(*comments, *edits)) == {200}
    found = hosted.http.get(f"{at}/1").json()
    assert (found["numComments"], len(found["events"])) == (11, 11)
    data = found["events"][0]["data"]
    said = {data["latest"]["raw"], *(version["raw"] for version in data["history"])}
    assert said == {"0", *(f"e{n}" for n in range(10))}

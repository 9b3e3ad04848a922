"""The list of commits, page by page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from huggingface_hub.errors import RevisionNotFoundError

from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer


@pytest.fixture(scope="module")
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        for number in range(5):
            made.commit({"a": b"%d" % number}, message=f"<b>{number}</b>\n\nbody & {number}")
        yield made


def test_commits_are_counted_paged_and_linked(hosted: Hosted) -> None:
    answer = hosted.http.get(f"{hosted.api}/commits/main?limit=4")
    assert answer.headers["X-Total-Count"] == "6"
    assert [commit["title"] for commit in answer.json()] == [f"<b>{n}</b>" for n in (4, 3, 2, 1)]
    link = answer.links["next"]["url"]
    assert link.startswith(f"{hosted.server.url}{hosted.api}/commits/{hosted.tip()}?")
    rest = hosted.http.get(link)
    assert [commit["title"] for commit in rest.json()] == ["<b>0</b>", "initial commit"]
    assert "next" not in rest.links
    assert hosted.http.get(f"{hosted.api}/commits/main?p=99").json() == []


def test_formatted_text_is_safe_html(hosted: Hosted) -> None:
    newest = hosted.hf.list_repo_commits(hosted.repo_id, formatted=True)[0]
    assert newest.formatted_title == "&lt;b&gt;4&lt;/b&gt;"
    assert newest.formatted_message == "body &amp; 4"
    assert newest.message == "body & 4"


@pytest.mark.parametrize("query", ["p=-1", "limit=0", "p=x", "p=99999999999999999999"])
def test_bad_pages_are_400(hosted: Hosted, query: str) -> None:
    assert hosted.http.get(f"{hosted.api}/commits/main?{query}").status_code == 400


def test_an_unknown_revision(hosted: Hosted) -> None:
    with pytest.raises(RevisionNotFoundError):
        hosted.hf.list_repo_commits(hosted.repo_id, revision="none")

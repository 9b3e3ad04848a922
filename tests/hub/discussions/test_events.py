"""What webhooks are told of discussions: every change, in the keys of the payload."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from paddock.hub.webhooks.tables import webhook_events
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer


@pytest.fixture
def hosted(server: LiveServer) -> Iterator[Hosted]:
    with host(server) as made:
        yield made


def told(hosted: Hosted) -> list[dict[str, Any]]:
    with hosted.server.hub.database.read() as conn:
        query = sa.select(webhook_events.c.body).order_by(webhook_events.c.id)
        bodies = list(conn.execute(query).scalars())
    return [body for body in bodies if body["event"]["scope"].startswith("discussion")]


def test_webhooks_learn_of_everything_that_happens(hosted: Hosted) -> None:
    hf, repo = hosted.hf, hosted.repo_id
    watched = [{"type": "model", "name": repo}]
    hf.create_webhook(url="https://example.com/hook", watched=watched)
    hf.create_discussion(repo, "A question", description="the text")
    comment = hf.comment_discussion(repo, 1, "an answer")
    hf.edit_discussion_comment(repo, 1, comment.id, "a better answer")
    with pytest.warns(UserWarning):
        hf.hide_discussion_comment(repo, 1, comment.id)
    hf.rename_discussion(repo, 1, "Another question")
    hf.change_discussion_status(repo, 1, "closed", comment="done")
    hosted.http.delete(f"{hosted.api}/discussions/1")
    found = told(hosted)
    assert [(body["event"]["action"], body["event"]["scope"]) for body in found] == [
        ("create", "discussion"),
        ("create", "discussion.comment"),
        ("update", "discussion.comment"),
        ("update", "discussion.comment"),
        ("update", "discussion"),
        ("create", "discussion.comment"),
        ("update", "discussion"),
        ("delete", "discussion"),
    ]
    first, hidden = found[0], found[3]
    assert first["comment"]["content"] == "the text"
    assert first["discussion"] | {"id": "", "author": {}} == {
        "id": "",
        "num": 1,
        "title": "A question",
        "status": "open",
        "isPullRequest": False,
        "author": {},
        "url": {"web": f"/{repo}/discussions/1", "api": f"/api/models/{repo}/discussions/1"},
    }
    assert first["discussion"]["author"]["id"] == first["comment"]["author"]["id"]
    assert hidden["comment"]["hidden"] is True
    assert "content" not in hidden["comment"]
    assert found[6]["discussion"]["status"] == "closed"


def test_they_learn_what_a_pull_request_is_for_and_of_its_merge(hosted: Hosted) -> None:
    hf, repo = hosted.hf, hosted.repo_id
    watched = [{"type": "user", "name": repo.split("/")[0]}]
    hf.create_webhook(url="https://example.com/hook", watched=watched)
    hf.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=repo, create_pr=True)
    hf.merge_pull_request(repo, 1)
    found = told(hosted)
    assert found[0]["discussion"]["changes"] == {"base": "refs/heads/main"}
    last = found[-1]["discussion"]
    assert (last["status"], last["changes"]["mergeCommitId"]) == ("merged", hosted.tip())

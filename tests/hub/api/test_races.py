"""Two writers at once: whoever comes second meets what the first one left, and says so plainly."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
import sqlalchemy as sa

from paddock.hub.tables import redirects, repositories
from tests.hub.api.hosted import Hosted, file_line, host
from tests.live import LiveServer

Change = Callable[[Hosted], httpx.Response]

CHANGES: dict[str, Change] = {
    "commit": lambda at: at.post_commit(file_line("a.txt", b"a")),
    "empty branch": lambda at: at.http.post(f"{at.api}/branch/dev", json={"emptyBranch": True}),
    "branch": lambda at: at.http.post(f"{at.api}/branch/dev"),
    "tag": lambda at: at.http.post(f"{at.api}/tag/main", json={"tag": "v1", "message": "first"}),
    "squash": lambda at: at.http.post(f"{at.api}/super-squash/main"),
    "settings": lambda at: at.http.put(f"{at.api}/settings", json={"private": True}),
    "delete": lambda at: at.http.request(
        "DELETE",
        "/api/repos/delete",
        json={"organization": at.repo_id.split("/")[0], "name": at.repo_id.split("/")[1]},
    ),
    "move": lambda at: at.http.post(
        "/api/repos/move", json={"fromRepo": at.repo_id, "toRepo": f"{at.repo_id}-moved"}
    ),
}


@pytest.fixture
def hosted(server_on_each: LiveServer) -> Iterator[Hosted]:
    with host(server_on_each) as made:
        yield made


def during(
    hosted: Hosted, first: Callable[[sa.Connection], object], second: Change
) -> httpx.Response:
    """Send ``second`` while the transaction of ``first`` is open; the answer to it."""
    answers: list[httpx.Response] = []
    sending = threading.Thread(target=lambda: answers.append(second(hosted)))
    with hosted.server.hub.database.write() as conn:
        first(conn)
        sending.start()
        time.sleep(0.5)  # until it waits for us; when it comes later, it has it easier
    sending.join()
    return answers[0]


@pytest.mark.parametrize("name", CHANGES)
def test_who_comes_while_a_repository_is_deleted_does_not_find_it(
    hosted: Hosted, name: str
) -> None:
    answer = during(hosted, lambda conn: conn.execute(repositories.delete()), CHANGES[name])
    assert answer.status_code == 404, answer.text
    assert answer.headers["X-Error-Code"] == "RepoNotFound"


def test_of_two_who_move_a_repository_at_once_one_does(hosted: Hosted) -> None:
    def move(conn: sa.Connection) -> None:
        repo = conn.execute(sa.select(repositories.c.id, repositories.c.key)).one()
        conn.execute(redirects.insert().values(kind="model", key=repo.key, repo_id=repo.id))
        new = f"{repo.key}-elsewhere"
        conn.execute(repositories.update().values(full_name=new, key=new))

    answer = during(hosted, move, CHANGES["move"])
    assert answer.status_code == 404, answer.text
    assert hosted.hf.model_info(hosted.repo_id).id == f"{hosted.repo_id}-elsewhere"

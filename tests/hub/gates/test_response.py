"""The response clock: what is promised, what is overdue, and how long answers took."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from huggingface_hub import HfApi

from paddock import clock
from paddock.hub.gates.response import REMIND, response_days
from paddock.hub.jobs.queue import enqueue
from paddock.hub.tables import access_grants, accounts
from tests.hub.http_calls import call
from tests.live import LiveServer
from tests.web.visiting import visit

CARD = b"---\nlicense: mit\nextra_gated_response_days: 7\n---\n"


def gated(server: LiveServer, repo: str, *people: str) -> HfApi:
    owner = server.api(server.user("owner"))
    owner.create_repo(repo)
    owner.upload_file(path_or_fileobj=CARD, path_in_repo="README.md", repo_id=repo)
    owner.update_repo_settings(repo, gated="manual")
    for name in people:
        answer = call(server, "POST", f"/{repo}/ask-access", server.user(name), json={})
        assert answer.json() == {"status": "pending"}
    return owner


def asked_days_ago(server: LiveServer, name: str, days: int) -> None:
    """As if a person had asked so long ago."""
    person = sa.select(accounts.c.id).where(accounts.c.key == name).scalar_subquery()
    moment = clock.now() - timedelta(days=days)
    with server.hub.database.write() as conn:
        mine = access_grants.update().where(access_grants.c.user_id == person)
        conn.execute(mine.values(created_at=moment))


def remind(server: LiveServer) -> None:
    with server.hub.database.write() as conn:
        enqueue(conn, REMIND, {}, unique=REMIND)
    server.run_jobs()


def told(server: LiveServer, token: str | None) -> list[str]:
    return [
        one["sentence"]
        for one in call(server, "GET", "/api/notifications/notices", token).json()["notices"]
    ]


def test_who_waits_for_longer_than_promised_is_first_counted_and_reminded_of(
    server_on_each: LiveServer,
) -> None:
    server, repo = server_on_each, "owner/clock"
    owner = gated(server, repo, "ann", "ben", "cleo")
    remind(server)
    assert told(server, owner.token) == [f"cleo asks for access to {repo}"]
    asked_days_ago(server, "cleo", 8)
    asked_days_ago(server, "ben", 3)
    page = visit(server, "owner").get(f"/{repo}/access").text
    assert "1 waits for longer" in page and page.count(">overdue<") == 1
    rows = [page.index(f">{name}</a>") for name in ("cleo", "ben", "ann")]
    assert rows == sorted(rows)
    remind(server)
    assert told(server, owner.token) == [
        f"1 request waits for access to {repo}, longer than the 7 days you promised"
    ]
    mine = visit(server, "ann").get(f"/{repo}/ask-access").text
    due = (clock.now() + timedelta(days=7)).date().isoformat()
    assert "promise an answer by" in mine and due in mine
    # Whoever appeals waits anew, from the appeal on.
    owner.reject_access_request(repo, "cleo", rejection_reason=None)
    assert "waits for longer" not in visit(server, "owner").get(f"/{repo}/access").text
    path = f"/api/models/{repo}/user-access-request/appeal"
    call(server, "POST", path, server.user("cleo"), json={"text": "x"})
    assert "waits for longer" not in visit(server, "owner").get(f"/{repo}/access").text


def test_how_long_answers_took_is_told_once_there_are_enough(shared_server: LiveServer) -> None:
    server, repo = shared_server, "owner/usual"
    names = [f"asker-{n}" for n in range(6)]
    owner = gated(server, repo, *names)
    for days, name in enumerate(names, start=1):
        asked_days_ago(server, name, days)
    for name in names[:4]:
        owner.accept_access_request(repo, name)
    server.user("zoe")
    owner.grant_access(repo, "zoe")  # nobody waited for that
    visitor = visit(server, "yan")
    assert "Half of the latest" not in visitor.get(f"/{repo}/ask-access").text
    owner.reject_access_request(repo, names[4], rejection_reason=None)
    page = visitor.get(f"/{repo}/ask-access").text
    assert "Half of the latest answers came within 4 days" in page  # of 1, 2, 3, 4, 5 and a moment
    assert "They promise an answer within 7 days" in page


@pytest.mark.parametrize("odd", ["7", True, 0, -1, 366, 1.5, None, [7]])
def test_a_promise_that_is_none_promises_nothing(odd: object) -> None:
    assert response_days({"extra_gated_response_days": odd}) is None
    assert response_days({"extra_gated_response_days": 365}) == 365

"""Answers are kept for as long as the card said, and no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from huggingface_hub import HfApi

from paddock import clock
from paddock.hub.gates.retaining import FORGET_ANSWERS, retention_days
from paddock.hub.jobs.queue import enqueue
from paddock.hub.tables import access_grants
from tests.hub.http_calls import call
from tests.live import LiveServer

CARD = """---
license: mit
extra_gated_fields: {Company: text}
extra_gated_retention_days: 30
---
"""


@pytest.fixture
def owner(server_on_each: LiveServer) -> HfApi:
    return server_on_each.api(server_on_each.user("owner"))


def asked(server: LiveServer, owner: HfApi, repo: str, card: str) -> None:
    owner.create_repo(repo)
    owner.upload_file(path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id=repo)
    owner.update_repo_settings(repo, gated="auto")
    answer = call(
        server, "POST", f"/{repo}/ask-access", server.user("ann"), json={"Company": "ACME"}
    )
    assert answer.status_code == 200


def days_later(server: LiveServer, days: int) -> None:
    """As if everybody had asked so long ago."""
    with server.hub.database.write() as conn:
        moment = clock.now() - timedelta(days=days)
        conn.execute(access_grants.update().values(created_at=moment))
        enqueue(conn, FORGET_ANSWERS, {}, unique=FORGET_ANSWERS)
    server.run_jobs()


def test_they_are_forgotten_and_who_was_let_in_stays_so(
    server_on_each: LiveServer, owner: HfApi
) -> None:
    asked(server_on_each, owner, "owner/short", CARD)
    asked(server_on_each, owner, "owner/silent", CARD.replace("extra_gated_retention", "other"))
    days_later(server_on_each, 29)
    (request,) = owner.list_accepted_access_requests("owner/short")
    assert request.fields == {"Company": "ACME"}
    days_later(server_on_each, 31)
    report = call(
        server_on_each, "GET", "/owner/short/user-access-report",
        server_on_each.user("owner"),
    ).json()  # fmt: skip
    assert [(row["user"], row["status"]) for row in report] == [("ann", "accepted")]
    assert "ACME" not in str(report)
    assert "ann@" not in str(report)
    assert server_on_each.api(server_on_each.user("ann")).auth_check("owner/short") is None
    (kept,) = owner.list_accepted_access_requests("owner/silent")
    assert kept.fields == {"Company": "ACME"}


@pytest.mark.parametrize("odd", ["30", True, -1, 1.5, 10**9, None, [30]])
def test_a_number_that_is_none_forgets_nothing(odd: object) -> None:
    assert retention_days({"extra_gated_retention_days": odd}) is None
    assert retention_days({"extra_gated_retention_days": 0}) == 0

"""The queue over HTTP, for those who run the site and nobody else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from paddock import clock
from paddock.hub.jobs import leases
from paddock.hub.jobs.queue import enqueue
from paddock.hub.jobs.tables import jobs
from tests.live import LiveServer

KIND = "test.unknown"  # no worker does it


@pytest.fixture
def job_id(shared_server: LiveServer) -> int:
    with shared_server.hub.database.write() as conn:
        return enqueue(conn, KIND, {"n": 1})


def call(
    server: LiveServer, method: str, path: str, token: str | None = None, **params: Any
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token or server.admin_token}"} if token != "" else {}
    return httpx.request(
        method,
        f"{server.url}/api/admin/jobs{path}",
        headers=headers,
        params=params,
    )


def set_state(server: LiveServer, job_id: int, state: str) -> None:
    with server.hub.database.write() as conn:
        values = {"state": state, "attempts": 10, "last_error": "it broke"}
        conn.execute(jobs.update().where(jobs.c.id == job_id).values(values))


def test_administrators_see_jobs_the_newest_first(shared_server: LiveServer, job_id: int) -> None:
    listed = call(shared_server, "GET", "", state="waiting", kind=KIND).json()
    assert listed[0]["id"] == job_id
    assert (listed[0]["state"], listed[0]["payload"]) == ("waiting", {"n": 1})
    assert listed[0]["createdAt"].endswith("Z")
    assert call(shared_server, "GET", f"/{job_id}").json() == listed[0]


def test_a_long_list_comes_in_pages(shared_server: LiveServer) -> None:
    with shared_server.hub.database.write() as conn:
        ids = [enqueue(conn, KIND + ".paged", {}) for _ in range(5)]
    seen: list[int] = []
    url: str | None = f"{shared_server.url}/api/admin/jobs?kind={KIND}.paged&limit=2"
    headers = {"Authorization": f"Bearer {shared_server.admin_token}"}
    while url:
        answer = httpx.get(url, headers=headers)
        seen += [job["id"] for job in answer.json()]
        url = answer.links.get("next", {}).get("url")
    assert seen == ids[::-1]


def test_a_failed_job_is_retried_with_all_its_attempts(
    shared_server: LiveServer, job_id: int
) -> None:
    set_state(shared_server, job_id, "failed")
    job = call(shared_server, "POST", f"/{job_id}/retry").json()
    assert (job["state"], job["attempts"], job["lastError"]) == ("waiting", 0, "it broke")


def test_a_job_is_cancelled_and_can_be_retried(shared_server: LiveServer, job_id: int) -> None:
    assert call(shared_server, "POST", f"/{job_id}/cancel").json()["state"] == "cancelled"
    assert call(shared_server, "POST", f"/{job_id}/cancel").status_code == 409
    assert call(shared_server, "POST", f"/{job_id}/retry").json()["state"] == "waiting"


def test_what_is_done_or_runs_is_not_retried(shared_server: LiveServer, job_id: int) -> None:
    for state in ("done", "running"):
        set_state(shared_server, job_id, state)
        answer = call(shared_server, "POST", f"/{job_id}/retry")
        assert answer.status_code == 409
        assert state in answer.json()["error"]


def test_nobody_else_sees_or_touches_a_job(shared_server: LiveServer, job_id: int) -> None:
    user = shared_server.user("curious", role="admin")
    boss_without_rights = shared_server.user(shared_server.admin, role="write")
    for method, path in (
        ("GET", ""), ("GET", f"/{job_id}"), ("POST", f"/{job_id}/retry"),
        ("POST", f"/{job_id}/cancel"),
    ):  # fmt: skip
        assert call(shared_server, method, path, "").status_code == 401
        for token in (user, boss_without_rights):
            assert call(shared_server, method, path, token).status_code == 403


@pytest.mark.parametrize("path", ["/0", "/-1", "/x", "/9223372036854775808", "/99999999", "/1.5"])
def test_a_number_that_no_job_has_is_refused(shared_server: LiveServer, path: str) -> None:
    assert call(shared_server, "GET", path).status_code in (400, 404, 422)
    assert call(shared_server, "POST", path + "/retry").status_code in (400, 404, 422)


@pytest.mark.parametrize(
    "params", [{"state": "odd"}, {"cursor": "x"}, {"limit": "x"}, {"cursor": 2**63}]
)
def test_filters_that_make_no_sense_are_refused(
    shared_server: LiveServer, params: dict[str, Any]
) -> None:
    assert call(shared_server, "GET", "", **params).status_code in (400, 422)


def test_the_figures_of_the_queue_are_metrics(shared_server: LiveServer) -> None:
    with shared_server.hub.database.write() as conn:
        for _ in range(3):
            enqueue(conn, "test.counted", {})
    text = httpx.get(f"{shared_server.url}/metrics").text
    assert 'paddock_jobs{kind="test.counted",state="waiting"} 3.0' in text
    assert 'paddock_jobs_late_seconds{kind="test.counted"}' in text
    assert "paddock_http_requests_total" in text


def test_a_job_that_is_cancelled_while_it_runs_is_not_tried_again(
    shared_server: LiveServer, job_id: int
) -> None:
    set_state(shared_server, job_id, "running")
    with shared_server.hub.database.write() as conn:
        conn.execute(jobs.update().where(jobs.c.id == job_id).values(worker="w"))
    assert call(shared_server, "POST", f"/{job_id}/cancel").json()["state"] == "cancelled"
    with shared_server.hub.database.write() as conn:
        leases.finish(conn, leases.Job(job_id, KIND, {}, 10, "w"), clock.now())
    assert call(shared_server, "GET", f"/{job_id}").json()["state"] == "cancelled"

"""The queue of background work over HTTP, for administrators of the site."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from paddock import clock
from paddock.errors import Forbidden
from paddock.hub import access
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http import queries
from paddock.hub.jobs import listing
from paddock.hub.jobs.listing import Filters, JobRecord
from paddock.hub.types import Caller

router = APIRouter()

JobId = Annotated[int, Path(description="the job's number", ge=1, le=listing.MAX_ID)]
DEFAULT_PAGE, LARGEST_PAGE = 100, 1000


@router.get("/api/admin/jobs")
def list_jobs(
    request: Request,
    response: Response,
    hub: HubDep,
    caller: CallerDep,
    state: str | None = None,
    kind: str | None = None,
    cursor: Annotated[int | None, Query(ge=1, le=listing.MAX_ID)] = None,
) -> list[dict[str, Any]]:
    """Jobs, the newest first."""
    _require_site_admin(caller)
    limit = queries.count(request, "limit", default=DEFAULT_PAGE, most=LARGEST_PAGE)
    with hub.database.read() as conn:
        found = listing.list_jobs(conn, Filters(state, kind, cursor), limit)
    if len(found) == limit:
        response.headers["Link"] = queries.link_to_next(request, hub, str(found[-1].id))
    return [_rendered(job) for job in found]


@router.get("/api/admin/jobs/{job_id}")
def get_job(hub: HubDep, caller: CallerDep, job_id: JobId) -> dict[str, Any]:
    """One job."""
    _require_site_admin(caller)
    with hub.database.read() as conn:
        return _rendered(listing.get_job(conn, job_id))


@router.post("/api/admin/jobs/{job_id}/retry")
def retry_job(hub: HubDep, caller: CallerDep, job_id: JobId) -> dict[str, Any]:
    """Let a job that failed, was cancelled or waits be tried now."""
    _require_site_admin(caller)
    with hub.database.write() as conn:
        return _rendered(listing.retry_job(conn, job_id))


@router.post("/api/admin/jobs/{job_id}/cancel")
def cancel_job(hub: HubDep, caller: CallerDep, job_id: JobId) -> dict[str, Any]:
    """Let a job not be tried again."""
    _require_site_admin(caller)
    with hub.database.write() as conn:
        return _rendered(listing.cancel_job(conn, job_id))


def _require_site_admin(caller: Caller) -> None:
    access.require_user(caller)
    if not access.is_site_admin(caller):
        raise Forbidden(
            "only the site's administrators may see its background work",
            hint="use an administrator's token of role 'admin'",
        )


def _rendered(job: JobRecord) -> dict[str, Any]:
    moments = {
        "notBefore": job.not_before,
        "leaseUntil": job.lease_until,
        "createdAt": job.created_at,
        "startedAt": job.started_at,
        "finishedAt": job.finished_at,
    }
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "attempts": job.attempts,
        "payload": job.payload,
        "uniqueKey": job.unique_key,
        "worker": job.worker,
        "lastError": job.last_error,
        **{name: at and clock.to_text(at) for name, at in moments.items()},
    }

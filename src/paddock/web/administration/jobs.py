"""Background work: what waits, runs and failed, tried again or given up."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import Response

from paddock.hub.context import HubDep
from paddock.hub.jobs import listing
from paddock.hub.jobs.listing import STATES, Filters
from paddock.web.administration.asking import START, require_administrator
from paddock.web.browser import VisitorDep
from paddock.web.forms import Done, Text, back_to, said
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = START + "/jobs"
_ON_A_PAGE = 100
_MAX_DIGITS = 18
_SENTENCES = {
    "retried": "The job will be tried now.",
    "cancelled": "The job will not be tried again.",
}


@router.get(_PAGE)
def listed(
    hub: HubDep,
    visitor: VisitorDep,
    state: Annotated[str, Query(max_length=20)] = "",
    kind: Annotated[str, Query(max_length=60)] = "",
    before: Annotated[int | None, Query(ge=1, le=listing.MAX_ID)] = None,
    done: Done = "",
) -> Response:
    """The newest first."""
    require_administrator(visitor)
    with hub.database.read() as conn:
        found = listing.list_jobs(conn, Filters(state or None, kind or None, before), _ON_A_PAGE)
        figures = listing.queue_figures(conn)
    last = found[-1].id if len(found) == _ON_A_PAGE else None
    following = {"state": state, "kind": kind, "before": last}
    return visitor.show(
        "administration/jobs.html",
        jobs=found,
        states=STATES,
        kinds=sorted({figure.kind for figure in figures}),
        asked={"state": state, "kind": kind},
        next=last and "?" + urlencode({k: v for k, v in following.items() if v}),
        done=said(_SENTENCES, done),
    )


@router.post(_PAGE + "/retry")
def retry(hub: HubDep, visitor: VisitorDep, job: Text = "", form_key: Text = "") -> Response:
    """Let it be tried now."""
    visitor.check_form(form_key)
    require_administrator(visitor)
    with hub.database.write() as conn:
        listing.retry_job(conn, _number(job))
    return back_to(_PAGE, "retried")


@router.post(_PAGE + "/cancel")
def cancel(hub: HubDep, visitor: VisitorDep, job: Text = "", form_key: Text = "") -> Response:
    """Let it not be tried again."""
    visitor.check_form(form_key)
    require_administrator(visitor)
    with hub.database.write() as conn:
        listing.cancel_job(conn, _number(job))
    return back_to(_PAGE, "cancelled")


def _number(text: str) -> int:
    """A job's number; 0, which none has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0

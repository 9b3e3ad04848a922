"""Gated access over HTTP (hub protocol 14): ask, withdraw, list, decide, grant, report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse
from pydantic import AwareDatetime, BaseModel
from starlette.concurrency import run_in_threadpool

from paddock import clock
from paddock.errors import BadInput
from paddock.hub import access
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.gates import appeals, lists, report, requests, response
from paddock.hub.gates.asking import Asked, Sent, ask_for_access
from paddock.hub.gates.lists import Request
from paddock.hub.gates.requests import Decision
from paddock.hub.http.paged import MAX_LIMIT, asked_part, paged
from paddock.hub.http.paths import API_REPOSITORY, WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.paging import Part
from paddock.hub.people import accounts
from paddock.hub.profiles.overview import render_user
from paddock.hub.types import Caller, Need, Repository

router = APIRouter()

Status = Literal["pending", "accepted", "rejected", "reset"]
Standing = Literal[
    "pending", "accepted", "rejected", "reset", "expired", "appealed", "terms_changed"
]
REQUESTS = API_REPOSITORY + "/user-access-request"
_MAX_FORM_FIELDS = 200
_ACCEPT = "acceptTerms"  # beside the answers: the digest of the terms that are accepted


class DecisionBody(BaseModel):
    status: Status
    user: str | None = None
    requestId: str | None = None
    rejectionReason: str | None = None
    resetReason: str | None = None
    expiresAt: AwareDatetime | None = None


class GrantBody(BaseModel):
    user: str
    expiresAt: AwareDatetime | None = None


class RenewalBody(BaseModel):
    user: str
    expiresAt: AwareDatetime | None


class AppealBody(BaseModel):
    text: str


@router.post(WEB_REPOSITORY + "/ask-access")
async def ask(
    request: HttpRequest, hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> Response:
    """JSON is answered with JSON; a form, as a page sends it, with the way back to the page."""
    is_form = "json" not in request.headers.get("content-type", "")
    sent = await (_form(request) if is_form else _json(request))
    repo, status = await run_in_threadpool(_ask, hub, caller, name, sent)
    if is_form:
        return RedirectResponse(hub.base_url(request) + repo.web_path, 303)
    return JSONResponse({"status": status})


@router.post(REQUESTS + "/cancel")
def withdraw(hub: HubDep, caller: CallerDep, name: RepositoryNameDep) -> dict[str, Any]:
    """Whoever has asked asks no longer; what was decided stays."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.METADATA)
        user = access.require_user(caller)
        if caller.scopes is not None:  # as for asking
            access.require_writing_token(caller)
        requests.withdraw(conn, repo, user)
    return {}


@router.post(REQUESTS + "/appeal")
def appeal(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: AppealBody
) -> dict[str, Any]:
    """Who was rejected asks for another look, once. The Hub has no such route."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.METADATA)
        user = access.require_user(caller)
        if caller.scopes is not None:  # as for asking
            access.require_writing_token(caller)
        appeals.appeal(conn, repo, user, body.text)
    return {"status": "rejected", "appeal": "open"}


@router.get(REQUESTS + "/{status}")
def list_requests(
    request: HttpRequest,
    answer: Response,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    status: Standing,
) -> list[dict[str, Any]]:
    part = asked_part(request)
    search = request.query_params.get("q")
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.WRITE)
        requests.require_gate(repo)
        page = lists.list_requests(conn, repo, status, part, search)
    return [_render(repo, found) for found in paged(request, answer, hub, page)]


@router.post(REQUESTS + "/handle")
def decide(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: DecisionBody
) -> dict[str, Any]:
    if (body.user is None) is (body.requestId is None):
        raise BadInput("name the request by either user or requestId")
    reason = body.rejectionReason if body.rejectionReason is not None else body.resetReason
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.WRITE)
        if body.requestId is not None:
            user_id = requests.asked_by(conn, repo, body.requestId)
        else:
            user_id = accounts.get_account(conn, body.user or "").id
        reviewer = access.require_user(caller)
        requests.decide(
            conn, repo, user_id, reviewer, Decision(body.status, reason, body.expiresAt)
        )
    return {"status": body.status}


@router.post(REQUESTS + "/grant")
def grant(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: GrantBody
) -> dict[str, Any]:
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.WRITE)
        user = accounts.get_account(conn, body.user)
        requests.grant(conn, repo, user, access.require_user(caller), body.expiresAt)
    return {"user": user.name, "status": "accepted"}


@router.post(REQUESTS + "/renew")
def renew(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: RenewalBody
) -> dict[str, Any]:
    """Another end of the access of who was let in; null: none. The Hub has no such route."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.WRITE)
        user = accounts.get_account(conn, body.user)
        requests.renew(conn, repo, user.id, access.require_user(caller), body.expiresAt)
    return {"user": user.name, "status": "accepted"}


@router.get(WEB_REPOSITORY + "/user-access-report")
def user_access_report(
    request: HttpRequest, hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> Response:
    """Everyone who asked, as a file: JSON, or CSV where that is asked for."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.WRITE)
        requests.require_gate(repo)
    wanted = request.query_params.get("format") or (
        "csv" if "text/csv" in request.headers.get("accept", "") else "json"
    )
    if wanted not in {"csv", "json"}:
        raise BadInput('the report\'s format must be "json" or "csv"')
    found = _every_request(hub, repo)
    pieces = report.as_csv(found) if wanted == "csv" else report.as_json(found)
    file_name = f"user-access-report-{repo.full_name.replace('/', '-')}.{wanted}"
    media_type = "text/csv; charset=utf-8" if wanted == "csv" else "application/json"
    disposition = f'attachment; filename="{file_name}"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return StreamingResponse(pieces, media_type=media_type, headers=headers)


def _ask(hub: Hub, caller: Caller, name: RepositoryName, sent: Sent) -> Asked:
    with hub.database.write() as conn:
        return ask_for_access(conn, caller, name, sent)


def _every_request(hub: Hub, repo: Repository) -> Iterator[Request]:
    """Page by page, each in a transaction of its own: a slow reader holds none."""
    cursor: str | None = None
    while True:
        with hub.database.read() as conn:
            page = lists.list_requests(conn, repo, None, Part(MAX_LIMIT, cursor))
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


async def _form(request: HttpRequest) -> Sent:
    form = await request.form(max_files=0, max_fields=_MAX_FORM_FIELDS)
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    return Sent(fields, fields.get(_ACCEPT))


async def _json(request: HttpRequest) -> Sent:
    body = await request.body()
    try:
        answers = json.loads(body) if body else {}
    except (ValueError, RecursionError) as e:
        raise BadInput("the body is not JSON") from e
    if not isinstance(answers, dict):
        raise BadInput("the body must be an object with an answer for every field")
    fields, digest = answers.get("fields"), answers.get(_ACCEPT)
    return Sent(
        fields if isinstance(fields, dict) else answers, digest if isinstance(digest, str) else None
    )


def _render(repo: Repository, found: Request) -> dict[str, Any]:
    user = render_user(found.user)
    if found.email is not None:
        user["email"] = found.email
    told: dict[str, Any] = {
        "requestId": found.public_id,
        "user": user,
        "status": found.status,
        "timestamp": clock.to_text(found.asked_at),
    }
    if found.fields:
        told["fields"] = found.fields
    if found.reviewed_at is not None:
        told["reviewedAt"] = clock.to_text(found.reviewed_at)
    if found.expires_at is not None:
        told["expiresAt"] = clock.to_text(found.expires_at)
    if found.status == "accepted" and found.reviewer is not None:
        told["grantedBy"] = {"user": found.reviewer}
    if found.reason is not None:
        told["rejectionReason"] = found.reason
    return told | _render_more(repo, found)


def _render_more(repo: Repository, found: Request) -> dict[str, Any]:
    """What the Hub does not know of."""
    told: dict[str, Any] = {}
    if found.rule is not None:
        told["rule"] = found.rule
    if found.owes_terms:
        told["owesTerms"] = True
    if found.appealed_at is not None:
        told["appeal"] = {
            "text": found.appeal,
            "time": clock.to_text(found.appealed_at),
            "open": found.is_appeal_open,
        }
    due = found.waits_since and response.answer_by(repo, found.waits_since)
    if due is not None:
        told["answerBy"] = clock.to_text(due)
    return told

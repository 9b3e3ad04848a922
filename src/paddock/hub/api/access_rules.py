"""Rules of a gate, and many people at once, over HTTP. The Hub has no such routes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from paddock.errors import BadInput
from paddock.hub import access
from paddock.hub.api.access_requests import REQUESTS
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.gates import importing, rules
from paddock.hub.gates.deciding import MAX_AT_ONCE, decide_all, requests_of
from paddock.hub.gates.requests import Decision
from paddock.hub.gates.rules import Rule
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep
from paddock.hub.types import Need

router = APIRouter()

Names = Annotated[list[str], Field(max_length=MAX_AT_ONCE)]


class RuleBody(BaseModel):
    subject: str
    effect: str
    value: str


class RulesBody(BaseModel):
    rules: Annotated[list[RuleBody], Field(max_length=rules.MAX_RULES)]


class BatchBody(BaseModel):
    status: Literal["pending", "accepted", "rejected", "reset"]
    users: Names = []
    requestIds: Names = []
    rejectionReason: str | None = None
    expiresAt: AwareDatetime | None = None


class TableBody(BaseModel):
    table: Annotated[str, Field(max_length=importing.MAX_TABLE_CHARS)]


@router.get(API_REPOSITORY + "/access-rules")
def list_rules(hub: HubDep, caller: CallerDep, name: RepositoryNameDep) -> dict[str, Any]:
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.WRITE)
        found = rules.list_rules(conn, repo)
    return {"rules": [rule._asdict() for rule in found]}


@router.put(API_REPOSITORY + "/access-rules")
def set_rules(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: RulesBody
) -> dict[str, Any]:
    """These and no others, from the next request on."""
    new = [Rule(one.subject, one.effect, one.value) for one in body.rules]
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.WRITE)
        rules.set_rules(conn, repo, new)
        found = rules.list_rules(conn, repo)
    return {"rules": [rule._asdict() for rule in found]}


@router.post(REQUESTS + "/batch")
def decide_many(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: BatchBody
) -> dict[str, Any]:
    """Each counts for itself: about whom nothing was to be decided is passed over, and counted."""
    if body.users and body.requestIds:
        raise BadInput("name requests by either users or requestIds")
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.WRITE)
        wanted = body.requestIds or requests_of(conn, repo, body.users)
        reviewer = access.require_user(caller)
        decision = Decision(body.status, body.rejectionReason, body.expiresAt)
        decided = decide_all(conn, repo, wanted, reviewer, decision)
    return {"changed": decided.changed, "passedOver": decided.passed_over}


@router.post(REQUESTS + "/import")
def import_table(
    hub: HubDep, caller: CallerDep, name: RepositoryNameDep, body: TableBody
) -> dict[str, Any]:
    """All of a table's people are let in, or nobody is."""
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, caller, name, Need.WRITE)
        done = importing.import_table(conn, repo, body.table, access.require_user(caller))
    return {"granted": done.let_in, "renewed": done.renewed}

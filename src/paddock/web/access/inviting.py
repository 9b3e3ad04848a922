"""Letting somebody in by name, a user or an organisation, for good or until a day; or a table."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form
from fastapi.responses import RedirectResponse, Response

from paddock.errors import BadInput
from paddock.hub import access
from paddock.hub.context import HubDep
from paddock.hub.gates import importing, requests
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.people import accounts
from paddock.hub.types import Need
from paddock.web.access.requests import PAGE, Looking, show_access
from paddock.web.browser import VisitorDep
from paddock.web.forms import Text, end_of_day, sentence
from paddock.web.page_routes import page_router

router = page_router()

Table = Annotated[str, Form(max_length=importing.MAX_TABLE_CHARS)]


@router.post(PAGE + "/grant")
def grant(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    who: Text = "",
    ends: Text = "",
    form_key: Text = "",
) -> Response:
    """Let them in, whether or not they asked."""
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            repo = access.open_to_change(conn, visitor.caller, name, Need.WRITE)
            user = accounts.get_account(conn, who.strip())
            reviewer = access.require_user(visitor.caller)
            requests.grant(conn, repo, user, reviewer, end_of_day(ends))
    except (accounts.AccountNotFound, BadInput) as e:
        looking = Looking("accepted")
        return show_access(
            hub, visitor, name, looking, e.status, problem=sentence(e), who=who[:100], ends=ends
        )
    return RedirectResponse(f"{repo.web_path}/access?show=accepted&done=granted", 303)


@router.post(PAGE + "/import")
def import_table(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    table: Table = "",
    form_key: Text = "",
) -> Response:
    """Let in all whom a table names, or nobody."""
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            repo = access.open_to_change(conn, visitor.caller, name, Need.WRITE)
            importing.import_table(conn, repo, table, access.require_user(visitor.caller))
    except BadInput as e:
        looking = Looking("accepted")
        problem = sentence(e)
        return show_access(hub, visitor, name, looking, e.status, problem=problem, table=table)
    return RedirectResponse(f"{repo.web_path}/access?show=accepted&done=imported", 303)

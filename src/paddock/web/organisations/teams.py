"""The page of an organisation's teams, for its members; its admins make new ones."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from paddock.errors import PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.people import accounts
from paddock.hub.teams import teams
from paddock.hub.teams.teams import TeamChange
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.page_routes import page_router

router = page_router()

PAGE = "/organizations/{name:segment}/teams"
_SENTENCES = {"deleted": "The team is deleted, with every role that it gave."}


@router.get(PAGE)
def listed(
    request: Request, hub: HubDep, visitor: VisitorDep, name: str, done: Done = ""
) -> Response:
    """By name."""
    if visitor.session is None:
        return to_sign_in(request)
    return _show(hub, visitor, name, done=said(_SENTENCES, done))


@router.post(PAGE)
def make(
    hub: HubDep,
    visitor: VisitorDep,
    name: str,
    team: Text = "",
    description: Text = "",
    form_key: Text = "",
) -> Response:
    """A new team, with nobody in it."""
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            org = accounts.get_account(conn, name, kind="org")
            teams.require_maker(conn, visitor.caller, org)
            made = teams.create_team(conn, org, TeamChange(team.strip(), description))
    except PaddockError as e:
        given = {"team": team[:100], "description": description}
        return _show(hub, visitor, name, e.status, problem=sentence(e), given=given)
    return back_to(f"/organizations/{org.name}/teams/{made.name}", "made")


def _show(hub: Hub, visitor: Visitor, name: str, status: int = 200, **values: object) -> Response:
    with hub.database.read() as conn:
        org = accounts.get_account(conn, name, kind="org")
        found = teams.open_teams(conn, visitor.caller, org)
        may_make = teams.may_make(conn, visitor.caller, org)
    return visitor.show(
        "organisations/teams.html", status, org=org, teams=found, may_make=may_make, **values
    )

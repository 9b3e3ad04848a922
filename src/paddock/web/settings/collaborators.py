"""The page of a repository's collaborators: people and teams with a role on it alone.

For those who may change the repository itself; whoever has a role may leave. Shows and reads forms;
who may be given what is ``hub.collaborators``'s.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from fastapi.responses import Response

from paddock.errors import PaddockError
from paddock.hub import access
from paddock.hub.collaborators import collaborators
from paddock.hub.collaborators.collaborators import Given
from paddock.hub.context import Hub, HubDep
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.people.accounts import get_account
from paddock.hub.teams.teams import Team, get_team, teams_of
from paddock.hub.types import Need, Repository
from paddock.web.account.own_access import PAGE as OWN_ACCESS
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.forms import Done, Text, back_to, end_of_day, said, sentence
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import open_shell
from paddock.web.settings.general import PAGE as SETTINGS

router = page_router()

PAGE = SETTINGS + "/collaborators"
_SENTENCES: Final = {
    "given": "They have that role from now on.",
    "removed": "They have no role of their own here any more.",
}
ROLES: Final = {
    "read": "read: what is private or gated here, too",
    "write": "write: files, pull requests, discussions, reports",
    "admin": "admin: settings and collaborators, too",
}


@router.get(PAGE)
def listed(hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, done: Done = "") -> Response:
    """Who has which role, until when."""
    return _show(hub, visitor, name, done=said(_SENTENCES, done))


@router.post(PAGE)
def give(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    who: Text = "",
    team: Text = "",
    role: Text = "",
    ends: Text = "",
    form_key: Text = "",
) -> Response:
    """Give a person or a team a role, or another one."""
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            repo = access.open_to_change(conn, visitor.caller, name, Need.OWN)
            by = collaborators.require_giver(visitor.caller)
            given = Given(role, by, end_of_day(ends))
            if team:
                collaborators.set_team(conn, repo, _team(conn, repo, team), given)
            else:
                collaborators.set_person(conn, repo, get_account(conn, who.strip()), given)
    except PaddockError as e:
        return _show(hub, visitor, name, e.status, problem=sentence(e), who=who[:100])
    return back_to(f"{repo.web_path}/settings/collaborators", "given")


@router.post(PAGE + "/remove")
def remove(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    who: Text = "",
    team: Text = "",
    form_key: Text = "",
) -> Response:
    """Take a role back."""
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            repo = access.open_to_change(conn, visitor.caller, name, Need.OWN)
            collaborators.require_giver(visitor.caller)
            if team:
                collaborators.remove_team(conn, repo, _team(conn, repo, team))
            else:
                collaborators.remove_person(conn, repo, get_account(conn, who.strip()))
    except PaddockError as e:
        return _show(hub, visitor, name, e.status, problem=sentence(e))
    return back_to(f"{repo.web_path}/settings/collaborators", "removed")


@router.post(PAGE + "/leave")
def leave(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, form_key: Text = ""
) -> Response:
    """Give one's own role back."""
    visitor.check_form(form_key)
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, visitor.caller, name, Need.METADATA)
        collaborators.remove_person(conn, repo, collaborators.require_giver(visitor.caller))
    return back_to(OWN_ACCESS, "left")


def _team(conn: sa.Connection, repo: Repository, name: str) -> Team:
    return get_team(conn, get_account(conn, repo.namespace), name)


def _show(
    hub: Hub, visitor: Visitor, name: RepositoryName, status: int = 200, **values: object
) -> Response:
    """The page; raises what ``open_repository`` raises for those who may not own it."""
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "settings", Need.OWN)
        found = collaborators.collaborators_of(conn, shell.repo)
        org = get_account(conn, shell.repo.namespace)
        teams = teams_of(conn, org) if org.kind == "org" else []
    return visitor.show(
        "settings/collaborators.html",
        status,
        shell=shell,
        collaborators=found,
        teams=teams,
        roles=ROLES,
        **values,
    )

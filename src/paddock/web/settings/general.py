"""The Settings tab of a repository: who sees it, how its gate opens, its name, its group, its size.

For those who may change the repository itself. Shows and reads forms; what a setting does is the
hub's.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from fastapi.responses import Response

from paddock.errors import BadInput, Forbidden, PaddockError, shown
from paddock.hub import access, repositories
from paddock.hub.context import Hub, HubDep
from paddock.hub.gates.forms import read_gate
from paddock.hub.groups.groups import get_group, groups_of
from paddock.hub.groups.repositories import put_repository, take_out_repository
from paddock.hub.groups.roles import group_of
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.large import usage
from paddock.hub.names import RepositoryName
from paddock.hub.people import scopes
from paddock.hub.people.accounts import get_account
from paddock.hub.repositories import Settings
from paddock.hub.scans import overrides, refusals
from paddock.hub.types import Account, Need, Repository
from paddock.hub.webhooks.hooks import Webhook, list_webhooks
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import open_shell
from paddock.web.settings.making import owners_for

router = page_router()

PAGE = WEB_REPOSITORY + "/settings"
_MOST_FILES = 100
_SENTENCES: Final = {
    "visibility": "Who sees it is changed, from now on.",
    "gate": "The gate is changed, from now on.",
    "moved": "It has its new address. The old one leads here.",
    "group": "Its resource group is changed.",
    "allowed": "The file may be downloaded. Your reason is kept.",
    "withdrawn": "The file is withheld again.",
}
_GATES: Final = {"off": "", "auto": "auto", "manual": "manual"}


@router.get(PAGE)
def show(hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, done: Done = "") -> Response:
    """Every setting, each in its own form."""
    return show_settings(hub, visitor, name, done=said(_SENTENCES, done))


@router.post(PAGE + "/visibility")
def change_visibility(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    visibility: Text = "",
    form_key: Text = "",
) -> Response:
    """Private, by invitation, or public."""
    visitor.check_form(form_key)
    if visibility not in {"public", "invited", "private"}:
        hint = "public, invited or private"
        problem = BadInput(f"{shown(visibility)} is no visibility", hint=hint)
        return show_settings(hub, visitor, name, 400, problem=sentence(problem))
    wanted = Settings(is_private=visibility != "public", is_invited=visibility == "invited")
    return _change(hub, visitor, name, wanted, "visibility")


@router.post(PAGE + "/gate")
def change_gate(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, gate: Text = "", form_key: Text = ""
) -> Response:
    """No gate, one that opens by itself, or one that people open."""
    visitor.check_form(form_key)
    if gate not in _GATES:
        problem = sentence(BadInput(f"{shown(gate)} is no kind of gate"))
        return show_settings(hub, visitor, name, 400, problem=problem)
    return _change(hub, visitor, name, Settings(gated=_GATES[gate]), "gate")


@router.post(PAGE + "/move")
def move(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    owner: Text = "",
    new_name: Text = "",
    form_key: Text = "",
) -> Response:
    """Another name, another owner, or both."""
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            to = RepositoryName(name.kind, owner.strip(), new_name.strip())
            repo = repositories.move_repository(conn, visitor.caller, name, to)
    except PaddockError as e:
        return show_settings(hub, visitor, name, e.status, problem=sentence(e))
    return back_to(f"{repo.web_path}/settings", "moved")


@router.post(PAGE + "/group")
def change_group(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, group: Text = "", form_key: Text = ""
) -> Response:
    """Another resource group of the organisation, or none."""
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            repo = access.open_to_change(conn, visitor.caller, name, Need.OWN)
            org = get_account(conn, repo.namespace)
            if not access.may_administer(conn, visitor.caller, org, scopes.WRITE_GROUPS):
                raise Forbidden(f"only an admin of {org.name} may do this")
            if group:
                put_repository(conn, get_group(conn, org, group), repo, visitor.user)
            else:
                take_out_repository(conn, repo)
    except PaddockError as e:
        return show_settings(hub, visitor, name, e.status, problem=sentence(e))
    return back_to(f"{repo.web_path}/settings", "group")


def _change(
    hub: Hub, visitor: Visitor, name: RepositoryName, wanted: Settings, word: str
) -> Response:
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, visitor.caller, name, Need.OWN)
        repo = repositories.change_settings(conn, repo, wanted, actor=visitor.user)
    return back_to(f"{repo.web_path}/settings", word)


def show_settings(
    hub: Hub, visitor: Visitor, name: RepositoryName, status: int = 200, **values: object
) -> Response:
    """The tab; raises what ``open_repository`` raises for those who may not own it."""
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "settings", Need.OWN)
        repo, user = shell.repo, access.require_user(visitor.caller)
        org = get_account(conn, repo.namespace)
        is_admin = access.may_administer(conn, visitor.caller, org, scopes.WRITE_GROUPS)
        groups = groups_of(conn, org) if org.kind == "org" and is_admin else []
        group_id = group_of(conn, repo.id)
        told = {
            "owners": _owners(conn, user, org),
            "groups": groups,
            "group": next((one.public_id for one in groups if one.id == group_id), ""),
            "used_bytes": usage.of_repository(conn, repo.id),
            "namespace_use": usage.of_namespace(conn, repo.namespace_id),
            "hooks": _hooks(conn, user, repo),
            **_scans(conn, visitor, repo),
        }
    gate = read_gate(repo.card)
    return visitor.show("settings/general.html", status, shell=shell, gate=gate, **told, **values)


def _owners(conn: sa.Connection, user: Account, present: Account) -> list[Account]:
    """Where the repository may go, the present owner first."""
    return [present, *(one for one in owners_for(conn, user) if one.id != present.id)]


def _hooks(conn: sa.Connection, user: Account, repo: Repository) -> list[Webhook]:
    """The user's own webhooks that are told of this repository."""
    kinds = {repo.kind.value: repo.full_name.lower()}
    own = dict.fromkeys(("user", "org"), repo.namespace.lower()) | kinds
    return [
        hook
        for hook in list_webhooks(conn, user)
        if any(own.get(one.kind) == one.key for one in hook.watched)
    ]


def _scans(conn: sa.Connection, visitor: Visitor, repo: Repository) -> dict[str, object]:
    """What scans withhold, and what administrators let go all the same."""
    given = overrides.of_repository(conn, repo.id)
    allowed = overrides.in_force(given)
    is_current = refusals.is_current(conn, repo.id)
    refused = refusals.refused_in(conn, repo.id, is_current=is_current)
    kept = sorted(path for etag, path in refused.items() if path and etag not in allowed)
    return {
        "withheld": kept[:_MOST_FILES],
        "more_withheld": max(0, len(kept) - _MOST_FILES),
        "overrides": given[:_MOST_FILES],
        "is_site_admin": access.is_site_admin(visitor.caller),
    }

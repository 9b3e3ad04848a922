"""Organisations as their admins run them: made, described, with members who come and go."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, StrictBool

from paddock.errors import Forbidden
from paddock.hub import access
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.groups import members as group_members
from paddock.hub.groups.groups import get_group
from paddock.hub.people import accounts, members, scopes
from paddock.hub.profiles import overview
from paddock.hub.profiles.profiles import change_profile

router = APIRouter()


class OrganizationBody(BaseModel):
    name: str
    fullname: str | None = None
    details: str | None = None
    privateByDefault: StrictBool = False


class MemberBody(BaseModel):
    user: str
    role: str = "read"


class GroupRole(BaseModel):
    id: str
    role: str


class RoleBody(BaseModel):
    role: str
    resourceGroups: list[GroupRole] | None = Field(default=None, max_length=500)


@router.get("/api/organizations")
def my_organizations(hub: HubDep, caller: CallerDep) -> list[dict[str, Any]]:
    """The caller's own, with their role in each."""
    user = access.require_user(caller)
    if caller.scopes is not None and not caller.scopes.profile & {"profile", "read-memberships"}:
        raise Forbidden("this token may not tell which organizations you belong to")
    with hub.database.read() as conn:
        found = accounts.orgs_of(conn, user)
    return [{**overview.render_org(one.org), "roleInOrg": one.role} for one in found]


@router.post("/api/organizations")
def create_organization(hub: HubDep, caller: CallerDep, body: OrganizationBody) -> dict[str, Any]:
    """A new organisation, with whoever makes it as its admin."""
    with hub.database.write() as conn:
        user = access.require_writing_token(caller)
        if hub.organizations_by == "admins" and not access.is_site_admin(caller):
            raise Forbidden("on this hub only administrators make organizations")
        org = accounts.create_org(
            conn,
            body.name,
            owner=user,
            full_name=body.fullname,
            private_by_default=body.privateByDefault,
        )
        if body.details is not None:
            change_profile(conn, org, {"details": body.details})
        return overview.org_overview(conn, caller, org)


@router.post("/api/organizations/{name:segment}/members")
def add_member(hub: HubDep, caller: CallerDep, name: str, body: MemberBody) -> dict[str, Any]:
    with hub.database.write() as conn:
        org = accounts.get_account(conn, name, kind="org")
        members.require_admin(conn, caller, org, scopes.WRITE_MEMBERS)
        user = accounts.get_account(conn, body.user, kind="user")
        members.add_member(conn, org, user, body.role)
    return {"user": user.name, "role": body.role}


@router.put("/api/organizations/{name:segment}/members/{user:segment}/role")
def change_role(
    hub: HubDep, caller: CallerDep, name: str, user: str, body: RoleBody
) -> dict[str, Any]:
    """The role in the organisation, and in the groups that are named."""
    with hub.database.write() as conn:
        org = accounts.get_account(conn, name, kind="org")
        admin = members.require_admin(conn, caller, org, scopes.WRITE_MEMBERS)
        member = accounts.get_account(conn, user, kind="user")
        if accounts.role_in(conn, org.id, member) != body.role:
            members.change_role(conn, org, member, body.role)
        for one in body.resourceGroups or ():
            group = get_group(conn, org, one.id)
            group_members.set_member(conn, group, member, one.role, admin)
    return {"user": member.name, "role": body.role}


@router.delete("/api/organizations/{name:segment}/members/{user:segment}")
def remove_member(hub: HubDep, caller: CallerDep, name: str, user: str) -> dict[str, Any]:
    """Admins remove anybody; everybody may leave."""
    with hub.database.write() as conn:
        org = accounts.get_account(conn, name, kind="org")
        me = access.require_writing_token(caller)
        member = accounts.get_account(conn, user, kind="user")
        if member.id != me.id:
            members.require_admin(conn, caller, org, scopes.WRITE_MEMBERS)
        members.remove_member(conn, org, member)
    return {}

"""Users and organisations over HTTP (hub protocol 2.5). Counts are of what the caller may see."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from paddock import clock
from paddock.errors import Forbidden
from paddock.hub import access
from paddock.hub.catalogue import listing
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.people import accounts
from paddock.hub.types import Account, Caller, Kind, Repository

router = APIRouter()


@router.get("/api/users/{name:segment}/overview")
def user_overview(hub: HubDep, caller: CallerDep, name: str) -> dict[str, Any]:
    with hub.database.read() as conn:
        account = accounts.get_account(conn, name, kind="user")
        counts = listing.count_by_kind(conn, caller, account)
        orgs = accounts.orgs_of(conn, account)
    return {
        "_id": account.public_id,
        **_member(account),
        "isPro": False,
        "createdAt": clock.to_text(account.created_at),
        **_counts(counts),
        "numDiscussions": 0,
        "numPapers": 0,
        "numUpvotes": 0,
        "numLikes": 0,
        "numFollowing": 0,
        "numFollowers": 0,
        "orgs": [_org(membership.org) for membership in orgs],
    }


@router.get("/api/organizations/{name:segment}/overview")
def org_overview(hub: HubDep, caller: CallerDep, name: str) -> dict[str, Any]:
    with hub.database.read() as conn:
        account = accounts.get_account(conn, name, kind="org")
        counts = listing.count_by_kind(conn, caller, account)
        members = accounts.members_of(conn, account)
    return {
        "_id": account.public_id,
        **_org(account),
        "type": "org",
        "details": None,
        "isVerified": False,
        "createdAt": clock.to_text(account.created_at),
        "numUsers": len(members),
        **_counts(counts),
        "numFollowers": 0,
    }


@router.get("/api/organizations/{name:segment}/members")
def org_members(hub: HubDep, caller: CallerDep, name: str) -> list[dict[str, Any]]:
    with hub.database.read() as conn:
        account = accounts.get_account(conn, name, kind="org")
        members = accounts.members_of(conn, account)
    return [{**_member(member.user), "role": member.role} for member in members]


@router.get("/api/users/{name:segment}/followers")
@router.get("/api/users/{name:segment}/following")
@router.get("/api/users/{name:segment}/likes")
def nothing_of_a_user(hub: HubDep, caller: CallerDep, name: str) -> list[dict[str, Any]]:
    """What users do not have on this hub; an unknown user has not even that."""
    with hub.database.read() as conn:
        accounts.get_account(conn, name, kind="user")
    return []


@router.get("/api/organizations/{name:segment}/followers")
def org_followers(hub: HubDep, caller: CallerDep, name: str) -> list[dict[str, Any]]:
    with hub.database.read() as conn:
        accounts.get_account(conn, name, kind="org")
    return []


@router.get("/api/settings/repositories")
def own_repositories(hub: HubDep, caller: CallerDep) -> list[dict[str, Any]]:
    return _storage(hub, caller, access.require_user(caller))


@router.get("/api/organizations/{name:segment}/settings/repositories")
def org_repositories(hub: HubDep, caller: CallerDep, name: str) -> list[dict[str, Any]]:
    user = access.require_user(caller)
    with hub.database.read() as conn:
        org = accounts.get_account(conn, name, kind="org")
        if accounts.role_in(conn, org.id, user) is None and not access.is_site_admin(caller):
            raise Forbidden(f"only members of {org.name} see its storage")
    return _storage(hub, caller, org)


def _storage(hub: Hub, caller: Caller, namespace: Account) -> list[dict[str, Any]]:
    with hub.database.read() as conn:
        found = listing.repositories_of(conn, caller, namespace)
    total = sum(_used_bytes(repo) for repo in found)
    return [
        {
            "id": repo.full_name,
            "type": repo.kind,
            "updatedAt": clock.to_text(repo.updated_at),
            "visibility": "private" if repo.is_private else "public",
            "storage": _used_bytes(repo),
            "storagePercent": round(100 * _used_bytes(repo) / total, 2) if total else 0,
        }
        for repo in found
    ]


def _used_bytes(repo: Repository) -> int:
    return int((repo.facts or {}).get("used_storage", 0))


def _member(account: Account) -> dict[str, Any]:
    return {
        "user": account.name,
        "fullname": account.full_name,
        "avatarUrl": "",
        "type": "user",
    }


def _org(account: Account) -> dict[str, Any]:
    return {"name": account.name, "fullname": account.full_name, "avatarUrl": ""}


def _counts(counts: dict[Kind, int]) -> dict[str, int]:
    return {
        "numModels": counts[Kind.MODEL],
        "numDatasets": counts[Kind.DATASET],
        "numSpaces": counts[Kind.SPACE],
        "numKernels": counts[Kind.KERNEL],
    }

"""What a fine-grained token may do on an address: the table that every request of one goes through.

Knows addresses and permissions; does not know handlers. An address that stands in no row is one
where such a token changes nothing: a new route is closed until somebody says what it needs. Whether
the token reaches the repository or the organisation in question is decided by ``hub.access`` as
well; this only bounds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.errors import Forbidden
from paddock.hub import lookup
from paddock.hub.names import RepositoryName
from paddock.hub.people import accounts, scopes
from paddock.hub.people.scopes import ACCOUNT, REPOSITORY, Entity, Scopes
from paddock.hub.types import ANONYMOUS, Account, Caller, Kind

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_NAMED = "{namespace:segment}/{name:segment}"
_COPIES = ("/duplicate", "/lfs-files/duplicate")
_TO_WRITE = (scopes.WRITE, scopes.WRITE_CONTENT, scopes.CONTRIBUTE)


class _Rule(NamedTuple):
    """For addresses that begin like this: what reading and changing need, on the user's account."""

    prefix: str
    read: str | None  # None: everybody reads what they see
    write: str | None  # None: never


# The longest prefix that fits is the rule.
_PERSONAL = (
    _Rule("/api/settings", "user.settings.read", None),
    _Rule("/api/settings/webhooks", scopes.READ_WEBHOOKS, scopes.WRITE_WEBHOOKS),
    _Rule("/api/settings/repositories", scopes.READ, None),
    _Rule("/api/settings/watch", scopes.READ_NOTIFICATIONS, scopes.WRITE_NOTIFICATIONS),
    _Rule("/api/notifications", scopes.READ_NOTIFICATIONS, scopes.WRITE_NOTIFICATIONS),
    _Rule("/api/discussions/mark-as-read", None, scopes.WRITE_NOTIFICATIONS),
    _Rule("/api/jobs", None, None),
)
_COLLECTIONS = "/api/collections"
_ORGANIZATIONS = "/api/organizations/{name:segment}"
_OF_ORGANIZATIONS = (
    _Rule("/settings", scopes.READ_ORG, scopes.WRITE_ORG),
    _Rule("/settings/repositories", scopes.READ_ORG_REPOSITORIES, None),
    _Rule("/members", None, scopes.WRITE_MEMBERS),
    _Rule("/resource-groups", scopes.READ_ORG, scopes.WRITE_GROUPS),
    _Rule("/teams", scopes.READ_ORG, scopes.WRITE_MEMBERS),
    _Rule("/service-accounts", scopes.READ_ORG, None),
)


def on_address(
    conn: sa.Connection, caller: Caller, method: str, address: str, named: Mapping[str, Any]
) -> Caller:
    """The caller as they count on this address (a route's pattern); raises Forbidden.

    ``named`` holds what the pattern's parts are in this request.
    """
    bounds, account = caller.scopes, caller.account
    if bounds is None or account is None:
        return caller
    is_safe = method in _SAFE
    if _NAMED in address and "kind" in named:
        # Whatever the method: some GETs are for writers, such as the token with which to upload.
        return replace(caller, may_change=_on_repository(conn, bounds, account, address, named))
    if address.startswith("/api/repos/"):
        return replace(caller, may_change=bool(_reachable(bounds, _TO_WRITE)))
    if address.startswith("/uploads"):  # for comments, wherever the token may write some
        talks = scopes.DISCUSS in bounds.everywhere or _reachable(bounds, (scopes.DISCUSS,))
        return replace(caller, may_change=bool(talks))
    if address.startswith(_COLLECTIONS):
        return _on_collections(bounds, caller, is_safe)
    if address.startswith(_ORGANIZATIONS):
        return _on_organization(conn, bounds, caller, address, named, is_safe=is_safe)
    rule = _longest(_PERSONAL, address)
    if rule is None:
        return caller
    needed = (rule.read, rule.write) if is_safe else (rule.write,)
    held = [p for p in needed if p and bounds.holds(p, (ACCOUNT, account.id))]
    if not held and not (is_safe and rule.read is None):
        raise _without(rule.read if is_safe else rule.write)
    return replace(caller, may_change=not is_safe)


def _on_repository(
    conn: sa.Connection,
    bounds: Scopes,
    account: Account,
    address: str,
    named: Mapping[str, Any],
) -> bool:
    """Whether the token may change anything by this address of a repository."""
    rest = address.split(_NAMED, 1)[1]
    if rest == "/like":
        return bounds.holds(scopes.LIKE, (ACCOUNT, account.id))
    if rest in _COPIES:  # what changes is another repository, which ``access`` asks about
        return bool(_reachable(bounds, _TO_WRITE))
    entities = _entities(conn, named)
    discusses = bounds.holds(scopes.DISCUSS, *entities)
    if rest.startswith(("/discussions", "/ask-access", "/user-access-request/cancel")):
        return discusses
    if bounds.holds_any(_TO_WRITE, *entities) or any(kind == "group" for kind, _ in bounds.on):
        return True  # ``access`` looks whether the group or the application is the right one
    return discusses  # for the sake of a pull request's own files; ``access`` asks for more


def _on_collections(bounds: Scopes, caller: Caller, is_safe: bool) -> Caller:
    assert caller.account is not None  # noqa: S101
    on = (ACCOUNT, caller.account.id)
    if is_safe:
        may_see = bounds.holds_any((scopes.READ_COLLECTIONS, scopes.WRITE_COLLECTIONS), on)
        return caller if may_see else ANONYMOUS
    if not bounds.holds(scopes.WRITE_COLLECTIONS, on):
        raise _without(scopes.WRITE_COLLECTIONS)
    return replace(caller, may_change=True)


def _on_organization(
    conn: sa.Connection,
    bounds: Scopes,
    caller: Caller,
    address: str,
    named: Mapping[str, Any],
    *,
    is_safe: bool,
) -> Caller:
    rule = _longest(_OF_ORGANIZATIONS, address.removeprefix(_ORGANIZATIONS))
    if rule is None or (is_safe and rule.read is None):
        return caller
    org = accounts.find_account(conn, str(named.get("name", "")))
    needed = rule.read if is_safe else rule.write
    if org is None or needed is None or not bounds.holds(needed, (ACCOUNT, org.id)):
        raise _without(needed)
    return replace(caller, may_change=not is_safe)


def _entities(conn: sa.Connection, named: Mapping[str, Any]) -> list[Entity]:
    # git writes a repository's name with ".git" behind it or without.
    name_text = str(named["name"]).removesuffix(".git")
    name = RepositoryName(Kind(named["kind"]), str(named["namespace"]), name_text)
    repo = lookup.find_repository(conn, name)
    return [] if repo is None else [(REPOSITORY, repo.id), (ACCOUNT, repo.namespace_id)]


def _reachable(bounds: Scopes, permissions: tuple[str, ...]) -> list[Entity]:
    return [entity for entity, held in bounds.on.items() if held & frozenset(permissions)]


def _longest(rules: tuple[_Rule, ...], address: str) -> _Rule | None:
    fitting = [rule for rule in rules if address.startswith(rule.prefix)]
    return max(fitting, key=lambda rule: len(rule.prefix), default=None)


def _without(permission: str | None) -> Forbidden:
    if permission is None:
        return Forbidden(
            "fine-grained tokens may not do this", hint="use a token of role 'write' or 'admin'"
        )
    return Forbidden(f"this fine-grained token lacks the permission {permission}")

"""What a fine-grained token shall do, as the form says it: a level on each namespace, and on some
repositories.

Knows the form's fields and the permissions that a level stands for; what its user may do bounds the
token as well (``hub.access``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Final

import sqlalchemy as sa
from fastapi import Depends, Request

from paddock.errors import BadInput, Forbidden, shown
from paddock.hub import access, names
from paddock.hub.http import token_scopes
from paddock.hub.people import accounts, scopes
from paddock.hub.people.scopes import ACCOUNT, REPOSITORY, Entity, Scopes
from paddock.hub.types import Caller, Need

OWN: Final = ""  # the user's own namespace
READ, WRITE, MANAGE = "read", "write", "manage"
LEVELS: Final = (
    ("", "nothing"),
    (READ, "read"),
    (WRITE, "read, and write files"),
    (MANAGE, "read, write, make, change settings, delete"),
)
_PERMISSIONS: Final = {
    READ: frozenset({scopes.READ}),
    WRITE: frozenset({scopes.READ, scopes.WRITE_CONTENT}),
    MANAGE: frozenset({scopes.READ, scopes.WRITE_CONTENT, scopes.WRITE}),
}
_MAX_FIELDS, _MAX_REPOSITORIES = 300, 50
_ON = "on:"


@dataclass(frozen=True, slots=True)
class Given:
    """What the form held."""

    form_key: str = ""
    name: str = ""
    role: str = "read"
    days: str = "90"
    on: dict[str, str] = field(default_factory=dict)  # level by namespace
    repositories: str = ""
    repositories_level: str = READ
    reads_gated: bool = False
    discusses: bool = False


async def read_pairs(request: Request) -> list[tuple[str, str]]:
    """The fields of a form whose names are not all known before, in their order."""
    form = await request.form(max_files=0, max_fields=_MAX_FIELDS)
    return [(key, value) for key, value in form.multi_items() if isinstance(value, str)]


FormPairs = Annotated[list[tuple[str, str]], Depends(read_pairs)]


def read_given(pairs: list[tuple[str, str]]) -> Given:
    """The form as a value; what it leaves out is as in an empty form."""
    fields = dict(pairs)
    return Given(
        form_key=fields.get("form_key", ""),
        name=fields.get("name", ""),
        role=fields.get("role", "read"),
        days=fields.get("days", ""),
        on={k.removeprefix(_ON): v for k, v in fields.items() if k.startswith(_ON)},
        repositories=fields.get("repositories", ""),
        repositories_level=fields.get("repositories_level", READ),
        reads_gated="reads_gated" in fields,
        discusses="discusses" in fields,
    )


def wanted(conn: sa.Connection, caller: Caller, given: Given) -> Scopes:
    """What is asked for, of what the user sees.

    Raises BadInput, BadName, Forbidden, and what ``open_repository`` raises.
    """
    user = access.require_user(caller)
    on: dict[Entity, frozenset[str]] = {}
    for name, level in given.on.items():
        if not level:
            continue
        account = user if name == OWN else accounts.get_account(conn, name, kind="org")
        if account.id != user.id and accounts.role_in(conn, account.id, user) is None:
            raise Forbidden(f"you are not a member of {account.name}")
        on[ACCOUNT, account.id] = _held(level)
    lines = given.repositories.split()
    if len(lines) > _MAX_REPOSITORIES:
        raise BadInput(
            f"{len(lines)} repositories are too many", hint=f"{_MAX_REPOSITORIES} at most"
        )
    for line in lines:
        repo = access.open_repository(conn, caller, names.parse_address(line), Need.METADATA)
        on[REPOSITORY, repo.id] = _held(given.repositories_level)
    everywhere = frozenset({scopes.DISCUSS}) if given.discusses else frozenset[str]()
    if not on and not everywhere and not given.reads_gated:
        raise BadInput("the token would do nothing", hint="choose where it may do what")
    return Scopes(everywhere, on, given.reads_gated)


def told(conn: sa.Connection, bounds: Scopes) -> list[str]:
    """What such a token may do, a line for each place; what is gone by now is left out."""
    said = token_scopes.render(conn, bounds)
    lines = []
    for one in said["scoped"]:
        held = frozenset(one["permissions"])
        level = next((name for name, ps in _PERMISSIONS.items() if ps == held), None)
        what = dict(LEVELS)[level] if level else ", ".join(sorted(held))
        lines.append(f"{one['entity']['name']}: {what}")
    if said["canReadGatedRepos"]:
        lines.append("gated repositories that you were let in to: read")
    lines += [permission for permission in said["global"] if permission != scopes.DISCUSS]
    return [*lines, "discussions: write"] if scopes.DISCUSS in said["global"] else lines


def _held(level: str) -> frozenset[str]:
    if level not in _PERMISSIONS:
        raise BadInput(f"{shown(level)} is nothing that a token can be allowed")
    return _PERMISSIONS[level]

"""Teams of an organisation: made, found, changed, and who may know of or change one.

Knows a team's own row. Whether the caller may make and delete teams was asked by whoever calls;
what a team's own maintainers may do, ``require_maintainer`` answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, Forbidden, NotFound, shown
from paddock.hub import access
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.errors import AlreadyExists
from paddock.hub.people import accounts, scopes
from paddock.hub.people.accounts import new_public_id
from paddock.hub.teams.tables import team_members, teams
from paddock.hub.types import Account, Caller

MAX_NAME_CHARS = 42
MAX_DESCRIPTION_CHARS = 500
MAX_TEAMS = 500  # of one organisation
# As the names of accounts, because both are called in the same way: @org/team.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,40}[A-Za-z0-9])?")


class TeamNotFound(NotFound):
    """The organisation has no such team, or the caller may not know of it."""

    code = "team_not_found"


@dataclass(frozen=True, slots=True)
class Team:
    """A team; ``members`` is how many it has."""

    id: int
    public_id: str
    org_id: int
    name: str
    description: str | None
    members: int


class TeamChange(NamedTuple):
    """What shall be different; None leaves it as it is."""

    name: str | None = None
    description: str | None = None


def create_team(conn: sa.Connection, org: Account, wanted: TeamChange) -> Team:
    """A new team without members; raises AlreadyExists or BadInput."""
    if org.kind != "org":
        raise BadInput(f"{org.name} is no organization, and has no teams")
    name, c = _check_name(wanted.name or ""), teams.c
    count = conn.scalar(sa.select(sa.func.count()).where(c.org_id == org.id)) or 0
    if count >= MAX_TEAMS:
        raise BadInput(f"{org.name} has {MAX_TEAMS} teams already")
    _require_free(conn, org.id, name)
    values = {
        "public_id": new_public_id(),
        "org_id": org.id,
        "name": name,
        "key": name.lower(),
        "description": _check_description(wanted.description),
        "created_at": clock.now(),
    }
    conn.execute(teams.insert().values(**values))
    note(conn, Act.ORG_GROUP, account=org, team=name, what="create")
    return get_team(conn, org, name)


def teams_of(conn: sa.Connection, org: Account) -> list[Team]:
    """An organisation's teams, by name."""
    query = _select().where(teams.c.org_id == org.id).order_by(teams.c.key)
    return [_to_team(row) for row in conn.execute(query).mappings()]


def open_teams(conn: sa.Connection, caller: Caller, org: Account) -> list[Team]:
    """The same, if the caller may know of them; raises Unauthorized or Forbidden."""
    access.require_user(caller)
    if not may_see(conn, caller, org):
        raise Forbidden(f"only members of {org.name} see its teams")
    return teams_of(conn, org)


def get_team(conn: sa.Connection, org: Account, name: str) -> Team:
    """The team of this name; raises TeamNotFound."""
    row = None
    if _NAME.fullmatch(name):
        query = _select().where(teams.c.org_id == org.id, teams.c.key == name.lower())
        row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise _not_found(org, name)
    return _to_team(row)


def open_team(conn: sa.Connection, caller: Caller, org: Account, name: str) -> Team:
    """The team of this name, if the caller may know of it; raises TeamNotFound."""
    if not may_see(conn, caller, org):
        raise _not_found(org, name)
    return get_team(conn, org, name)


def may_see(conn: sa.Connection, caller: Caller, org: Account) -> bool:
    """Whether the caller may know an organisation's teams: its members do."""
    if caller.account is None or org.kind != "org":
        return False
    return (
        access.is_site_admin(caller) or accounts.role_in(conn, org.id, caller.account) is not None
    )


def may_make(conn: sa.Connection, caller: Caller, org: Account) -> bool:
    """Whether the caller may make and delete teams: the organisation's admins do."""
    return access.may_administer(conn, caller, org, scopes.WRITE_MEMBERS)


def require_maker(conn: sa.Connection, caller: Caller, org: Account) -> None:
    """Raise Unauthorized or Forbidden unless the caller may make and delete teams."""
    access.require_writing_token(caller)
    if not may_make(conn, caller, org):
        raise Forbidden(f"only an admin of {org.name} may do this")


def may_maintain(conn: sa.Connection, caller: Caller, org: Account, team: Team) -> bool:
    """Whether the caller may say who is in the team: its maintainers do, too."""
    if may_make(conn, caller, org):
        return True
    user, bounds = caller.account, caller.scopes
    if user is None or not caller.may_write or accounts.role_in(conn, org.id, user) is None:
        return False
    if bounds is not None and not bounds.holds(scopes.WRITE_MEMBERS, (scopes.ACCOUNT, org.id)):
        return False
    return role_in_team(conn, team, user) == "maintainer"


def require_maintainer(conn: sa.Connection, caller: Caller, org: Account, team: Team) -> None:
    """Raise Unauthorized or Forbidden unless the caller may say who is in the team."""
    access.require_writing_token(caller)
    if not may_maintain(conn, caller, org, team):
        raise Forbidden(
            f"you may not change the team {team.name}", hint="its maintainers and the admins may"
        )


def role_in_team(conn: sa.Connection, team: Team, user: Account) -> str | None:
    """``maintainer`` or ``member``; None for those who are not in it."""
    c = team_members.c
    query = sa.select(c.role).where(c.team_id == team.id, c.user_id == user.id)
    return conn.execute(query).scalar_one_or_none()


def change_team(conn: sa.Connection, org: Account, team: Team, wanted: TeamChange) -> Team:
    """Rename or describe a team."""
    values: dict[str, str | None] = {}
    name = team.name
    if wanted.name is not None:
        name = _check_name(wanted.name)
        if name.lower() != team.name.lower():
            _require_free(conn, org.id, name)
        values |= {"name": name, "key": name.lower()}
    if wanted.description is not None:
        values["description"] = _check_description(wanted.description)
    if values:
        conn.execute(teams.update().where(teams.c.id == team.id).values(**values))
    note(conn, Act.ORG_GROUP, account=org, team=team.name, name=name, what="change")
    return get_team(conn, org, name)


def delete_team(conn: sa.Connection, team: Team) -> None:
    """Forget a team, and with it every role that its members had by it."""
    conn.execute(teams.delete().where(teams.c.id == team.id))
    note(conn, Act.ORG_GROUP, account=team.org_id, team=team.name, what="delete")


def _select() -> sa.Select[tuple[object, ...]]:
    of = sa.select(sa.func.count()).where(team_members.c.team_id == teams.c.id)
    return sa.select(teams, of.scalar_subquery().label("members"))


def _require_free(conn: sa.Connection, org_id: int, name: str) -> None:
    c = teams.c
    query = sa.select(c.id).where(c.org_id == org_id, c.key == name.lower())
    if conn.scalar(query) is not None:
        raise AlreadyExists(f"a team named {shown(name)} already exists")


def _not_found(org: Account, name: str) -> TeamNotFound:
    return TeamNotFound(f"{org.name} has no team {shown(name)}")


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{shown(name)} cannot be the name of a team",
            hint=f"use 1 to {MAX_NAME_CHARS} letters, digits, '-' and '_'",
        )
    return name


def _check_description(text: str | None) -> str | None:
    if text is not None and (len(text) > MAX_DESCRIPTION_CHARS or "\0" in text):
        raise BadInput(f"a description has at most {MAX_DESCRIPTION_CHARS} characters")
    return text or None


def _to_team(row: sa.RowMapping) -> Team:
    c = teams.c
    return Team(
        id=row[c.id],
        public_id=row[c.public_id],
        org_id=row[c.org_id],
        name=row[c.name],
        description=row[c.description],
        members=row["members"],
    )

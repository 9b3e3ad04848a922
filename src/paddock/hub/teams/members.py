"""The people in a team, each as its maintainer or as a member: all of them of the organisation.

The organisation's admins say who maintains one, its maintainers who else is in it, and everybody
may leave.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from paddock.errors import BadInput, shown
from paddock.hub import access
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.people import accounts
from paddock.hub.people.accounts import Member, to_account
from paddock.hub.tables import accounts as account_rows
from paddock.hub.teams.tables import team_members, teams
from paddock.hub.teams.teams import Team, require_maintainer, require_maker, role_in_team
from paddock.hub.types import Account, Caller

ROLES = ("maintainer", "member")


def members_of(conn: sa.Connection, team: Team) -> list[Member]:
    """A team's members, by name."""
    m = team_members.c
    query = (
        sa.select(account_rows, m.role)
        .join(team_members, m.user_id == account_rows.c.id)
        .where(m.team_id == team.id)
        .order_by(account_rows.c.key)
    )
    return [Member(to_account(row), row["role"]) for row in conn.execute(query).mappings()]


def called(conn: sa.Connection, org: Account, key: str) -> list[Account]:
    """The people of the team of this name, whom ``@org/team`` calls."""
    m, t = team_members.c, teams.c
    query = (
        sa.select(account_rows)
        .join(team_members, m.user_id == account_rows.c.id)
        .join(teams, t.id == m.team_id)
        .where(t.org_id == org.id, t.key == key.lower())
    )
    return [to_account(row) for row in conn.execute(query).mappings()]


def put_in(
    conn: sa.Connection, caller: Caller, org: Account, team: Team, new: tuple[Account, str]
) -> None:
    """Put a member of the organisation into the team, or let them be something else in it.

    Raises Unauthorized, Forbidden or BadInput.
    """
    user, role = new
    if "maintainer" in (role, role_in_team(conn, team, user)):
        require_maker(conn, caller, org)
    else:
        require_maintainer(conn, caller, org, team)
    _set(conn, team, user, role)
    note(conn, Act.ORG_GROUP, account=user, team=team.name, role=role)


def take_out(conn: sa.Connection, caller: Caller, org: Account, team: Team, user: Account) -> None:
    """Take somebody out of the team, or let them leave; nothing happens when they are not in it."""
    if user.id != access.require_writing_token(caller).id:
        if role_in_team(conn, team, user) == "maintainer":
            require_maker(conn, caller, org)
        require_maintainer(conn, caller, org, team)
    _remove(conn, team, user)
    note(conn, Act.ORG_GROUP, account=user, team=team.name, what="remove")


def leave_all(conn: sa.Connection, org_id: int, users: Sequence[int]) -> None:
    """Take people who left an organisation out of its teams."""
    of = sa.select(teams.c.id).where(teams.c.org_id == org_id)
    c = team_members.c
    conn.execute(team_members.delete().where(c.team_id.in_(of), c.user_id.in_(users)))


def _set(conn: sa.Connection, team: Team, user: Account, role: str) -> None:
    if role not in ROLES:
        raise BadInput(f"a team has no {shown(role)}", hint=f"use one of {', '.join(ROLES)}")
    if accounts.role_in(conn, team.org_id, user) is None:
        raise BadInput(
            f"{user.name} is not a member of the organization",
            hint="an admin adds them to the organization first",
        )
    _remove(conn, team, user)
    values = {"team_id": team.id, "user_id": user.id, "role": role}
    conn.execute(team_members.insert().values(**values))


def _remove(conn: sa.Connection, team: Team, user: Account) -> None:
    c = team_members.c
    conn.execute(team_members.delete().where(c.team_id == team.id, c.user_id == user.id))

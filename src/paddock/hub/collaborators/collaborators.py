"""Who has a role on one repository beside whose it is: people and teams, for good or until a day.

Knows rows, and tells who was given a role. Who may give one was asked by whoever calls. A team is
one of the repository's own organisation; a person may be anybody. What was given ends when the
repository gets another owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from paddock import clock
from paddock.errors import BadInput, Forbidden, NotFound, shown
from paddock.hub import access
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.collaborators.tables import collaborators
from paddock.hub.notifications.notices import NewNotice, notify
from paddock.hub.people import service_accounts
from paddock.hub.people.accounts import to_account
from paddock.hub.tables import accounts
from paddock.hub.teams.tables import teams
from paddock.hub.teams.teams import Team
from paddock.hub.types import Account, Caller, Repository

ROLES = ("read", "write", "admin")
MAX_COLLABORATORS = 500  # of one repository
_MAY = {
    "read": "read what is in it",
    "write": "write to it",
    "admin": "write to it and change its settings",
}


class NotACollaborator(NotFound):
    """The person or team has no role of its own on the repository."""

    code = "not_a_collaborator"


class Given(NamedTuple):
    """A role, by whom, and until when; None: for good."""

    role: str
    by: Account
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Collaborator:
    """A person or a team, and what they may do."""

    user: Account | None  # one of these two
    team: str | None
    role: str
    expires_at: datetime | None
    created_at: datetime
    added_by: str | None

    @property
    def name(self) -> str:
        return self.user.name if self.user else self.team or ""

    @property
    def is_over(self) -> bool:
        return self.expires_at is not None and self.expires_at <= clock.now()


def require_giver(caller: Caller) -> Account:
    """The caller, with all of their rights: a role that is given outlives the token."""
    user = access.require_writing_token(caller)
    if caller.scopes is not None:
        raise Forbidden("fine-grained tokens cannot give roles", hint="use a token of role 'write'")
    return user


def collaborators_of(conn: sa.Connection, repo: Repository) -> list[Collaborator]:
    """All of them, people before teams, by name; also those whose role has ended."""
    c, adder = collaborators.c, accounts.alias()
    query = (
        sa.select(accounts, c.role, c.expires_at, c.created_at.label("added_at"))
        .add_columns(teams.c.name.label("team"), adder.c.name.label("added_by"))
        .select_from(collaborators)
        .outerjoin(accounts, accounts.c.id == c.user_id)
        .outerjoin(teams, teams.c.id == c.team_id)
        .outerjoin(adder, adder.c.id == c.added_by_id)
        .where(c.repo_id == repo.id)
        .order_by(c.team_id.is_not(None), accounts.c.key, teams.c.key)
    )
    return [_to_collaborator(row) for row in conn.execute(query).mappings()]


def set_person(conn: sa.Connection, repo: Repository, user: Account, given: Given) -> None:
    """Give a person a role, or another one; raises BadInput. They are told."""
    if user.kind != "user":
        hint = "name one of its members, or a team of the repository's own organization"
        raise BadInput(f"{user.name} is an organization", hint=hint)
    if user.id == repo.namespace_id:
        raise BadInput(f"{repo.full_name} is {user.name}'s own")
    service_accounts.require_of(conn, user, repo.namespace_id)
    _set(conn, repo, "user_id", user.id, given)
    sentence = f"{given.by.name} made you a collaborator: you may {_MAY[given.role]}"
    notice = NewNotice(f"collaborator:{repo.public_id}", sentence, "")
    if user.id != given.by.id:
        notify(conn, repo, [user.id], notice)
    note(
        conn, Act.ACCESS_DECIDE, repo=repo, account=user, role=str(given.role), what="collaborator"
    )


def set_team(conn: sa.Connection, repo: Repository, team: Team, given: Given) -> None:
    """Give everybody in a team a role, or another one; raises BadInput."""
    if team.org_id != repo.namespace_id:
        raise BadInput(f"{team.name} is not a team of {repo.namespace}")
    _set(conn, repo, "team_id", team.id, given)
    note(conn, Act.ACCESS_DECIDE, repo=repo, team=team.name, role=str(given.role))


def remove_person(conn: sa.Connection, repo: Repository, user: Account) -> None:
    """Take a person's role back; raises NotACollaborator."""
    _remove(conn, repo, collaborators.c.user_id == user.id, user.name)
    note(conn, Act.ACCESS_DECIDE, repo=repo, account=user, what="no collaborator")


def remove_team(conn: sa.Connection, repo: Repository, team: Team) -> None:
    """Take a team's role back; raises NotACollaborator."""
    _remove(conn, repo, collaborators.c.team_id == team.id, f"the team {team.name}")
    note(conn, Act.ACCESS_DECIDE, repo=repo, team=team.name, what="no collaborator")


def end_all(conn: sa.Connection, repo: Repository) -> None:
    """Take every role back: whoever gave it no longer owns the repository."""
    conn.execute(collaborators.delete().where(collaborators.c.repo_id == repo.id))


def _set(conn: sa.Connection, repo: Repository, column: str, id_: int, given: Given) -> None:
    if given.role not in ROLES:
        raise BadInput(f"no role is named {shown(given.role)}", hint=f"one of {', '.join(ROLES)}")
    if given.expires_at is not None and given.expires_at <= clock.now():
        raise BadInput("the role would have ended already", hint="choose a day that is to come")
    c = collaborators.c
    others = sa.select(sa.func.count()).where(c.repo_id == repo.id, c[column].is_distinct_from(id_))
    if (conn.scalar(others) or 0) >= MAX_COLLABORATORS:
        raise BadInput(
            f"{repo.full_name} has {MAX_COLLABORATORS} collaborators",
            hint="put people into a team, and give the team the role",
        )
    values = {"role": given.role, "expires_at": given.expires_at, "added_by_id": given.by.id}
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    new = {"repo_id": repo.id, column: id_, "created_at": clock.now(), **values}
    insert = dialect.insert(collaborators).values(**new)
    conn.execute(insert.on_conflict_do_update(index_elements=["repo_id", column], set_=values))


def _remove(
    conn: sa.Connection, repo: Repository, where: sa.ColumnElement[bool], name: str
) -> None:
    gone = collaborators.delete().where(collaborators.c.repo_id == repo.id, where)
    if conn.execute(gone).rowcount == 0:
        raise NotACollaborator(f"{name} is no collaborator of {repo.full_name}")


def _to_collaborator(row: sa.RowMapping) -> Collaborator:
    return Collaborator(
        user=to_account(row) if row[accounts.c.id] is not None else None,
        team=row["team"],
        role=row[collaborators.c.role],
        expires_at=row[collaborators.c.expires_at],
        created_at=row["added_at"],
        added_by=row["added_by"],
    )

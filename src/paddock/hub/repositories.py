"""The life of a repository: made, renamed, opened, closed, deleted.

Knows who may do it (through ``access``) and which rows it takes; its files are ``commits``'s
business. A name leads to one repository at a time: taking a name ends the redirect of a repository
that was moved away from it, which only the owner of the namespace may do (``redirects``). Bytes in
the blob store outlive a deleted repository until they are swept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from paddock import clock
from paddock.errors import BadInput, Conflict, Forbidden, shown
from paddock.front_matter import CARD_NAME
from paddock.hub import access, lookup, names, redirects
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.catalogue import texts
from paddock.hub.collaborators import collaborators
from paddock.hub.errors import AlreadyExists
from paddock.hub.git import commits
from paddock.hub.groups.groups import find_group
from paddock.hub.groups.repositories import put_repository, take_out_repository
from paddock.hub.names import RepositoryName
from paddock.hub.oauth import grants
from paddock.hub.people.accounts import get_account, new_public_id
from paddock.hub.tables import accounts, repositories
from paddock.hub.tags.tags import forget_tags, show_tags
from paddock.hub.types import Account, Caller, Kind, Need, Repository
from paddock.hub.webhooks.events import Event, announce
from paddock.licences import is_licence

SDKS = ("gradio", "streamlit", "docker", "static")
GATES = ("auto", "manual")
MAX_INITIAL_FILES = 1000


@dataclass(frozen=True, slots=True)
class NewRepository:
    """What is asked for; ``None`` means the caller's own namespace, or the namespace's default."""

    kind: Kind
    name: str
    namespace: str | None = None
    is_private: bool | None = None
    sdk: str | None = None
    licence: str | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    resource_group: str | None = None  # the id it is known by outside


@dataclass(frozen=True, slots=True)
class NewRow:
    """A repository's row before it has refs; the name was checked and the right to it too."""

    name: RepositoryName
    namespace: Account
    creator: Account | None
    is_private: bool
    gated: str | None = None
    sdk: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What shall change; None leaves a setting as it is, ``gated`` "" opens the gate."""

    is_private: bool | None = None
    gated: str | None = None
    is_invited: bool = False  # where it shall be private: to all but those who were let in


def create_repository(conn: sa.Connection, caller: Caller, wanted: NewRepository) -> Repository:
    """A new repository with its initial commit; raises what ``create_empty`` raises."""
    repo = create_empty(conn, caller, wanted)
    author = access.require_writing_token(caller)
    commits.initial_commit(conn, repo, author, _initial_files(wanted))
    return lookup.repository_by_id(conn, repo.id)


def create_empty(conn: sa.Connection, caller: Caller, wanted: NewRepository) -> Repository:
    """The same without any ref, for a caller who has the history of another one to put there.

    Raises Unauthorized, Forbidden, AccountNotFound, BadName, BadInput or AlreadyExists, whose
    ``url`` is then the path of the repository that has the name.
    """
    author = access.require_writing_token(caller)
    namespace = _namespace(conn, author, wanted)
    group = find_group(conn, namespace, wanted.resource_group)
    if not access.may_write_namespace(conn, caller, namespace, group.id if group else None):
        raise Forbidden(
            f"You don't have the rights to create a {wanted.kind} under the namespace "
            f'"{namespace.name}"'
        )
    _check(wanted)
    name = RepositoryName(wanted.kind, namespace.name, names.check_repository_name(wanted.name))
    redirects.require_may_take(conn, caller, name, namespace)
    private = namespace.private_by_default if wanted.is_private is None else wanted.is_private
    repo = insert_repository(
        conn, NewRow(name, namespace, author, is_private=private, sdk=wanted.sdk)
    )
    if group is not None:
        put_repository(conn, group, repo, author)
    grants.note_repository(conn, caller, repo)
    return repo


def insert_repository(conn: sa.Connection, new: NewRow) -> Repository:
    """A repository without refs, whose history comes from elsewhere; raises AlreadyExists."""
    moment = clock.now()
    insert = repositories.insert().values(
        public_id=new_public_id(),
        kind=new.name.kind,
        namespace_id=new.namespace.id,
        creator_id=new.creator.id if new.creator else None,
        full_name=new.name.full,
        key=new.name.key,
        is_private=new.is_private,
        gated=new.gated,
        sdk=new.sdk if new.name.kind is Kind.SPACE else None,
        created_at=moment,
        updated_at=moment,
    )
    try:
        with conn.begin_nested():
            row = conn.execute(insert.returning(repositories)).mappings().one()
    except IntegrityError as e:
        raise _taken(conn, new.name) from e
    _require_name(conn, new.namespace)
    redirects.end(conn, new.name)
    repo = lookup.to_repository(row)
    announce(conn, Event("create", "repo", repo, new.creator))
    note(conn, Act.REPO_CREATE, repo=repo, private=repo.is_private, gated=repo.gated)
    return repo


def delete_repository(conn: sa.Connection, caller: Caller, name: RepositoryName) -> Repository:
    """Forget the repository with everything it holds; the answer is what it was."""
    repo = access.open_to_change(conn, caller, name, Need.OWN)
    forget_repository(conn, repo, caller.account)
    return repo


def forget_repository(conn: sa.Connection, repo: Repository, actor: Account | None) -> None:
    """The same, once the right to it was asked for; the caller holds the repository."""
    announce(conn, Event("delete", "repo", repo, actor))
    forget_tags(conn, repo)
    conn.execute(repositories.delete().where(repositories.c.id == repo.id))
    note(conn, Act.REPO_DELETE, repo=repo)


def move_repository(
    conn: sa.Connection, caller: Caller, old: RepositoryName, new: RepositoryName
) -> Repository:
    """Give the repository another name or namespace; its old name leads to it from now on."""
    repo = access.open_to_change(conn, caller, old, Need.OWN)
    target = get_account(conn, new.namespace)
    if not access.may_write_namespace(conn, caller, target):
        raise Forbidden(f'You don\'t have the rights to move a {old.kind} to "{target.name}"')
    to = RepositoryName(old.kind, target.name, names.check_repository_name(new.name))
    if to.full == repo.full_name:
        raise _taken(conn, to)
    if to.key != repo.full_name.lower():  # another case is the same name
        if lookup.find_repository(conn, to) is not None:
            raise _taken(conn, to)
        redirects.require_may_take(conn, caller, to, target)
        redirects.leave(conn, repo)
        redirects.end(conn, to)
    if target.id != repo.namespace_id:
        take_out_repository(conn, repo)
        collaborators.end_all(conn, repo)
    change = repositories.update().where(repositories.c.id == repo.id)
    values = {"full_name": to.full, "key": to.key, "namespace_id": target.id}
    try:
        with conn.begin_nested():
            conn.execute(change.values(**values))
    except IntegrityError as e:
        raise _taken(conn, to) from e
    texts.rename(conn, repositories.c.id == repo.id)
    _require_name(conn, target)
    moved_to = {"name": to.full, "owner": {"id": target.public_id}}
    announce(conn, Event("move", "repo", repo, caller.account, {"movedTo": moved_to}))
    note(conn, Act.REPO_MOVE, repo=repo, name=to.full)
    return lookup.repository_by_id(conn, repo.id)


def change_settings(
    conn: sa.Connection, repo: Repository, wanted: Settings, *, actor: Account | None = None
) -> Repository:
    """Apply the settings; whoever calls has opened the repository with ``Need.OWN``."""
    values: dict[str, bool | str | None] = {}
    if wanted.is_private is not None:
        values["is_private"] = wanted.is_private
        values["is_invited"] = wanted.is_private and wanted.is_invited
    if wanted.gated is not None:
        if wanted.gated and wanted.gated not in GATES:
            hint = 'use "auto", "manual" or false'
            raise BadInput(f"{shown(wanted.gated)} is no kind of gate", hint=hint)
        values["gated"] = wanted.gated or None
    if values:
        change = repositories.update().where(repositories.c.id == repo.id)
        conn.execute(change.values(**values))
    changed = lookup.repository_by_id(conn, repo.id)
    if changed.is_private is not repo.is_private:
        (forget_tags if changed.is_private else show_tags)(conn, repo)
    told = [f"{name} {value}" for name, value in values.items() if value != getattr(repo, name)]
    note(conn, Act.REPO_SETTINGS, repo=repo, changed=told)
    _announce_settings(conn, repo, changed, actor)
    return changed


def _announce_settings(
    conn: sa.Connection, before: Repository, after: Repository, actor: Account | None
) -> None:
    """Who may not see it any more is not told that it is private now: they are asked about then."""
    updated: dict[str, Any] = {}
    if after.is_private != before.is_private:
        updated["private"] = after.is_private
    if after.gated != before.gated:
        updated["gated"] = after.gated or False
    if updated:
        announce(conn, Event("update", "repo.config", after, actor, {"updatedConfig": updated}))


def _namespace(conn: sa.Connection, author: Account, wanted: NewRepository) -> Account:
    return author if wanted.namespace is None else get_account(conn, wanted.namespace)


def _check(wanted: NewRepository) -> None:
    if wanted.kind is Kind.SPACE and wanted.sdk not in SDKS:
        given = "nothing" if wanted.sdk is None else shown(wanted.sdk)
        raise BadInput(f'"sdk" of a space must be one of {", ".join(SDKS)}, not {given}')
    if wanted.licence is not None and not is_licence(wanted.licence):
        raise BadInput(
            f"{shown(wanted.licence)} is not a licence id", hint="use one such as apache-2.0"
        )
    if len(wanted.files) > MAX_INITIAL_FILES:
        raise BadInput(
            f"{len(wanted.files)} files are too many for an initial commit",
            hint=f"create the repository with at most {MAX_INITIAL_FILES}, then commit the others",
        )


def _require_name(conn: sa.Connection, namespace: Account) -> None:
    """Raise Conflict if the namespace was renamed while a row with its old name was written."""
    query = sa.select(accounts.c.name).where(accounts.c.id == namespace.id)
    if conn.scalar(query) != namespace.name:
        raise Conflict(f"{namespace.name} was renamed at this moment", hint="try again")


def _taken(conn: sa.Connection, name: RepositoryName) -> AlreadyExists:
    existing = lookup.find_repository(conn, name)
    full_name = existing.full_name if existing else name.full
    # The Hub's words, which clients match.
    message = f"A {name.kind} repository called {full_name} already exists"
    return AlreadyExists(message, url=existing.web_path if existing else None)


def _initial_files(wanted: NewRepository) -> dict[str, bytes]:
    """The files asked for, and a card when the licence or the kind says something for one."""
    lines = []
    if wanted.kind is Kind.SPACE:
        lines += [f"title: {wanted.name}", f"sdk: {wanted.sdk}"]
    if wanted.licence is not None:
        lines.append(f"license: {wanted.licence}")
    card = {CARD_NAME: "\n".join(["---", *lines, "---", ""]).encode()} if lines else {}
    return {**card, **wanted.files}

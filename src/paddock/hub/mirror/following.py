"""The rows of a mirror: made, and brought up to what the other hub has.

Knows rows; the other hub's word and objects are given. A mirror's refs go where the other hub's
went, by whatever way. What the other hub deletes stays here, because downloads are pinned to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub import lookup, repositories
from paddock.hub.git import moved, refs
from paddock.hub.git_http.adopting import History
from paddock.hub.mirror.policy import Admission, UpstreamFacts
from paddock.hub.mirror.tables import mirrored_namespaces, mirrors
from paddock.hub.names import RepositoryName, check_repository_name
from paddock.hub.people import accounts
from paddock.hub.repositories import NewRow
from paddock.hub.tables import repositories as repository_rows
from paddock.hub.types import Account, Repository


class MirrorRow(NamedTuple):
    """A repository that follows another hub's, and when the two were compared."""

    repo: Repository
    upstream: str
    checked_at: datetime
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Local:
    """What is here under a name: a mirror, something of our own, or nothing that may be filled."""

    mirror: MirrorRow | None
    is_ours: bool  # the repository or its namespace belongs to somebody here


def find_local(conn: sa.Connection, name: RepositoryName) -> Local:
    """What a name means here, before anything is asked of the other hub."""
    repo = lookup.find_repository(conn, name)
    if repo is not None:
        mirror = find_mirror(conn, repo)
        return Local(mirror, is_ours=mirror is None)
    if lookup.find_moved(conn, name) is not None:
        return Local(None, is_ours=True)
    namespace = accounts.find_account(conn, name.namespace)
    return Local(None, is_ours=namespace is not None and not _is_mirrored(conn, namespace))


def find_mirror(conn: sa.Connection, repo: Repository) -> MirrorRow | None:
    """The row of a mirror, or None for a repository of our own."""
    row = conn.execute(sa.select(mirrors).where(mirrors.c.repo_id == repo.id)).one_or_none()
    return MirrorRow(repo, row.upstream, row.checked_at, row.is_gone) if row else None


def is_mirror(conn: sa.Connection, repo: Repository) -> bool:
    """Whether the repository's files are another hub's to change."""
    return find_mirror(conn, repo) is not None


def create_mirror(
    conn: sa.Connection, upstream: str, name: RepositoryName, facts: UpstreamFacts, open_: Admission
) -> Repository:
    """The row of a new mirror, spelled as it is there; raises AlreadyExists and BadName."""
    namespace_text, _, repository_text = facts.full_name.partition("/")
    namespace = _mirrored_namespace(conn, namespace_text)
    spelled = RepositoryName(name.kind, namespace.name, check_repository_name(repository_text))
    repo = repositories.insert_repository(
        conn,
        NewRow(spelled, namespace, None, open_.is_private, gated=open_.gated, sdk=facts.sdk),
    )
    conn.execute(
        mirrors.insert().values(
            repo_id=repo.id, upstream=upstream, checked_at=clock.now(), is_gone=False
        )
    )
    return repo


def follow_refs(
    conn: sa.Connection, repo: Repository, history: History, wanted: Mapping[str, str]
) -> None:
    """Let branches and tags be those of the other hub; the objects are here already."""
    here = followed_refs(conn, repo)
    changes = []
    for name in sorted(here.keys() | wanted.keys()):
        old = here[name].oid if name in here else None
        if wanted.get(name) != old:
            changes.append(history.move(conn, repo, name, old, wanted.get(name)))
    moved.refs_moved(conn, repo, None, changes)


def followed_refs(conn: sa.Connection, repo: Repository) -> dict[str, refs.Ref]:
    """The branches and tags of a mirror, as they are here."""
    prefixes = (refs.BRANCHES, refs.TAGS)
    return {ref.name: ref for ref in refs.list_refs(conn, repo) if ref.name.startswith(prefixes)}


def close_as(conn: sa.Connection, repo: Repository, open_: Admission) -> None:
    """A mirror gets as closed as the other hub's repository became, and never opens by itself."""
    values: dict[str, object] = {}
    if open_.is_private and not repo.is_private:
        values["is_private"] = True
    if open_.gated and not repo.gated:
        values["gated"] = open_.gated
    if values:
        same = repository_rows.c.id == repo.id
        conn.execute(repository_rows.update().where(same).values(**values))


def mark_checked(conn: sa.Connection, repo: Repository, *, is_gone: bool) -> None:
    """The two were compared just now."""
    same = mirrors.c.repo_id == repo.id
    conn.execute(mirrors.update().where(same).values(checked_at=clock.now(), is_gone=is_gone))


def _mirrored_namespace(conn: sa.Connection, name: str) -> Account:
    found = accounts.find_account(conn, name)
    if found is not None:
        return found  # ``find_local`` made sure that it is one of ours to fill
    account = accounts.create_mirrored_namespace(conn, name)
    conn.execute(mirrored_namespaces.insert().values(account_id=account.id))
    return account


def _is_mirrored(conn: sa.Connection, account: Account) -> bool:
    query = sa.select(mirrored_namespaces.c.account_id).where(
        mirrored_namespaces.c.account_id == account.id
    )
    return conn.execute(query).first() is not None

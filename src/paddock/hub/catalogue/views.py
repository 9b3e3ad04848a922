"""Loading what is told of a repository: no more rows than the fields that were asked for need.

Knows which field needs what; does not know how it is told. Weights are read outside the
transaction, and only where the row does not say yet what is in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.catalogue import weights
from paddock.hub.catalogue.info import View
from paddock.hub.catalogue.links import uses_term
from paddock.hub.context import Hub
from paddock.hub.git import files
from paddock.hub.groups import groups, members
from paddock.hub.groups.roles import group_of
from paddock.hub.people import accounts
from paddock.hub.spaces.stage import runtime_of
from paddock.hub.tables import repositories, repository_tags
from paddock.hub.types import Caller, FileEntry, Kind, Repository

MAX_SPACES = 100
MAX_USERS = 500  # that name a model: so many are looked at
MAX_CHILDREN = 10_000  # counted no further


@dataclass(frozen=True, slots=True)
class Draft:
    """A view whose weights are not read yet: that is done outside the transaction."""

    view: View
    weight_files: Sequence[weights.WeightFile] = ()

    def finished(self) -> View:
        """The view, its weights read; needs no transaction."""
        if not self.weight_files:
            return self.view
        view = self.view
        counted = weights.summarise(self.weight_files)
        return replace(view, safetensors=counted)


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks for which fields; ``with_blobs`` wants sizes of files too."""

    caller: Caller
    fields: Sequence[str]
    with_blobs: bool = False


def load(
    hub: Hub, conn: sa.Connection, repo: Repository, oid: str | None, question: Question
) -> Draft:
    """A repository at a revision, with what the fields need."""
    fields = question.fields
    paths: Sequence[str] = ()
    entries: Sequence[FileEntry] = ()
    if oid is not None and "siblings" in fields:
        if question.with_blobs:
            entries = files.all_files(conn, repo, oid)
        else:
            paths = files.all_paths(conn, repo, oid)
    shards: Sequence[weights.WeightFile] = ()
    known = _known_weights(repo, oid)
    if oid is not None and "safetensors" in fields and known is None:
        shards = weights.weight_files(hub, conn, repo, weights.entries_of(conn, repo, oid))
    view = View(
        repo,
        oid,
        paths,
        entries,
        known,
        _children(conn, repo) if "childrenModelCount" in fields else 0,
        _spaces(conn, question.caller, repo) if "spaces" in fields else (),
        _group(conn, question.caller, repo) if "resourceGroup" in fields else None,
        runtime_of(conn, repo) if "runtime" in fields else None,
    )
    return Draft(view, shards)


def _group(conn: sa.Connection, caller: Caller, repo: Repository) -> dict[str, Any] | None:
    """The resource group that the repository is in, for those who may know of it."""
    group_id = group_of(conn, repo.id)
    if group_id is None:
        return None
    org = accounts.get_account(conn, repo.namespace)
    group = groups.group_with_id(conn, group_id)
    if not groups.may_see(conn, caller, org, group):
        return None
    people = len(members.members_of(conn, group))
    return {"id": group.public_id, "name": group.name, "numUsers": people}


def _known_weights(repo: Repository, oid: str | None) -> dict[str, object] | None:
    """What a job found in the weights at main's tip."""
    facts = repo.facts or {}
    return facts.get("safetensors") if oid == repo.head_oid else None


def _children(conn: sa.Connection, repo: Repository) -> int:
    """How many public models name this one as their base."""
    tagged = (
        sa.select(sa.literal(1))
        .select_from(repository_tags)
        .join(repositories, repositories.c.id == repository_tags.c.repo_id)
        .where(
            repository_tags.c.tag == f"base_model:{repo.full_name}",
            repositories.c.kind == Kind.MODEL,
            sa.not_(repositories.c.is_private),
        )
        .limit(MAX_CHILDREN)
    )
    return int(conn.execute(sa.select(sa.func.count()).select_from(tagged.subquery())).scalar_one())


def _spaces(conn: sa.Connection, caller: Caller, repo: Repository) -> list[str]:
    """The spaces that say they use this model, as far as the caller may see them."""
    # The term first, by itself: a planner that begins with all spaces looks at each of them.
    term = uses_term(f"{repo.kind}:{repo.full_name}")
    users = sa.select(repository_tags.c.repo_id).where(repository_tags.c.tag == term)
    ids = list(conn.execute(users.limit(MAX_USERS)).scalars())
    if not ids:
        return []
    query = (
        sa.select(repositories.c.full_name)
        .where(
            repositories.c.id.in_(ids),
            repositories.c.kind == Kind.SPACE,
            access.visible_to(caller),
        )
        .limit(MAX_SPACES)
    )
    return sorted(conn.execute(query).scalars())

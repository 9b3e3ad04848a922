"""Advisories that concern a repository: its own, and those on the models that it was made of.

Of its own, those that are about the revision in question. What a model was made of is what its card
says (``base_model``), a few steps up; which revision of a parent was taken is not known, so all of
the parent's advisories are told. Parents that the caller may not see are not there.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub import access, lookup
from paddock.hub.advisories import rows
from paddock.hub.advisories.affected import is_affected
from paddock.hub.advisories.values import Advisory, Affected, Placed
from paddock.hub.errors import BadName
from paddock.hub.names import parse_repository_name
from paddock.hub.tables import repository_tags
from paddock.hub.types import Caller, Kind, Repository

MAX_STEPS = 4
MAX_PARENTS = 20
MAX_TOLD = 20  # of each kind
_TAG = "base_model:"


class Concerning(NamedTuple):
    """What to tell of a revision."""

    own: list[Advisory]
    inherited: list[Placed]

    @property
    def is_silent(self) -> bool:
        return not self.own and not self.inherited


def concerning(
    conn: sa.Connection, caller: Caller, repo: Repository, commit_oid: str | None
) -> Concerning:
    """The advisories about this revision, and on its parents; two look-ups where there are none."""
    judged: dict[Affected, bool] = {}  # several advisories are about the same range
    own = []
    for advisory in rows.advisories_of(conn, repo):
        affected = advisory.affected
        if affected not in judged:
            judged[affected] = commit_oid is not None and is_affected(
                conn, repo, affected, commit_oid
            )
        if judged[affected]:
            own.append(advisory)
    inherited = [
        Placed(parent, advisory)
        for parent in parents_of(conn, caller, repo)
        for advisory in rows.advisories_of(conn, parent)
    ]
    return Concerning(own[:MAX_TOLD], inherited[:MAX_TOLD])


def parents_of(conn: sa.Connection, caller: Caller, repo: Repository) -> list[Repository]:
    """The models of this hub that it was made of, the nearest first, that the caller may see."""
    found: dict[int, Repository] = {repo.id: repo}
    level = [repo]
    for _ in range(MAX_STEPS):
        level = [
            parent
            for child in level
            for parent in _named_by(conn, child)
            if access.may_see(conn, caller, parent)
        ]
        level = [parent for parent in {p.id: p for p in level}.values() if parent.id not in found]
        found |= {parent.id: parent for parent in level[: MAX_PARENTS + 1 - len(found)]}
    return list(found.values())[1:]


def _named_by(conn: sa.Connection, child: Repository) -> list[Repository]:
    """The models that a card names as its base."""
    c = repository_tags.c
    is_base = c.tag.startswith(_TAG, autoescape=True)
    query = sa.select(c.tag).where(c.repo_id == child.id, is_base).order_by(c.tag)
    tags = conn.execute(query.limit(4 * MAX_PARENTS)).scalars()
    names = dict.fromkeys(tag.rpartition(":")[2] for tag in tags)
    found = []
    for name in list(names)[:MAX_PARENTS]:
        try:
            wanted = parse_repository_name(Kind.MODEL, name)
        except BadName:
            continue
        parent = lookup.find_repository(conn, wanted)
        if parent is not None:
            found.append(parent)
    return found

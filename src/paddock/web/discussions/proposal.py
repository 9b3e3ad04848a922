"""Whether a pull request can be merged, and what hinders it, in words.

Reads; the rules are ``hub.discussions.comparing``'s. To find conflicts takes a whole merge, so
it is asked for those alone who can do something about them.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from paddock.errors import TooLarge
from paddock.hub.discussions import comparing
from paddock.hub.discussions.values import Discussion, Status
from paddock.hub.git import refs
from paddock.hub.types import Repository
from paddock.web.files.plain_text import shown_name

MAX_CONFLICTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Merging:
    """How a pull request stands with its base branch."""

    base: str  # the branch's short name
    has_commits: bool  # their ref is there
    hindrance: str | None = None
    conflicts: tuple[str, ...] = ()
    more_conflicts: int = 0

    @property
    def is_free(self) -> bool:
        """Whether nothing but a draft's being one hinders the merge."""
        return self.hindrance is None and not self.conflicts


def look(conn: sa.Connection, repo: Repository, found: Discussion, *, closely: bool) -> Merging:
    """How a pull request stands; ``closely`` finds conflicts, too."""
    assert found.proposal is not None  # noqa: S101  (asked of pull requests only)
    base = shown_name(found.proposal.base_ref.removeprefix(refs.BRANCHES))
    has_ref = refs.find_ref(conn, repo, found.git_ref) is not None
    if found.status.is_over or not closely:
        return Merging(base, has_ref)
    compared = comparing.compare(conn, repo, found)
    if compared is None:
        return Merging(base, has_ref, "The commit that this began with is gone.")
    if compared.base is None:
        return Merging(base, has_ref, f"The branch {base} is gone: there is nothing to merge into.")
    if compared.head in (compared.fork, compared.base):
        return Merging(base, has_ref, "There are no commits to merge yet.")
    try:
        conflicts = comparing.find_conflicts(conn, repo, found, compared)
    except TooLarge:
        return Merging(base, has_ref, "It differs in too many folders to be merged here.")
    paths = [shown_name(path) for path in conflicts] if isinstance(conflicts, list) else []
    shown = tuple(paths[:MAX_CONFLICTS_SHOWN])
    return Merging(base, has_ref, None, shown, len(paths) - len(shown))


def is_mergeable(found: Discussion, merging: Merging | None) -> bool:
    """Whether a writer is offered to merge it now."""
    return merging is not None and found.status is Status.OPEN and merging.is_free

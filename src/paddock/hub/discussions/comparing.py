"""A pull request beside its base branch: what it changes, its commits, and what hinders a merge.

Reads. Where branch and proposal have no history in common, as one of them was squashed, they are
compared from where the proposal began.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.discussions import ancestry, diffs
from paddock.hub.discussions.merging import MergedTree, Trees, merge_trees
from paddock.hub.discussions.values import Discussion
from paddock.hub.git import refs
from paddock.hub.git.files import read_trees, tree_oid_of
from paddock.hub.git.history import CommitEntry, commit_entries
from paddock.hub.git.objects import read_object
from paddock.hub.types import Repository

MAX_COMMITS_NAMED = 100  # in the message of the commit that merges


class Comparison(NamedTuple):
    """What a pull request is compared with: commits. ``base`` is None when the branch is gone."""

    base: str | None
    head: str
    fork: str


def compare(conn: sa.Connection, repo: Repository, discussion: Discussion) -> Comparison | None:
    """The commits between which a pull request's changes are.

    None when they are gone: its ref, or what it began with, which a sweep may take once both sides
    were squashed.
    """
    proposal = discussion.proposal
    if proposal is None:
        return None
    head = proposal.merged_head_oid or tip_of(conn, repo, discussion.git_ref)
    if head is None:
        return None
    base = proposal.merged_base_oid or tip_of(conn, repo, proposal.base_ref)
    fork = ancestry.merge_base(conn, repo, base, head) if base is not None else None
    compared = Comparison(base, head, fork or proposal.fork_oid)
    stored = commit_entries(conn, repo, [compared.head, compared.fork])
    return compared if {compared.head, compared.fork} <= stored.keys() else None


def find_conflicts(
    conn: sa.Connection, repo: Repository, discussion: Discussion, compared: Comparison | None
) -> list[str] | bool:
    """Paths that hinder merging; True when something else does: the base branch is gone."""
    if discussion.status.is_over:
        return []
    if compared is None or compared.base is None:
        return True
    return merge_commits(conn, repo, compared, compared.base).conflicts


def list_commits(conn: sa.Connection, repo: Repository, compared: Comparison) -> list[CommitEntry]:
    """What is proposed, oldest first: at most ``MAX_COMMITS_NAMED``, the newest of them."""
    known = [compared.fork, *([compared.base] if compared.base else [])]
    oids = ancestry.commits_between(conn, repo, compared.head, known, limit=MAX_COMMITS_NAMED)
    entries = commit_entries(conn, repo, oids)
    return [entries[oid] for oid in reversed(oids)]


def merge_commits(
    conn: sa.Connection, repo: Repository, compared: Comparison, base_oid: str
) -> MergedTree:
    """What the base and the proposal become together, and where they conflict."""
    oids = (compared.fork, base_oid, compared.head)
    trees = Trees(*(tree_oid_of(conn, repo, oid) for oid in oids))
    read_text = partial(_read_text, conn, repo)
    return merge_trees(partial(read_trees, conn, repo.id), read_text, trees)


def tip_of(conn: sa.Connection, repo: Repository, ref_name: str) -> str | None:
    """The commit that a ref is at, None where there is no such ref."""
    ref = refs.find_ref(conn, repo, ref_name)
    return ref.commit_oid if ref is not None else None


def _read_text(conn: sa.Connection, repo: Repository, oid: str) -> bytes | None:
    """What may be merged line by line: a text that is kept in its row, and no pointer."""
    stored = read_object(conn, repo.id, oid)
    if stored is None or stored.content is None or stored.pointer is not None:
        return None
    return diffs.as_text(stored.content)

"""History: which commits lead to a revision, and which of them last touched a path.

Knows commits and how trees differ; changes nothing. A repository's commits are read as a skeleton
of ids and parents in one statement, and walked in memory.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, pairwise
from typing import NamedTuple

import sqlalchemy as sa

from paddock.hub.git.files import read_trees
from paddock.hub.git.recent_touches import RecentTouches
from paddock.hub.tables import accounts, commits
from paddock.hub.types import Repository
from paddock.storage.sql import in_chunks

# Looking for the commits that last touched some paths stops after so many commits, or so many
# entries of their folders; what is older is not named.
MAX_WALK = 10_000
MAX_WALK_ENTRIES = 1_000_000
_COMMITS_PER_READ = 20
_TOUCHED = RecentTouches()
_SO_FAR = "~"  # before a commit: down to it the path is unchanged, and nobody looked further


class CommitEntry(NamedTuple):
    """A commit as lists show it."""

    oid: str
    message: str
    committed_at: datetime
    author: str  # the account's name, or what the commit says when it has none here

    @property
    def title(self) -> str:
        return self.message.partition("\n")[0]

    @property
    def body(self) -> str:
        return self.message.partition("\n")[2].strip("\n")


class CommitPage(NamedTuple):
    """Part of a history, newest first, and how long all of it is."""

    commits: list[CommitEntry]
    total: int


class Bone(NamedTuple):
    """What the skeleton keeps of a commit."""

    oid: str
    tree_oid: str
    parents: list[str]


def list_commits(
    conn: sa.Connection, repo: Repository, tip_oid: str, *, skip: int, limit: int
) -> CommitPage:
    """The tip and its ancestors, every commit before its parents."""
    wanted = {tip_oid}
    oids = []
    for bone in skeleton(conn, repo, tip_oid):
        if bone.oid in wanted:
            oids.append(bone.oid)
            wanted.update(bone.parents)
    page = oids[skip : skip + limit]
    entries = commit_entries(conn, repo, page)
    return CommitPage([entries[oid] for oid in page], len(oids))


def commit_entries(
    conn: sa.Connection, repo: Repository, oids: Sequence[str]
) -> dict[str, CommitEntry]:
    """Commits by id."""
    found: dict[str, CommitEntry] = {}
    columns = (commits.c.oid, commits.c.message, commits.c.committed_at, commits.c.author)
    query = sa.select(*columns, accounts.c.name).join(
        accounts, accounts.c.id == commits.c.user_id, isouter=True
    )
    for some in in_chunks(oids):
        where = (commits.c.repo_id == repo.id) & commits.c.oid.in_(some)
        for oid, message, committed_at, author, name in conn.execute(query.where(where)):
            found[oid] = CommitEntry(oid, message, committed_at, name or author.partition(" <")[0])
    return found


def parents_of(conn: sa.Connection, repo: Repository, commit_oid: str) -> list[str]:
    """The commits that a commit follows, the first as it says; none for a commit not here."""
    columns = commits.c
    same = (columns.repo_id == repo.id) & (columns.oid == commit_oid)
    return (conn.execute(sa.select(columns.parents).where(same)).scalar_one_or_none() or "").split()


def last_commits(
    conn: sa.Connection,
    repo: Repository,
    tip_oid: str,
    paths: Iterable[str],
    *,
    seconds: float = math.inf,
) -> dict[str, CommitEntry]:
    """For each path of the tip, the newest commit of its first-parent line that changed it.

    A search that ends at a bound, or after so many seconds, leaves paths out; asked again, it goes
    on where it was.
    """
    touched = _last_touched(conn, repo, tip_oid, set(paths), time.monotonic() + seconds)
    entries = commit_entries(conn, repo, sorted(set(touched.values())))
    return {path: entries[oid] for path, oid in touched.items()}


def _last_touched(
    conn: sa.Connection, repo: Repository, tip_oid: str, paths: set[str], deadline: float
) -> dict[str, str]:
    """The same as ids; what was found out earlier, for this commit or one before it, is used."""
    known = _TOUCHED.get(repo.id, tip_oid, paths)
    touched = _decided(known)
    if len(touched) == len(paths):
        return touched
    rest = paths - touched.keys()
    line = _from_where_it_was(_first_parents(conn, repo, tip_oid), known, rest)
    views = _views(conn, repo, line, rest)
    first = older = next(views)
    pending = dict(first.oids)
    for newer, older in pairwise(chain([first], views)):
        if newer.tree_oid != older.tree_oid:
            changed = [path for path, oid in pending.items() if older.oids.get(path) != oid]
            touched.update(dict.fromkeys(changed, newer.commit_oid))
            for path in changed:
                del pending[path]
        # What is still as it was in an older commit was touched last where that one's was.
        known = _decided(_TOUCHED.get(repo.id, older.commit_oid, pending))
        touched.update(known)
        for path in known:
            del pending[path]
        if not pending or time.monotonic() > deadline:
            break
    so_far = dict.fromkeys(pending, _SO_FAR + older.commit_oid)
    _TOUCHED.add(repo.id, tip_oid, touched | so_far)
    return touched


def _decided(known: dict[str, str]) -> dict[str, str]:
    return {path: oid for path, oid in known.items() if not oid.startswith(_SO_FAR)}


def _from_where_it_was(line: list[Bone], known: dict[str, str], paths: set[str]) -> list[Bone]:
    """The part of a line down to which not all of the paths are known to be unchanged."""
    begun = {known.get(path, "").removeprefix(_SO_FAR) for path in paths}
    if "" in begun:
        return line
    start = next((place for place, bone in enumerate(line) if bone.oid in begun), 0)
    return line[start:]


class _View(NamedTuple):
    """What a commit has at the paths that are looked at."""

    commit_oid: str
    tree_oid: str
    oids: dict[str, str]


_NOTHING = _View("", "", {})  # what was there before the first commit


def _views(
    conn: sa.Connection, repo: Repository, line: list[Bone], paths: set[str]
) -> Iterator[_View]:
    """Each commit's objects at the paths, newest first; trees are read for many at a time."""
    entries_read = 0
    for bones in in_chunks(line[:MAX_WALK], _COMMITS_PER_READ):
        if entries_read > MAX_WALK_ENTRIES:
            return
        looked = look_at(conn, repo, {bone.tree_oid for bone in bones}, paths)
        entries_read += looked.entries_read
        for bone in bones:
            yield _View(bone.oid, bone.tree_oid, looked.found[bone.tree_oid])
    if len(line) <= MAX_WALK:
        yield _NOTHING


class Look(NamedTuple):
    """The object id at each path of each root tree, and what it took to find them."""

    found: dict[str, dict[str, str]]
    entries_read: int


def look_at(conn: sa.Connection, repo: Repository, roots: set[str], paths: set[str]) -> Look:
    """What root trees have at some paths.

    Goes down from all the roots together, so that folders which are equal are read once.
    """
    names: dict[str, set[str]] = {}  # folder -> the names in it that matter
    for path in paths:
        while path:
            folder, _, name = path.rpartition("/")
            names.setdefault(folder, set()).add(name)
            path = folder
    found: dict[str, dict[str, str]] = {root: {"": root} for root in roots}
    entries_read = 0
    for folder in sorted(names, key=lambda path: (path.count("/"), path)):
        oids = {at[folder] for at in found.values() if folder in at}
        trees = read_trees(conn, repo.id, sorted(oids))
        entries_read += sum(map(len, trees.values()))
        wanted = {
            oid: [entry for entry in tree if entry.name in names[folder]]
            for oid, tree in trees.items()
        }
        for at in found.values():
            for entry in wanted.get(at.get(folder, ""), ()):
                at[f"{folder}/{entry.name}" if folder else entry.name] = entry.oid
    asked = {root: {path: at[path] for path in paths if path in at} for root, at in found.items()}
    return Look(asked, entries_read)


def _first_parents(conn: sa.Connection, repo: Repository, tip_oid: str) -> list[Bone]:
    line = []
    wanted: str | None = tip_oid
    for bone in skeleton(conn, repo, tip_oid):
        if bone.oid == wanted:
            line.append(bone)
            wanted = bone.parents[0] if bone.parents else None
    return line


def skeleton(conn: sa.Connection, repo: Repository, tip_oid: str) -> Iterator[Bone]:
    """The repository's commits from the tip's height down: every commit before its parents."""
    columns = commits.c
    tip_height = (
        sa.select(columns.height)
        .where(columns.repo_id == repo.id, columns.oid == tip_oid)
        .scalar_subquery()
    )
    query = (
        sa.select(columns.oid, columns.tree_oid, columns.parents)
        .where(columns.repo_id == repo.id, columns.height <= tip_height)
        .order_by(columns.height.desc(), columns.committed_at.desc(), columns.oid)
    )
    for oid, tree_oid, parents in conn.execute(query):
        yield Bone(oid, tree_oid, parents.split())

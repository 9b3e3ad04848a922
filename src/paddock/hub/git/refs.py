"""Refs: branches, tags and what else names a commit, and every spelling of a revision.

Knows names and where they point; does not know what a commit holds. Whoever moves a branch locks
the repository first, so that no two writers decide on the same tip.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import sqlalchemy as sa
from dulwich.refs import Ref as DulwichRef
from dulwich.refs import check_ref_format

from paddock.errors import Forbidden
from paddock.hub import lookup
from paddock.hub.errors import AlreadyExists, BadName, RevisionNotFound
from paddock.hub.git.recent_roots import tree_of
from paddock.hub.tables import commits, refs
from paddock.hub.types import Repository

MAIN = "refs/heads/main"
BRANCHES = "refs/heads/"
TAGS = "refs/tags/"
CONVERTS = "refs/convert/"
PULL_REQUESTS = "refs/pr/"
MAX_REF_BYTES = 255

_OID = re.compile(r"[0-9a-f]{40}")
_SHORT_OID = re.compile(r"[0-9a-f]{5,39}")
_REFS = sa.select(refs.c.name, refs.c.oid, refs.c.commit_oid).where(
    refs.c.repo_id == sa.bindparam("repo_id"),
    # As many as a revision may be spelled: written out, the statement is built once.
    refs.c.name.in_([sa.bindparam(f"name{number}") for number in range(3)]),
)


class Ref(NamedTuple):
    """A name and the commit it leads to; ``oid`` differs from it for an annotated tag."""

    name: str
    oid: str
    commit_oid: str


def resolve_revision(conn: sa.Connection, repo: Repository, revision: str) -> str:
    """The commit that a revision names; raises RevisionNotFound.

    A full commit id comes first, then ``HEAD`` and complete ref names, branches, tags, and at last
    an abbreviated commit id.
    """
    if _OID.fullmatch(revision) and tree_of(conn, repo.id, revision) is not None:
        return revision
    candidates = _candidates(revision)
    found = {ref.name: ref for ref in _find(conn, repo, candidates)}
    for name in candidates:
        if name in found:
            return found[name].commit_oid
    if _SHORT_OID.fullmatch(revision) and (oid := _expand_oid(conn, repo, revision)):
        return oid
    raise unknown_revision(revision)


def unknown_revision(revision: str) -> RevisionNotFound:
    """The Hub's words, which clients show."""
    return RevisionNotFound(f"Invalid rev id: {_shown(revision)}")


def branch_ref(revision: str) -> str:
    """The full name of the branch that somebody wants to write to, be it there or not."""
    if revision.startswith(("refs/heads/", PULL_REQUESTS)):
        return revision
    return BRANCHES + revision


def find_ref(conn: sa.Connection, repo: Repository, name: str) -> Ref | None:
    """A ref by its full name."""
    return next(iter(_find(conn, repo, [name])), None)


def list_refs(conn: sa.Connection, repo: Repository) -> list[Ref]:
    """Every ref, by name."""
    query = sa.select(refs.c.name, refs.c.oid, refs.c.commit_oid).where(refs.c.repo_id == repo.id)
    return sorted(Ref(*row) for row in conn.execute(query))


def move_ref(conn: sa.Connection, repo: Repository, ref: Ref, *, expected: str | None) -> bool:
    """Let a ref name another commit if it still names ``expected`` (None: if it is new).

    False when somebody else was faster; nothing has changed then.
    """
    if expected is None:
        if find_ref(conn, repo, ref.name) is not None:
            return False
        conn.execute(refs.insert().values(repo_id=repo.id, **ref._asdict()))
        return True
    statement = refs.update().where(
        refs.c.repo_id == repo.id, refs.c.name == ref.name, refs.c.oid == expected
    )
    values = statement.values(oid=ref.oid, commit_oid=ref.commit_oid)
    return conn.execute(values).rowcount == 1


def drop_ref(conn: sa.Connection, repo: Repository, name: str) -> None:
    """Forget a ref by its full name; whoever calls has looked where it is, under the lock."""
    conn.execute(refs.delete().where(refs.c.repo_id == repo.id, refs.c.name == name))


def create_branch(
    conn: sa.Connection, repo: Repository, name: str, commit_oid: str, *, overwrite: bool = False
) -> str | None:
    """Where the branch, now at this commit, was before.

    Raises AlreadyExists unless ``overwrite``, and BadName.
    """
    full_name = BRANCHES + check_short_name(name)
    return _create(conn, repo, Ref(full_name, commit_oid, commit_oid), overwrite=overwrite)


def create_tag(conn: sa.Connection, repo: Repository, name: str, oid: str, commit_oid: str) -> None:
    """A tag at a commit, or at the annotated tag object ``oid``; raises AlreadyExists, BadName."""
    _create(conn, repo, Ref(TAGS + check_short_name(name), oid, commit_oid), overwrite=False)


def delete_branch(conn: sa.Connection, repo: Repository, name: str) -> str:
    """Forget a branch, which was at the commit that is returned and stays reachable by its id.

    Raises RevisionNotFound, Forbidden.
    """
    if BRANCHES + name == MAIN:
        raise Forbidden(f"Cannot delete {MAIN}: it is the default branch")
    return _delete(conn, repo, BRANCHES, name)


def delete_tag(conn: sa.Connection, repo: Repository, name: str) -> str:
    """Forget a tag, which named the object that is returned; raises RevisionNotFound."""
    return _delete(conn, repo, TAGS, name)


def check_short_name(name: str) -> str:
    """The name, if a branch or tag may have it (git check-ref-format); raises BadName."""
    encoded = name.encode("utf-8", "replace")
    problem = (
        len(BRANCHES.encode() + encoded) > MAX_REF_BYTES
        or name.upper() == "HEAD"
        or name.startswith(("refs/", "-"))
        or name == "@"
        or _OID.fullmatch(name.lower()) is not None
        or not name.isprintable()
        or not check_ref_format(DulwichRef(BRANCHES.encode() + encoded))
    )
    if problem:
        raise BadName(
            f"{_shown(name)} cannot be the name of a branch or tag",
            hint="use letters, digits, '-', '_', '.' and single slashes",
        )
    return name


def _create(conn: sa.Connection, repo: Repository, ref: Ref, *, overwrite: bool) -> str | None:
    lookup.lock_repository(conn, repo)
    present = find_ref(conn, repo, ref.name)
    if present is not None and not overwrite:
        raise AlreadyExists(f"Reference {ref.name} already exists")
    if present is None:
        _refuse_nested(conn, repo, ref.name)
    here = sa.select(commits.c.oid).where(
        commits.c.repo_id == repo.id, commits.c.oid == ref.commit_oid
    )
    if conn.execute(here).first() is None:  # swept since somebody looked
        raise unknown_revision(ref.commit_oid)
    before = present.oid if present else None
    move_ref(conn, repo, ref, expected=before)
    return before


def _refuse_nested(conn: sa.Connection, repo: Repository, name: str) -> None:
    """Git cannot hold both ``a`` and ``a/b``: a clone would fail."""
    parts = name.split("/")
    above = {"/".join(parts[:length]) for length in range(3, len(parts))}
    for other in list_refs(conn, repo):
        if other.name in above or other.name.startswith(f"{name}/"):
            raise AlreadyExists(f"Reference {other.name} already exists, so {name} cannot")


def _delete(conn: sa.Connection, repo: Repository, prefix: str, name: str) -> str:
    lookup.lock_repository(conn, repo)
    present = find_ref(conn, repo, prefix + name)
    if present is None:
        raise unknown_revision(name)
    where = (refs.c.repo_id == repo.id) & (refs.c.name == present.name)
    conn.execute(refs.delete().where(where))
    return present.oid


def _find(conn: sa.Connection, repo: Repository, names: list[str]) -> list[Ref]:
    asked = [name for name in names if _askable(name)]
    places = dict.fromkeys(("name0", "name1", "name2"), "") | {
        f"name{number}": name for number, name in enumerate(asked)
    }
    return [Ref(*row) for row in conn.execute(_REFS, {"repo_id": repo.id, **places})]


def _candidates(revision: str) -> list[str]:
    if revision == "HEAD":
        return [MAIN]
    return [revision, BRANCHES + revision, TAGS + revision]


def _expand_oid(conn: sa.Connection, repo: Repository, start: str) -> str | None:
    """The only commit whose id starts so; None when there is none, or more than one."""
    # A range instead of LIKE, so that the primary key answers: "g" follows every hex digit.
    in_range = commits.c.oid.between(start, start + "g")
    query = sa.select(commits.c.oid).where(commits.c.repo_id == repo.id, in_range)
    oids = conn.execute(query.limit(2)).scalars().all()
    return oids[0] if len(oids) == 1 else None


def _askable(name: str) -> bool:
    """Whether a database can be asked for this text at all."""
    return "\0" not in name and name.isprintable() and len(name) <= MAX_REF_BYTES


def _shown(name: str) -> str:
    """The name itself when it is harmless in a message and a header, else quoted and cut."""
    return name if name.isascii() and name.isprintable() and len(name) <= 100 else ascii(name[:100])

"""May the bytes of a file leave for whoever asks? Every way out of the hub asks here.

A rejected file is for those who may write to its repository, until an administrator allows it.
Where the settings say so, weights that no scan has finished are for them alone, too. One look-up by
the content's id answers for nearly every file; who asks, and what was allowed, is looked at only
where that found something. Knows rows; sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import sqlalchemy as sa

from paddock.errors import Forbidden, shown
from paddock.hub import access
from paddock.hub.context import Hub
from paddock.hub.lifecycle import revoked
from paddock.hub.lifecycle.tables import revoked_contents
from paddock.hub.scans import overrides, refusals
from paddock.hub.scans.records import known_of
from paddock.hub.scans.tables import file_scans, scan_refusals, tree_scans
from paddock.hub.scans.verdicts import (
    REJECT,
    UNSCANNED,
    chosen,
    decide,
    in_public,
    is_weights_name,
    name_of,
    path_of,
    public_summary,
    to_reasons,
    worst_first,
)
from paddock.hub.tables import repository_large_files
from paddock.hub.types import Caller, FileEntry, Repository

_REVOKED = "revoked"  # in place of a tree's id

# Built once, as every download asks it: the verdicts on a content, contradictions it is in, and
# whether its release was revoked.
_STANDING = sa.union_all(
    sa.select(file_scans.c.name, file_scans.c.verdict, sa.literal("").label("tree_oid")).where(
        file_scans.c.etag == sa.bindparam("etag")
    ),
    sa.select(scan_refusals.c.name, sa.literal(REJECT), scan_refusals.c.tree_oid).where(
        scan_refusals.c.repo_id == sa.bindparam("repo_id"),
        scan_refusals.c.etag == sa.bindparam("etag"),
        scan_refusals.c.tree_oid != "",
    ),
    sa.select(revoked_contents.c.path, sa.literal(REJECT), sa.literal(_REVOKED)).where(
        revoked_contents.c.repo_id == sa.bindparam("repo_id"),
        revoked_contents.c.etag == sa.bindparam("etag"),
    ),
)


class FileRejected(Forbidden):
    """A scan rejected the file, and the caller may not write to its repository."""

    code = "file_rejected"
    hub_code: ClassVar[str] = "FileRejected"


class ReleaseRevoked(Forbidden):
    """The weights are of a revoked release, and the caller may not write to its repository."""

    code = "release_revoked"
    hub_code: ClassVar[str] = "ReleaseRevoked"


class FileUnscanned(Forbidden):
    """No scan has finished with the file, and this hub's settings ask for one first."""

    code = "file_unscanned"
    hub_code: ClassVar[str] = "FileUnscanned"


@dataclass(frozen=True, slots=True)
class Asking:
    """Who wants bytes of which repository."""

    hub: Hub
    conn: sa.Connection
    caller: Caller
    repo: Repository

    @property
    def may_have_all(self) -> bool:
        """Whether nothing is withheld: the files are the caller's own to look after."""
        return access.may_write(self.conn, self.caller, self.repo)

    @property
    def may_have_revoked(self) -> bool:
        """Whether weights of a release that was taken back are theirs all the same."""
        return access.may_have_revoked(self.conn, self.caller, self.repo)


class _Standing(NamedTuple):
    """Verdicts on a content by name, and the names under which it contradicts other files."""

    verdicts: dict[str, str]
    contradicting: set[str]
    is_revoked: bool = False


def require_entry(asking: Asking, entry: FileEntry) -> None:
    """Let a file of a revision go; raises FileRejected or FileUnscanned."""
    problem = find_problem(asking, entry)
    if problem is not None:
        raise problem


def find_problem(asking: Asking, entry: FileEntry) -> Forbidden | None:
    """What ``require_entry`` would raise."""
    verdicts, contradicting, is_revoked = _look_up(asking, entry.etag)
    name = name_of(entry.path)
    verdict = decide(verdicts, name)
    if verdict == REJECT or name in contradicting:
        return _unless_allowed(asking, entry.etag, entry.path, is_rejected=True)
    if _is_missing(asking, verdict) and _is_weights(entry):
        return _unless_allowed(asking, entry.etag, entry.path, is_rejected=False)
    return _revoked(asking, entry.etag, entry.path) if is_revoked else None


def find_problem_of_content(asking: Asking, sha256: str) -> Forbidden | None:
    """The same for a large file that is asked for by its digest: any name of it here counts."""
    verdicts, contradicting, is_revoked = _look_up(asking, sha256)
    if is_revoked and (problem := _revoked(asking, sha256, None)) is not None:
        return problem
    if REJECT not in verdicts.values() and not contradicting:
        if all(_is_missing(asking, verdict) for verdict in verdicts.values() or [None]):
            return _unless_allowed(asking, sha256, None, is_rejected=False)
        return None
    path = _path_here(asking, sha256)
    own = verdicts.get(name_of(path)) if path else None
    if (
        own in (None, REJECT)
        or contradicting
        or refusals.is_refused(asking.conn, asking.repo.id, sha256)
    ):
        return _unless_allowed(asking, sha256, path, is_rejected=True)
    return None


def problems_of_contents(asking: Asking, sha256s: Iterable[str]) -> dict[str, Forbidden]:
    """Those of the large files that the caller may not have, and why."""
    wanted = set(sha256s)
    if not asking.hub.scans.refuses_unscanned:
        wanted = _suspected(asking, wanted)
    found = {sha256: find_problem_of_content(asking, sha256) for sha256 in sorted(wanted)}
    return {sha256: problem for sha256, problem in found.items() if problem is not None}


def problems_of_entries(asking: Asking, entries: Sequence[FileEntry]) -> dict[str, Forbidden]:
    """The same for files of a revision, by path."""
    wanted = {entry.etag for entry in entries}
    if wanted and not asking.hub.scans.refuses_unscanned:
        wanted = _suspected(asking, wanted)
    asked = [entry for entry in entries if entry.etag in wanted]
    found = {entry.path: find_problem(asking, entry) for entry in asked}
    return {path: problem for path, problem in found.items() if problem is not None}


def require_content(asking: Asking, sha256: str) -> None:
    """Let a large file go; raises FileRejected or FileUnscanned."""
    problem = find_problem_of_content(asking, sha256)
    if problem is not None:
        raise problem


def withheld(asking: Asking, *, large_too: bool = False) -> dict[str, str]:
    """Contents of the repository that the caller may not have, each with a path.

    Raises FileUnscanned where the settings ask for a scan first and the repository waits for its;
    with ``large_too`` also while a large file does.
    """
    is_current = refusals.is_current(asking.conn, asking.repo.id)
    waits = asking.hub.scans.refuses_unscanned and not (
        is_current and not (large_too and refusals.has_unscanned(asking.conn, asking.repo.id))
    )
    found = refusals.refused_in(asking.conn, asking.repo.id, is_current=is_current)
    taken_back = revoked.in_repository(asking.conn, asking.repo.id)
    if not (waits or found or taken_back) or asking.may_have_all:
        return {}
    if waits:
        raise _unscanned(asking.repo, "its files")
    return taken_back | _not_allowed(asking.conn, asking.repo, found)


def withheld_from_all(conn: sa.Connection, repo: Repository) -> dict[str, str]:
    """What leaves with nobody's right, such as in a bundle: everything but what was allowed."""
    found = refusals.refused_in(conn, repo.id, is_current=refusals.is_current(conn, repo.id))
    return _not_allowed(conn, repo, found)


def rejected(asking: Asking, etag: str, path: str | None) -> FileRejected | ReleaseRevoked:
    """The refusal of a file in words: what was found, who may have it, who may decide otherwise."""
    if (sentence := revoked.sentence_on(asking.conn, asking.repo.id, etag)) is not None:
        return _taken_back(asking.repo, sentence, etag, path)
    known = known_of(asking.conn, [etag]).get(etag, {})
    one = chosen(known, name_of(path or ""))
    found = public_summary(one) if one is not None and one.verdict == REJECT else None
    found = found or _across(asking, etag) or "it contradicts other files of its revision"
    repo = asking.repo
    called = shown(path) if path else f"the file {etag[:12]}"
    return FileRejected(
        f"{called} of {repo.kind} {repo.full_name} was rejected by this hub's scan ({found}). "
        "Only those who may write to the repository can download it, unless an administrator of "
        "the hub allows it",
        hint=f"{repo.api_path}/scan tells every reason; do not load the file",
    )


def _revoked(asking: Asking, etag: str, path: str | None) -> ReleaseRevoked | None:
    sentence = revoked.sentence_on(asking.conn, asking.repo.id, etag)
    if sentence is None or asking.may_have_revoked:
        return None
    return _taken_back(asking.repo, sentence, etag, path)


def _taken_back(repo: Repository, sentence: str, etag: str, path: str | None) -> ReleaseRevoked:
    called = shown(path) if path else f"the file {etag[:12]}"
    return ReleaseRevoked(
        f"{called} of {repo.kind} {repo.full_name} belongs to a release that was taken back: "
        f"{sentence}. Only those who may write to the repository can download it",
        hint=f"{repo.api_path}/lifecycle tells what to do",
    )


def _suspected(asking: Asking, etags: Iterable[str]) -> set[str]:
    """Those worth a closer look."""
    wanted = set(etags)
    found = refusals.suspected(asking.conn, asking.repo.id, wanted)
    return found | revoked.among(asking.conn, asking.repo.id, wanted)


def _across(asking: Asking, etag: str) -> str | None:
    """Why a file is refused that is harmless by itself."""
    refusal, scan = scan_refusals.c, tree_scans.c
    same = (scan.repo_id == refusal.repo_id) & (scan.tree_oid == refusal.tree_oid)
    query = sa.select(refusal.path, scan.reasons).select_from(
        sa.join(scan_refusals, tree_scans, same)
    )
    here = query.where(refusal.repo_id == asking.repo.id, refusal.etag == etag)
    for path, rows in asking.conn.execute(here.limit(1)):
        for reason in worst_first(to_reasons(rows)):
            if path_of(reason) == path:
                return in_public(reason)
    return None


def _not_allowed(conn: sa.Connection, repo: Repository, found: dict[str, str]) -> dict[str, str]:
    allowed = overrides.allowed_among(conn, repo.id, found)
    return {etag: path for etag, path in found.items() if etag not in allowed}


def _unless_allowed(
    asking: Asking, etag: str, path: str | None, *, is_rejected: bool
) -> Forbidden | None:
    if asking.may_have_all or overrides.is_allowed(asking.conn, asking.repo.id, etag):
        return None
    if is_rejected:
        return rejected(asking, etag, path)
    return _unscanned(asking.repo, shown(path) if path else f"the large file {etag[:12]}")


def _unscanned(repo: Repository, called: str) -> FileUnscanned:
    return FileUnscanned(
        f"{called} of {repo.kind} {repo.full_name} waits for its scan, and this hub shares weights "
        "only after it",
        hint="try again later; an administrator of the hub can allow it without",
    )


def _look_up(asking: Asking, etag: str) -> _Standing:
    verdicts: dict[str, str] = {}
    contradicting: set[str] = set()
    is_revoked = False
    asked = {"repo_id": asking.repo.id, "etag": etag}
    for name, verdict, tree_oid in asking.conn.execute(_STANDING, asked):
        if tree_oid == _REVOKED:
            is_revoked = True
        elif tree_oid:
            contradicting.add(name)
        else:
            verdicts[name] = verdict
    return _Standing(verdicts, contradicting, is_revoked)


def _is_missing(asking: Asking, verdict: str | None) -> bool:
    return asking.hub.scans.refuses_unscanned and verdict in (None, UNSCANNED)


def _is_weights(entry: FileEntry) -> bool:
    return entry.large is not None or is_weights_name(entry.path)


def _path_here(asking: Asking, sha256: str) -> str | None:
    """A path under which the repository has a large file."""
    links = repository_large_files.c
    query = sa.select(links.filename).where(links.repo_id == asking.repo.id, links.sha256 == sha256)
    return asking.conn.execute(query).scalar_one_or_none()

"""What scans found in a revision, for whoever asks: the report, and the Hub's summary of it.

Knows rows and how much of them a caller may hear. Messages quote what is in files, so only those
hear them who may read the files, and what a secret looks like is for writers alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.checkpoint.scan.codes import CODES
from paddock.checkpoint.scan.report import Reason, verdict_of
from paddock.errors import PaddockError
from paddock.hub import access
from paddock.hub.git import files
from paddock.hub.git.recent_roots import tree_of
from paddock.hub.scans import overrides, records, scanner
from paddock.hub.scans.leaving import Asking
from paddock.hub.scans.overrides import Override
from paddock.hub.scans.tables import tree_scans
from paddock.hub.scans.verdicts import (
    CLEAN,
    QUARANTINE,
    QUEUED,
    REJECT,
    STATUS,
    UNSCANNED,
    Known,
    path_of,
    to_reasons,
    worst_first,
)
from paddock.hub.types import FileEntry, Repository

MAX_FILES = 1000  # of which a report tells; the worst come first
_ORDER = (REJECT, QUARANTINE, UNSCANNED, QUEUED, CLEAN)
# What these say may quote what nobody else should read.
_PRIVATE = frozenset(
    {
        "secret",
        "credentials_file",
        "addresses",
        "machine_path",
        "training_rows",
        "notebook_output",
    }
)


class FileReport(NamedTuple):
    """A file of a revision, and what is known of it."""

    entry: FileEntry
    known: Known | None
    contradictions: tuple[Reason, ...]  # with other files of the revision
    override: Override | None

    @property
    def verdict(self) -> str:
        """One of ``_ORDER``."""
        own = QUEUED if self.known is None else self.known.verdict
        across = str(verdict_of(self.contradictions))
        return min(own, across, key=_ORDER.index)

    @property
    def reasons(self) -> list[Reason]:
        own = self.known.reasons if self.known is not None else ()
        return worst_first([*own, *self.contradictions])

    @property
    def is_kept(self) -> bool:
        """Whether it is for the repository's writers alone."""
        return self.verdict == REJECT and self.override is None


class RevisionReport(NamedTuple):
    """Everything that is known of a revision."""

    files: list[FileReport]
    across: tuple[Reason, ...]
    is_compared: bool  # whether the files were compared with each other

    @property
    def is_done(self) -> bool:
        """Whether nothing waits for its scan."""
        return self.is_compared and all(one.known is not None for one in self.files)

    @property
    def verdict(self) -> str | None:
        """The worst of all; None while something waits and nothing is worse than that."""
        found = {one.verdict for one in self.files} | {str(verdict_of(self.across))}
        worst = min(found, key=_ORDER.index)
        if worst in {QUEUED, UNSCANNED} or (worst == CLEAN and not self.is_done):
            return None
        return worst


class Hears(NamedTuple):
    """What a caller may hear of reasons."""

    reads: bool
    writes: bool

    def tell(self, reason: Reason) -> dict[str, Any]:
        """A reason as the caller may read it."""
        told = reason.to_dict()
        if not self.writes and (not self.reads or reason.code in _PRIVATE):
            told |= {"message": CODES[reason.code].meaning, "place": reason.place.split("@")[0]}
        return told


def of_revision(
    conn: sa.Connection, repo: Repository, commit_oid: str, entries: Sequence[FileEntry]
) -> RevisionReport:
    """What is known of these files of a revision, and of the revision."""
    known = records.verdicts_on(conn, entries)
    row = _compared(conn, repo, commit_oid)
    across = () if row is None else to_reasons(row.reasons)
    given = overrides.in_force(overrides.of_repository(conn, repo.id))
    at = _by_path(across)
    reports = [
        FileReport(
            entry, known.get(entry.path), tuple(at.get(entry.path, ())), given.get(entry.etag)
        )
        for entry in entries
    ]
    return RevisionReport(reports, across, row is not None)


def security_status(
    conn: sa.Connection, repo: Repository, commit_oid: str, entries: Sequence[FileEntry]
) -> dict[str, Any]:
    """The answer to ``securityStatus``: whether all was looked at, and what is not safe."""
    found = of_revision(conn, repo, commit_oid, entries)
    levels = {REJECT: "unsafe", QUARANTINE: "suspicious"}
    issues = [
        {"path": one.entry.path, "level": levels[one.verdict]}
        for one in found.files
        if one.verdict in levels
    ]
    return {"scansDone": found.is_done, "filesWithIssues": issues}


def file_status(hears: Hears, one: FileReport) -> dict[str, Any]:
    """A file's ``securityFileStatus``: what stock clients read, and beside it what was found."""
    status = STATUS[one.verdict]
    told: dict[str, Any] = {"status": status, "avScan": None, "pickleImportScan": None}
    if one.verdict in {CLEAN, QUARANTINE, REJECT}:
        reasons = [hears.tell(reason) for reason in one.reasons]
        worst = reasons[0] if reasons else None
        message = f"{worst['code']}: {worst['message']}" if worst else "nothing was found in it"
        told["pickleImportScan"] = {"status": status, "message": message}
        told |= {"reasons": reasons, "isBlocked": one.is_kept}
    return told


def render(asking: Asking, commit_oid: str) -> dict[str, Any]:
    """The report of a revision as its caller may read it."""
    return render_for(asking.conn, asking.repo, commit_oid, hears_of(asking))


def render_for(
    conn: sa.Connection, repo: Repository, commit_oid: str, hears: Hears
) -> dict[str, Any]:
    """The same for somebody who may hear this much."""
    found = of_revision(conn, repo, commit_oid, files.all_files(conn, repo, commit_oid))
    ordered = sorted(found.files, key=lambda one: _ORDER.index(one.verdict))
    told = [one for one in ordered if one.verdict != CLEAN or one.reasons]
    return {
        "revision": commit_oid,
        "scansDone": found.is_done,
        "verdict": found.verdict,
        "scanner": scanner.version(),
        "counts": dict(Counter(one.verdict for one in found.files)),
        "files": [_render_file(one, hears) for one in told[:MAX_FILES]],
        "moreFiles": max(0, len(told) - MAX_FILES),
        "across": [hears.tell(reason) for reason in worst_first(found.across)],
        "overrides": [one.to_dict() for one in overrides.of_repository(conn, repo.id)],
    }


def hears_of(asking: Asking) -> Hears:
    """What this caller may hear."""
    return Hears(_may_read(asking), asking.may_have_all)


def _render_file(one: FileReport, hears: Hears) -> dict[str, Any]:
    known = one.known
    return {
        "path": one.entry.path,
        "oid": one.entry.etag,
        "size": one.entry.size_bytes,
        "status": STATUS[one.verdict],
        "verdict": one.verdict,
        "kind": known.kind if known else None,
        "reasons": [hears.tell(reason) for reason in one.reasons],
        "note": known.note if known else None,
        "scannedAt": clock.to_text(known.scanned_at) if known else None,
        "scanner": known.scanner if known else None,
        "isBlocked": one.is_kept,
        "override": one.override.to_dict() if one.override else None,
    }


def _may_read(asking: Asking) -> bool:
    try:
        access.require_content(asking.conn, asking.caller, asking.repo)
    except PaddockError:
        return False
    return True


def _compared(conn: sa.Connection, repo: Repository, commit_oid: str) -> sa.Row[Any] | None:
    tree = tree_of(conn, repo.id, commit_oid)
    query = sa.select(tree_scans).where(
        tree_scans.c.repo_id == repo.id, tree_scans.c.tree_oid == tree
    )
    return conn.execute(query).one_or_none()


def _by_path(across: Iterable[Reason]) -> dict[str, list[Reason]]:
    """Reasons by the file that they name: a place is ``file``, ``file!member`` or ``file@byte``."""
    found: dict[str, list[Reason]] = {}
    for reason in across:
        found.setdefault(path_of(reason), []).append(reason)
    return found

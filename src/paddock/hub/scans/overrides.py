"""An administrator's word that a rejected file may be downloaded all the same.

It is for one content in one repository, has a reason, and says who gave it and when. It survives
rescans, because it names the bytes; other bytes at the same path have none. Nothing is forgotten:
what is withdrawn stays as a row. The verdict itself does not change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, Conflict, NotFound
from paddock.hub.scans import records, refusals
from paddock.hub.scans.tables import scan_overrides
from paddock.hub.scans.verdicts import CLEAN, QUARANTINE, QUEUED
from paddock.hub.types import FileEntry, Repository
from paddock.storage.sql import in_chunks

MIN_REASON_CHARS, MAX_REASON_CHARS = 3, 2000
MAX_LISTED = 1000

_c = scan_overrides.c
# Built once, as the download of a rejected file asks it.
_IN_FORCE = sa.select(_c.etag).where(_c.withdrawn_at.is_(None))


class NothingToAllow(Conflict):
    """The file needs nobody's word: it is not withheld from anybody."""

    code = "nothing_to_allow"


class NoSuchOverride(NotFound):
    """No override of this number is in force here."""

    code = "no_such_override"


class Override(NamedTuple):
    """One word that was given, and maybe taken back."""

    id: int
    repository: str
    etag: str
    path: str
    reason: str
    verdict: str
    codes: tuple[str, ...]
    allowed_by: str
    allowed_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        moments = (self.allowed_at, self.withdrawn_at)
        allowed_at, withdrawn_at = (clock.to_text(m) if m else None for m in moments)
        return {
            **self._asdict(),
            "codes": list(self.codes),
            "allowed_at": allowed_at,
            "withdrawn_at": withdrawn_at,
        }


def is_allowed(conn: sa.Connection, repo_id: int, etag: str) -> bool:
    """Whether this content of this repository may be downloaded whatever the verdict is."""
    query = _IN_FORCE.where(_c.repo_id == repo_id, _c.etag == etag).limit(1)
    return conn.execute(query).first() is not None


def allowed_among(conn: sa.Connection, repo_id: int, etags: Collection[str]) -> set[str]:
    """Those of the contents for which somebody gave their word."""
    found: set[str] = set()
    for some in in_chunks(sorted(etags)):
        query = _IN_FORCE.where(_c.repo_id == repo_id, _c.etag.in_(some))
        found.update(conn.execute(query).scalars())
    return found


def allow(
    conn: sa.Connection, repo: Repository, entry: FileEntry, by: str, reason: str
) -> Override:
    """Let a file of the repository be downloaded, for a reason that is kept.

    Raises BadInput and NothingToAllow. Saying it again replaces the reason: the old one is kept as
    withdrawn.
    """
    reason = " ".join(reason.split())
    if not MIN_REASON_CHARS <= len(reason) <= MAX_REASON_CHARS or not reason.isprintable():
        raise BadInput(
            f"a reason has {MIN_REASON_CHARS} to {MAX_REASON_CHARS} printable characters",
            hint="say why the file may be shared although the scan rejected it",
        )
    known = records.verdicts_on(conn, [entry]).get(entry.path)
    is_refused = refusals.is_refused(conn, repo.id, entry.etag)
    if known is not None and known.verdict in {CLEAN, QUARANTINE} and not is_refused:
        raise NothingToAllow(f"{entry.path!r} was not rejected: everybody may download it")
    here = (_c.repo_id == repo.id) & (_c.etag == entry.etag)
    _withdraw(conn, here, by)
    row = {
        "repo_id": repo.id,
        "repository": f"{repo.kind} {repo.full_name}",
        "etag": entry.etag,
        "path": entry.path,
        "reason": reason,
        "verdict": QUEUED if known is None else known.verdict,
        "codes": [] if known is None else sorted({reason.code for reason in known.reasons}),
        "allowed_by": by,
        "allowed_at": clock.now(),
    }
    return _to_override(conn.execute(scan_overrides.insert().values(row).returning(*_c)).one())


def withdraw(conn: sa.Connection, repo: Repository, number: int, by: str) -> Override:
    """Take a word back; raises NoSuchOverride."""
    done = _withdraw(conn, (_c.repo_id == repo.id) & (_c.id == number), by)
    if not done:
        raise NoSuchOverride(f"{repo.full_name} has no override {number} that is in force")
    return done[0]


def of_repository(conn: sa.Connection, repo_id: int) -> list[Override]:
    """Every word that was given here, the newest first, those that were withdrawn too."""
    query = sa.select(scan_overrides).where(_c.repo_id == repo_id).order_by(_c.id.desc())
    return [_to_override(row) for row in conn.execute(query.limit(MAX_LISTED))]


def list_in_force(conn: sa.Connection) -> list[Override]:
    """Every word that counts now, of all repositories, the newest first."""
    query = sa.select(scan_overrides).where(_c.withdrawn_at.is_(None)).order_by(_c.id.desc())
    return [_to_override(row) for row in conn.execute(query.limit(MAX_LISTED))]


def in_force(given: Iterable[Override]) -> dict[str, Override]:
    """Those that count now, by content."""
    return {one.etag: one for one in given if one.withdrawn_at is None}


def _withdraw(conn: sa.Connection, which: sa.ColumnElement[bool], by: str) -> list[Override]:
    change = scan_overrides.update().where(which, _c.withdrawn_at.is_(None))
    done = conn.execute(change.values(withdrawn_by=by, withdrawn_at=clock.now()).returning(*_c))
    return [_to_override(row) for row in done]


def _to_override(row: Any) -> Override:
    return Override(
        row.id,
        row.repository,
        row.etag,
        row.path,
        row.reason,
        row.verdict,
        tuple(row.codes),
        row.allowed_by,
        row.allowed_at,
        row.withdrawn_by,
        row.withdrawn_at,
    )

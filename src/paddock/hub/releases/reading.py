"""What a revision of a repository says of itself as a release.

Knows rows, and which files say it; whoever calls has opened the repository. A file that a scan
rejected and nobody allowed is not read: what is kept from strangers is not told either.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from paddock.errors import PaddockError
from paddock.hub.git import files
from paddock.hub.releases.gate_file import DECISION, MAX_DECISION_BYTES, parse_gate
from paddock.hub.releases.remembering import Memory
from paddock.hub.releases.signers import (
    BUNDLE,
    ENVELOPE,
    MAX_SIGNATURE_BYTES,
    Signer,
    signers_of,
)
from paddock.hub.releases.statement import (
    MANIFEST,
    MAX_STATEMENT_BYTES,
    parse_statement,
)
from paddock.hub.releases.values import Gate, Statement
from paddock.hub.scans import standing
from paddock.hub.types import FileEntry, Repository
from paddock.storage.blobs import BlobStore

RELEASE_FILES = (MANIFEST, BUNDLE, ENVELOPE)
_KEPT_BYTES = 16 << 20  # of the files that were read; as values they take some times as much


def _size(found: Statement | Gate | str) -> int:
    return 1000 if isinstance(found, str) else found.size_bytes


_statements: Memory[Statement | str] = Memory(_KEPT_BYTES, _size)
_gates: Memory[Gate | str] = Memory(_KEPT_BYTES, _size)
_signers: Memory[tuple[Signer, ...]] = Memory(1000)

Entries = Mapping[str, files.Entry]


@dataclass(frozen=True, slots=True)
class Release:
    """What a revision says; ``problem`` is why a release.json that is there cannot be read."""

    statement: Statement | None = None
    signers: tuple[Signer, ...] = ()
    problem: str | None = None
    manifest_oid: str | None = None

    @property
    def is_signed(self) -> bool:
        """Whether a key that it names signed it; of whom nobody knows."""
        return any(signer.is_right for signer in self.signers)


def release_at(conn: sa.Connection, blobs: BlobStore, repo: Repository, commit_oid: str) -> Release:
    """The release at a revision."""
    there = files.entries_at(conn, repo, commit_oid, RELEASE_FILES)
    return release_of(conn, blobs, repo, there)


def release_of(
    conn: sa.Connection,
    blobs: BlobStore,
    repo: Repository,
    there: Entries,
    withheld: Collection[str] | None = None,
) -> Release:
    """The same, for whoever has the entries of ``RELEASE_FILES`` in hand, and knows what is kept
    from strangers."""
    entry = there.get(MANIFEST)
    if not isinstance(entry, FileEntry):
        return Release()
    if (problem := _unreadable(conn, repo, entry, withheld)) is not None:
        return Release(problem=problem, manifest_oid=entry.oid)

    def read() -> Statement | str:
        try:
            raw = files.read_small_file(conn, blobs, repo, entry, MAX_STATEMENT_BYTES)
            return parse_statement(raw)
        except PaddockError as e:
            return e.message

    found = _statements.get(entry.oid, read)
    if isinstance(found, str):
        return Release(problem=found, manifest_oid=entry.oid)
    signers = _signers_of(conn, blobs, repo, there, found)
    return Release(found, signers, manifest_oid=entry.oid)


def gate_at(
    conn: sa.Connection, blobs: BlobStore, repo: Repository, commit_oid: str
) -> Gate | None:
    """What the gate said; None where nothing that can be read is there."""
    entry = files.entry_at(conn, repo, commit_oid, DECISION)
    if not isinstance(entry, FileEntry) or _unreadable(conn, repo, entry) is not None:
        return None

    def read() -> Gate | str:
        try:
            raw = files.read_small_file(conn, blobs, repo, entry, MAX_DECISION_BYTES)
            return parse_gate(raw)
        except PaddockError as e:
            return e.message

    found = _gates.get(entry.oid, read)
    return None if isinstance(found, str) else found


def _signers_of(
    conn: sa.Connection, blobs: BlobStore, repo: Repository, there: Entries, statement: Statement
) -> tuple[Signer, ...]:
    def read(name: str) -> bytes | None:
        entry = there.get(name)
        if not isinstance(entry, FileEntry) or entry.large is not None:
            return None
        try:
            return files.read_small_file(conn, blobs, repo, entry, MAX_SIGNATURE_BYTES)
        except PaddockError:
            return None

    oids = tuple(entry.oid if (entry := there.get(name)) else "" for name in RELEASE_FILES)
    return _signers.get(
        oids, lambda: signers_of(statement, read(BUNDLE), read(ENVELOPE))
    )  # fmt: skip


def _unreadable(
    conn: sa.Connection,
    repo: Repository,
    entry: FileEntry,
    withheld: Collection[str] | None = None,
) -> str | None:
    if entry.large is not None:
        return f"{entry.path} is stored as a large file, which no release has"
    if withheld is None:
        withheld = standing.withheld_among(conn, repo, [entry])
    return f"a scan rejected {entry.path}" if entry.path in withheld else None

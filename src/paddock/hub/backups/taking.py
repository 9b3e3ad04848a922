"""Takes one backup while the hub serves: whole under its name, or not there.

First sweeps are held, then the rows of one moment are copied, then the blobs that they name: what
the rows of that moment need cannot go meanwhile. The folder gets its name last.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from paddock import clock
from paddock.errors import Conflict
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.backups import postgresql, sqlite
from paddock.hub.backups.blobs import Copied, copy_blobs, named_blobs
from paddock.hub.backups.fingerprints import fingerprints, table_names
from paddock.hub.backups.holding import hold
from paddock.hub.backups.manifest import BLOB_LIST, DATABASE, MANIFEST, Manifest
from paddock.storage.blobs import BlobStore
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from paddock.storage.migrate import schema_version

_PARTIAL = ".unfinished"


@dataclass(frozen=True, slots=True)
class Source:
    """The hub that is backed up."""

    database: Database
    blobs: BlobStore
    file: Path | None  # of an embedded database
    has_bucket: bool  # whose blobs stay there, and are listed


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup, and what it took."""

    name: str
    manifest: Manifest
    copied: Copied


class AlreadyTaking(Conflict):
    """Another backup is being written into the folder."""

    code = "backup_is_running"


def take_backup(source: Source, folder: Path) -> Taken:
    """One backup in the folder, which others may be in."""
    (folder / "backups").mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    with ExitStack() as stack:
        partial = _begin(stack, folder)
        hold(source.database)
        stack.callback(hold, source.database, 0)
        names, manifest = _copy_rows(source, partial)
        target = None if source.has_bucket else LocalBlobStore(folder / "blobs")
        listed = partial / BLOB_LIST
        copied = copy_blobs(source.blobs, target, names, listed, lambda: hold(source.database))
        manifest = replace(
            manifest,
            blob_count=copied.blobs,
            blob_bytes=copied.bytes,
            missing_blobs=copied.missing,
            files={path.name: _seal(path) for path in sorted(partial.iterdir())},
        )
        _write(partial / MANIFEST, manifest.to_bytes())
        name = _finish(partial, folder / "backups")
    with source.database.write() as conn:
        note(conn, Act.BACKUP, name=name, blobs=copied.blobs)
    return Taken(name, manifest, copied)


def _begin(stack: ExitStack, folder: Path) -> Path:
    """A folder for what is not finished, this process's alone; what was killed before goes."""
    import fcntl

    lock = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    stack.callback(os.close, lock)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as e:
        raise AlreadyTaking(
            f"another backup is being written into {str(folder)!r}", hint="wait until it is done"
        ) from e
    partial = folder / _PARTIAL
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    return partial


def _copy_rows(source: Source, partial: Path) -> tuple[list[str], Manifest]:
    """The rows of one moment, and the blobs that they name."""
    tables, made_at = table_names(), clock.to_text(clock.now())
    has = "listed" if source.has_bucket else "copied"
    if source.file is not None:
        copy = partial / DATABASE
        sqlite.copy_database(source.file, copy)
        database = Database(f"sqlite:///{copy}")
        try:
            with database.read() as conn:
                names, schema = named_blobs(conn), schema_version(conn) or ""
                marks = fingerprints(conn, tables)
        finally:
            database.dispose()
        _fold(copy)
        return names, Manifest(made_at, schema, "sqlite", has, 0, 0, 0, tables=marks)
    with source.database.read() as conn:
        names, schema = named_blobs(conn), schema_version(conn) or ""
        postgresql.copy_out(conn, tables, partial)
        marks, stand = fingerprints(conn, tables), postgresql.sequences(conn, tables)
    return names, Manifest(
        made_at, schema, "postgresql", has, 0, 0, 0, tables=marks, sequences=stand
    )


def _fold(copy: Path) -> None:
    """Reading made it a database with a log again: back into one file."""
    import sqlite3

    conn = sqlite3.connect(copy)
    conn.execute("PRAGMA journal_mode = DELETE")
    conn.close()


def _seal(path: Path) -> str:
    """On the disk for good, for its owner alone; its SHA-256."""
    path.chmod(0o600)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    return digest


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o600)


def _finish(partial: Path, backups: Path) -> str:
    first = name = clock.now().strftime("%Y%m%dT%H%M%SZ")
    number = 1
    while (backups / name).exists():
        number += 1
        name = f"{first}-{number}"
    partial.rename(backups / name)
    for folder in (backups, backups / name):
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        os.fsync(handle)
        os.close(handle)
    return name

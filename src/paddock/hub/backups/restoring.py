"""Makes a hub out of a backup where none is: every file and blob is verified, then every table.

The database comes last and all at once: after a kill there is no hub at the place, and the command
may be given again.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.backups import postgresql, sqlite
from paddock.hub.backups.blobs import copy_blob, read_list
from paddock.hub.backups.errors import BadBackup, NotEmpty, OtherVersion
from paddock.hub.backups.fingerprints import fingerprints, table_names
from paddock.hub.backups.manifest import (
    BLOB_LIST,
    DATABASE,
    Manifest,
    find_backup,
    read_manifest,
)
from paddock.storage.blobs import BlobStore
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from paddock.storage.migrate import HEAD, migrate

_MARKER = ".restoring"


@dataclass(frozen=True, slots=True)
class Target:
    """Where the hub is to be."""

    data: Path
    file: Path  # of an embedded database
    database_url: str | None  # of a server
    open_blobs: Callable[[], BlobStore]  # which makes its folders
    has_bucket: bool


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back."""

    name: str
    manifest: Manifest


def restore_backup(folder: Path, name: str | None, target: Target) -> Restored:
    """The hub of the backup of that name, or of the latest.

    Raises BadBackup, OtherVersion and NotEmpty.
    """
    found = find_backup(folder, name)
    manifest = read_manifest(found)
    _check(manifest, target)
    _check_files(found, manifest)
    _claim(target)
    _restore_blobs(folder, found, manifest, target)
    database = _restore_rows(found, manifest, target)
    try:
        with database.write() as conn:
            note(conn, Act.BACKUP, what="restored", name=found.name)
    finally:
        database.dispose()
    (target.data / _MARKER).unlink()
    return Restored(found.name, manifest)


def _check(manifest: Manifest, target: Target) -> None:
    kind = "postgresql" if target.database_url else "sqlite"
    if manifest.database != kind:
        hint = "set PADDOCK_DATABASE_URL" if kind == "sqlite" else "unset database_url"
        raise BadBackup(f"the backup is of a {manifest.database} database", hint=hint)
    if manifest.schema != HEAD or set(manifest.tables) != set(table_names()):
        raise OtherVersion(
            f"the backup holds the tables of version {manifest.schema}, not of {HEAD}",
            hint="restore it with the paddock that made it, then upgrade",
        )
    if manifest.blobs == "listed" and not target.has_bucket:
        raise BadBackup("the backup's blobs are in a bucket", hint="set s3_bucket to a copy of it")


def _check_files(found: Path, manifest: Manifest) -> None:
    wanted = {DATABASE} if manifest.database == "sqlite" else {f"{n}.copy" for n in table_names()}
    if missing := sorted((wanted | {BLOB_LIST}) - manifest.files.keys()):
        raise BadBackup(f"the backup has no {missing[0]}")
    for name, digest in manifest.files.items():
        try:
            with (found / name).open("rb") as file:
                is_same = hashlib.file_digest(file, "sha256").hexdigest() == digest
        except OSError as e:
            raise BadBackup(f"{name} of the backup cannot be read: {e.strerror}") from e
        if not is_same:
            raise BadBackup(f"{name} of the backup was changed since it was taken")


def _claim(target: Target) -> None:
    """An empty folder becomes ours; one that an earlier restore left unfinished is gone on with."""
    target.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    marker = target.data / _MARKER
    if not marker.exists() and any(target.data.iterdir()):
        raise NotEmpty(
            f"{str(target.data)!r} is not empty", hint="restore into a folder that is new"
        )
    if not target.database_url and target.file.exists():
        raise NotEmpty(f"there is a hub in {str(target.data)!r}", hint="use another folder")
    marker.touch(mode=0o600)


def _restore_blobs(folder: Path, found: Path, manifest: Manifest, target: Target) -> None:
    source = LocalBlobStore(folder / "blobs") if manifest.blobs == "copied" else None
    blobs = target.open_blobs()
    for sha256, size_bytes in read_list(found / BLOB_LIST):
        if blobs.size_bytes(sha256) == size_bytes:
            continue
        if source is None:
            raise BadBackup(f"the bucket holds no blob {sha256} of {size_bytes} bytes")
        copy_blob(source, blobs, sha256, size_bytes)


def _restore_rows(found: Path, manifest: Manifest, target: Target) -> Database:
    tables = table_names()
    if target.database_url:
        database = Database(target.database_url)
        migrate(database)
        with database.write() as conn:
            postgresql.copy_in(conn, tables, found)
            postgresql.set_sequences(conn, manifest.sequences)
            _compare(conn, manifest)
        return database
    copy = target.data / f"{target.file.name}.restoring"
    copy.unlink(missing_ok=True)
    shutil.copyfile(found / DATABASE, copy)
    copy.chmod(0o600)
    sqlite.check_database(copy)
    checked = Database(f"sqlite:///{copy}")
    try:
        with checked.read() as conn:
            _compare(conn, manifest)
    finally:
        checked.dispose()
    copy.rename(target.file)
    return Database(f"sqlite:///{target.file}")


def _compare(conn: sa.Connection, manifest: Manifest) -> None:
    """Every table is what it was; raises BadBackup."""
    for name, mark in fingerprints(conn, table_names()).items():
        if mark != manifest.tables[name]:
            raise BadBackup(
                f"{name} has {mark[0]} rows that are not the {manifest.tables[name][0]} of then"
            )

"""What a backup is: its manifest, which is written last, and the names of its files.

FOLDER/blobs/…                     shared by all backups in the folder
FOLDER/backups/MOMENT/manifest.json
FOLDER/backups/MOMENT/database.db      of an embedded database, or
FOLDER/backups/MOMENT/TABLE.copy       of a server's
FOLDER/backups/MOMENT/blobs.txt        SHA-256 and size of each blob
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from paddock.digest import is_sha256
from paddock.hub.backups.errors import BadBackup

FORMAT = "paddock-backup-1"
MANIFEST, BLOB_LIST, DATABASE = "manifest.json", "blobs.txt", "database.db"
_MAX_BYTES = 16 << 20
_NAME = re.compile(r"\d{8}T\d{6}Z(-\d{1,4})?")
_FILE = re.compile(r"[a-z0-9_]{1,80}\.(db|copy|txt)")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that is needed to know whether a restored hub is the one that was backed up."""

    made_at: str
    schema: str
    database: str  # "sqlite" | "postgresql"
    blobs: str  # "copied" | "listed": they are in a bucket, which keeps them
    blob_count: int
    blob_bytes: int
    missing_blobs: int  # that rows name and the store did not hold
    files: dict[str, str] = field(default_factory=dict)  # name -> SHA-256
    tables: dict[str, list[Any]] = field(default_factory=dict)  # name -> rows, fingerprint
    sequences: dict[str, list[Any]] = field(default_factory=dict)  # of a server's tables

    def to_bytes(self) -> bytes:
        document = {"format": FORMAT, **asdict(self)}
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of one backup; raises BadBackup."""
    path = folder / MANIFEST
    try:
        size_bytes = path.stat().st_size
        content = path.read_bytes() if size_bytes <= _MAX_BYTES else b""
        document = orjson.loads(content)
        if document.pop("format") != FORMAT:
            raise ValueError
        found = Manifest(**document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise BadBackup(
            f"{str(folder)!r} holds no backup that can be read",
            hint="a backup that was not finished has no manifest: take another",
        ) from e
    names_fit = all(_FILE.fullmatch(name) for name in found.files)
    if not names_fit or not all(is_sha256(digest) for digest in found.files.values()):
        raise BadBackup(f"the manifest in {str(folder)!r} names files that no backup has")
    if found.database not in {"sqlite", "postgresql"} or found.blobs not in {"copied", "listed"}:
        raise BadBackup(f"the manifest in {str(folder)!r} is none of ours")
    return found


def find_backup(folder: Path, name: str | None) -> Path:
    """The folder of the backup of that name, or of the latest; raises BadBackup."""
    backups = folder / "backups"
    if name is not None:
        if not _NAME.fullmatch(name) or not (backups / name).is_dir():
            raise BadBackup(f"there is no backup {name[:40]!r} in {str(folder)!r}")
        return backups / name
    there = backups.iterdir() if backups.is_dir() else ()
    names = sorted(one.name for one in there if _NAME.fullmatch(one.name))
    if not names:
        raise BadBackup(
            f"there is no backup in {str(folder)!r}", hint="paddock admin backup makes one"
        )
    return backups / names[-1]

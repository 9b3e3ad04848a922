"""An embedded database as one consistent file, copied while others write; and back."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from paddock.hub.backups.errors import BadBackup


def copy_database(source: Path, target: Path) -> None:
    """A new file, for its owner alone, of one moment (SQLite's backup API)."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with (
        closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True)) as from_,
        closing(sqlite3.connect(target)) as to,
    ):
        from_.backup(to)
        to.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it


def check_database(path: Path) -> None:
    """Raise BadBackup unless SQLite finds the file whole."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as conn:
            found = conn.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as e:
        raise BadBackup(f"{path.name} is no database: {e}") from e
    if found != ("ok",):
        raise BadBackup(f"{path.name} is damaged: {found[0] if found else 'nothing in it'}")

"""The results of a revision: what its release says, what its card and its files of results say.

Knows rows. A release says more of each result than the Hub's forms can, so where there is one, its
own copies in those forms are passed over.
"""

from __future__ import annotations

from typing import NamedTuple

from paddock.errors import PaddockError
from paddock.hub.git import files
from paddock.hub.releases.reading import Release
from paddock.hub.releases.remembering import Memory
from paddock.hub.releases.result_files import (
    FOLDER,
    MAX_FILE_BYTES,
    MAX_FILES,
    OF_RELEASE,
    results_of_card,
    results_of_file,
)
from paddock.hub.releases.results import Result
from paddock.hub.scans import standing
from paddock.hub.types import FileEntry, FolderEntry
from paddock.web.repository.opened import Opened

MAX_SHOWN = 300
_files: Memory[tuple[Result, ...]] = Memory(2000, lambda found: 1 + len(found))


class Measured(NamedTuple):
    """What is said to have been measured."""

    results: tuple[Result, ...]
    more: int = 0
    kept_files: bool = False  # files of results are there that the visitor may not read


def measured_at(opened: Opened, release: Release) -> Measured:
    """Every result once, those of the release first."""
    statement = release.statement
    found = list(statement.results) if statement is not None else []
    entries = _entries(opened, skip_own=bool(found))
    may_read = opened.may_read
    for entry in entries if may_read else ():
        found += _of_file(opened, entry)
    if statement is None and opened.is_main:
        found += results_of_card(opened.repo.card or {})
    distinct = list({(*r.key, r.value, r.source): r for r in found}.values())
    return Measured(
        tuple(distinct[:MAX_SHOWN]),
        max(0, len(distinct) - MAX_SHOWN),
        bool(entries and not may_read),
    )


def _entries(opened: Opened, *, skip_own: bool) -> list[FileEntry]:
    if opened.commit_oid is None:
        return []
    folder = files.entry_at(opened.conn, opened.repo, opened.commit_oid, FOLDER)
    if not isinstance(folder, FolderEntry):
        return []
    wanted = files.PageRequest(recursive=False, limit=MAX_FILES)
    page = files.list_page(opened.conn, opened.repo, opened.commit_oid, FOLDER, wanted)
    return [
        entry
        for entry in page.entries
        if isinstance(entry, FileEntry)
        and entry.path.endswith((".yaml", ".yml"))
        and not (skip_own and entry.path == OF_RELEASE)
    ]


def _of_file(opened: Opened, entry: FileEntry) -> tuple[Result, ...]:
    is_kept = standing.is_withheld(opened.conn, opened.repo, entry)
    if entry.large is not None or entry.size_bytes > MAX_FILE_BYTES or is_kept:
        return ()

    def read() -> tuple[Result, ...]:
        try:
            raw = files.read_small_file(
                opened.conn, opened.hub.blobs, opened.repo, entry, MAX_FILE_BYTES
            )
        except PaddockError:
            return ()
        return results_of_file(raw, entry.path)

    return _files.get((entry.oid, entry.path), read)

"""The jobs that look at what was uploaded: every file that a ref of a repository leads to.

Knows the order of work and how much of it at a time; what files there are is ``contents``'s, what a
verdict leads to ``recording``'s. A content is scanned once for each of its names and each version
of the scanner, whoever holds it. A repository has its turn for a minute and then stands behind the
others; a file that takes long has a job of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.jobs.queue import enqueue
from paddock.hub.jobs.stopping import stop_here_if_asked
from paddock.hub.large import large_files
from paddock.hub.scans import contents, progress, recording, records, scanner
from paddock.hub.scans.copies import NOT_HERE, CannotLook, on_disk
from paddock.hub.scans.records import ByName
from paddock.hub.scans.requests import (
    SCAN_AGAIN,
    SCAN_BACKLOG,
    SCAN_FILE,
    SCAN_MISSING,
    SCAN_REPOSITORY,
    scan_file_later,
)
from paddock.hub.scans.scanner import Item
from paddock.hub.scans.verdicts import REJECT, UNSCANNED, Known, name_of
from paddock.hub.tables import repository_large_files
from paddock.hub.types import FileEntry, LargeFile, Repository

SLICE_SECONDS = 60.0
LONG_BYTES = 128 << 20  # a file from here on has a job of its own
TOGETHER_FILES = 100  # in one process of the scanner
TOGETHER_BYTES = 64 << 20
_LOOK_SECONDS = 600
_REPOSITORIES_AT_ONCE = 500

every(_LOOK_SECONDS)(SCAN_MISSING)


@handler(SCAN_MISSING)
def find_missing(hub: Hub, payload: dict[str, Any]) -> None:
    """Find repositories that this scanner did not look at, such as those of an older paddock."""
    with hub.database.write() as conn:
        for repo_id in progress.missing(conn, scanner.version(), _REPOSITORIES_AT_ONCE):
            enqueue(conn, SCAN_BACKLOG, {"repo_id": repo_id}, unique=str(repo_id))


@handler(SCAN_BACKLOG)
def scan_backlog(hub: Hub, payload: dict[str, Any]) -> None:
    """A repository that waited long already: what was just uploaded need not wait behind it."""
    _scan_repository(hub, int(payload["repo_id"]), _Turn(SCAN_BACKLOG))


@handler(SCAN_REPOSITORY)
def scan_repository(hub: Hub, payload: dict[str, Any]) -> None:
    """Look at every file that the refs lead to and nobody looked at yet."""
    _scan_repository(hub, int(payload["repo_id"]), _Turn(SCAN_REPOSITORY))


@handler(SCAN_AGAIN)
def scan_again(hub: Hub, payload: dict[str, Any]) -> None:
    """The same, and at what could not be looked at, or not to the end, when somebody asked."""
    since = datetime.fromisoformat(payload["since"])
    _scan_repository(hub, int(payload["repo_id"]), _Turn(SCAN_AGAIN, since))


def scan_now(hub: Hub, repo_id: int) -> None:
    """The same here and now, all of it, long files and what was not finished before too."""
    _scan_repository(hub, repo_id, _Turn(None, clock.now()))


@handler(SCAN_FILE)
def scan_file(hub: Hub, payload: dict[str, Any]) -> None:
    """Look at one file that takes long, that came late, or whose last scan did not finish."""
    with hub.database.read() as conn:
        repo = recording.find_repository(conn, int(payload["repo_id"]))
        if repo is None:
            return
        entries = _named(conn, repo, _entry(payload))
        known = records.known_of(conn, [entry.etag for entry in entries])
    for entry in entries:
        if not _is_settled(known.get(entry.etag, {}), entry, clock.now()):
            _scan(hub, repo, [entry])


class _Turn(NamedTuple):
    """A repository's turn: which jobs have the rest of it, none where there is no end to it."""

    kind: str | None
    since: datetime | None = None  # what was left open before this is looked at again


def _scan_repository(hub: Hub, repo_id: int, turn: _Turn) -> None:
    with hub.database.read() as conn:
        repo = recording.find_repository(conn, repo_id)
        if repo is None:
            return
        tips = contents.tip_commits(conn, repo)
        done = [] if turn.since else progress.done(conn, repo, scanner.version())
    looking = _Looking(hub, repo, turn)
    for part in contents.new_files(hub.database, repo, tips, done):
        if not looking.look_at(part.files):
            _enqueue_rest(hub, repo_id, turn)
            return
        if part.done:
            progress.note(hub, repo, part.done, scanner.version())
    _look_at_uncommitted(hub, repo)
    progress.finish(hub, repo, tips, scanner.version())


def _enqueue_rest(hub: Hub, repo_id: int, turn: _Turn) -> None:
    assert turn.kind is not None  # noqa: S101  (without one there is no end to the time)
    payload: dict[str, Any] = {"repo_id": repo_id}
    payload |= {"since": turn.since.isoformat()} if turn.since else {}
    with hub.database.write() as conn:
        enqueue(conn, turn.kind, payload, unique=str(repo_id))


class _Looking:
    """What is looked at in a turn."""

    def __init__(self, hub: Hub, repo: Repository, turn: _Turn) -> None:
        self._hub, self._repo, self._since = hub, repo, turn.since
        self._deadline = time.monotonic() + SLICE_SECONDS if turn.kind else None

    def look_at(self, entries: Sequence[FileEntry]) -> bool:
        """Look at those that nobody looked at; whether the time was enough."""
        distinct = {(entry.etag, name_of(entry.path)): entry for entry in entries}
        with self._hub.database.read() as conn:
            known = records.known_of(conn, (etag for etag, _ in distinct))
            came = _came(conn, self._repo, distinct.values(), known)
        rejected, waiting = [], []
        for (etag, name), entry in distinct.items():
            one = known.get(etag, {}).get(name)
            if etag in came or not _is_settled(known.get(etag, {}), entry, self._since):
                waiting.append(entry)
            elif one is not None and one.verdict == REJECT:
                rejected.append(entry)
        self._refuse(rejected)
        for some in self._portions(waiting):
            stop_here_if_asked()
            if self._deadline is not None and time.monotonic() > self._deadline:
                return False
            _scan(self._hub, self._repo, some)
        return True

    def _refuse(self, entries: Sequence[FileEntry]) -> None:
        if not entries:
            return
        with self._hub.database.write() as conn:
            here = recording.find_repository(conn, self._repo.id, lock=True)
            if here is not None:
                recording.refuse(conn, here, entries)

    def _portions(self, entries: Iterable[FileEntry]) -> Iterator[list[FileEntry]]:
        """What one process looks at; what takes long is left to jobs, where there is no time."""
        some: list[FileEntry] = []
        for entry in entries:
            if entry.size_bytes >= LONG_BYTES and self._deadline is not None:
                with self._hub.database.write() as conn:
                    scan_file_later(conn, self._repo.id, entry)
                continue
            size_bytes = sum(other.size_bytes for other in some) + entry.size_bytes
            if some and (size_bytes > TOGETHER_BYTES or len(some) == TOGETHER_FILES):
                yield some
                some = []
            some.append(entry)
        if some:
            yield some


def _scan(hub: Hub, repo: Repository, entries: Sequence[FileEntry]) -> None:
    """Look at these files together and keep what was found."""
    with ExitStack() as stack:
        here: list[tuple[FileEntry, Item]] = []
        for entry in entries:
            try:
                file = stack.enter_context(on_disk(hub, repo, entry))
            except CannotLook as e:
                with hub.database.write() as conn:
                    why = (entry.etag, name_of(entry.path), e.message)
                    records.note_unscanned(conn, *why, scanner.version())
            else:
                here.append((entry, Item(name_of(entry.path), file)))
        found = scanner.scan_items([item for _, item in here])
    kept = zip((entry for entry, _ in here), found, strict=True)
    recording.record(hub, repo, list(kept))


def _is_settled(known: ByName, entry: FileEntry, since: datetime | None) -> bool:
    """Whether this scanner said what it has to say of a content under its name.

    What it left open before ``since`` is not settled.
    """
    one: Known | None = known.get(name_of(entry.path))
    if one is None or one.scanner != scanner.version():
        return False
    is_open = one.verdict == UNSCANNED or one.is_unfinished
    return not is_open or since is None or one.scanned_at >= since


def _came(
    conn: sa.Connection,
    repo: Repository,
    entries: Iterable[FileEntry],
    known: Mapping[str, ByName],
) -> set[str]:
    """Large files that were missing wherever they were looked for, and that are here."""
    missing = {
        entry.etag
        for entry in entries
        if entry.large
        and (one := known.get(entry.etag, {}).get(name_of(entry.path)))
        and one.note == NOT_HERE
    }
    return large_files.present(conn, repo.id, missing)


def _entry(payload: dict[str, Any]) -> FileEntry:
    size_bytes, large = int(payload["size_bytes"]), payload["large"]
    file = None if large is None else LargeFile(large[0], size_bytes, large[1], None)
    return FileEntry(payload["path"], payload["oid"], size_bytes, file)


def _named(conn: sa.Connection, repo: Repository, entry: FileEntry) -> list[FileEntry]:
    """The file under its path, or, where nobody said one, under every name that is known of it."""
    if entry.path:
        return [entry]
    links = repository_large_files.c
    query = sa.select(links.filename).where(links.repo_id == repo.id, links.sha256 == entry.etag)
    path = conn.execute(query).scalar_one_or_none()
    waiting = records.known_of(conn, [entry.etag]).get(entry.etag, {})
    names = {name for name, one in waiting.items() if one.verdict == UNSCANNED}
    names |= {path} if path else set()
    paths = sorted(names) or [entry.etag]
    return [FileEntry(path, entry.oid, entry.size_bytes, entry.large) for path in paths]


def _look_at_uncommitted(hub: Hub, repo: Repository) -> None:
    """Large files that no commit names: who knows their digest can ask for them."""
    with hub.database.write() as conn:
        for sha256, size_bytes in progress.unlooked_large(conn, repo.id):
            scan_file_later(
                conn, repo.id, FileEntry("", "", size_bytes, LargeFile(sha256, size_bytes, 0, None))
            )

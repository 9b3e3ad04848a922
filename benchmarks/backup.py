"""How long backing up and restoring the metadata of 100,000 repositories takes, and the audit log.

    python -m benchmarks.backup [--repositories N] [--databases NAME …] [--acts N]

Fills a hub with the rows of real-looking repositories, ten files each, takes a backup and restores
it; restoring compares every row with the one that was backed up, and the figure is there only if
they are equal. Then 1 and 8 writers note acts in transactions of their own, which shows what
waiting for the end of the chain costs.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.catalogue_filling import fill
from benchmarks.catalogue_rows import Names, rows
from benchmarks.catalogue_scale import hub_database, prepare
from benchmarks.figures import Figure, run
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.audit_log.verifying import verify_database
from paddock.hub.backups.restoring import Target, restore_backup
from paddock.hub.backups.taking import Source, take_backup
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repositories", type=int, default=100_000)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--acts", type=int, default=2000)
    run("Backup, restore and the audit log", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    figures = []
    for kind in options.databases:
        place = folder.absolute() / f"{kind}-backup{options.repositories}"
        place.mkdir(parents=True)
        with ExitStack() as stack:
            url = stack.enter_context(hub_database(kind, place, keep=False))
            prepare(url, "write")
            fill(url, rows(Names(options.repositories)))
            empty = place / "new-empty"
            empty.mkdir()
            other = stack.enter_context(hub_database(kind, empty, keep=False))
            where = f"{kind}, {options.repositories:,} repositories"
            figures += _backups(place, url, None if kind == "sqlite" else other, where)
            figures += _acts(url, options.acts, kind)
    return figures


def _backups(place: Path, url: str, other: str | None, where: str) -> list[Figure]:
    database = Database(url)
    file = Path(url.removeprefix("sqlite:///")) if database.is_sqlite else None
    source = Source(database, LocalBlobStore(place / "blobs"), file, has_bucket=False)
    backup, new = place / "backup", place / "new"
    target = Target(new, new / "paddock.db", other, lambda: LocalBlobStore(new / "blobs"), False)
    rows_held = 0

    def take() -> None:
        nonlocal rows_held
        taken = take_backup(source, backup)
        rows_held = sum(mark[0] for mark in taken.manifest.tables.values())

    figures = [_timed(f"{where}: backup", take)]
    size = sum(path.stat().st_size for path in backup.rglob("*") if path.is_file())
    figures.append(Figure(f"{where}: rows in it", rows_held, "rows", [rows_held]))
    figures.append(Figure(f"{where}: size of it", round(size / 1e6, 1), "MB", [size / 1e6]))
    figures.append(
        _timed(f"{where}: restore, every row compared", lambda: _restore(backup, target))
    )
    database.dispose()
    return figures


def _restore(backup: Path, target: Target) -> None:
    restore_backup(backup, None, target)


def _acts(url: str, count: int, kind: str) -> list[Figure]:
    database = Database(url)
    figures = []
    for writers in (1, 8):
        threads = [
            threading.Thread(target=_note, args=[database, count // writers])
            for _ in range(writers)
        ]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rate = count // writers * writers / (time.perf_counter() - started)
        what = f"{kind}: acts noted, each in a transaction, {writers} writers"
        figures.append(Figure(what, round(rate), "1/s", [rate]))
    started = time.perf_counter()
    found = verify_database(database)
    assert found.is_whole, found.problems
    rate = found.entries / (time.perf_counter() - started)
    figures.append(Figure(f"{kind}: entries verified", round(rate), "1/s", [rate]))
    database.dispose()
    return figures


def _note(database: Database, count: int) -> None:
    for number in range(count):
        with database.write() as conn:
            note(conn, Act.QUOTA, bytes=number)


def _timed(what: str, do: Callable[[], None]) -> Figure:
    started = time.perf_counter()
    do()
    seconds = time.perf_counter() - started
    return Figure(what, round(seconds, 1), "s", [seconds])


if __name__ == "__main__":
    main()

"""One large file up and down, in every store: seconds, memory, processor time of both sides.

Each store is opened anew for each round, in turn with the others, on the same file; what a store
does behind an upload ends before its download begins. What comes down is compared with what went
up.
"""

from __future__ import annotations

import filecmp
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.figures import Figure, best, paired
from benchmarks.process_trees import TreeWatch, memory_bytes_of
from benchmarks.xet_stores import Moved, Opened, Store

Open = Callable[[Path], Opened]


@dataclass
class Series:
    """What one store took, a number for each round."""

    ups: list[Moved] = field(default_factory=list)
    downs: list[Moved] = field(default_factory=list)
    idle: list[int] = field(default_factory=list)  # bytes of the server's memory
    peaks: list[int] = field(default_factory=list)  # bytes above that
    behind: list[float] = field(default_factory=list)  # the server's processor time after an upload
    stored: list[int] = field(default_factory=list)


def measure_transfers(
    what: str, source: Path, stores: dict[str, Open], folder: Path, rounds: int
) -> list[Figure]:
    """Figures of one file; ratios are to the store that is named first."""
    series: dict[str, Series] = defaultdict(Series)
    for _ in range(rounds):
        for name, opened in stores.items():
            _one_round(series[name], source, opened, folder)
    gigabytes = source.stat().st_size / 1e9
    figures: list[Figure] = []
    bars: dict[str, Figure] = {}
    for name, taken in series.items():
        for direction, moves in (("up", taken.ups), ("down", taken.downs)):
            figure = best(f"{what} {direction}: {name}", "s", [each.seconds for each in moves])
            spent = min(each.server_cpu_seconds for each in moves)
            bar = bars.setdefault(direction, figure)
            figure = figure if bar is figure else paired(figure, bar)
            figures.append(replace(figure, server_cpu_seconds=round(spent, 2)))
            both = [each.client_cpu_seconds + each.server_cpu_seconds for each in moves]
            per_gigabyte = [seconds / gigabytes for seconds in both]
            figures.append(
                best(f"{what} {direction}: {name}: both sides' CPU", "s/GB", per_gigabyte)
            )
        figures += _rest(f"{what}: {name}", taken, gigabytes)
    return figures


def _one_round(taken: Series, source: Path, opened: Open, folder: Path) -> None:
    with opened(folder / "store") as store:
        empty = store.stored()
        idle = memory_bytes_of(store.pid) if store.pid else 0
        up, peak = _watched(store, lambda: store.up("first.bin", source, folder / "home"))
        before = store.server_cpu_seconds()
        store.settle()
        behind = store.server_cpu_seconds() - before
        stored = store.stored() - empty
        subprocess.run(["sync", "-f", folder], check=True)  # nobody pays for another's pages
        got = folder / "got"
        got.mkdir()
        down, down_peak = _watched(store, lambda: store.down("first.bin", got, folder / "other"))
        if down.path is None or not filecmp.cmp(down.path, source, shallow=False):
            raise RuntimeError("what came down is not what went up")
    taken.ups.append(up)
    taken.downs.append(down)
    taken.idle.append(idle)
    taken.peaks.append(max(peak, down_peak))
    taken.behind.append(behind)
    taken.stored.append(stored)
    for name in ("store", "home", "other", "got"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _watched(store: Store, move: Callable[[], Moved]) -> tuple[Moved, int]:
    if store.pid is None:
        return move(), 0
    with TreeWatch(store.pid) as memory:
        moved = move()
    return moved, memory.over_idle_bytes


def _rest(what: str, taken: Series, gigabytes: float) -> list[Figure]:
    """What is no time of a transfer's."""
    stored = best(f"{what}: stored", "MB", [each / 1e6 for each in taken.stored])
    if not any(taken.idle):
        return [stored]
    return [
        stored,
        best(f"{what}: server's memory when idle", "MB", [each / 1e6 for each in taken.idle]),
        best(f"{what}: server's memory over idle", "MB", [each / 1e6 for each in taken.peaks]),
        best(
            f"{what} up: server's CPU",
            "s/GB",
            [each.server_cpu_seconds / gigabytes for each in taken.ups],
        ),
        best(
            f"{what} down: server's CPU",
            "s/GB",
            [each.server_cpu_seconds / gigabytes for each in taken.downs],
        ),
        best(
            f"{what}: server's CPU behind it", "s/GB", [each / gigabytes for each in taken.behind]
        ),
    ]

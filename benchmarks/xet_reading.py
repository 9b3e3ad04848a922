"""The same file by plain HTTP from two hubs: it came to one by Xet, to the other as one blob.

Whole, in four parts at once, and in ranges of 4 MiB at random places, in turn.
"""

from __future__ import annotations

import random
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import rmtree

import httpx

from benchmarks.figures import Figure, best, paired
from benchmarks.hub_transfer import curl
from benchmarks.process_trees import TreeWatch
from benchmarks.xet_stores import Store, hub_store

RANGES, RANGE_BYTES, PARTS = 100, 1 << 22, 4
Read = Callable[[str, str, int], float]  # address, token and size in bytes; gives seconds


def measure_reading(what: str, source: Path, folder: Path, rounds: int) -> Iterator[Figure]:
    """Ratios are of the Xet file to the blob."""
    size_bytes = source.stat().st_size
    with ExitStack() as stack:
        hubs = {
            by: stack.enter_context(hub_store(folder / by, xet=by == "Xet"))
            for by in ("LFS", "Xet")
        }
        for store in hubs.values():
            store.up("first.bin", source, folder / "home")
            store.settle()
        xet = hubs["Xet"]
        assert xet.pid
        with TreeWatch(xet.pid) as memory:
            for way, read in _READS.items():
                taken: dict[str, list[float]] = defaultdict(list)
                for _ in range(rounds):
                    for by, store in hubs.items():
                        taken[by].append(_read(read, store, size_bytes))
                blob = best(f"{what}, plain HTTP, {way}: came by LFS", "s", taken["LFS"])
                yield blob
                yield paired(best(f"{what}, plain HTTP, {way}: by Xet", "s", taken["Xet"]), blob)
        over = memory.over_idle_bytes / 1e6
        yield best(f"{what}, plain HTTP: memory over idle, by Xet", "MB", [over])
    for name in ("LFS", "Xet", "home"):
        rmtree(folder / name)


def _read(read: Read, store: Store, size_bytes: int) -> float:
    address = f"http://{store.address}/admin/bench/resolve/main/first.bin"
    return read(address, store.environ["BENCH_TOKEN"], size_bytes)


def _whole(address: str, token: str, size_bytes: int) -> float:
    return curl("-L", "-o", "/dev/null", "-H", f"Authorization: Bearer {token}", address)


def _in_parts(address: str, token: str, size_bytes: int) -> float:
    command = ["curl", "-sSfL", "-o", "/dev/null", "-H", f"Authorization: Bearer {token}"]
    step = -(-size_bytes // PARTS)
    began = time.perf_counter()
    running = [
        subprocess.Popen([*command, "-r", f"{at}-{min(at + step, size_bytes) - 1}", address])
        for at in range(0, size_bytes, step)
    ]
    if any([process.wait() for process in running]):
        raise RuntimeError("a range was not sent")
    return time.perf_counter() - began


def _in_ranges(address: str, token: str, size_bytes: int) -> float:
    chosen, most = random.Random(5), min(RANGE_BYTES, size_bytes)
    credentials = {"Authorization": f"Bearer {token}"}
    with httpx.Client(headers=credentials, follow_redirects=True, timeout=60) as http:
        began = time.perf_counter()
        for _ in range(RANGES):
            start = chosen.randrange(size_bytes - most + 1)
            wanted = {"Range": f"bytes={start}-{start + most - 1}"}
            answer = http.get(address, headers=wanted)
            if answer.status_code != httpx.codes.PARTIAL_CONTENT or len(answer.content) != most:
                raise RuntimeError(f"a range was answered with {answer.status_code}")
        return time.perf_counter() - began


_READS: dict[str, Read] = {
    "whole": _whole,
    f"{PARTS} parts at once": _in_parts,
    f"{RANGES} ranges of 4 MiB": _in_ranges,
}

"""Files that differ little, one after the other in every store: what is stored, what is sent.

All bytes that a client sends are counted by a proxy, or told by hf-xet where it writes the store
itself. Bytes are no matter of chance: there is one round.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.figures import Figure, best, compared
from benchmarks.xet_files import (
    checkpoints,
    write_fine_tune,
    write_next_version,
    write_quantised,
)
from benchmarks.xet_stores import Opened

OpenCounted = Callable[[Path], Opened]
FINE_TUNED = 0.03  # of all tensors


class Scenario(NamedTuple):
    """A first file and those that follow; each is in its place only until the next is asked for."""

    name: str
    files: Callable[[], Iterator[Path]]


class Peer(NamedTuple):
    """A store, and whether every file comes from a machine that never sent one before."""

    open: OpenCounted
    from_new_machines: bool = False


class Growth(NamedTuple):
    """Bytes of the files after the first: their own, what the store grew by, what was sent."""

    first_stored: int
    logical: int
    stored: int
    sent: int


def scenarios(noise: Path, weights: Path, small: Path, count: int, folder: Path) -> list[Scenario]:
    """Files are made when they are asked for; ``small`` is what the training run begins with."""
    made = folder / "made.safetensors"

    def versions(first: Path) -> Iterator[Path]:
        yield first
        write_next_version(first, made)
        yield made

    def fine_tune() -> Iterator[Path]:
        yield weights
        write_fine_tune(weights, made, FINE_TUNED)
        yield made

    def quantised() -> Iterator[Path]:
        yield weights
        target = folder / "made.gguf"
        write_quantised(weights.parent, target)
        yield target
        target.unlink()

    def training() -> Iterator[Path]:
        shutil.copyfile(small, made)
        yield from checkpoints(made, count)

    return [
        Scenario("noise, 20 edits of 100 kB, 8 bytes more", lambda: versions(noise)),
        Scenario("weights, 20 edits of 100 kB, 8 bytes more", lambda: versions(weights)),
        Scenario(f"a fine-tune of {FINE_TUNED:.0%} of the tensors", fine_tune),
        Scenario("bfloat16, then its Q8_0", quantised),
        Scenario(f"{count} checkpoints of a training run", training),
    ]


def measure_versions(scenario: Scenario, peers: dict[str, Peer], folder: Path) -> list[Figure]:
    """Figures of one scenario; ratios are to the store that is named first."""
    figures: list[Figure] = []
    bars: list[Figure] = []
    for name, peer in peers.items():
        growth = _grow(scenario, peer, folder)
        found = [
            best(f"{scenario.name}: {name}: {what}", "MB", [each / 1e6])
            for what, each in (
                ("the first, stored", growth.first_stored),
                ("the rest, stored", growth.stored),
                ("the rest, sent", growth.sent),
                ("all, stored", growth.first_stored + growth.stored),
            )
        ]
        if not bars:
            bars = found
            logical = growth.logical / 1e6
            figures.append(best(f"{scenario.name}: the rest, as files", "MB", [logical]))
            figures += found
        else:
            figures += [compared(*both) for both in zip(found, bars, strict=True)]
    return figures


def _grow(scenario: Scenario, peer: Peer, folder: Path) -> Growth:
    first_stored = logical = sent = 0
    with peer.open(folder / "store") as store:
        empty = store.stored()
        for number, path in enumerate(scenario.files()):
            home = folder / (f"home{number}" if peer.from_new_machines else "home")
            moved = store.up(f"{number}{path.suffix}", path, home)
            if not number:
                store.settle()
                first_stored = store.stored() - empty
                continue
            logical += path.stat().st_size
            sent += moved.sent_bytes
        store.settle()
        stored = store.stored() - empty - first_stored
    for left in [folder / "store", *folder.glob("home*"), *folder.glob("made.*")]:
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    return Growth(first_stored, logical, stored, sent)

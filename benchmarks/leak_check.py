"""How much the leak check finds under each disguise, how often it is wrong, and what it costs.

    python -m benchmarks.leak_check [--sizes 64 256 1024 512x2048 4096] [--tries 100] [--pairs 2000]
        [--seconds 60] [--gigabytes 2] [--layers 2] [--models FOLDER …]

A try withholds one matrix and releases a disguised copy of it, and the whole search for tensors is
asked. A pair compares a withheld matrix with one that is no copy: drawn anew in the same way, or
another one of real models. Intervals are Wilson's, 95 %. A size and kind of matrix gets so many
tries, or as many as fit into the seconds; matrices over 2048 wide are shown the promised disguises
alone. Throughput is of whole checks of releases on disk, by processor time.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.figures import Figure, best, run
from benchmarks.leak_disguises import DISGUISES, KINDS, PROMISED, Array, Disguise, Shape, drawn
from benchmarks.leak_releases import throughput
from paddock import starter
from paddock.checkpoint.codecs.transcoding import decode
from paddock.release.leaks.combinations import Combinations
from paddock.release.leaks.released import ReleasedTensor
from paddock.release.leaks.runs import RunIndex
from paddock.release.leaks.targets import Origin, make_target
from paddock.release.leaks.tensor_search import TensorSearch
from paddock.release.leaks.withheld_content import Owner, tensors_of

PROBES = 32
LARGE = 2048
WITHHELD_TOGETHER = 20


class Rate(NamedTuple):
    """How often something happened, with Wilson's interval."""

    what: str
    times: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        z, n, share = 1.96, max(self.of, 1), self.times / max(self.of, 1)
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.what:<64} {self.times:>5} of {self.of:<5} {low:.4f} to {high:.4f}"


def search_for(*arrays: Array) -> TensorSearch:
    """A search for withheld matrices."""
    runs = RunIndex.for_elements(sum(array.size for array in arrays))
    targets, owners = [], []
    for number, array in enumerate(arrays):
        name = f"withheld {number}"
        runs.add(number, array.reshape(-1))
        runs.add(number, np.ascontiguousarray(array.T).reshape(-1))
        owners.append(Owner("item", name, "tensor"))
        targets.append(make_target(Origin("item", name, PROBES), array.copy(), None))
    shapes = frozenset(target.shape for target in targets)
    return TensorSearch(targets, owners, runs, Combinations(shapes))


def found_in(search: TensorSearch, released: Array) -> set[str]:
    """The withheld matrices that the released one is taken for."""
    array = np.ascontiguousarray(released, np.float32)
    raw = array.tobytes()
    tensor = ReleasedTensor("x", "F32", array.shape, len(raw), lambda: iter((raw,)))
    return {name for (_, name), _ in search.look("file", tensor)}


def _disguises(shape: Shape) -> dict[str, Disguise]:
    return DISGUISES if max(shape) <= LARGE else PROMISED


def one_try(kind: str, shape: Shape, seed: int) -> list[str]:
    """Under which disguises one matrix is found."""
    rng = np.random.Generator(np.random.PCG64(seed))
    array = drawn(kind, shape, rng)
    search = search_for(array)
    disguises = _disguises(shape)
    return [name for name, make in disguises.items() if found_in(search, make(array, rng))]


def unrelated(kind: str, shape: Shape, seed: int) -> tuple[int, int]:
    """False alarms in a released matrix, and the pairs it makes with withheld ones."""
    rng = np.random.Generator(np.random.PCG64(seed))
    count = WITHHELD_TOGETHER if max(shape) <= LARGE else 2
    search = search_for(*(drawn(kind, shape, rng) for _ in range(count)))
    releases = 5
    wrong = sum(len(found_in(search, drawn(kind, shape, rng))) for _ in range(releases))
    return wrong, releases * count


def detection(
    pool: ProcessPoolExecutor, kind: str, shape: Shape, options: argparse.Namespace
) -> Iterator[Rate]:
    """Each disguise, so often."""
    counts: Counter[str] = Counter()
    end, done, step = time.monotonic() + options.seconds, 0, 2 * options.processes
    while done < options.tries and (not done or time.monotonic() < end):
        seeds = range(done, min(done + step, options.tries))
        for names in pool.map(one_try, [kind] * step, [shape] * step, seeds):
            counts.update(names)
            done += 1
    for name in _disguises(shape):
        yield Rate(f"{kind} {shape[0]} × {shape[1]}: {name}", counts[name], done)


def false_alarms(
    pool: ProcessPoolExecutor, kind: str, shape: Shape, options: argparse.Namespace
) -> Rate:
    """Unrelated matrices of one kind."""
    wrong, pairs, seed = 0, 0, 1 << 20
    end, step = time.monotonic() + options.seconds, options.processes
    while pairs < options.pairs and (not pairs or time.monotonic() < end):
        seeds = range(seed, seed + step)
        for count, of in pool.map(unrelated, [kind] * step, [shape] * step, seeds):
            wrong, pairs = wrong + count, pairs + of
        seed += step
    return Rate(f"false alarms, {kind} {shape[0]} × {shape[1]}", wrong, pairs)


def real_alarms(models: Sequence[Path], most: int) -> Iterator[Rate]:
    """Every matrix of a model against all others of it, and against those of the other models."""
    arrays = {model.name: _matrices(model) for model in models}
    for name, mine in arrays.items():
        search = search_for(*mine)
        for other, theirs in arrays.items():
            wrong, pairs = 0, 0
            for number, array in enumerate(theirs[: max(1, most // len(mine))]):
                itself = {f"withheld {number}"} if name == other else set()
                wrong += len(found_in(search, array) - itself)
                pairs += len(mine) - len(itself)
            yield Rate(f"false alarms, {name} withheld, {other} released", wrong, pairs)


def _matrices(model: Path) -> list[Array]:
    tensors = sorted(tensors_of(model).values(), key=lambda tensor: tensor.name)
    return [decode(t.read(), t.dtype).reshape(t.shape) for t in tensors if len(t.shape) == 2]


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    """Throughput first, in a process that has done nothing else."""
    context = get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        figures = pool.submit(throughput, folder, options.gigabytes, options.layers).result()
    rates: list[Rate] = []
    with ProcessPoolExecutor(options.processes, context) as pool:
        for shape in map(_shape, options.sizes):
            for kind in KINDS:
                rates += detection(pool, kind, shape, options)
                rates.append(false_alarms(pool, kind, shape, options))
    models = [Path(starter.__file__).parent / "model", *options.models]
    rates += real_alarms(models, options.pairs)
    print("\n".join(map(str, rates)), "\n")
    return [*figures, *(best(rate.what, "share", [rate.times / rate.of]) for rate in rates)]


def _shape(text: str) -> Shape:
    rows, _, columns = text.partition("x")
    return int(rows), int(columns or rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=["64", "256", "1024", "512x2048", "4096"])
    parser.add_argument("--tries", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=60, help="for a size and kind, at most")
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--layers", type=int, default=2, help="that are withheld")
    parser.add_argument("--models", type=Path, nargs="*", default=[], help="trained, independent")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    # A process each, and a thread each: workers inherit this before they import NumPy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    run("The leak check", parser, measure)


if __name__ == "__main__":
    main()

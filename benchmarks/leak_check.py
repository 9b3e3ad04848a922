"""How much the leak check finds under each disguise, how often it is wrong, and what it costs.

    python -m benchmarks.leak_check [--sizes 64 256 1024 4096] [--tries 20] [--pairs 1000]

A try withholds one matrix and releases a disguised copy of it. A pair compares a withheld matrix
with one that is no copy: drawn anew in the same way, or another one of a real model. Intervals are
Wilson's, 95 %. Matrices are noise, or noise with the falling spectrum and the loud columns of
trained weights. Throughput is of a whole check of a checkpoint on disk.
"""

from __future__ import annotations

import argparse
import math
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from benchmarks import llama_shaped
from benchmarks.figures import Figure, best, run
from paddock import starter
from paddock.checkpoint.codecs.transcoding import decode
from paddock.checkpoint.opening import open_checkpoint
from paddock.release.leaks.check import check_leaks
from paddock.release.leaks.combinations import Combinations
from paddock.release.leaks.released import ReleasedTensor
from paddock.release.leaks.runs import RunIndex
from paddock.release.leaks.targets import Origin, make_target
from paddock.release.leaks.tensor_search import TensorSearch
from paddock.release.leaks.withheld_content import Owner
from paddock.release.withholding.withheld import Item, Withheld, WithheldTensor

Array = NDArray[Any]
Disguise = Callable[[Array, np.random.Generator], Array]
PROBES = 32
KINDS = ("noise", "trained")


class Rate(NamedTuple):
    """How often something happened, with Wilson's interval."""

    what: str
    count: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        z, n, share = 1.96, max(self.of, 1), self.count / max(self.of, 1)
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.what:<44} {self.count:>5} of {self.of:<5} {low:.4f} to {high:.4f}"


def drawn(kind: str, size: int, rng: np.random.Generator) -> Array:
    """Noise, or noise with a falling spectrum and some loud columns, as training leaves it."""
    noise = rng.standard_normal((size, size))
    if kind == "trained":
        rank = max(4, size // 8)
        strong = rng.standard_normal((size, rank)) * np.arange(1, rank + 1) ** -0.5
        noise = noise + 2 * strong @ rng.standard_normal((rank, size)) / math.sqrt(rank)
        noise *= np.exp(0.3 * rng.standard_normal(size))
    return (0.02 * noise).astype(np.float32)


def quantised(bits: int) -> Disguise:
    def make(array: Array, _: np.random.Generator) -> Array:
        blocks = array.reshape(-1, 32)
        scale = np.abs(blocks).max(axis=1, keepdims=True) / max(2 ** (bits - 1) - 1, 1)
        found: Array = (np.round(blocks / scale) * scale).reshape(array.shape)
        return np.sign(array) if bits == 1 else found

    return make


def noisy(strength: float) -> Disguise:
    return lambda a, rng: a + strength * a.std() * rng.standard_normal(a.shape)


def shifted(rank: int, strength: float) -> Disguise:
    def make(array: Array, rng: np.random.Generator) -> Array:
        m, n = array.shape
        shift = rng.standard_normal((m, rank)) @ rng.standard_normal((rank, n))
        return array + shift * strength * np.linalg.norm(array) / np.linalg.norm(shift)

    return make


def reordered(array: Array, rng: np.random.Generator) -> Array:
    m, n = array.shape
    return array[rng.permutation(m)][:, rng.permutation(n)]


def rescaled(array: Array, rng: np.random.Generator) -> Array:
    m, n = array.shape
    signs = rng.choice([-1, 1], (m, 1)) * rng.choice([-1, 1], n)
    scales = np.exp(rng.normal(0, 0.5, (m, 1))) * np.exp(rng.normal(0, 0.5, n))
    return array * signs * scales


def then(*disguises: Disguise) -> Disguise:
    def make(array: Array, rng: np.random.Generator) -> Array:
        for each in disguises:
            array = each(array, rng)
        return array

    return make


def _part(array: Array, _: np.random.Generator) -> Array:
    return 2 * array[len(array) // 8 : len(array) // 2, : array.shape[1] * 7 // 8]


DISGUISES: dict[str, Disguise] = {
    **{f"{bits} bits": quantised(bits) for bits in (8, 4, 3, 2, 1)},
    "scales and signs of rows and columns": rescaled,
    "rows and columns in another order": reordered,
    **{f"the same, {bits} bits": then(quantised(bits), reordered) for bits in (4, 3, 2)},
    "the same, scales and signs": then(rescaled, reordered),
    **{f"the same, noise {s}": then(noisy(s), reordered) for s in (0.1, 0.3, 0.5)},
    "transposed, 4 bits": lambda a, rng: quantised(4)(a, rng).T,
    "a slice of both sides": _part,
    "fused with two others, 4 bits": lambda a, rng: np.concatenate(
        [drawn("noise", len(a), rng), quantised(4)(a, rng), drawn("noise", len(a), rng)]
    ),
    **{f"noise {s}": noisy(s) for s in (0.5, 1, 1.5, 2, 2.5, 3)},
    **{f"rank {r}, {s} times its size": shifted(r, s) for r in (8, 64) for s in (1, 4, 20)},
    **{f"rank 256, {s} times its size": shifted(256, s) for s in (1, 2, 4)},
    "rank 8, 4 bits, rows in another order": lambda a, rng: then(shifted(8, 2), quantised(4))(
        a, rng
    )[rng.permutation(len(a))],
}


def search_for(array: Array) -> TensorSearch:
    """A search for one withheld matrix."""
    runs = RunIndex.for_elements(array.size)
    runs.add(0, array.reshape(-1))
    runs.add(0, np.ascontiguousarray(array.T).reshape(-1))
    target = make_target(Origin("item", "withheld", PROBES), array.copy(), None)
    shapes = frozenset({target.shape})
    return TensorSearch([target], [Owner("item", "withheld", "tensor")], runs, Combinations(shapes))


def is_found(search: TensorSearch, released: Array) -> bool:
    """Whether the released matrix is taken for a copy."""
    array = np.ascontiguousarray(released, np.float32)
    raw = array.tobytes()
    tensor = ReleasedTensor("x", "F32", array.shape, len(raw), lambda: iter((raw,)))
    return any(True for _ in search.look("file", tensor))


def detection(kind: str, size: int, tries: int, rng: np.random.Generator) -> Iterator[Rate]:
    """Each disguise, so often."""
    counts = dict.fromkeys(DISGUISES, 0)
    for _ in range(tries):
        array = drawn(kind, size, rng)
        search = search_for(array)
        for name, disguise in DISGUISES.items():
            counts[name] += is_found(search, disguise(array, rng))
    for name, count in counts.items():
        yield Rate(f"{kind} {size}: {name}", count, tries)


def false_alarms(kind: str, size: int, pairs: int, rng: np.random.Generator) -> Rate:
    """Unrelated matrices of one kind."""
    wrong, done = 0, 0
    while done < pairs:
        search = search_for(drawn(kind, size, rng))
        for _ in range(min(20, pairs - done)):
            wrong += is_found(search, drawn(kind, size, rng))
            done += 1
    return Rate(f"false alarms, {kind} {size}", wrong, pairs)


def real_alarms(most: int) -> Rate:
    """Every two different matrices of the starter model."""
    checkpoint = open_checkpoint(Path(starter.__file__).parent / "model")
    arrays = [
        decode(t.read(), t.dtype).reshape(t.shape) for t in checkpoint.tensors if len(t.shape) == 2
    ]
    wrong = done = 0
    for number, array in enumerate(arrays):
        search = search_for(array)
        for other in (o for at, o in enumerate(arrays) if at != number):
            if done < most:
                wrong += is_found(search, other)
                done += 1
    return Rate("false alarms, two matrices of the starter model", wrong, done)


def throughput(folder: Path, gigabytes: float) -> list[Figure]:
    """A whole check on disk: a matrix of the model's width is withheld of another checkpoint."""
    config = llama_shaped.of_size(gigabytes)
    release = folder / "release"
    size_bytes = llama_shaped.write_checkpoint(release, config)
    _write_secret(folder / "source", config.dim)
    item = Item("x", "Model parameters (Final)", "match", "safety", "drop", None, "dropped")
    tensor = WithheldTensor("x", "secret", "F32", (config.dim, config.dim), "drop")
    start = time.perf_counter()
    check_leaks(release, folder / "source", Withheld(items=(item,), tensors=(tensor,)))
    rate = size_bytes / 1e9 / (time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [best("one matrix withheld", "GB/s", [rate]), best("peak memory", "MB", [peak])]


def _write_secret(folder: Path, size: int) -> None:
    folder.mkdir()
    rng = np.random.Generator(np.random.PCG64(3))
    save_file({"secret": drawn("noise", size, rng)}, folder / "model.safetensors")
    (folder / "config.json").write_text("{}")


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    """Throughput first, while the process is small."""
    figures = throughput(folder, options.gigabytes)
    rng = np.random.Generator(np.random.PCG64(2026))
    rates: list[Rate] = []
    for size in options.sizes:
        for kind in KINDS:
            rates += detection(kind, size, options.tries, rng)
            rates.append(false_alarms(kind, size, options.pairs, rng))
    rates.append(real_alarms(options.pairs))
    print("\n".join(map(str, rates)), "\n")
    return [*figures, *(best(rate.what, "share", [rate.count / rate.of]) for rate in rates)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 256, 1024])
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--gigabytes", type=float, default=0.5)
    run("The leak check", parser, measure)


if __name__ == "__main__":
    main()

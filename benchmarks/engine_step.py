"""One step of the native engine: how long its parts take, and what the machine's memory allows.

Random weights in the shapes of SmolLM 135M and Llama 3.2 1B. Each figure is the best of several
steps: what else runs on the machine can only hurt. Parts are those that the calling thread did or
waited for. ``--parts`` shows them.
"""

from __future__ import annotations

import argparse
import mmap
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.figures import Figure, best, run
from paddock.checkpoint.codecs.transcoding import encode
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.native.library import TIMES
from paddock.engine.native.runner import NativeRunner, usable_cores
from paddock.engine.native.weights import Kind, LayerWeights, PackedMatrix, Weights
from paddock.engine.step import BLOCK_TOKENS, Step
from paddock.kernels.step_library import StepLibrary, step_library

SHAPES = {
    "135M": LlamaConfig(
        dim=576, layers=30, heads=9, kv_heads=3, head_dim=64, ffn_dim=1536, vocab_size=49152,
        context=131072, tied_embeddings=True,
    ),
    "1.2B": LlamaConfig(
        dim=2048, layers=16, heads=32, kv_heads=8, head_dim=64, ffn_dim=8192, vocab_size=128256,
        context=131072, rope_theta=500000.0, tied_embeddings=True,
    ),
}  # fmt: skip
KINDS = {
    "float32": (Kind.F32, "F32", "F32"),
    "bfloat16": (Kind.BF16, "BF16", "BF16"),
    "int8": (Kind.Q8, "Q8_0", "Q8_0"),
    "int4": (Kind.Q4, "Q4_0", "Q4_0"),
    "q4_k": (Kind.Q4_K, "Q4_K", "Q4_K"),
}
NOISE_ROWS = 64


class Case(NamedTuple):
    """Sequences of a step: how many, their new tokens and what they had before."""

    name: str
    sequences: int
    new: int
    before: int


def random_weights(config: LlamaConfig, precision: str, library: StepLibrary) -> Weights:
    """Every matrix in memory of its own, in huge pages; all panels hold the same noise."""

    def matrix(outputs: int, inputs: int, precision: str = precision) -> PackedMatrix:
        kind, name, dtype = KINDS[precision]
        if dtype == "Q4_K" and inputs % 256:
            kind, name, dtype = KINDS["int4"]
        panels = _huge(library.matrix_bytes(name, outputs, inputs))
        raw = np.frombuffer(bytes(encode(_noise(inputs), dtype)), np.uint8)
        for first in range(0, outputs, NOISE_ROWS):
            rows = range(first, min(first + NOISE_ROWS, outputs))
            library.pack(name, dtype, raw, rows, (outputs, inputs), panels)
        return PackedMatrix(kind, outputs, inputs, panels)

    dim, ffn = config.dim, config.ffn_dim
    ones = np.ones(dim, np.float32)
    layers = tuple(
        LayerWeights(
            ones,
            (matrix(config.q_dim + 2 * config.kv_dim, dim),),
            matrix(dim, config.q_dim),
            ones,
            (matrix(2 * ffn, dim),),
            matrix(dim, ffn),
        )
        for _ in range(config.layers)
    )
    outer = "int8" if precision in ("int4", "q4_k") else precision
    embeddings = matrix(config.vocab_size, dim, outer)
    return Weights(config, embeddings, layers, ones, embeddings)


def _noise(inputs: int) -> np.ndarray:
    values = np.random.default_rng(0).standard_normal(NOISE_ROWS * inputs, np.float32)
    return values / np.float32(np.sqrt(inputs))


def _huge(size: int) -> np.ndarray:
    mapping = mmap.mmap(-1, size)
    mapping.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(mapping, np.uint8)


def bandwidth(threads: int) -> float:
    """Bytes a second that so many threads read from memory together."""
    values = _huge(1 << 28).view(np.float32)
    values[:] = 1.0
    parts = np.array_split(values, threads)
    fastest = float("inf")
    for _ in range(5):
        readers = [threading.Thread(target=np.dot, args=(part, part)) for part in parts]
        start = time.perf_counter()
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        fastest = min(fastest, time.perf_counter() - start)
    return float(values.nbytes / fastest)


def step_of(case: Case, config: LlamaConfig) -> Step:
    tokens = np.random.default_rng(1).integers(0, config.vocab_size, case.sequences * case.new)
    blocks = -(-(case.before + case.new) // BLOCK_TOKENS)
    tables = np.arange(case.sequences * blocks, dtype=np.int32).reshape(case.sequences, blocks)
    starts = np.arange(case.sequences + 1, dtype=np.int32) * case.new
    return Step(
        tokens_T=tokens.astype(np.int32),
        starts_S=starts,
        lengths_S=np.full(case.sequences, case.before + case.new, np.int32),
        tables_SB=tables,
        adapters_S=np.full(case.sequences, -1, np.int32),
        wanted_R=starts[1:] - 1,
    )


def fill_cache(runner: NativeRunner, blocks: int) -> None:
    """Write into every block: memory that is only read is one page of zeros, and never slow."""
    for first in range(0, blocks, 256):
        numbers = np.arange(first, min(first + 256, blocks), dtype=np.int32)
        starts = np.arange(len(numbers) + 1, dtype=np.int32)
        ones, none = np.ones_like(numbers), np.empty(0, np.int32)
        runner.hidden(Step(ones, starts, ones, numbers[:, None].copy(), -ones, none))


def timed(runner: NativeRunner, step: Step, seconds: float) -> tuple[list[float], np.ndarray]:
    """Seconds of each step, and the parts of the fastest."""
    times = runner.time_parts()
    rounds: list[float] = []
    parts = times.copy()
    end = time.perf_counter() + seconds
    while len(rounds) < 3 or time.perf_counter() < end:
        times[:] = 0
        start = time.perf_counter()
        runner.logits(step)
        rounds.append(time.perf_counter() - start)
        if rounds[-1] == min(rounds):
            parts = times.copy()
    return rounds, parts


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    library = step_library()
    assert library is not None, "the step is not compiled"
    speed = bandwidth(options.threads)
    figures = [best("memory read", "GB/s", [speed / 1e9])]
    for shape in options.shapes:
        for precision in options.precisions:
            config = SHAPES[shape]
            config = replace(config, layers=options.layers or config.layers)
            weights = random_weights(config, precision, library)
            figures += _cases(weights, f"{shape} {precision}", speed, options)
    return figures


def _cases(
    weights: Weights, name: str, speed: float, options: argparse.Namespace
) -> Iterator[Figure]:
    runner = NativeRunner(weights, threads=options.threads, level=options.level)
    cases = [Case(f"decode {n}", n, 1, options.before) for n in options.batches]
    cases += [Case(f"prefill {n}", 1, n, 0) for n in options.prefills]
    blocks = max(c.sequences * -(-(c.before + c.new) // BLOCK_TOKENS) for c in cases)
    runner.reserve(blocks)
    fill_cache(runner, blocks)
    for case in cases:
        rounds, parts = timed(runner, step_of(case, weights.config), options.seconds)
        tokens = case.sequences * case.new
        figure = best(f"{name}, {case.name}", "tokens/s", [tokens / t for t in sorted(rounds)[:3]])
        if case.new == 1:
            kept = case.sequences * case.before * runner.block_bytes // BLOCK_TOKENS
            share = (weights.size_bytes + kept) / speed / min(rounds)
            figure = replace(figure, ratio=round(share, 2), against="weights and cache, read once")
        if options.parts:
            shares = 100 * parts / max(1, parts.sum())
            shown = " ".join(f"{p} {n:.1f}" for p, n in zip(TIMES, shares, strict=True))
            print(f"{name}, {case.name}: {1e3 * min(rounds):.2f} ms; % {shown}", flush=True)
        yield figure
    runner.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES), choices=SHAPES)
    parser.add_argument("--layers", type=int, help="fewer than the shape has")
    parser.add_argument(
        "--precisions", nargs="+", default=["bfloat16", "int8", "int4"], choices=KINDS
    )
    parser.add_argument("--batches", nargs="*", type=int, default=[1, 8, 32])
    parser.add_argument("--before", type=int, default=512, help="tokens of each sequence so far")
    parser.add_argument("--prefills", nargs="*", type=int, default=[512])
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--level", type=int, help="of the processor: 0, 3, 5 or 6")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each case")
    parser.add_argument("--parts", action="store_true", help="show how steps are spent")
    run("Steps of the native engine", parser, measure)


if __name__ == "__main__":
    main()

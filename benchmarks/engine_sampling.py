"""Processor time of choosing one token, by vocabulary, kind of row and implementation.

    python -m benchmarks.engine_sampling [--vocabularies 49152 128256] [--rows 30] [--rounds 5]

``peaked`` logits fall off as a trained model's do, ``flat`` ones as a model's of random weights.
Milliseconds a row on one core; of many rows, what else ran on the machine counts little.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure, best, compared, run
from paddock.engine.request import GREEDY, Sampling, TokenLogprob
from paddock.engine.sampling import plain
from paddock.engine.sampling.kernel import RowKernel
from paddock.engine.step import Row
from paddock.kernels.step_library import step_levels

VOCABULARIES = [49_152, 128_256]
PLAIN_ROWS = 3  # NumPy takes a hundred times as long
SEEN = list(range(0, 4_000, 8))


def rows(vocabulary: int) -> dict[str, Row]:
    mask = np.random.default_rng(2).integers(0, 1 << 32, -(-vocabulary // 32), np.uint32)
    return {
        "greedy": Row(GREEDY, 9),
        "greedy, logprob": Row(GREEDY, 9, logprobs=0),
        "greedy, 20 logprobs": Row(GREEDY, 9, logprobs=20),
        "greedy, mask": Row(GREEDY, 9, mask_V=mask),
        "temperature 1": Row(Sampling(seed=5), 9),
        "0.7, top-p 0.9": Row(Sampling(0.7, top_p=0.9, seed=5), 9),
        "top-k 50": Row(Sampling(top_k=50, seed=5), 9),
        "0.6, top-k 50, top-p 0.9": Row(Sampling(0.6, top_k=50, top_p=0.9, seed=5), 9),
        "min-p 0.05": Row(Sampling(min_p=0.05, seed=5), 9),
        "penalties": Row(Sampling(frequency_penalty=0.5, seed=5), 9, output=SEEN),
    }


def logits(kind: str, vocabulary: int) -> np.ndarray:
    random = np.random.default_rng(1)
    if kind == "flat":
        return (random.normal(size=vocabulary) * 0.5).astype(np.float32)
    values = (random.normal(size=vocabulary) * 2.5).astype(np.float32)
    values[random.integers(vocabulary, size=50)] += 12
    return values


def milliseconds(choose: Callable[[], TokenLogprob | None], rows: int, rounds: int) -> list[float]:
    took = []
    for _ in range(rounds):
        began = time.thread_time()
        for _ in range(rows):
            choose()
        took.append((time.thread_time() - began) / rows * 1000)
    return took


def measure(options: argparse.Namespace, _folder: Path) -> list[Figure]:
    """Every kind of row on every level of the processor, beside NumPy."""
    kernels = {f"level {each.level}": RowKernel(each).choose_token for each in step_levels()}
    figures = []
    for vocabulary in options.vocabularies:
        for kind in ("peaked", "flat"):
            values = logits(kind, vocabulary)
            for name, row in rows(vocabulary).items():
                what = f"{vocabulary} tokens, {kind}, {name}"
                choose = partial(plain.choose_token, values, row)
                took = milliseconds(choose, min(PLAIN_ROWS, options.rows), options.rounds)
                numpy = best(f"{what}: NumPy", "ms", took)
                figures.append(numpy)
                for level, kernel in kernels.items():
                    took = milliseconds(partial(kernel, values, row), options.rows, options.rounds)
                    figures.append(compared(best(f"{what}: {level}", "ms", took), numpy))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vocabularies", type=int, nargs="+", default=VOCABULARIES)
    parser.add_argument("--rows", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    run("Choosing a token", parser, measure)


if __name__ == "__main__":
    main()

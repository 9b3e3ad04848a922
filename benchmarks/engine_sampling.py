"""Processor time of choosing one token, by vocabulary, kind of row and implementation.

    python -m benchmarks.engine_sampling [--rows 30]

``peaked`` logits fall off as a trained model's do, ``flat`` ones as a model's of random weights.
Milliseconds a row on one core, the best of five runs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from paddock.engine.request import GREEDY, Sampling, TokenLogprob
from paddock.engine.sampling import plain
from paddock.engine.sampling.kernel import RowKernel
from paddock.engine.step import Row
from paddock.kernels.step_library import step_levels

VOCABULARIES = (49_152, 128_256)
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


def milliseconds(choose: Callable[[], TokenLogprob | None], count: int) -> float:
    best = float("inf")
    for _ in range(5):
        began = time.thread_time()
        for _ in range(count):
            choose()
        best = min(best, (time.thread_time() - began) / count)
    return best * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=30)
    count = parser.parse_args().rows
    choosers = {f"level {each.level}": RowKernel(each).choose_token for each in step_levels()}
    choosers["plain"] = plain.choose_token
    for vocabulary in VOCABULARIES:
        for kind in ("peaked", "flat"):
            values = logits(kind, vocabulary)
            print(f"{vocabulary} tokens, {kind}: {', '.join(choosers)}")
            for name, row in rows(vocabulary).items():
                times = [
                    milliseconds(partial(choose, values, row), count if n != "plain" else 3)
                    for n, choose in choosers.items()
                ]
                print(f"  {name:26}", *(f"{each:9.4f}" for each in times))


if __name__ == "__main__":
    main()

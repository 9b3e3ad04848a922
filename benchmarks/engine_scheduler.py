"""What the engine itself costs a step, over a runner that computes nothing.

    python -m benchmarks.engine_scheduler

Milliseconds of processor time a step outside the runner, with so many sequences that decode and so
many requests that wait; then the tokens that are computed for many prompts with one prefix, beside
what the arithmetic says.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import Figure, best, run
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.engine import Engine
from paddock.engine.options import EngineOptions
from paddock.engine.request import GREEDY, Output, Request, TokenLogprob
from paddock.engine.step import Row, Step

CONFIG = LlamaConfig(
    dim=64, layers=1, heads=1, kv_heads=1, head_dim=64, ffn_dim=64, vocab_size=128256, context=8192
)
RUNNING = (1, 32, 256)
STEPS = 66
PROMPT = 512


class Nothing:
    """A runner that always says the same token, and counts."""

    config = CONFIG
    block_bytes = 1

    def __init__(self) -> None:
        self.tokens = 0
        self._token = TokenLogprob(7, 0.0)

    def reserve(self, blocks: int) -> None: ...

    def logits(self, step: Step) -> int:
        self.tokens += len(step.tokens_T)
        return len(step.wanted_R)

    def hidden(self, step: Step) -> Any:
        return np.zeros((len(step.wanted_R), CONFIG.dim), np.float32)

    def choose(self, logits: int, rows: Sequence[Row]) -> list[TokenLogprob | None]:
        return [self._token] * logits

    def put_adapter(self, slot: int, adapter: Any) -> None: ...

    def drop_adapter(self, slot: int) -> None: ...

    def close(self) -> None: ...


def step_milliseconds(running: int, waiting: int, rounds: int) -> list[float]:
    """Processor time of a step in which ``running`` sequences decode."""
    outputs: list[Output] = []
    options = EngineOptions(
        blocks=running * 64, max_sequences=running, max_step_tokens=8192,
        max_waiting=running + waiting + 1,
    )  # fmt: skip
    engine = Engine(Nothing(), options, outputs.extend)
    for number in range(running + waiting):
        prompt = tuple((number * 31 + i) % 1000 for i in range(64))
        engine.submit(Request(f"{number}", prompt, 900, GREEDY, user=f"user {number % 97}"))
    while engine.stats().running < running or engine.stats().last_step_tokens > running:
        engine.step()
    took = []
    for _ in range(rounds):
        begin = time.process_time()
        for _ in range(STEPS):
            engine.step()
        took.append((time.process_time() - begin) / STEPS * 1e3)
        outputs.clear()
    return took


def shared_prefix_tokens(requests: int) -> tuple[int, int]:
    """Tokens computed for prompts that differ in their last ten, and what they should be."""
    runner = Nothing()
    options = EngineOptions(blocks=8192, max_sequences=64, max_waiting=requests + 1)
    engine = Engine(runner, options, lambda _: None)
    for number in range(requests):
        prompt = (*range(PROMPT), *(1000 + number * 10 + i for i in range(10)))
        engine.submit(Request(f"{number}", prompt, 16, GREEDY))
    while engine.step():
        pass
    return runner.tokens, PROMPT + requests * (10 + 15)


def measure(options: argparse.Namespace, _folder: Path) -> list[Figure]:
    """The figures of every number of running and waiting requests, and of one shared prefix."""
    figures = []
    for running in RUNNING:
        for waiting in options.waiting:
            what = f"a step, {running} running, {waiting} waiting"
            took = step_milliseconds(running, waiting, options.rounds)
            figures.append(best(what, "ms", took))
    for what, tokens in zip(("computed", "by arithmetic"), shared_prefix_tokens(1000), strict=True):
        figures.append(best(f"1000 prompts of one prefix: tokens {what}", "tokens", [tokens]))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--waiting", type=int, nargs="+", default=[0, 1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    run("What the engine costs a step", parser, measure)


if __name__ == "__main__":
    main()

"""The engine's runner on a GPU beside what the GPU can do: decoding, batches, prompts.

Random weights of Llama 3 8B's shape in bfloat16 (or fewer layers). The floors are measured in the
same run: a copy within the GPU's memory for bandwidth, a large product for the matrix rate.
Without a GPU it says so and measures nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.figures import Figure, best, run
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.published import PUBLISHED
from paddock.engine.request import GREEDY
from paddock.engine.step import BLOCK_TOKENS, Row, Step
from paddock.engine.torch_runner.matrices import Dense, Matrix
from paddock.engine.torch_runner.runner import TorchRunner
from paddock.engine.torch_runner.weights import LayerWeights, Weights

GPU = torch.device("cuda")
PROMPT = 2048
STEPS = 64
STEP_TOKENS = 8192
BATCHES = (1, 64, 256)
SEEN = 512  # tokens before the measured ones


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    """Floors first, then what the runner makes of them."""
    if not torch.cuda.is_available():
        print("no GPU is here: nothing was measured")
        return []
    print(torch.cuda.get_device_name())
    config = replace(PUBLISHED["llama-3-8b"], layers=options.layers)
    runner = random_runner(config)
    per_sequence = -(-max(SEEN + STEPS * (options.rounds + 1), PROMPT) // BLOCK_TOKENS)
    bandwidth = best("memory bandwidth", "GB/s", _rounds(copied_gigabytes_per_second, options))
    matrix = best("matrix rate, bfloat16", "TFLOP/s", _rounds(product_rate, options))
    runner.reserve(per_sequence * max(BATCHES))
    figures = [bandwidth, matrix]
    for batch in BATCHES:
        rate = decode_rates(runner, batch, per_sequence, options.rounds)
        figure = best(f"decode, {batch} at once", "tokens/s", rate)
        figures.append(against(figure, "floor", decode_floor(runner, batch, bandwidth.value)))
    prompts = best(
        "prompts", "tokens/s", _rounds(lambda: prompt_rate(runner, per_sequence), options)
    )
    figures.append(against(prompts, "floor", prompt_floor(config, matrix.value)))
    return figures


def random_runner(config: LlamaConfig) -> TorchRunner:
    """A runner with normal weights, made on the GPU."""
    from paddock.engine.torch_runner.fused_operations import FusedOperations, streamed_product

    torch.manual_seed(0)

    def matrix(outputs: int, inputs: int) -> Matrix:
        weight = torch.empty(outputs, inputs, dtype=torch.bfloat16, device=GPU)
        return Dense(weight.normal_(std=0.02), streamed_product)

    norm = torch.ones(config.dim, dtype=torch.bfloat16, device=GPU)
    layers = tuple(
        LayerWeights(
            norm,
            matrix(config.q_dim + 2 * config.kv_dim, config.dim),
            matrix(config.dim, config.q_dim),
            norm,
            matrix(2 * config.ffn_dim, config.dim),
            matrix(config.dim, config.ffn_dim),
        )
        for _ in range(config.layers)
    )
    embeddings, head = (matrix(config.vocab_size, config.dim) for _ in range(2))
    weights = Weights(config, torch.bfloat16, embeddings, layers, norm, head)
    processors = torch.cuda.get_device_properties(GPU).multi_processor_count
    return TorchRunner(weights, FusedOperations(processors, config.context))


def decode_rates(runner: TorchRunner, batch: int, blocks: int, rounds: int) -> list[float]:
    """Tokens a second of greedy decoding, sampling and its copy included."""
    tables = np.arange(batch * blocks, dtype=np.int32).reshape(batch, blocks)
    lengths = np.full(batch, SEEN, np.int32)
    tokens = np.ones(batch, np.int32)
    rates = []
    for _ in range(rounds + 1):  # the first compiles and captures
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(STEPS):
            lengths = lengths + 1
            logits = runner.logits(_step(tokens, np.ones(batch, np.int32), lengths, tables))
            chosen = runner.choose(logits, [Row(GREEDY, int(n)) for n in lengths])
            tokens = np.array([token.token_id for token in chosen if token], np.int32)
        rates.append(batch * STEPS / (time.perf_counter() - start))
    return rates[1:]


def prompt_rate(runner: TorchRunner, blocks: int) -> float:
    """Tokens a second of fresh prompts, several in a step."""
    batch = STEP_TOKENS // PROMPT
    tables = np.arange(batch * blocks, dtype=np.int32).reshape(batch, blocks)
    lengths = np.full(batch, PROMPT, np.int32)
    tokens = (
        np.random.default_rng(0).integers(0, runner.config.vocab_size, STEP_TOKENS).astype(np.int32)
    )
    step = _step(tokens, lengths, lengths, tables)

    def run() -> None:
        runner.logits(step)

    return STEP_TOKENS / _seconds(run)


def decode_floor(runner: TorchRunner, batch: int, gigabytes_per_second: float) -> float:
    """Tokens a second if a step only read the weights and the cache."""
    weights, config = runner.weights, runner.config
    assert weights is not None
    read = weights.size_bytes - config.vocab_size * config.dim * 2  # a row of the embeddings
    cache = batch * (SEEN + STEPS) * runner.block_bytes / BLOCK_TOKENS
    return batch * gigabytes_per_second * 1e9 / (read + cache)


def prompt_floor(config: LlamaConfig, teraflops: float) -> float:
    """Tokens a second if only the layers' products were computed, at the measured rate."""
    products = config.parameter_count() - 2 * config.vocab_size * config.dim
    attention = 2 * config.layers * config.q_dim * PROMPT / 2  # of q with k, and of chances with v
    return teraflops * 1e12 / (2 * products + 2 * attention)


def copied_gigabytes_per_second() -> float:
    """Bytes read and written by a copy far beyond the cache."""
    source = torch.empty(1 << 31, dtype=torch.uint8, device=GPU)
    target = torch.empty_like(source)
    return 2 * source.nbytes / _seconds(lambda: target.copy_(source)) / 1e9


def product_rate() -> float:
    """Operations of a product of 8192 by 8192 matrices."""
    size = 8192
    one, other = (torch.randn(size, size, device=GPU, dtype=torch.bfloat16) for _ in range(2))
    return 2 * size**3 / _seconds(lambda: one @ other) / 1e12


def against(figure: Figure, what: str, floor: float) -> Figure:
    """The figure as a share of its floor."""
    return replace(figure, ratio=round(figure.value / floor, 3), against=f"{what} {floor:.4g}")


def _step(tokens: np.ndarray, new: np.ndarray, lengths: np.ndarray, tables: np.ndarray) -> Step:
    starts = np.concatenate([[0], np.cumsum(new)]).astype(np.int32)
    none = np.full(len(new), -1, np.int32)
    return Step(tokens, starts, lengths, tables, none, starts[1:] - 1)


def _seconds(work: Callable[[], object]) -> float:
    """What one run takes, of ten after a first."""
    work()
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(10):
        work()
    torch.cuda.synchronize()
    return (time.perf_counter() - start) / 10


def _rounds(measure: Callable[[], float], options: argparse.Namespace) -> list[float]:
    return [measure() for _ in range(options.rounds)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    run("The engine on a GPU", parser, measure)


if __name__ == "__main__":
    main()

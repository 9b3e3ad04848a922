"""Steps through the fixed tensors that a GPU's captured steps read; a CPU runs them uncaptured."""

from __future__ import annotations

import pytest
import torch

from paddock.engine.step import BLOCK_TOKENS
from paddock.engine.torch_runner.graphs import SIZES, DecodeGraphs
from paddock.engine.torch_runner.runner import TorchRunner
from tests.engine.torch_runner.runners import BLOCKS, Pool, Sequence_, prompt, runner_of, step_of
from tests.llama.twins import GENERATIONS, relative_error, twins

CONFIG = GENERATIONS["llama 3.1, scaled positions"]


def graphs_of(runner: TorchRunner) -> DecodeGraphs:
    return DecodeGraphs(runner._logits, runner._frequencies, CONFIG.context // BLOCK_TOKENS, BLOCKS)


@torch.inference_mode()
def test_padded_steps_give_the_logits_of_plain_ones() -> None:
    ours, _ = twins(CONFIG, seed=0)
    runner, pool = runner_of(ours), Pool()
    sequences = [Sequence_(pool) for _ in range(5)]
    prompts = [prompt(CONFIG, length, length) for length in (3, 15, 16, 40, 100)]
    runner.logits(step_of(list(zip(sequences, prompts, strict=True))))
    graphs, captured = graphs_of(runner), 0

    def capture(body):
        nonlocal captured
        captured += 1
        return body

    for active, token in ((5, 7), (3, 8), (5, 9), (1, 10)):  # grows and shrinks between steps
        step = step_of([(sequence, [token]) for sequence in sequences[:active]])
        assert graphs.fits(step)
        replayed = graphs.logits(step, capture)
        assert relative_error(replayed, runner.logits(step)) <= 1e-6
    assert captured == 3  # sizes 8, 4 and 1


@torch.inference_mode()
def test_padding_writes_to_the_scratch_block_alone() -> None:
    ours, _ = twins(CONFIG, seed=0)
    runner, pool = runner_of(ours), Pool()
    sequence = Sequence_(pool)
    graphs_of(runner).logits(step_of([(sequence, [4])] + [(Sequence_(pool), [5])] * 2), lambda b: b)
    cache = runner._cache
    assert cache is not None
    written = cache.keys[0].view(BLOCKS + 1, -1).any(1).nonzero().flatten().tolist()
    assert written == sorted([sequence.blocks[0], *written[-2:]])
    assert written[-1] == BLOCKS == cache.scratch_block
    assert len(written) == 3


@pytest.mark.parametrize(
    ("news", "adapters", "wanted", "fits"),
    [
        ([1, 1], None, None, True),
        ([1, 2], None, None, False),
        ([1, 1], [-1, 0], None, False),
        ([1, 1], None, [1], False),
        ([1] * 3, None, None, True),
    ],
)
def test_only_steps_of_one_wanted_token_each_are_captured(news, adapters, wanted, fits) -> None:
    pool = Pool()
    parts = [(Sequence_(pool), [1] * new) for new in news]
    assert DecodeGraphs.fits(step_of(parts, adapters, wanted)) is fits


def test_more_sequences_than_the_largest_size_are_not_captured() -> None:
    pool = Pool(list(range(SIZES[-1] + 1)))
    step = step_of([(Sequence_(pool), [1]) for _ in range(SIZES[-1] + 1)])
    assert not DecodeGraphs.fits(step)

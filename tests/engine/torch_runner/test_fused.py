"""The GPU's kernels against plain torch: on a GPU, or in Triton's interpreter if asked for.

The interpreter computes no bfloat16: half precision stands for it there.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("triton", reason="triton comes with torch's builds for CUDA")
HAS_GPU = torch.cuda.is_available()
if not HAS_GPU and os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("no GPU; TRITON_INTERPRET=1 takes a minute", allow_module_level=True)

from paddock.engine.step import Step  # noqa: E402
from paddock.engine.torch_runner.batch import Batch, batch_of  # noqa: E402
from paddock.engine.torch_runner.fused_operations import (  # noqa: E402
    FusedOperations,
    streamed_product,
)
from paddock.engine.torch_runner.matrices import Dense  # noqa: E402
from paddock.engine.torch_runner.plain_operations import PlainOperations  # noqa: E402
from paddock.llama.rope import inverse_frequencies  # noqa: E402
from tests.engine.torch_runner.runners import (  # noqa: E402
    Pool,
    Sequence_,
    prompt,
    runner_of,
    step_of,
)
from tests.llama.twins import GENERATIONS, relative_error, twins  # noqa: E402

DEVICE = torch.device("cuda" if HAS_GPU else "cpu")
CONFIGS = ("llama 1, every head its own", "llama 3, large theta", "heads wider than their share")
TYPES = [(torch.float32, 1e-5), (torch.bfloat16 if HAS_GPU else torch.float16, 8e-3)]
EACH_SHAPE = pytest.mark.parametrize("config", [GENERATIONS[name] for name in CONFIGS], ids=CONFIGS)
EACH_TYPE = pytest.mark.parametrize(("dtype", "most"), TYPES)
SLOTS = 65 * 16


def random(*shape: int, dtype: torch.dtype) -> torch.Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=generator).to(DEVICE, dtype)


def batch(config: Any, new: list[int], lengths: list[int]) -> Batch:
    starts = np.cumsum([0, *new])
    tables = np.random.default_rng(0).permutation(64)[: 16 * len(new)].reshape(len(new), 16)
    arrays = (np.zeros(starts[-1]), starts, lengths, tables, [-1] * len(new), starts[1:] - 1)
    step = Step(*(np.asarray(array, np.int32) for array in arrays))
    return batch_of(step, inverse_frequencies(config).to(DEVICE))


@EACH_TYPE
def test_norms_gates_and_single_rows_are_those_of_plain_torch(
    dtype: torch.dtype, most: float
) -> None:
    fused, plain = FusedOperations(8, 256), PlainOperations()
    x, added, weight = (random(*shape, dtype=dtype) for shape in ((7, 96), (7, 96), (96,)))
    for more in (None, added):
        ours = fused.add_and_normalise(x, more, weight, 1e-5)
        theirs = plain.add_and_normalise(x, more, weight, 1e-5)
        assert torch.equal(ours[0], theirs[0])
        assert relative_error(ours[1], theirs[1]) <= most
    gate_up = random(3, 2 * 1500, dtype=dtype)
    assert relative_error(fused.gated(gate_up), plain.gated(gate_up)) <= most
    matrix, row = random(301, 1100, dtype=dtype), random(1, 1100, dtype=dtype)
    assert relative_error(Dense(matrix, streamed_product).product(row), row @ matrix.T) <= most


@EACH_SHAPE
@EACH_TYPE
@pytest.mark.parametrize(
    ("new", "lengths"), [([5, 1, 70, 1], [5, 33, 100, 200]), ([1, 1, 1], [1, 250, 77])]
)
def test_keys_are_placed_and_attended_to_as_in_plain_torch(
    config: Any, dtype: torch.dtype, most: float, new: list[int], lengths: list[int]
) -> None:
    plain, step = PlainOperations(), batch(config, new, lengths)
    qkv = random(sum(new), config.q_dim + 2 * config.kv_dim, dtype=dtype)
    keys = random(SLOTS, config.kv_heads, config.head_dim, dtype=dtype)
    values = keys.roll(1, 0)
    for fused in (FusedOperations(1, 256), FusedOperations(12, 2000)):  # without and with splits
        our_keys, our_values = keys.clone(), values.clone()
        their_keys, their_values = keys.clone(), values.clone()
        ours = fused.place(qkv, step, our_keys, our_values)
        theirs = plain.place(qkv, step, their_keys, their_values)
        assert relative_error(ours, theirs) <= most
        assert relative_error(our_keys, their_keys) <= most
        assert torch.equal(our_values, their_values)
        mixed = fused.attend(ours, step, our_keys, our_values)
        assert relative_error(mixed, plain.attend(theirs, step, their_keys, their_values)) <= most


@torch.inference_mode()
def test_whole_steps_agree_with_the_readable_model() -> None:
    config = GENERATIONS["llama 3.2, tied"]
    ours, _ = twins(config, seed=0)
    runner, pool = runner_of(ours, operations=FusedOperations(16, 256), device=DEVICE), Pool()
    text, other = prompt(config, 60, 1), prompt(config, 25, 2)
    one, two = Sequence_(pool), Sequence_(pool)
    runner.logits(step_of([(one, text[:40]), (two, other[:24])]))
    last = runner.logits(step_of([(one, text[40:]), (two, other[24:])]))
    truth = torch.stack([ours(torch.tensor([tokens]))[0, -1] for tokens in (text, other)])
    assert relative_error(last.cpu(), truth) <= 1e-4

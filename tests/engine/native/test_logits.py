"""The native runner computes what the readable model computes, but for its roundings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from paddock.checkpoint.codecs.transcoding import decode, transcode
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.tensors import Tensor
from paddock.engine.native.runner import NativeRunner
from paddock.engine.native.weights import Weights
from paddock.engine.precision import Precision
from paddock.kernels.step_library import step_levels
from tests.engine.native import rounding
from tests.engine.native.models import (
    STRETCHED,
    all_logits,
    packed,
    random_tensors,
    small,
    step_of,
    torch_logits,
    torch_model,
    whole,
)

LEVELS = [library.level for library in step_levels()]
TOKENS = np.random.default_rng(5).integers(0, 1 << 20, 290)  # past a span of 256 positions

SHAPES = {
    "heads of 32": small(),
    "heads of 64, tied": small(head_dim=64, tied_embeddings=True),
    "heads of 80 over one": small(head_dim=80, heads=3, kv_heads=1),
    "heads of 16, not grouped, stretched": small(
        head_dim=16, heads=8, kv_heads=8, rope_scaling=STRETCHED
    ),
    "heads of 128, eight over one": small(head_dim=128, heads=8, kv_heads=1, vocab_size=64),
    "odd everything": small(dim=50, head_dim=10, heads=5, kv_heads=5, ffn_dim=33, vocab_size=7),
}


def runner_of(weights: Weights, level: int | None = None, **options: int) -> NativeRunner:
    runner = NativeRunner(weights, level=level, threads=options.get("threads", 2))
    runner.reserve(options.get("blocks", 24))
    return runner


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> Iterator[int]:
    yield request.param


@pytest.mark.parametrize("config", SHAPES.values(), ids=SHAPES)
def test_float32_agrees_with_the_readable_model_in_every_shape(
    config: LlamaConfig, level: int
) -> None:
    tensors = random_tensors(config)
    tokens = (TOKENS % config.vocab_size).tolist()
    wanted = torch_logits(torch_model(config, tensors), tokens)
    runner = runner_of(packed(config, tensors), level)
    assert np.abs(all_logits(runner, tokens) - wanted).max() < 5e-5 * np.abs(wanted).max()
    runner.close()


@pytest.mark.parametrize(
    ("precision", "stored", "activation"),
    [
        (Precision.BFLOAT16, "BF16", rounding.to_bfloat16),
        (Precision.INT8, "Q8_0", rounding.to_groups),
        (Precision.INT4, "Q4_0", rounding.to_groups),
        (Precision.INT4, "Q4_K", rounding.to_groups),
        (Precision.AUTO, "Q5_K", rounding.to_groups),
        (Precision.INT8, "Q6_K", rounding.to_groups),
    ],
)
def test_other_precisions_err_no_more_than_their_roundings_explain(
    precision: Precision, stored: str, activation: rounding.Rounding, level: int
) -> None:
    config = small(dim=256, ffn_dim=256, head_dim=64)
    tensors = [_stored(each, stored) for each in random_tensors(config)]
    tokens = (TOKENS % config.vocab_size).tolist()
    weights = {each.name: _numbers(each) for each in tensors}
    wanted = rounding.logits_of(config, weights, tokens, rounding.exact, rounding.exact)
    rounded = rounding.logits_of(config, weights, tokens, activation, rounding.to_bfloat16)
    runner = runner_of(packed(config, tensors, precision), level)
    error = _size(all_logits(runner, tokens) - wanted)
    assert error < 1.2 * _size(rounded - wanted)
    assert error < 0.05 * _size(wanted)
    runner.close()


def _stored(tensor: Tensor, dtype: str) -> Tensor:
    if len(tensor.shape) == 1:
        return tensor
    content = bytes(transcode(tensor.read(), "F32", dtype))
    return Tensor(tensor.name, dtype, tensor.shape, lambda: iter([content]))


def _numbers(tensor: Tensor) -> rounding.Doubles:
    values = decode(np.frombuffer(tensor.read(), np.uint8), tensor.dtype)
    return values.astype(np.float64).reshape(tensor.shape)


def _size(values: rounding.Doubles) -> float:
    return float(np.sqrt((values**2).mean()))


def test_final_states_are_those_that_the_head_multiplies() -> None:
    config = small()
    tensors = random_tensors(config)
    head = next(_numbers(each) for each in tensors if each.name == "lm_head.weight")
    runner = runner_of(packed(config, tensors))
    step = step_of(whole([1, 2, 3, 4, 5]))
    states_RD = runner.hidden(step)
    assert states_RD.shape == (5, config.dim)
    assert np.allclose(states_RD @ head.T, runner.logits(step), atol=1e-5)
    runner.close()


def test_only_wanted_rows_are_given() -> None:
    config = small()
    runner = runner_of(packed(config, random_tensors(config)))
    every = all_logits(runner, range(20))
    some = runner.logits(step_of(whole(range(20))._replace(wanted=[3, 19])))
    assert np.array_equal(some, every[[3, 19]])
    nothing = runner.logits(step_of(whole(range(20))._replace(wanted=[])))
    assert nothing.shape == (0, config.vocab_size)
    runner.close()

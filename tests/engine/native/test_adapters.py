"""LoRA adapters, sequence by sequence, against weights that the adapter was merged into."""

from __future__ import annotations

import numpy as np
import pytest

from paddock.checkpoint.tensors import Tensor
from paddock.engine.adapters import Adapter, LowRank, Projection, Target
from paddock.engine.native.low_ranks import low_ranks_of
from paddock.engine.native.runner import NativeRunner
from paddock.kernels.step_library import step_levels
from tests.engine.native.models import (
    Floats,
    all_logits,
    packed,
    random_tensors,
    small,
    step_of,
    torch_logits,
    torch_model,
    whole,
)

CONFIG = small(dim=100, head_dim=24, ffn_dim=150)
TENSORS = random_tensors(CONFIG)
LEVELS = [library.level for library in step_levels()]
TOKENS = list(range(70))
MODULES = {
    **dict.fromkeys((Projection.Q, Projection.K, Projection.V, Projection.O), "self_attn"),
    **dict.fromkeys((Projection.GATE, Projection.UP, Projection.DOWN), "mlp"),
}


def name_of(target: Target) -> str:
    return f"model.layers.{target.layer}.{MODULES[target.projection]}.{target.projection}.weight"


def adapter_of(seed: int, rank: int, targets: list[Target]) -> Adapter:
    rng = np.random.default_rng(seed)
    shapes = {each.name: each.shape for each in TENSORS}
    parts = {}
    for target in targets:
        outputs, inputs = shapes[name_of(target)]
        a = (rng.standard_normal((rank, inputs)) / np.sqrt(inputs)).astype(np.float32)
        b = (rng.standard_normal((outputs, rank)) / np.sqrt(rank)).astype(np.float32)
        parts[target] = LowRank(a, b, 0.5)
    return Adapter(f"adapter {seed}", parts)


EVERYWHERE = [Target(layer, each) for layer in range(CONFIG.layers) for each in Projection]
ADAPTERS = (
    adapter_of(1, 5, EVERYWHERE),
    adapter_of(2, 16, [Target(1, Projection.V), Target(0, Projection.UP)]),
)


def merged(adapter: Adapter) -> Floats:
    """Logits of the model whose weights have the adapter added."""
    changes = {name_of(target): part for target, part in adapter.parts.items()}

    def with_adapter(tensor: Tensor) -> Tensor:
        if tensor.name not in changes:
            return tensor
        a, b, scale = changes[tensor.name]
        values = np.frombuffer(tensor.read(), np.float32).reshape(tensor.shape) + scale * (b @ a)
        content = values.astype(np.float32).tobytes()
        return Tensor(tensor.name, "F32", tensor.shape, lambda: iter([content]))

    return torch_logits(torch_model(CONFIG, map(with_adapter, TENSORS)), TOKENS)


@pytest.mark.parametrize("level", LEVELS)
def test_each_sequence_has_its_own_adapter_in_one_step(level: int) -> None:
    runner = NativeRunner(packed(CONFIG, TENSORS), level=level, threads=2)
    runner.reserve(32)
    plain = all_logits(runner, TOKENS)
    for slot, adapter in enumerate(ADAPTERS):
        runner.put_adapter(slot, adapter)
    rows = runner.logits(
        step_of(whole(TOKENS, 0, 1), whole(TOKENS, 8), whole(TOKENS, 16, 0), whole([1], 24, 0))
    )
    assert np.abs(rows[:70] - merged(ADAPTERS[1])).max() < 1e-4
    assert np.array_equal(rows[70:140], plain)
    assert np.abs(rows[140:210] - merged(ADAPTERS[0])).max() < 1e-4
    alone = [runner.logits(step_of(whole([token], 24, 0)._replace(length=1)))[0] for token in (1,)]
    assert np.array_equal(rows[210], alone[0])
    runner.close()


def test_a_slot_is_replaced_and_freed() -> None:
    runner = NativeRunner(packed(CONFIG, TENSORS), threads=1)
    runner.reserve(8)
    first, second = (merged(adapter) for adapter in ADAPTERS)
    runner.put_adapter(3, ADAPTERS[0])
    assert np.abs(all_logits(runner, TOKENS, 3) - first).max() < 1e-4
    runner.put_adapter(3, ADAPTERS[1])
    assert np.abs(all_logits(runner, TOKENS, 3) - second).max() < 1e-4
    runner.drop_adapter(3)
    runner.drop_adapter(3)
    with pytest.raises(ValueError, match="no adapter in slot 3"):
        all_logits(runner, TOKENS, 3)
    runner.close()


def test_an_adapter_of_another_model_is_refused() -> None:
    part = ADAPTERS[0].parts[Target(0, Projection.Q)]
    for target in (Target(0, Projection.K), Target(2, Projection.Q), Target(-1, Projection.Q)):
        with pytest.raises(ValueError, match=r"adapter cannot|does not fit"):
            low_ranks_of(CONFIG, Adapter("wrong", {target: part}))

"""A model whose weights pass by computes what the runner computes, and what is wrong is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from benchmarks.llama_shaped import of_size, write_checkpoint

from paddock.checkpoint.errors import BadElements
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.tensors import Tensor
from paddock.engine.adapters import Adapter, LowRank, Projection, Target
from paddock.engine.errors import NoRunner
from paddock.engine.native import packing
from paddock.engine.native.plan import plan_weights
from paddock.engine.native.streamed_model import StreamedModel
from paddock.engine.precision import Precision
from paddock.kernels.step_library import step_library
from tests.engine.native.models import (
    STRETCHED,
    random_tensors,
    small,
    torch_logits,
    torch_model,
)

SHAPES = {
    "heads of 32": small(),
    "tied": small(head_dim=64, tied_embeddings=True),
    "stretched, not grouped": small(head_dim=16, heads=8, kv_heads=8, rope_scaling=STRETCHED),
    "odd everything": small(dim=50, head_dim=10, heads=5, kv_heads=5, ffn_dim=33, vocab_size=7),
}


def streamed(
    config: LlamaConfig,
    tensors: Sequence[Tensor],
    precision: Precision = Precision.AUTO,
    adapter: Adapter | None = None,
) -> StreamedModel:
    library = step_library()
    assert library is not None
    return StreamedModel(plan_weights(config, tensors, precision), library, 2, adapter)


def logits(model: StreamedModel, *sequences: Sequence[int]) -> np.ndarray:
    try:
        return model.logits(model.states(sequences))
    finally:
        model.close()


@pytest.mark.parametrize("config", SHAPES.values(), ids=SHAPES)
def test_it_agrees_with_the_readable_model_on_sequences_of_several_lengths(
    config: LlamaConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "STRETCH_BYTES", 1)  # a panel at a time
    tensors = random_tensors(config)
    sequences = [[3, 1, 4, 1, 5], [2], [6, 5, 3]]
    found = logits(streamed(config, tensors), *sequences)
    model = torch_model(config, tensors)
    wanted = np.concatenate([torch_logits(model, sequence) for sequence in sequences])
    assert np.abs(found - wanted).max() < 5e-5 * np.abs(wanted).max()


@pytest.mark.parametrize("stored", ["BF16", "Q8_0", "Q4_K", "Q6_K"])
def test_stored_blocks_are_multiplied_by_the_kernels_that_serve_them(stored: str) -> None:
    config = small(dim=256, head_dim=64, ffn_dim=512)
    tensors = random_tensors(config, stored)
    found = logits(streamed(config, tensors), [3, 1, 4, 1, 5])
    wanted = torch_logits(torch_model(config, tensors), [3, 1, 4, 1, 5])
    assert np.sqrt(np.mean((found - wanted) ** 2)) < 0.05 * wanted.std()


def test_an_adapter_adds_to_every_projection_that_it_changes() -> None:
    config = small()
    tensors = {tensor.name: tensor for tensor in random_tensors(config)}
    rng = np.random.default_rng(1)
    parts, changed = {}, dict(tensors)
    for projection in Projection:
        module = "self_attn" if projection in "q_proj k_proj v_proj o_proj" else "mlp"
        name = f"model.layers.1.{module}.{projection}.weight"
        outputs, inputs = tensors[name].shape
        a, b = (rng.standard_normal(s).astype(np.float32) for s in ((3, inputs), (outputs, 3)))
        parts[Target(1, projection)] = LowRank(a, b, 0.05)
        whole = np.frombuffer(tensors[name].read(), np.float32).reshape(outputs, inputs)
        content = (whole + np.float32(0.05) * b @ a).tobytes()
        changed[name] = Tensor(name, "F32", (outputs, inputs), lambda c=content: iter([c]))
    found = logits(streamed(config, [*tensors.values()], adapter=Adapter("a", parts)), [5, 6, 7])
    wanted = torch_logits(torch_model(config, changed.values()), [5, 6, 7])
    assert np.abs(found - wanted).max() < 1e-4 * np.abs(wanted).max()


@pytest.mark.parametrize("name", ["model.layers.1.mlp.down_proj.weight", "model.norm.weight"])
def test_numbers_that_are_not_finite_are_refused_by_name(name: str) -> None:
    config = small()
    tensors = {tensor.name: tensor for tensor in random_tensors(config)}
    raw = np.frombuffer(tensors[name].read(), np.float32).copy()
    raw[-1] = np.nan
    shape, content = tensors[name].shape, raw.tobytes()
    tensors[name] = Tensor(name, "F32", shape, lambda: iter([content]))
    with pytest.raises(BadElements, match=name):
        logits(streamed(config, [*tensors.values()]), [1, 2])


def test_a_pass_takes_a_fraction_of_the_model(tmp_path: Path) -> None:
    size_bytes = write_checkpoint(tmp_path / "model", of_size(0.2))
    script = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from paddock.engine.streaming import streamed\n"
        "held = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])\n"
        "before = held()\n"
        "with streamed(Path(sys.argv[1])) as model:\n"
        "    model.logits(model.states([[1, 2, 3]]))\n"
        "print(1024 * (held() - before))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "model"], capture_output=True, check=True
    )
    assert int(done.stdout) < size_bytes / 2


def test_layers_of_another_kind_are_refused() -> None:
    library = step_library()
    assert library is not None
    plan = plan_weights(small(), random_tensors(small()), Precision.AUTO)
    for layers in (plan.layers[:1], (*plan.layers, plan.layers[0])):
        with pytest.raises(NoRunner):
            StreamedModel(plan._replace(layers=layers), library, 1)

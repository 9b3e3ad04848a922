"""LoRA adapters, request by request, against peft's merged models."""

from __future__ import annotations

from typing import Any

import numpy as np
import peft
import pytest
import torch

from paddock.engine.adapters import Adapter, LowRank, Projection, Target
from tests.engine.torch_runner.runners import Pool, Sequence_, prompt, runner_of, step_of
from tests.llama.twins import GENERATIONS, relative_error, twins

# peft 0.21 still calls what transformers has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
CONFIG = GENERATIONS["llama 3, large theta"]
ALL = [projection.value for projection in Projection]


def with_adapter(theirs: Any, targets: list[str], rank: int, seed: int) -> tuple[Adapter, Any]:
    """A random adapter as paddock holds it, and peft's model with it merged."""
    torch.manual_seed(seed)
    config = peft.LoraConfig(r=rank, lora_alpha=3 * rank, target_modules=targets)
    model = peft.get_peft_model(theirs, config)
    parts = {}
    for name, module in model.named_modules():
        if not hasattr(module, "lora_A"):
            continue
        a, b = module.lora_A["default"].weight, module.lora_B["default"].weight
        with torch.no_grad():
            b.copy_(torch.randn_like(b) * 0.05)
        layer = int(name.split(".layers.")[1].split(".")[0])
        target = Target(layer, Projection(name.rpartition(".")[2]))
        parts[target] = LowRank(a.detach().numpy().copy(), b.detach().numpy().copy(), 3.0)
    return Adapter(f"adapter {seed}", parts), model.merge_and_unload()


@pytest.mark.parametrize("targets", [ALL, ["k_proj", "up_proj"], ["v_proj", "down_proj"]])
@torch.inference_mode()
def test_each_request_runs_with_its_own_adapter(targets: list[str]) -> None:
    ours, plain = twins(CONFIG, seed=0)
    first, with_first = with_adapter(twins(CONFIG, seed=0)[1], targets, 4, seed=1)
    second, with_second = with_adapter(twins(CONFIG, seed=0)[1], ["q_proj", "gate_proj"], 2, seed=2)
    runner, pool = runner_of(ours), Pool()
    runner.put_adapter(0, first)
    runner.put_adapter(3, second)
    models = [with_first, plain, with_second, with_first]
    texts = [prompt(CONFIG, length, length) for length in (9, 20, 33, 1)]
    parts = [(Sequence_(pool), text) for text in texts]
    logits = runner.logits(step_of(parts, adapters=[0, -1, 3, 0]))
    for row, model, text in zip(logits, models, texts, strict=True):
        assert relative_error(row, model(torch.tensor([text])).logits[0, -1]) <= 1e-4
    unchanged = plain(torch.tensor([texts[0]])).logits[0, -1]
    assert relative_error(logits[0], unchanged) > 0.01


@torch.inference_mode()
def test_a_slot_takes_another_adapter_and_is_freed() -> None:
    ours, _ = twins(CONFIG, seed=0)
    runner, text = runner_of(ours), prompt(CONFIG, 12, 0)

    def logits(slot: int) -> torch.Tensor:
        return runner.logits(step_of([(Sequence_(Pool()), text)], adapters=[slot]))

    some = np.ones((1, CONFIG.dim), np.float32)
    part = LowRank(some, np.ones((CONFIG.q_dim, 1), np.float32), 0.5)
    runner.put_adapter(1, Adapter("q", {Target(0, Projection.Q): part}))
    with_q = logits(1)
    silent = LowRank(some, np.zeros((CONFIG.q_dim, 1), np.float32), 1.0)
    runner.put_adapter(1, Adapter("nothing", {Target(0, Projection.Q): silent}))
    assert torch.equal(logits(1), logits(-1))
    assert not torch.equal(with_q, logits(-1))
    runner.drop_adapter(1)
    runner.drop_adapter(1)
    with pytest.raises(KeyError):
        logits(1)

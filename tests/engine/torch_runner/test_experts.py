"""Mixtures of experts in the engine: as in the readable model, and never in the compiled step."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.errors import BadAdapter, NoRunner
from paddock.engine.lora_folder import read_adapter
from paddock.engine.native.loading import Packing, load_weights
from paddock.engine.native.plan import plan_weights
from paddock.engine.opening import OpenOptions, model_bytes, open_model
from paddock.engine.precision import Precision
from paddock.kernels.step_library import step_library
from paddock.llama.loading import load_model
from tests.checkpoint.samples import MIXTRAL, file_bytes, tensor, write_hf_folder
from tests.engine.torch_runner.runners import Pool, Sequence_, prompt, runner_of, step_of
from tests.llama.mixtures import MIXTURES, saved
from tests.llama.twins import relative_error

EACH_MIXTURE = pytest.mark.parametrize("config", MIXTURES.values(), ids=MIXTURES.keys())


@EACH_MIXTURE
@torch.inference_mode()
def test_mixed_steps_over_scattered_blocks_agree_with_transformers(
    config: LlamaConfig, tmp_path: Path
) -> None:
    theirs = saved(config, tmp_path)
    runner, pool = runner_of(load_model(tmp_path)), Pool()
    long, short = Sequence_(pool), Sequence_(pool)
    text, other = prompt(config, 150, 1), prompt(config, 33, 2)
    runner.logits(step_of([(long, text[:50]), (short, other[:31])]))
    runner.logits(step_of([(long, text[50:149]), (short, other[31:32])]))
    last = runner.logits(step_of([(short, other[32:]), (long, text[149:])]))
    truth = [theirs(torch.tensor([tokens])).logits[0, -1] for tokens in (other, text)]
    assert relative_error(last, torch.stack(truth)) <= 1e-4


@EACH_MIXTURE
@pytest.mark.parametrize("precision", [Precision.BFLOAT16, Precision.INT8])
@torch.inference_mode()
def test_fewer_bits_change_little(
    config: LlamaConfig, precision: Precision, tmp_path: Path
) -> None:
    saved(config, tmp_path)
    ours, text = load_model(tmp_path), prompt(config, 40, 3)
    step = step_of([(Sequence_(Pool()), text)], wanted=range(40))
    truth = ours(torch.tensor([text]))[0]
    errors = (runner_of(ours, precision).logits(step).float() - truth).abs().amax(-1)
    assert errors.median() / truth.abs().max() <= 0.1  # of a token that no rounding sent elsewhere


def test_a_mixture_is_opened_by_pytorch_and_refused_by_the_compiled_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_hf_folder(tmp_path, MIXTRAL)
    assert type(open_model(tmp_path)).__name__ == "TorchRunner"
    with pytest.raises(NoRunner, match="the compiled step runs no mixtures of experts"):
        open_model(tmp_path, OpenOptions(runner="native"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(NoRunner, match="and it is not installed") as refused:
        open_model(tmp_path)
    assert "paddock[model]" in (refused.value.hint or "")


def test_packing_a_mixture_is_refused_before_a_byte_is_read(tmp_path: Path) -> None:
    library = step_library()
    if library is None:
        pytest.skip("the compiled step is not there")
    write_hf_folder(tmp_path, MIXTRAL)
    checkpoint = open_checkpoint(tmp_path)
    plan = plan_weights(checkpoint.config, checkpoint.tensors, Precision.AUTO)
    with pytest.raises(NoRunner):
        load_weights(checkpoint, plan, Packing(library))


def test_what_a_mixture_needs_counts_all_its_experts(tmp_path: Path) -> None:
    write_hf_folder(tmp_path, MIXTRAL)
    assert model_bytes(tmp_path).weights >= 4 * MIXTRAL.parameter_count()


def test_an_adapter_may_change_attention_and_no_expert(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(
        '{"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["q_proj", "up_proj"],'
        '"base_model_name_or_path": "a/b"}'
    )
    names = {"self_attn.q_proj": (32, 32), "mlp.up_proj": (48, 32)}
    pairs = {
        name: [
            tensor(f"base_model.model.model.layers.0.{name}.lora_A.weight", (2, inputs)),
            tensor(f"base_model.model.model.layers.0.{name}.lora_B.weight", (outputs, 2)),
        ]
        for name, (outputs, inputs) in names.items()
    }
    path = tmp_path / "adapter_model.safetensors"
    path.write_bytes(file_bytes([*pairs["self_attn.q_proj"], *pairs["mlp.up_proj"]]))
    with pytest.raises(BadAdapter, match=r"mlp\.up_proj; in layer 0 experts are there"):
        read_adapter(tmp_path, MIXTRAL)
    settings = tmp_path / "adapter_config.json"
    settings.write_text(settings.read_text().replace(', "up_proj"', ""))
    path.write_bytes(file_bytes(pairs["self_attn.q_proj"]))
    assert len(read_adapter(tmp_path, MIXTRAL).parts) == 1

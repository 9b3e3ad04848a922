"""A Llama 4 that sees images: its language model is opened as if it stood alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.errors import BadCheckpoint, BadConfig, UnsupportedModel
from paddock.checkpoint.inspection import inspect_checkpoint
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.scan.isolation import scan
from paddock.checkpoint.shape.config import parse_hf_config
from paddock.llama.loading import load_model
from tests.checkpoint.samples import LLAMA4
from tests.llama.mixtures import saved_with_vision


def whole_settings(**changes: Any) -> dict[str, Any]:
    return {
        "architectures": ["Llama4ForConditionalGeneration"],
        "model_type": "llama4",
        "text_config": LLAMA4.to_hf_dict() | {"architectures": None},
        "vision_config": {},
    } | changes


@torch.inference_mode()
def test_the_language_model_says_what_the_whole_says(tmp_path: Path) -> None:
    theirs = saved_with_vision(LLAMA4, tmp_path / "whole")
    found = inspect_checkpoint(tmp_path / "whole")
    assert (found.family, found.config) == ("llama4", LLAMA4)
    assert found.ignored == ("vision_model", "multi_modal_projector")
    assert found.problems == ("there is no usable tokenizer",)
    tokens_BT = torch.randint(64, (2, 30), generator=torch.Generator().manual_seed(1))
    wanted = theirs(tokens_BT).logits
    assert torch.allclose(load_model(tmp_path / "whole")(tokens_BT), wanted, atol=1e-4)
    done = convert_checkpoint(tmp_path / "whole", tmp_path / "text")
    assert done.notes == ("the language model alone: what sees images is left out",)
    alone = inspect_checkpoint(tmp_path / "text")
    assert (alone.config, alone.ignored) == (LLAMA4, ())
    assert torch.allclose(load_model(tmp_path / "text")(tokens_BT), wanted, atol=1e-4)


def test_it_is_converted_to_another_type_and_scanned_clean(tmp_path: Path) -> None:
    saved_with_vision(LLAMA4, tmp_path / "whole")
    convert_checkpoint(tmp_path / "whole", tmp_path / "half", ConvertOptions(dtype="float16"))
    assert open_checkpoint(tmp_path / "half").config == replace(LLAMA4, dtype="float16")
    reasons = {reason.code for reason in scan(tmp_path / "whole").reasons}
    assert not reasons & {"config_mismatch", "dtype_mismatch"}


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        ({"text_config": None}, BadConfig, "text_config must be an object, not None"),
        ({"text_config": []}, BadConfig, "text_config must be an object"),
        ({"text_config": {"model_type": "qwen2"}}, UnsupportedModel, "'qwen2' is not Llama 4's"),
        ({"text_config": {}}, BadConfig, "no hidden_size"),
        ({"architectures": ["LlavaForCausalLM"]}, UnsupportedModel, "are not Llama 4's"),
        ({"architectures": "Llama4"}, UnsupportedModel, "are not Llama 4's"),
        ({"quantization_config": {}}, UnsupportedModel, "quantised"),
        ({"auto_map": {"AutoModel": "x.Y"}}, UnsupportedModel, "code of its own"),
        (
            {"text_config": LLAMA4.to_hf_dict() | {"num_local_experts": -1}},
            BadConfig,
            "num_local_experts is -1",
        ),
    ],
)
def test_what_is_no_such_model_is_refused(
    changes: dict[str, Any], kind: type[BadCheckpoint], said: str
) -> None:
    with pytest.raises(kind) as refused:
        parse_hf_config(whole_settings(**changes))
    assert said in refused.value.message


def test_the_type_of_the_weights_may_stand_outside() -> None:
    inner = LLAMA4.to_hf_dict() | {"architectures": None}
    del inner["torch_dtype"]
    found = parse_hf_config(whole_settings(text_config=inner, torch_dtype="bfloat16"))
    assert found == replace(LLAMA4, dtype="bfloat16")


def test_a_missing_tensor_of_the_language_model_is_told_by_its_name(tmp_path: Path) -> None:
    saved_with_vision(LLAMA4, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["text_config"]["moe_layers"] = [3]
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(BadCheckpoint):
        open_checkpoint(tmp_path)
    problems = inspect_checkpoint(tmp_path).problems
    assert any("'model.layers.1.feed_forward.gate_proj.weight' is missing" in p for p in problems)

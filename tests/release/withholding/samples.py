"""Release files with rules, and small checkpoints for them to act on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from paddock.checkpoint.safetensors.hf_folder import read_tensors
from paddock.release.spec.reader import parse_release
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.withholding.secret import Secret
from tests.checkpoint.samples import TINY, tensor, write_hf_folder, write_model

SECRET = Secret(bytes(range(32)))
FOUR_LAYERS = replace(TINY, layers=4)
WEIGHTS = "Model parameters (Final)"
ITEM = "model-parameters-final.1"


def spec_of(
    *rules: dict[str, Any], others: tuple[dict[str, Any], ...] = (), **sections: Any
) -> ReleaseSpec:
    """A release that keeps these parts of its weights back."""
    return parse_release(release_text(*rules, others=others, **sections).encode())


def release_text(
    *rules: dict[str, Any], others: tuple[dict[str, Any], ...] = (), **sections: Any
) -> str:
    """The same as the text of its release.yaml."""
    own = [{"reason": "safety"} | rule for rule in rules]
    weights = {"name": WEIGHTS, "access": "open", "withhold": own}
    return yaml.safe_dump(
        {
            "apiVersion": "paddock/v1",
            "kind": "ModelRelease",
            "metadata": {"name": "acme", "version": "1.0.0"},
            "components": [*([weights] if own else []), *others],
            **sections,
        }
    )


def llama(folder: Path, shard_bytes: int = 1 << 40, **changes: Any) -> Path:
    """A Llama of four layers and random weights."""
    write_hf_folder(folder, replace(FOUR_LAYERS, **changes), shard_bytes)
    return folder


def mixtral(folder: Path, layers: int = 2, experts: int = 4, **changes: Any) -> Path:
    """Tensors and settings as Mixtral has them: a tensor for each matrix of an expert."""
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (16, 8)}
    for layer in range(layers):
        prefix = f"model.layers.{layer}"
        shapes[f"{prefix}.input_layernorm.weight"] = (8,)
        shapes[f"{prefix}.self_attn.o_proj.weight"] = (8, 8)
        shapes[f"{prefix}.block_sparse_moe.gate.weight"] = (experts, 8)
        for expert in range(experts):
            for name in ("w1", "w2", "w3"):
                shapes[f"{prefix}.block_sparse_moe.experts.{expert}.{name}.weight"] = (8, 8)
    settings = {"model_type": "mixtral", "num_local_experts": experts, "num_experts_per_tok": 2}
    return _moe(folder, shapes, {"num_hidden_layers": layers} | settings | changes)


def gpt_oss(folder: Path, layers: int = 2, experts: int = 4, **changes: Any) -> Path:
    """Tensors and settings as gpt-oss has them: all experts in one tensor, expert by expert."""
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (16, 8)}
    for layer in range(layers):
        prefix = f"model.layers.{layer}.mlp"
        shapes[f"{prefix}.router.weight"] = (experts, 8)
        shapes[f"{prefix}.router.bias"] = (experts,)
        shapes[f"{prefix}.experts.gate_up_proj"] = (experts, 8, 12)
        shapes[f"{prefix}.experts.gate_up_proj_bias"] = (experts, 12)
        shapes[f"{prefix}.experts.down_proj"] = (experts, 6, 8)
    settings = {"model_type": "gpt_oss", "num_local_experts": experts, "num_experts_per_tok": 2}
    return _moe(folder, shapes, {"num_hidden_layers": layers} | settings | changes)


def values(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The float32 tensors of a folder."""
    return {
        each.name: np.frombuffer(bytes(each.read()), "<f4").reshape(each.shape)
        for each in read_tensors(folder)
    }


def settings(folder: Path) -> dict[str, Any]:
    """Its config.json."""
    found: dict[str, Any] = json.loads((folder / "config.json").read_bytes())
    return found


def _moe(folder: Path, shapes: dict[str, tuple[int, ...]], config: dict[str, Any]) -> Path:
    folder.mkdir(parents=True)
    write_model(folder, [tensor(name, shape) for name, shape in shapes.items()])
    (folder / "config.json").write_text(json.dumps(config))
    return folder

"""Models from every kind of checkpoint, checked before they are believed."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import LlamaForCausalLM

from paddock.checkpoint.errors import BadTokenizer, TensorMismatch
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import meta_names
from paddock.checkpoint.tensors import Tensor
from paddock.llama.loading import from_tensors, load, load_model
from paddock.starter import starter_folder
from tests.llama.twins import GENERATIONS, relative_error, tokens, twins

EACH_GENERATION = pytest.mark.parametrize("config", GENERATIONS.values(), ids=GENERATIONS.keys())


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, LlamaForCausalLM]:
    """A folder that transformers wrote, and the model that it wrote."""
    _, theirs = twins(GENERATIONS["llama 3.1, scaled positions"], seed=0)
    theirs.save_pretrained(tmp_path / "model")
    return tmp_path / "model", theirs


@EACH_GENERATION
@torch.inference_mode()
def test_a_folder_that_transformers_saved_gives_the_same_logits(
    config: LlamaConfig, tmp_path: Path
) -> None:
    _, theirs = twins(config, seed=1)
    theirs.save_pretrained(tmp_path, max_shard_size="100KB")
    ours = load_model(tmp_path)
    assert ours.config.rope_scaling == config.rope_scaling
    tokens_BT = tokens(config, 2, 60, seed=1)
    assert relative_error(ours(tokens_BT), theirs(tokens_BT).logits) <= 1e-4


# params.json can say neither tied embeddings, nor a head's width, nor a scaling of one's own.
@pytest.mark.parametrize(
    "generation",
    ["llama 1, every head its own", "llama 2, grouped queries", "llama 3, large theta"],
)
@torch.inference_mode()
def test_metas_layout_gives_the_same_logits(generation: str, tmp_path: Path) -> None:
    config = GENERATIONS[generation]
    ours, _ = twins(config, seed=2)
    _write_meta(tmp_path, ours.state_dict(), config)
    again = load_model(tmp_path)
    tokens_BT = tokens(config, 2, 60, seed=2)
    assert relative_error(again(tokens_BT), ours(tokens_BT)) <= 1e-5


@torch.inference_mode()
def test_a_llama2c_file_gives_the_same_logits(tmp_path: Path) -> None:
    config = replace(GENERATIONS["llama 2, grouped queries"], tied_embeddings=True)
    ours, _ = twins(config, seed=3)
    _write_llama2c(tmp_path / "model.bin", ours.state_dict(), config)
    again = load_model(tmp_path / "model.bin")
    tokens_BT = tokens(config, 2, 60, seed=3)
    assert relative_error(again(tokens_BT), ours(tokens_BT)) <= 1e-5


def test_weights_come_in_the_stored_type_or_in_the_wanted_one() -> None:
    assert load_model(starter_folder()).weight.dtype is torch.bfloat16
    assert load_model(starter_folder(), dtype=torch.float32).weight.dtype is torch.float32
    assert load(starter_folder()).model.weight.dtype is torch.float32
    assert load(starter_folder(), dtype=None).model.weight.dtype is torch.bfloat16


def test_one_tensor_at_a_time_is_read() -> None:
    config = GENERATIONS["llama 3.2, tied"]
    open_now, most = 0, 0

    def watched(name: str, weight: torch.Tensor) -> Tensor:
        def pieces() -> Iterator[bytes]:
            nonlocal open_now, most
            open_now += 1
            most = max(most, open_now)
            yield weight.numpy().tobytes()
            open_now -= 1

        return Tensor(name, "F32", tuple(weight.shape), pieces)

    ours, _ = twins(config, seed=4)
    from_tensors(config, (watched(*each) for each in ours.state_dict().items()))
    assert most == 1


def test_a_tensor_of_the_wrong_shape_is_named(saved: tuple[Path, LlamaForCausalLM]) -> None:
    folder, _ = saved
    _change(folder, intermediate_size=128)
    with pytest.raises(TensorMismatch, match=r"gate_proj|up_proj|down_proj"):
        load_model(folder)


def test_a_missing_tensor_is_named(saved: tuple[Path, LlamaForCausalLM]) -> None:
    folder, _ = saved
    _change(folder, num_hidden_layers=4)
    with pytest.raises(TensorMismatch, match=r"layers\.3\..*missing"):
        load_model(folder)


def test_a_tensor_that_has_no_place_is_named(saved: tuple[Path, LlamaForCausalLM]) -> None:
    folder, _ = saved
    _change(folder, num_hidden_layers=2)
    with pytest.raises(TensorMismatch, match=r"layers\.2\..*no place"):
        load_model(folder)


def test_weights_of_a_type_that_cannot_compute_are_refused() -> None:
    config = GENERATIONS["llama 3.2, tied"]
    ours, _ = twins(config, seed=5)
    tensors = [
        Tensor(name, "I32", tuple(weight.shape), lambda: iter(()))
        for name, weight in ours.state_dict().items()
    ]
    with pytest.raises(TensorMismatch, match="stored as I32"):
        from_tensors(config, tensors)


def test_a_model_without_a_tokenizer_says_so(tmp_path: Path) -> None:
    folder = shutil.copytree(starter_folder(), tmp_path / "model")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(BadTokenizer, match="holds no tokenizer"):
        load(folder)


def _change(folder: Path, **fields: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def _in_pairs(name: str, weight: torch.Tensor, config: LlamaConfig) -> torch.Tensor:
    """Meta's row order: rows i and i + H/2 of each head side by side."""
    if not name.endswith(("q_proj.weight", "k_proj.weight")):
        return weight
    heads = weight.view(-1, 2, config.head_dim // 2, weight.shape[1])
    return heads.transpose(1, 2).reshape(weight.shape).contiguous()


def _write_meta(folder: Path, weights: dict[str, torch.Tensor], config: LlamaConfig) -> None:
    names = meta_names(config.layers)
    state = {names[n]: _in_pairs(n, w, config).clone() for n, w in weights.items()}
    torch.save(state, folder / "consolidated.00.pth")
    params = {
        "dim": config.dim,
        "n_layers": config.layers,
        "n_heads": config.heads,
        "n_kv_heads": config.kv_heads,
        "vocab_size": config.vocab_size,
        "norm_eps": config.norm_eps,
        "rope_theta": config.rope_theta,
        "multiple_of": 4,
        "ffn_dim_multiplier": config.ffn_dim / (4 * config.dim * 2 // 3),
    }
    (folder / "params.json").write_text(json.dumps(params))


def _write_llama2c(path: Path, weights: dict[str, torch.Tensor], config: LlamaConfig) -> None:
    """Version 0: seven integers, then tensors by kind over the layers."""
    kinds = [
        "input_layernorm",
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
        "self_attn.o_proj",
        "post_attention_layernorm",
        "mlp.gate_proj",
        "mlp.down_proj",
        "mlp.up_proj",
    ]
    names = ["model.embed_tokens.weight"]
    names += [f"model.layers.{i}.{kind}.weight" for kind in kinds for i in range(config.layers)]
    names += ["model.norm.weight"]
    header = (config.dim, config.ffn_dim, config.layers, config.heads, config.kv_heads)
    with path.open("wb") as file:
        file.write(struct.pack("<7i", *header, config.vocab_size, config.context))
        for name in names:
            file.write(_in_pairs(name, weights[name], config).numpy().tobytes())
        file.write(bytes(4 * config.context * config.head_dim))  # two legacy tables

"""Mixtures of experts in GGUF: stacked there, one by one here, and the same model in llama.cpp."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.convert.rendering import Rendering
from paddock.checkpoint.convert.stacking import stacked
from paddock.checkpoint.convert.weight_file import Placed
from paddock.checkpoint.errors import BadCheckpoint, BadConfig, UnsupportedModel
from paddock.checkpoint.gguf.checkpoint import read_gguf_checkpoint
from paddock.checkpoint.gguf.reading import read_gguf
from paddock.checkpoint.gguf.recipes import block_type
from paddock.checkpoint.gguf.values import u32
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.experts import Experts
from paddock.checkpoint.tensors import has_same_bytes
from paddock.llama.loading import load
from paddock.starter import starter_folder
from tests.checkpoint.gguf.llama_cpp import LlamaCpp
from tests.checkpoint.gguf.samples import gguf_content, write_gguf
from tests.checkpoint.gguf.test_checkpoint import write_model
from tests.checkpoint.samples import MIXTRAL, TINY, model_tensors, write_hf_folder
from tests.llama.continuing import continued
from tests.llama.mixtures import saved

STACK = "blk.1.ffn_down_exps.weight"


def as_gguf(source: Path, target: Path, **options: Any) -> Path:
    convert_checkpoint(source, target, ConvertOptions(targets=("gguf",), **options))
    return target


@pytest.mark.parametrize("shard_bytes", [None, 40_000])
def test_there_and_back_every_expert_is_the_same_bytes(
    tmp_path: Path, shard_bytes: int | None
) -> None:
    write_hf_folder(tmp_path / "hf", MIXTRAL, shard_bytes=50_000)
    made = as_gguf(tmp_path / "hf", tmp_path / "out", name="m", shard_bytes=shard_bytes)
    files = sorted(made.glob("*.gguf"))
    assert len(files) == 1 if shard_bytes is None else len(files) > 2
    config, tensors = read_gguf_checkpoint(files[0])
    assert config.experts == MIXTRAL.experts
    theirs = {tensor.name: tensor for tensor in tensors}
    whole = open_checkpoint(tmp_path / "hf")
    assert theirs.keys() == whole.by_name().keys()
    assert all(has_same_bytes(theirs[name], each) for name, each in whole.by_name().items())
    convert_checkpoint(made, tmp_path / "back")
    back = open_checkpoint(tmp_path / "back")
    assert back.config.experts == MIXTRAL.experts
    assert all(has_same_bytes(each, whole.by_name()[each.name]) for each in back.tensors)


def test_a_stack_is_one_tensor_of_all_experts(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf", MIXTRAL)
    file = read_gguf(as_gguf(tmp_path / "hf", tmp_path / "m.gguf"))
    found = {tensor.name: tensor for tensor in file.tensors}
    assert found[STACK].shape == (4, 32, 48)
    assert found["blk.0.ffn_gate_exps.weight"].shape == (4, 48, 32)
    assert found["blk.0.ffn_gate_inp.weight"].dtype == "F32"
    assert [file.metadata[f"llama.expert_{key}"].item for key in ("count", "used_count")] == [4, 2]
    assert file.metadata["general.size_label"].item == "4x20K"


def test_llama_cpp_goes_on_as_our_own_model_does(tmp_path: Path) -> None:
    starter = open_checkpoint(starter_folder()).config
    config = replace(
        starter, layers=2, dtype="float32", experts=Experts(4, 2, starter.ffn_dim, (0, 1))
    )
    saved(config, tmp_path / "hf")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(starter_folder() / name, tmp_path / "hf")
    theirs = LlamaCpp(as_gguf(tmp_path / "hf", tmp_path / "m.gguf"))
    for prompt in ("Once upon a time", "The shop is open"):
        said = theirs.continued(prompt, 12)
        assert said
        assert continued(load(tmp_path / "hf"), prompt, 12).text.startswith(said.rstrip("\ufffd"))


def test_types_are_those_of_llama_cpp_s_own_tool() -> None:
    """Held against llama-quantize, for models of 4 and of 8 experts."""
    eight = LlamaConfig(
        dim=256, layers=8, heads=4, kv_heads=2, head_dim=64, ffn_dim=512, vocab_size=64,
        context=64, experts=Experts(8, 2, 512, tuple(range(8))),
    )  # fmt: skip
    four = replace(eight, experts=Experts(4, 2, 512, tuple(range(8))))
    layer = "model.layers.0."

    def kind(config: LlamaConfig, name: str, recipe: str = "q4_k_m") -> str:
        return block_type(recipe, layer + name, (256, 256), config)

    assert kind(eight, "self_attn.v_proj.weight") == "Q8_0"
    assert kind(eight, "self_attn.k_proj.weight", "q4_0") == "Q8_0"
    assert kind(eight, "self_attn.o_proj.weight") == "Q5_K"
    assert kind(eight, "self_attn.o_proj.weight", "q5_k_m") == "Q5_K"
    assert kind(four, "self_attn.v_proj.weight") == "Q6_K"
    assert kind(four, "self_attn.k_proj.weight") == "Q4_K"
    assert kind(four, "block_sparse_moe.experts.3.w2.weight") == "Q6_K"
    assert kind(four, "block_sparse_moe.experts.3.w1.weight") == "Q4_K"
    assert kind(four, "block_sparse_moe.gate.weight") == "F32"


def test_meta_s_layout_has_no_experts(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf", MIXTRAL)
    with pytest.raises(UnsupportedModel, match="no experts"):
        convert_checkpoint(tmp_path / "hf", tmp_path / "out", ConvertOptions(targets=("meta",)))


@pytest.mark.parametrize(
    ("count", "used", "said"),
    [
        (4, 5, "sent to 5 experts, and there are 4"),
        (4, 0, "llama.expert_used_count is 0"),
        (0, 2, "count is 0"),
        (1 << 31, 2, "llama.expert_count is 2147483648"),
    ],
)
def test_impossible_counts_are_refused(tmp_path: Path, count: int, used: int, said: str) -> None:
    more = {"llama.expert_count": u32(count), "llama.expert_used_count": u32(used)}
    with pytest.raises(BadConfig, match=said):
        read_gguf_checkpoint(write_model(tmp_path / "x.gguf", more=more))


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((48, 32), "no stack of experts"),
        ((1, 4, 48, 32), "no stack of experts"),
        ((1000, 1, 1), "no stack of experts"),
        ((3, 32, 48), "experts.3.w2.weight' is missing"),
        ((5, 32, 48), "experts.4.w2.weight' has no place"),
        ((4, 48, 32), "the configuration says [32, 48]"),
    ],
)
def test_a_stack_of_another_shape_is_refused(
    tmp_path: Path, shape: tuple[int, ...], said: str
) -> None:
    write_hf_folder(tmp_path / "hf", MIXTRAL)
    good = read_gguf(as_gguf(tmp_path / "hf", tmp_path / "m.gguf"))
    raw = (tmp_path / "m.gguf").read_bytes()
    content = {t.name: (t.dtype, t.shape, raw[t.start : t.end]) for t in good.tensors}
    elements = 1
    for size in shape:
        elements *= size
    content[STACK] = ("F32", shape, bytes(4 * elements))
    path = write_gguf(tmp_path / "bad.gguf", dict(good.metadata), content)
    with pytest.raises(BadCheckpoint) as refused:
        open_checkpoint(path)
    assert said in refused.value.message


def test_a_dense_file_that_says_it_has_experts_is_refused(tmp_path: Path) -> None:
    more = {"llama.expert_count": u32(4), "llama.expert_used_count": u32(2)}
    content = gguf_content(TINY, model_tensors(TINY), "f32")
    with pytest.raises(BadCheckpoint, match="no place in a Mixtral"):
        open_checkpoint(write_model(tmp_path / "x.gguf", more=more, content=content))


def test_experts_of_several_types_are_not_stacked(tmp_path: Path) -> None:
    write_hf_folder(tmp_path, MIXTRAL)
    experts = [
        t for t in open_checkpoint(tmp_path).tensors if ".layers.0." in t.name and "w1" in t.name
    ]
    placed = [Placed(t, Rendering("F32" if n else "F16")) for n, t in enumerate(experts)]
    with pytest.raises(UnsupportedModel, match="are missing, or of several types"):
        stacked(placed)
    with pytest.raises(UnsupportedModel):
        stacked(placed[2:])  # the first experts are missing

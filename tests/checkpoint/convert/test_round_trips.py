"""A model that was converted, and converted back, is the same model: bit for bit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest
import safetensors.torch
import torch

from paddock.checkpoint.codecs.transcoding import transcode
from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.errors import UnsupportedModel
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig, RopeScaling
from paddock.checkpoint.shape.layout import expected_shapes
from tests.checkpoint.convert.outcomes import WIDE, names_in, weights_of
from tests.checkpoint.meta.test_folder import write_meta
from tests.checkpoint.samples import TINY, tensor, write_hf_folder, write_model

PLAIN = {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}
EVERYTHING = ("safetensors", "gguf", "meta")


def hf_folder(folder: Path, dtype: str, config: LlamaConfig = WIDE) -> Path:
    """A model whose numbers are small floats, whatever the type."""
    write_hf_folder(folder / "float32", replace(config, dtype="float32"))
    convert_checkpoint(folder / "float32", folder / "hf", ConvertOptions(dtype=dtype))
    assert open_checkpoint(folder / "hf").config.dtype == dtype
    return folder / "hf"


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("dtype", PLAIN)
def test_hugging_face_gguf_and_metas_layout_hold_the_same_model(
    dtype: str, tied: bool, tmp_path: Path
) -> None:
    source = hf_folder(tmp_path, dtype, replace(WIDE, tied_embeddings=tied))
    original = weights_of(source)
    options = ConvertOptions(EVERYTHING, quants=(PLAIN[dtype],))
    convert_checkpoint(source, tmp_path / "all", options)
    assert names_in(tmp_path / "all") == {
        "config.json", "generation_config.json", "model.safetensors",
        f"hf-{PLAIN[dtype].upper()}.gguf", "original/params.json", "original/consolidated.00.pth",
    }  # fmt: skip
    for made in (f"hf-{PLAIN[dtype].upper()}.gguf", "original"):
        back_again = tmp_path / f"back-from-{Path(made).stem}"
        convert_checkpoint(tmp_path / "all" / made, back_again)
        assert weights_of(back_again) == original
        back = open_checkpoint(back_again).config
        assert (back.tied_embeddings, back.ffn_dim, back.dtype) == (tied, WIDE.ffn_dim, dtype)


def test_rope_scaling_survives_every_format(tmp_path: Path) -> None:
    scaling = RopeScaling(8.0, 1.0, 4.0, 8192)
    config = replace(WIDE, rope_scaling=scaling, rope_theta=500000.0, context=131072)
    source = hf_folder(tmp_path, "bfloat16", config)
    convert_checkpoint(source, tmp_path / "all", ConvertOptions(("gguf", "meta")))
    for made in ("all/hf-BF16.gguf", "all/original"):
        back = open_checkpoint(tmp_path / made).config
        assert (back.rope_scaling, back.rope_theta) == (scaling, 500000.0)


def test_several_ranks_become_one_and_keep_every_bit(tmp_path: Path) -> None:
    original = write_meta(tmp_path / "meta", ranks=2)
    done = convert_checkpoint(tmp_path / "meta", tmp_path / "one", ConvertOptions(("meta",)))
    assert len(list((tmp_path / "one").glob("*.pth"))) == 1
    assert {name: raw for name, (_, _, raw) in weights_of(tmp_path / "one").items()} == original
    assert [file.name for file in done.sources] == ["consolidated.00.pth", "consolidated.01.pth"]
    assert done.reads == 1


def test_pickled_hugging_face_folders_become_everything(tmp_path: Path) -> None:
    source = hf_folder(tmp_path, "bfloat16")
    original = weights_of(source)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "config.json").write_text((source / "config.json").read_text())
    torch.save(
        safetensors.torch.load_file(source / "model.safetensors"),
        tmp_path / "bin" / "pytorch_model.bin",
    )
    convert_checkpoint(tmp_path / "bin", tmp_path / "all", ConvertOptions(EVERYTHING))
    for made in (".", "original"):
        assert weights_of(tmp_path / "all" / made) == original
        assert "pytorch_model.bin" not in names_in(tmp_path / "all")


def test_llama2c_becomes_everything(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "models" / "stories260K" / "stories260K.bin"
    original = weights_of(source)
    convert_checkpoint(source, tmp_path / "all", ConvertOptions(EVERYTHING))
    for made in (".", "stories260K-F32.gguf", "original"):
        assert weights_of(tmp_path / "all" / made) == original


@pytest.mark.parametrize("recipe", ["q8_0", "q4_0", "q4_k_m", "q6_k"])
def test_a_quantised_file_becomes_the_numbers_that_its_blocks_stand_for(
    recipe: str, tmp_path: Path
) -> None:
    source = hf_folder(tmp_path, "bfloat16")
    file = tmp_path / f"{recipe}.gguf"
    convert_checkpoint(source, file, ConvertOptions(("gguf",), quants=(recipe,)))
    convert_checkpoint(file, tmp_path / "exact", ConvertOptions(dtype="float32"))
    convert_checkpoint(file, tmp_path / "half")
    exact, half = weights_of(tmp_path / "exact"), weights_of(tmp_path / "half")
    assert {dtype for dtype, _, _ in half.values()} == {"BF16"}
    assert open_checkpoint(tmp_path / "half").config.dtype == "bfloat16"
    theirs = {tensor.name: tensor for tensor in gguf.GGUFReader(file).tensors}
    for name, in_file in (
        ("model.embed_tokens.weight", "token_embd.weight"),
        ("model.layers.0.mlp.down_proj.weight", "blk.0.ffn_down.weight"),
        ("model.layers.1.self_attn.v_proj.weight", "blk.1.attn_v.weight"),
    ):
        tensor = theirs[in_file]
        numbers = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        assert exact[name][2] == numbers.tobytes()
        assert half[name][2] == bytes(transcode(exact[name][2], "F32", "BF16"))


def test_blocks_are_left_alone_where_nobody_asks_for_others(tmp_path: Path) -> None:
    source = hf_folder(tmp_path, "bfloat16")
    first, again = tmp_path / "x.gguf", tmp_path / "again.gguf"
    convert_checkpoint(source, first, ConvertOptions(("gguf",), quants=("q4_k_m",)))
    convert_checkpoint(first, again, ConvertOptions(("gguf",)))
    assert weights_of(again) == weights_of(first)


def test_splits_are_cut_by_size_and_joined_again(tmp_path: Path) -> None:
    source = hf_folder(tmp_path, "bfloat16")
    whole = tmp_path / "whole.gguf"
    convert_checkpoint(source, whole, ConvertOptions(("gguf",), quants=("q8_0",)))
    options = ConvertOptions(("gguf",), quants=("q8_0",), shard_bytes=300_000)
    convert_checkpoint(source, tmp_path / "splits", options)
    splits = sorted((tmp_path / "splits").iterdir())
    assert splits[0].name == f"hf-Q8_0-00001-of-{len(splits):05}.gguf"
    assert len(splits) > 2
    joined = tmp_path / "joined.gguf"
    convert_checkpoint(splits[0], joined, ConvertOptions(("gguf",)))
    assert weights_of(splits[0]) == weights_of(whole) == weights_of(joined)


def test_a_model_that_metas_code_cannot_have_is_refused(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "hf", replace(TINY, head_dim=16))
    with pytest.raises(Exception, match="all that Meta's layout can say"):
        convert_checkpoint(tmp_path / "hf", tmp_path / "out", ConvertOptions(("meta",)))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("dtype", ["F8_E4M3", "I64", "F64"])
def test_numbers_that_are_only_carried_are_never_altered(dtype: str, tmp_path: Path) -> None:
    """Float64 is rounded when asked for; what no codec knows is copied, or refused by name."""
    (tmp_path / "hf").mkdir()
    tensors = [tensor(name, shape, dtype) for name, shape in expected_shapes(TINY).items()]
    write_model(tmp_path / "hf", tensors)
    (tmp_path / "hf" / "config.json").write_text(json.dumps(TINY.to_hf_dict()))
    convert_checkpoint(tmp_path / "hf", tmp_path / "shards", ConvertOptions(shard_bytes=20_000))
    assert weights_of(tmp_path / "shards") == weights_of(tmp_path / "hf")
    options = ConvertOptions(("gguf",), quants=("f32",))
    if dtype == "F64":
        convert_checkpoint(tmp_path / "hf", tmp_path / "x.gguf", options)
        convert_checkpoint(tmp_path / "hf", tmp_path / "meta", ConvertOptions(("meta",)))
        assert weights_of(tmp_path / "meta") == weights_of(tmp_path / "x.gguf")
        return
    with pytest.raises(UnsupportedModel, match=f"is {dtype}, which is not turned into F32"):
        convert_checkpoint(tmp_path / "hf", tmp_path / "x.gguf", options)
    assert not (tmp_path / "x.gguf").exists()

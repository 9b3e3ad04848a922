"""A GGUF file is the same model as the files it was made from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paddock.checkpoint.codecs.transcoding import decode, transcode
from paddock.checkpoint.errors import (
    BadCheckpoint,
    BadConfig,
    TensorMismatch,
    UnknownCheckpoint,
    UnsupportedModel,
)
from paddock.checkpoint.gguf.checkpoint import read_gguf_checkpoint
from paddock.checkpoint.gguf.config import (
    TokenIds,
    WeightFacts,
    parse_config,
    render_config,
)
from paddock.checkpoint.gguf.metadata import About, metadata_of
from paddock.checkpoint.gguf.naming import ROPE_FREQS, gguf_name, hf_name
from paddock.checkpoint.gguf.rope_factors import recognised_scaling, rope_factors
from paddock.checkpoint.gguf.values import Value, ValueType, f32, text, u32
from paddock.checkpoint.inspection import inspect_checkpoint
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig, RopeScaling
from paddock.checkpoint.shape.layout import expected_shapes
from paddock.checkpoint.shape.published import PUBLISHED
from paddock.cli import main
from paddock.llama.loading import load_model
from paddock.llama.rope import inverse_frequencies
from tests.checkpoint.gguf.samples import Content, gguf_content, write_gguf
from tests.checkpoint.samples import TINY, model_tensors

WIDE = replace(TINY, layers=1, dim=256, heads=4, kv_heads=2, head_dim=64, ffn_dim=256)
SCALING = RopeScaling(8.0, 1.0, 4.0, 8192)


def write_model(
    path: Path,
    config: LlamaConfig = TINY,
    recipe: str = "f32",
    more: dict[str, Value] | None = None,
    content: Content | None = None,
) -> Path:
    metadata = metadata_of(config, None, None, recipe, About("test")) | (more or {})
    return write_gguf(
        path, metadata, content or gguf_content(config, model_tensors(config), recipe)
    )


def test_the_real_file_holds_the_same_model_as_llama2cs(shared_data: Path) -> None:
    folder = shared_data / "models" / "stories260K"
    config, tensors = read_gguf_checkpoint(folder / "stories260K-f32.gguf")
    original = open_checkpoint(folder / "stories260K.bin")
    # The file repeats the shared embeddings as a head of its own.
    assert replace(config, tied_embeddings=True) == original.config
    by_name = {tensor.name: tensor.read() for tensor in tensors}
    for tensor in original.tensors:
        assert by_name[tensor.name] == tensor.read(), tensor.name


def test_a_written_model_comes_back_bit_for_bit(tmp_path: Path) -> None:
    config, tensors = read_gguf_checkpoint(write_model(tmp_path / "x.gguf"))
    assert replace(config, bos_id=1, eos_ids=(2,)) == TINY
    expected = {tensor.name: bytes(tensor.read()) for tensor in model_tensors(TINY)}
    assert {tensor.name: bytes(tensor.read()) for tensor in tensors} == expected


@pytest.mark.parametrize("recipe", ["q8_0", "q4_0"])
def test_rows_of_quantised_projections_come_back_in_their_order(
    recipe: str, tmp_path: Path
) -> None:
    _, tensors = read_gguf_checkpoint(write_model(tmp_path / "x.gguf", WIDE, recipe))
    read = {tensor.name: tensor for tensor in tensors}
    for tensor in model_tensors(WIDE):
        if tensor.name.endswith(("q_proj.weight", "k_proj.weight")):
            dtype = read[tensor.name].dtype
            assert dtype == recipe.upper()
            assert read[tensor.name].read() == bytearray(transcode(tensor.read(), "F32", dtype))


def test_a_quantised_model_is_loaded_for_computing(tmp_path: Path) -> None:
    path = write_model(tmp_path / "x.gguf", WIDE, "q8_0")
    weights = dict(load_model(path).named_parameters())
    for tensor in model_tensors(WIDE):
        if tensor.name.endswith("q_proj.weight"):
            exact = decode(transcode(tensor.read(), "F32", "Q8_0"), "Q8_0").reshape(tensor.shape)
            assert np.allclose(weights[tensor.name].float().numpy(), exact, rtol=1 / 128)


def test_names_lead_there_and_back() -> None:
    for name in expected_shapes(replace(TINY, tied_embeddings=False)):
        assert hf_name(gguf_name(name) or "") == name
    for strange in ("blk.01.attn_q.weight", "blk.0.ssm_in.weight", "model.layers.0.q.weight", ""):
        assert hf_name(strange) is None and gguf_name(strange) is None


@pytest.mark.parametrize(
    "scaling",
    [SCALING, replace(SCALING, factor=32.0), replace(SCALING, factor=2.5, original_context=4096)],
)
@pytest.mark.parametrize("head_dim", [8, 64, 128])
def test_rope_scaling_is_recognised_by_its_factors(
    scaling: RopeScaling, head_dim: int, tmp_path: Path
) -> None:
    config = replace(TINY, head_dim=head_dim, rope_scaling=scaling, rope_theta=500000.0)
    found, _ = read_gguf_checkpoint(write_model(tmp_path / "x.gguf", config))
    assert found.rope_scaling == scaling


@pytest.mark.parametrize("odd", [(8.0, 1.0, 4.0, 100), (1.7, 0.5, 7.0, 64), (32.0, 1.3, 2.3, 3000)])
def test_rope_scaling_of_no_published_model_comes_back(
    odd: tuple[float, float, float, int],
) -> None:
    factors = rope_factors(RopeScaling(*odd), 64, 12345.678)
    found = recognised_scaling(factors, 64, 12345.678)  # of its multiples, which are the same
    assert found and np.allclose(rope_factors(found, 64, 12345.678), factors, rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", ["llama-3.1-8b", "llama-3.2-1b"])
def test_factors_divide_frequencies_as_our_model_does(name: str) -> None:
    config = PUBLISHED[name]
    assert config.rope_scaling is not None
    plain = inverse_frequencies(replace(config, rope_scaling=None)).numpy()
    factors = rope_factors(config.rope_scaling, config.head_dim, config.rope_theta)
    assert np.allclose(plain / factors, inverse_frequencies(config).numpy(), rtol=1e-5, atol=0)
    assert (factors[0], factors[-1]) == (1.0, config.rope_scaling.factor)


def test_factors_of_no_llama_are_refused(tmp_path: Path) -> None:
    content = gguf_content(TINY, model_tensors(TINY), "f32")
    for factors, error in (
        ([1, 2, 4, 3], UnsupportedModel),
        ([1, 2, np.nan, 8], BadConfig),
        ([1, 2, 0.5, 8], BadConfig),
        ([1, 2, 4], BadConfig),
    ):
        raw = np.array(factors, "<f4")
        more: Content = {ROPE_FREQS: ("F32", raw.shape, raw.tobytes())}
        path = write_model(tmp_path / "x.gguf", content=content | more)
        with pytest.raises(error) as caught:
            read_gguf_checkpoint(path)
        assert caught.value.reason == "rope_freqs"
    ones: Content = {ROPE_FREQS: ("F32", (4,), np.ones(4, "<f4").tobytes())}
    path = write_model(tmp_path / "x.gguf", content=content | ones)
    assert read_gguf_checkpoint(path)[0].rope_scaling is None


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_shape_is_told_by_its_metadata(name: str, tmp_path: Path) -> None:
    config = PUBLISHED[name]
    metadata = {"general.architecture": text("llama")} | render_config(config)
    facts = WeightFacts(config.tied_embeddings, config.dtype, config.rope_scaling)
    ids = TokenIds(config.bos_id, config.eos_ids, config.pad_id)
    assert parse_config(metadata, facts, ids) == config


def test_what_paddock_does_not_compute_is_refused_by_name(tmp_path: Path) -> None:
    for more, words in (
        ({"general.architecture": text("qwen2")}, "architecture 'qwen2' is not Llama"),
        ({"general.architecture": u32(7)}, "names no architecture"),
        ({"llama.expert_shared_count": u32(1)}, "llama.expert_shared_count is 1"),
        ({"llama.expert_gating_func": u32(2)}, "llama.expert_gating_func is 2"),
        ({"llama.rope.scaling.type": text("yarn")}, "llama.rope.scaling.type is 'yarn'"),
        ({"llama.rope.scaling.factor": f32(4.0)}, "llama.rope.scaling.factor is 4.0"),
        ({"llama.rope.dimension_count": u32(4)}, "the heads have several widths"),
    ):
        with pytest.raises(UnsupportedModel, match=words):
            read_gguf_checkpoint(write_model(tmp_path / "x.gguf", more=more))


def test_a_contradiction_is_refused(tmp_path: Path) -> None:
    per_layer = Value(ValueType.U32, np.array([4, 2], "<u4"), is_array=True)
    for more, words in (
        ({"llama.attention.head_count": per_layer}, "llama.attention.head_count"),
        ({"llama.block_count": text("two")}, "llama.block_count must be a whole number"),
        ({"llama.context_length": u32(0)}, "llama.context_length is 0"),
        ({"llama.rope.freq_base": f32(float("nan"))}, "llama.rope.freq_base is nan"),
    ):
        with pytest.raises(BadConfig, match=words):
            read_gguf_checkpoint(write_model(tmp_path / "x.gguf", more=more))
    alike = Value(ValueType.U32, np.array([4, 4], "<u4"), is_array=True)
    path = write_model(tmp_path / "x.gguf", more={"llama.attention.head_count": alike})
    assert read_gguf_checkpoint(path)[0].heads == 4


def test_types_that_are_not_decoded_are_named_but_can_be_inspected(tmp_path: Path) -> None:
    content = gguf_content(TINY, model_tensors(TINY), "f32")
    content["output.weight"] = ("Q5_0", (64, 32), bytes(64 * 22))
    path = write_model(tmp_path / "x.gguf", content=content)
    with pytest.raises(UnsupportedModel, match="is stored as Q5_0"):
        open_checkpoint(path)
    inspection = inspect_checkpoint(path)
    assert inspection.dtypes["Q5_0"].parameters == 64 * 32
    assert (inspection.family, inspection.tensor_bytes) == (
        None,
        sum(len(raw) for _, _, raw in content.values()),
    )
    assert any("Q5_0" in problem for problem in inspection.problems)


def test_a_tensor_without_a_place_is_refused(tmp_path: Path) -> None:
    content = gguf_content(TINY, model_tensors(TINY), "f32")
    content["blk.0.attn_q.bias"] = ("F32", (32,), bytes(128))
    with pytest.raises(TensorMismatch, match=r"'blk.0.attn_q.bias' has no place"):
        open_checkpoint(write_model(tmp_path / "x.gguf", content=content))


def test_a_folder_with_one_file_is_opened_and_with_several_asked_about(tmp_path: Path) -> None:
    write_model(tmp_path / "a.gguf")
    assert open_checkpoint(tmp_path).format == "gguf"
    write_model(tmp_path / "b.gguf")
    with pytest.raises(UnknownCheckpoint, match="holds several checkpoints: a") as caught:
        open_checkpoint(tmp_path)
    assert caught.value.hint == "name one of the files"
    assert open_checkpoint(tmp_path / "b.gguf").config.dim == TINY.dim


def test_a_file_is_known_by_its_content_not_by_its_name(tmp_path: Path) -> None:
    path = write_model(tmp_path / "weights.bin")
    assert open_checkpoint(path).format == "gguf"
    (tmp_path / "x.gguf").write_bytes(b"PK\3\4" + bytes(40))
    with pytest.raises(BadCheckpoint, match="begins with"):
        open_checkpoint(tmp_path / "x.gguf")


def test_the_command_line_continues_the_real_file(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shared_data / "models" / "stories260K"
    path = folder / "stories260K-f32.gguf"

    def paddock(*arguments: str) -> str:
        with pytest.raises(SystemExit) as end:
            main(list(arguments))
        assert not end.value.code
        return capsys.readouterr().out

    made = paddock("generate", str(path), "-p", "", "-n", "200")
    assert made == (folder / "expected_greedy_200.txt").read_text()
    told = paddock("inspect", str(path))
    assert "512 ids, gguf (stories260K-f32.gguf)" in told
    assert "licence     mit (stories260K-f32.gguf)" in told

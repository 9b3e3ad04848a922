"""What we write, the reference library reads as we meant it, and so do we."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadCheckpoint, BadGguf, BadTokenizer
from paddock.checkpoint.gguf.metadata import About, metadata_of, size_label
from paddock.checkpoint.gguf.reading import read_gguf
from paddock.checkpoint.gguf.recipes import RECIPES, block_type
from paddock.checkpoint.gguf.values import (
    NUMBER_DTYPES,
    Value,
    ValueType,
    boolean,
    f32,
    numbers,
    strings,
    text,
)
from paddock.checkpoint.gguf.writing import TensorInfo, render_header
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig, RopeScaling
from paddock.checkpoint.shape.layout import EMBEDDINGS, HEAD, expected_shapes
from paddock.checkpoint.shape.published import PUBLISHED
from paddock.checkpoint.tokenizer.files import LoadedTokenizer, load_tokenizer
from paddock.checkpoint.tokenizer.tokenizer_json import SpecialNames
from paddock.starter import starter_folder
from tests.checkpoint.gguf.samples import convert_to_gguf, gguf_content, write_gguf
from tests.checkpoint.samples import TINY, model_tensors, write_hf_folder

_BOUNDS = {type_: np.iinfo(dtype) for type_, dtype in NUMBER_DTYPES.items() if dtype.kind in "iu"}
_WHOLE = st.sampled_from(sorted(_BOUNDS)).flatmap(
    lambda type_: st.integers(_BOUNDS[type_].min, _BOUNDS[type_].max).map(
        lambda number: Value(type_, number)
    )
)
_VALUES = st.one_of(
    _WHOLE,
    st.booleans().map(boolean),
    st.text(max_size=20).map(text),
    st.floats(width=32, allow_nan=False).map(f32),
    st.lists(st.text(max_size=5), max_size=5).map(strings),
    st.lists(st.integers(-5, 5), max_size=5).map(lambda n: numbers(ValueType.I32, n)),
    st.lists(st.booleans(), max_size=5).map(lambda n: numbers(ValueType.BOOL, n)),
)
_KEYS = st.from_regex(r"[a-z]{1,8}(\.[a-z_]{1,8}){0,2}", fullmatch=True)


def same(one: Value, other: Value) -> bool:
    if isinstance(one.item, np.ndarray):
        return one.type == other.type and np.array_equal(one.item, np.asarray(other.item))
    return one == other


@settings(max_examples=60)
@given(st.dictionaries(_KEYS, _VALUES, max_size=6))
def test_metadata_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, metadata: dict[str, Value]
) -> None:
    metadata.pop("general.alignment", None)
    path = write_gguf(tmp_path_factory.getbasetemp() / "written.gguf", metadata, {})
    read = read_gguf(path).metadata
    assert list(read) == list(metadata)
    assert all(same(read[key], value) for key, value in metadata.items())


def test_the_reference_library_reads_a_whole_model(tmp_path: Path) -> None:
    content = gguf_content(TINY, model_tensors(TINY), "f16")
    metadata = metadata_of(TINY, None, None, "f16", About("Tiny", "mit", {"temperature": 0.6}))
    reader = gguf.GGUFReader(write_gguf(tmp_path / "x.gguf", metadata, content))
    fields: dict[str, Any] = {
        key: field.contents() for key, field in reader.fields.items() if "GGUF." not in key
    }
    assert fields["general.name"] == "Tiny" and fields["general.license"] == "mit"
    assert fields["general.file_type"] == gguf.LlamaFileType.MOSTLY_F16
    assert fields["llama.attention.head_count_kv"] == TINY.kv_heads
    assert fields["general.sampling.temp"] == pytest.approx(0.6)
    assert [tensor.name for tensor in reader.tensors] == list(content)
    for tensor in reader.tensors:
        dtype, shape, raw = content[tensor.name]
        assert tensor.tensor_type.name == dtype
        assert tuple(reversed(tensor.shape.tolist())) == shape
        assert tensor.data.tobytes() == raw


def test_every_recipe_is_announced_by_the_references_number() -> None:
    for name, recipe in RECIPES.items():
        named = gguf.LlamaFileType(recipe.file_type).name
        assert named.removeprefix("MOSTLY_").removeprefix("ALL_") == name.upper()


def _types(config: LlamaConfig, recipe: str, part: str) -> list[str]:
    return [
        block_type(recipe, name, shape, config)
        for name, shape in expected_shapes(config).items()
        if part in name
    ]


def test_the_mixture_of_llama_3_8b_is_llama_cpps() -> None:
    """As `llama-quantize` prints it for Llama 3 8B."""
    config = PUBLISHED["llama-3-8b"]
    more = {0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31}
    for recipe, default in (("q4_k_m", "Q4_K"), ("q5_k_m", "Q5_K")):
        expected = ["Q6_K" if layer in more else default for layer in range(32)]
        assert _types(config, recipe, "v_proj") == expected
        assert _types(config, recipe, "down_proj") == expected
        assert set(_types(config, recipe, "o_proj")) == {default}
        assert block_type(recipe, HEAD, (128256, 4096), config) == "Q6_K"
        assert block_type(recipe, EMBEDDINGS, (128256, 4096), config) == default
    assert _types(config, "q4_k_s", "v_proj") == ["Q5_K"] * 4 + ["Q4_K"] * 28
    assert _types(config, "q4_0", "v_proj") == ["Q4_0"] * 32
    assert block_type("q4_0", HEAD, (128256, 4096), config) == "Q6_K"
    assert block_type("q8_0", HEAD, (128256, 4096), config) == "Q8_0"
    assert set(_types(config, "q4_k_m", "norm")) == {"F32"}


def test_shared_embeddings_are_kept_as_a_head_would_be() -> None:
    config = PUBLISHED["llama-3.2-1b"]
    assert block_type("q4_k_m", EMBEDDINGS, (128256, 2048), config) == "Q6_K"
    assert block_type("bf16", EMBEDDINGS, (128256, 2048), config) == "BF16"


def test_the_value_projection_of_70b_gets_more_bits() -> None:
    types = _types(PUBLISHED["llama-3-70b"], "q4_k_m", "v_proj")
    assert set(types) == {"Q6_K", "Q5_K"}
    assert set(_types(PUBLISHED["llama-1-65b"], "q4_k_m", "v_proj")) == {"Q6_K", "Q4_K"}


def test_rows_that_do_not_fit_get_a_type_that_does() -> None:
    for width, expected in ((256, "Q4_K"), (160, "Q8_0"), (100, "F16")):
        assert (
            block_type("q4_k_m", "model.layers.2.mlp.up_proj.weight", (8, width), TINY) == expected
        )
    with pytest.raises(BadCheckpoint, match="'q3_k' is no quantisation"):
        block_type("q3_k", EMBEDDINGS, (8, 256), TINY)


def test_a_header_that_no_reader_takes_is_not_written() -> None:
    for infos, reason in (
        ([TensorInfo("a", "F32", (2,)), TensorInfo("a", "F32", (2,))], "duplicate_name"),
        ([TensorInfo("a" * 64, "F32", (2,))], "bad_name"),
        ([TensorInfo("a", "U8", (2,))], "unknown_type"),
        ([TensorInfo("a", "F32", (1, 1, 1, 1, 1))], "bad_shape"),
        ([TensorInfo("a", "Q4_K", (2, 128))], "block"),
    ):
        with pytest.raises(BadGguf) as caught:
            render_header({}, infos)
        assert caught.value.reason == reason


def test_sizes_are_told_as_people_tell_them() -> None:
    for parameters, label in (
        (260_032, "260K"),
        (15_191_712, "15M"),
        (1_235_814_400, "1.2B"),
        (8_030_261_248, "8.0B"),
        (405_853_388_800, "406B"),
    ):
        assert size_label(parameters) == label
        assert label == gguf.size_label(parameters, 0, 0, 0)


def test_a_tokenizer_that_gguf_cannot_carry_is_refused_in_words(tmp_path: Path) -> None:
    words = LoadedTokenizer(
        {"model": {"type": "WordLevel", "vocab": {"a": 0}}}, SpecialNames(None, None, None)
    )
    with pytest.raises(BadTokenizer, match="of the kind 'WordLevel'"):
        metadata_of(TINY, words, None, "f32", About("x"))
    source = starter_folder()
    checkpoint = open_checkpoint(source)
    assert checkpoint.tokenizer is not None
    honest = load_tokenizer(checkpoint.tokenizer)
    for change, reason in (
        ({"pre_tokenizer": {"type": "Whitespace"}}, "not_in_gguf"),
        ({"normalizer": {"type": "NFC"}}, "not_in_gguf"),
    ):
        changed = honest._replace(tokenizer_json=honest.tokenizer_json | change)
        with pytest.raises(BadTokenizer) as caught:
            metadata_of(checkpoint.config, changed, None, "f32", About("x"))
        assert caught.value.reason == reason
    spaced = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    for model, words in (
        ({"vocab": {"a": 0, "b": 1, "ab": 2}, "merges": []}, "'ab' is a token, but"),
        (
            {"vocab": {"a": 0, "b": 1, "ab": 2, "ba": 3, "aba": 4},
             "merges": ["a b", "a ba", "b a", "ab a"]},
            "merges to 'aba' stand apart",
        ),
        ({"vocab": {"a": 0, "b" * 300: 1}, "merges": []}, "one over 256"),
    ):  # fmt: skip
        tokenizer = {"normalizer": spaced, "model": {"type": "BPE"} | model}
        loaded = LoadedTokenizer(tokenizer, SpecialNames(None, None, None))
        with pytest.raises(BadTokenizer, match=words):
            metadata_of(TINY, loaded, None, "f32", About("x"))
    small = replace(checkpoint.config, vocab_size=1000)
    with pytest.raises(BadTokenizer, match="the model 1000 embeddings"):
        metadata_of(small, honest, None, "f32", About("x"))


def test_ids_without_a_token_get_one_of_their_own(tmp_path: Path) -> None:
    vocab = {"▁": 3, "a": 4, "▁a": 5}
    tokenizer = {
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "model": {"type": "BPE", "vocab": vocab, "merges": ["▁ a"], "byte_fallback": False},
        "added_tokens": [{"id": 1, "content": "<s>", "special": True}],
    }
    loaded = LoadedTokenizer(tokenizer, SpecialNames("<s>", None, None))
    metadata = metadata_of(replace(TINY, vocab_size=8), loaded, None, "f32", About("x"))
    assert metadata["tokenizer.ggml.tokens"].item == (
        "[PAD0]", "<s>", "[PAD2]", "▁", "a", "▁a", "[PAD6]", "[PAD7]",
    )  # fmt: skip
    types = np.asarray(metadata["tokenizer.ggml.token_type"].item).tolist()
    assert types == [5, 3, 5, 1, 1, 1, 5, 5]
    assert np.asarray(metadata["tokenizer.ggml.scores"].item)[5] == 0.0


def test_llama_3s_stretching_travels_with_the_file(tmp_path: Path) -> None:
    scaling = RopeScaling(32.0, 1.0, 4.0, 8192)
    config = replace(TINY, rope_scaling=scaling, rope_theta=500000.0)
    write_hf_folder(tmp_path / "hf", config)
    path = convert_to_gguf(tmp_path / "hf", tmp_path / "x.gguf")
    assert open_checkpoint(path).config.rope_scaling == scaling

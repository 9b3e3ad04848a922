"""llama2.c files, versions 0, 1 and 2."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadLlama2c, UnknownCheckpoint
from paddock.checkpoint.llama2c.header import MAGIC, parse_header
from paddock.checkpoint.llama2c.int8_groups import int8_tensor
from paddock.checkpoint.llama2c.reading import read_llama2c
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import EMBEDDINGS, LAYER_NAMES
from paddock.checkpoint.tokenizer.files import TokenizerKind
from tests.checkpoint.samples import TINY, in_meta_order, model_tensors

SHAPE = struct.Struct("<7i")
MATRICES = [meta for _, meta in LAYER_NAMES if "norm" not in meta]
NORMS = [meta for _, meta in LAYER_NAMES if "norm" in meta]


def shape_of(config: LlamaConfig, vocab_size: int) -> bytes:
    numbers = (config.dim, config.ffn_dim, config.layers, config.heads, config.kv_heads)
    return SHAPE.pack(*numbers, vocab_size, config.context)


def of_layers(config: LlamaConfig, kinds: list[str]) -> list[str]:
    return [f"layers.{layer}.{meta}" for meta in kinds for layer in range(config.layers)]


def write_llama2c(path: Path, config: LlamaConfig) -> dict[str, bytes]:
    """A version 0 file; returns the same tensors as Hugging Face orders them."""
    tensors = model_tensors(config)
    arrays = in_meta_order(config, tensors)
    vocab = config.vocab_size if config.tied_embeddings else -config.vocab_size
    names = ["tok_embeddings.weight", *of_layers(config, [meta for _, meta in LAYER_NAMES])]
    parts = [shape_of(config, vocab), *(arrays[name].tobytes() for name in names)]
    parts.append(arrays["norm.weight"].tobytes())
    parts.append(np.zeros((2, config.context, config.head_dim // 2), np.float32).tobytes())
    if not config.tied_embeddings:
        parts.append(arrays["output.weight"].tobytes())
    path.write_bytes(b"".join(parts))
    return {each.name: bytes(each.read()) for each in tensors}


def header(config: LlamaConfig, version: int, group_size: int | None = None) -> bytes:
    raw = MAGIC + struct.pack("<i", version) + shape_of(config, config.vocab_size)
    raw += bytes([config.tied_embeddings])
    return (raw + (struct.pack("<i", group_size) if group_size else b"")).ljust(256, b"\0")


def write_versioned(path: Path, config: LlamaConfig, group_size: int = 0) -> dict[str, bytes]:
    """A version 1 file, or 2 with groups; returns the tensors as Hugging Face orders them."""
    tensors = model_tensors(config)
    arrays = in_meta_order(config, tensors)
    norms = [*of_layers(config, NORMS), "norm.weight"]
    matrices = ["tok_embeddings.weight", *of_layers(config, MATRICES)]
    matrices += [] if config.tied_embeddings else ["output.weight"]
    parts = [header(config, 2 if group_size else 1, group_size)]
    parts += [arrays[name].tobytes() for name in norms]
    for name in matrices:
        if not group_size:
            parts.append(arrays[name].tobytes())
            continue
        grouped = arrays[name].reshape(-1, group_size)
        scales = np.abs(grouped).max(axis=1) / np.float32(127)
        values = np.round(grouped / scales[:, None]).astype(np.int8)
        parts += [values.tobytes(), scales.tobytes()]
    path.write_bytes(b"".join(parts))
    return {each.name: bytes(each.read()) for each in tensors}


@pytest.mark.parametrize("is_tied", [True, False])
def test_a_file_is_read_into_hugging_faces_names_and_order(tmp_path: Path, is_tied: bool) -> None:
    config = replace(TINY, tied_embeddings=is_tied)
    expected = write_llama2c(tmp_path / "m.bin", config)
    checkpoint = open_checkpoint(tmp_path / "m.bin")
    assert checkpoint.config == config
    assert {each.name: bytes(each.read()) for each in checkpoint.tensors} == expected


@pytest.mark.parametrize("change", [1, -1, 4, -4, 10**6])
def test_a_file_of_any_other_length_is_refused(tmp_path: Path, change: int) -> None:
    write_llama2c(tmp_path / "m.bin", TINY)
    content = (tmp_path / "m.bin").read_bytes()
    (tmp_path / "m.bin").write_bytes(content[:change] if change < 0 else content + bytes(change))
    with pytest.raises(BadLlama2c, match="bytes; its header describes"):
        read_llama2c(tmp_path / "m.bin")


@given(st.lists(st.integers(-(1 << 31), (1 << 31) - 1), min_size=7, max_size=7))
def test_any_header_is_possible_or_refused_in_words(numbers: list[int]) -> None:
    try:
        config = parse_header(struct.pack("<7i", *numbers), "m.bin").config
    except BadLlama2c as e:
        assert e.reason == "bad_header"
    else:
        assert config.dim == config.heads * config.head_dim


def test_a_file_too_short_for_a_header_is_refused() -> None:
    with pytest.raises(BadLlama2c):
        parse_header(b"\0" * 27, "m.bin")


@pytest.mark.parametrize("is_tied", [True, False])
def test_a_file_of_version_1_is_read_as_version_0_is(tmp_path: Path, is_tied: bool) -> None:
    config = replace(TINY, tied_embeddings=is_tied)
    expected = write_versioned(tmp_path / "m.bin", config)
    checkpoint = open_checkpoint(tmp_path / "m.bin")
    assert checkpoint.config == config
    assert {each.name: bytes(each.read()) for each in checkpoint.tensors} == expected


@pytest.mark.parametrize("group_size", [1, 4, 16, 32])
def test_int8_weights_are_read_as_values_times_scales(tmp_path: Path, group_size: int) -> None:
    config = replace(TINY, ffn_dim=40)  # groups of 16 and 32 cross its rows
    expected = write_versioned(tmp_path / "m.bin", config, group_size)
    for tensor in open_checkpoint(tmp_path / "m.bin").tensors:
        read = np.frombuffer(tensor.read(), np.float32)
        wanted = np.frombuffer(expected[tensor.name], np.float32)
        if len(tensor.shape) == 1:
            assert (read == wanted).all()
        # half a step of the scale, which is at most the largest weight by 127
        assert np.abs(read - wanted).max() <= 0.51 * np.abs(wanted).max() / 127


def test_int8_values_and_scales_are_multiplied_in_float32(tmp_path: Path) -> None:
    config = replace(TINY, tied_embeddings=True)
    write_versioned(tmp_path / "m.bin", config, 32)
    raw = (tmp_path / "m.bin").read_bytes()
    start = 256 + (2 * config.layers + 1) * config.dim * 4  # the embeddings, after every norm
    values = np.frombuffer(raw, np.int8, 64 * 32, start).reshape(64, 32)
    scales = np.frombuffer(raw, np.float32, 64, start + 64 * 32)
    embeddings = open_checkpoint(tmp_path / "m.bin").by_name()[EMBEDDINGS]
    assert embeddings.read() == (values.astype(np.float32) * scales[:, None]).tobytes()


def test_a_large_int8_tensor_comes_in_bounded_pieces(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(-128, 128, (1000, 640), dtype=np.int8)
    scales = rng.standard_normal(10_000, np.float32)
    (tmp_path / "m.bin").write_bytes(b"before" + values.tobytes() + scales.tobytes())
    tensor = int8_tensor(tmp_path / "m.bin", "w", values.shape, 6, 64)
    pieces = [memoryview(piece).nbytes for piece in tensor.pieces()]
    assert len(pieces) > 2
    assert max(pieces) <= 1 << 20
    expected = values.reshape(-1, 64).astype(np.float32) * scales[:, None]
    assert tensor.read() == expected.tobytes()


@pytest.mark.parametrize("group_size", [0, 32])
@pytest.mark.parametrize("change", [1, -1, 4, -4, 10**6])
def test_a_versioned_file_of_any_other_length_is_refused(
    tmp_path: Path, group_size: int, change: int
) -> None:
    write_versioned(tmp_path / "m.bin", TINY, group_size)
    content = (tmp_path / "m.bin").read_bytes()
    (tmp_path / "m.bin").write_bytes(content[:change] if change < 0 else content + bytes(change))
    with pytest.raises(BadLlama2c, match="bytes; its header describes"):
        read_llama2c(tmp_path / "m.bin")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (header(TINY, 1)[:255], "truncated"),
        (header(TINY, 3), "bad_version"),
        (header(TINY, -1), "bad_version"),
        (header(TINY, 2, 0), "bad_header"),
        (header(TINY, 2, -32), "bad_header"),
        (header(TINY, 2, 33), "bad_header"),
        (header(TINY, 2, 64), "bad_header"),
        (header(TINY, 1, 32), "bad_header"),  # a group size where version 1 has none
        (header(TINY, 1)[:-1] + b"x", "bad_header"),
        (header(TINY, 1)[:36] + b"\2" + header(TINY, 1)[37:], "bad_header"),
        (MAGIC + struct.pack("<i", 1) + shape_of(TINY, -64) + bytes(220), "bad_header"),
    ],
)
def test_an_impossible_header_is_refused_for_its_own_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(BadLlama2c) as caught:
        parse_header(raw, "m.bin")
    assert caught.value.reason == reason


@given(st.binary(min_size=252, max_size=252))
def test_any_versioned_header_is_possible_or_refused_in_words(rest: bytes) -> None:
    for raw in (MAGIC + rest, MAGIC + b"\2\0\0\0" + rest[:33] + bytes(215)):
        try:
            parse_header(raw, "m.bin")
        except BadLlama2c as e:
            assert e.reason


def test_two_checkpoints_in_one_folder_must_be_told_apart(tmp_path: Path) -> None:
    for name in ("a.bin", "b.bin"):
        write_llama2c(tmp_path / name, TINY)
    with pytest.raises(UnknownCheckpoint, match=r"a\.bin, b\.bin"):
        open_checkpoint(tmp_path)
    assert open_checkpoint(tmp_path / "b.bin").config == TINY


def test_stories260k_is_found_among_its_other_files(shared_data: Path) -> None:
    checkpoint = open_checkpoint(shared_data / "models" / "stories260K")
    assert checkpoint.config.parameter_count() == 260_032
    assert checkpoint.config.tied_embeddings
    assert checkpoint.tokenizer is not None
    assert checkpoint.tokenizer.path.name == "tok512.bin"
    assert checkpoint.tokenizer.kind is TokenizerKind.LLAMA2C

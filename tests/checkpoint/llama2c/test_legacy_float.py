"""llama2.c files, version 0."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadLlama2c, UnknownCheckpoint
from paddock.checkpoint.llama2c.legacy_float import HEADER, parse_header, read_llama2c
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import LAYER_NAMES
from paddock.checkpoint.tokenizer.files import TokenizerKind
from tests.checkpoint.samples import TINY, in_meta_order, model_tensors


def write_llama2c(path: Path, config: LlamaConfig) -> dict[str, bytes]:
    """A version 0 file; returns the same tensors as Hugging Face orders them."""
    tensors = model_tensors(config)
    arrays = in_meta_order(config, tensors)
    vocab = config.vocab_size if config.tied_embeddings else -config.vocab_size
    numbers = (config.dim, config.ffn_dim, config.layers, config.heads, config.kv_heads, vocab)
    parts = [HEADER.pack(*numbers, config.context), arrays["tok_embeddings.weight"].tobytes()]
    for _, meta in LAYER_NAMES:
        parts += [arrays[f"layers.{layer}.{meta}"].tobytes() for layer in range(config.layers)]
    parts.append(arrays["norm.weight"].tobytes())
    parts.append(np.zeros((2, config.context, config.head_dim // 2), np.float32).tobytes())
    if not config.tied_embeddings:
        parts.append(arrays["output.weight"].tobytes())
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
        config = parse_header(struct.pack("<7i", *numbers), "m.bin")
    except BadLlama2c as e:
        assert e.reason == "bad_header"
    else:
        assert config.dim == config.heads * config.head_dim


def test_a_file_too_short_for_a_header_is_refused() -> None:
    with pytest.raises(BadLlama2c):
        parse_header(b"\0" * 27, "m.bin")


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

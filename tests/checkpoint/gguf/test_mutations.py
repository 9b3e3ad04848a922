"""A damaged model file, opened all the way, ends in one of our errors and nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.gguf.metadata import About, metadata_of
from paddock.checkpoint.gguf.values import Value, ValueType, numbers, strings, text, u32
from paddock.checkpoint.inspection import inspect_checkpoint
from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import RopeScaling
from paddock.checkpoint.tokenizer.files import load_tokenizer
from tests.checkpoint.gguf.samples import gguf_content, write_gguf
from tests.checkpoint.samples import TINY, model_tensors

SCALING = RopeScaling(8.0, 1.0, 4.0, 8192)
SMALL = replace(
    TINY,
    dim=8,
    layers=1,
    heads=2,
    kv_heads=1,
    head_dim=4,
    ffn_dim=4,
    rope_theta=500000.0,
    rope_scaling=SCALING,
)
TOKENS = ["<unk>", "<s>", "</s>", "▁", "a", "b", "ab", "▁ab"]
SENTENCEPIECE = {
    "tokenizer.ggml.model": text("llama"),
    "tokenizer.ggml.scores": numbers(ValueType.F32, [0, 0, 0, -4, -5, -6, 0, -1]),
    "tokenizer.ggml.token_type": numbers(ValueType.I32, [2, 3, 3, 1, 1, 1, 1, 1]),
}
BYTE_LEVEL = {
    "tokenizer.ggml.model": text("gpt2"),
    "tokenizer.ggml.pre": text("llama-bpe"),
    "tokenizer.ggml.merges": strings(["a b", "▁ ab"]),
}
_CHANGE = st.tuples(
    st.integers(0, 1 << 16), st.integers(0, 255) | st.sampled_from([0, 1, 0x7F, 0x80, 0xFF])
)


@cache
def honest(kind: str, folder: Path) -> bytes:
    tokenizer: dict[str, Value] = dict(SENTENCEPIECE if kind == "llama" else BYTE_LEVEL)
    config = replace(SMALL, vocab_size=len(TOKENS))
    metadata = metadata_of(config, None, None, "f32", About("x"))
    metadata |= tokenizer | {
        "tokenizer.ggml.tokens": strings(TOKENS),
        "tokenizer.ggml.bos_token_id": u32(1),
        "tokenizer.ggml.eos_token_id": u32(2),
        "tokenizer.chat_template": text("{{ messages }}"),
    }
    content = gguf_content(config, model_tensors(config), "f32")
    return write_gguf(folder / f"{kind}.gguf", metadata, content).read_bytes()


@settings(max_examples=250)
@given(
    st.sampled_from(["llama", "gpt2"]),
    st.lists(_CHANGE, min_size=1, max_size=3),
)
def test_only_our_errors_leave(
    tmp_path_factory: pytest.TempPathFactory, kind: str, changes: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    raw = bytearray(honest(kind, folder))
    header = raw.index(b"blk.0") + 700  # the tensors' own bytes are numbers like any
    for at, value in changes:
        raw[at % header] = value
    (folder / "lab").mkdir(exist_ok=True)
    path = folder / "lab" / "mutated.gguf"
    path.write_bytes(bytes(raw))
    for look in (open_checkpoint, inspect_checkpoint):
        try:
            seen = look(path)
            if look is open_checkpoint and seen.tokenizer:
                load_tokenizer(seen.tokenizer)
        except BadCheckpoint as e:
            assert e.reason and e.message.isprintable(), e.message


def test_the_undamaged_files_are_models(tmp_path: Path) -> None:
    for kind in ("llama", "gpt2"):
        honest.cache_clear()
        honest(kind, tmp_path)
        opened = open_checkpoint(tmp_path / f"{kind}.gguf")
        assert opened.tokenizer is not None and opened.config.rope_scaling == SCALING
        assert load_tokenizer(opened.tokenizer).names.bos == "<s>"
        assert inspect_checkpoint(tmp_path / f"{kind}.gguf").problems == ()

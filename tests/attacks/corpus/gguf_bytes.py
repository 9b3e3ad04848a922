"""GGUF version 3 byte by byte, honest or not (llama.cpp's ``docs/gguf.md``)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
_PACKED = {U8: "<B", I8: "<b", U16: "<H", I16: "<h", U32: "<I", I32: "<i", F32: "<f", BOOL: "<B",
           U64: "<Q", I64: "<q", F64: "<d"}  # fmt: skip
TYPE_F32, TYPE_F16, TYPE_Q4_0, TYPE_Q8_0 = 0, 1, 2, 8


def text(value: str | bytes, length: int | None = None) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw) if length is None else length) + raw


def value(kind: int, content: Any) -> bytes:
    """A value of a plain type."""
    return text(content) if kind == STRING else struct.pack(_PACKED[kind], content)


def pair(key: str | bytes, kind: int, content: Any) -> bytes:
    """A key with a plain value."""
    return text(key) + struct.pack("<I", kind) + value(kind, content)


def array(key: str, kind: int, items: Sequence[Any], count: int | None = None) -> bytes:
    """A key with an array, which may claim another length."""
    head = struct.pack("<IIQ", ARRAY, kind, len(items) if count is None else count)
    return text(key) + head + b"".join(value(kind, item) for item in items)


class Info(NamedTuple):
    """What the header says of a tensor; dimensions in GGUF's order, the fastest first."""

    name: str
    dims: tuple[int, ...] = (32, 4)
    kind: int = TYPE_F32
    offset: int = 0
    n_dims: int | None = None

    @property
    def raw(self) -> bytes:
        count = len(self.dims) if self.n_dims is None else self.n_dims
        dims = b"".join(struct.pack("<Q", dim) for dim in self.dims)
        return (
            text(self.name)
            + struct.pack("<I", count)
            + dims
            + struct.pack("<IQ", self.kind, self.offset)
        )


def file_of(
    pairs: Sequence[bytes], infos: Sequence[Info] = (), data: bytes | None = None, *,
    n_pairs: int | None = None, n_infos: int | None = None, version: int = 3, magic: bytes = b"GGUF",
) -> bytes:  # fmt: skip
    """A whole file; the counts may lie. Data is 512 bytes of zeros for every tensor by default."""
    counts = (
        len(infos) if n_infos is None else n_infos,
        len(pairs) if n_pairs is None else n_pairs,
    )
    head = magic + struct.pack("<IQQ", version, *counts)
    head += b"".join(pairs) + b"".join(info.raw for info in infos)
    padding = bytes(-len(head) % 32) if infos else b""
    return head + padding + (bytes(512 * len(infos)) if data is None else data)


TOKENS = ("<unk>", "<s>", "</s>", "a", "b", "c", "d", "e")


def tokenizer(scores_kind: int = F32) -> list[bytes]:
    """Metadata of a SentencePiece vocabulary of eight tokens."""
    scores = [0] * 8 if scores_kind != F32 else [-float(i) for i in range(8)]
    return [
        pair("tokenizer.ggml.model", STRING, "llama"),
        array("tokenizer.ggml.tokens", STRING, TOKENS),
        array("tokenizer.ggml.scores", scores_kind, scores),
        array("tokenizer.ggml.token_type", I32, [2, 3, 3, 1, 1, 1, 1, 1]),
        pair("tokenizer.ggml.bos_token_id", U32, 1),
        pair("tokenizer.ggml.eos_token_id", U32, 2),
    ]


LLAMA = (
    pair("general.architecture", STRING, "llama"),
    pair("llama.context_length", U32, 64),
    pair("llama.embedding_length", U32, 32),
    pair("llama.block_count", U32, 1),
    pair("llama.feed_forward_length", U32, 32),
    pair("llama.attention.head_count", U32, 2),
    pair("llama.attention.head_count_kv", U32, 2),
    pair("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
)
_LAYER = {
    "attn_norm": (32,), "attn_q": (32, 32), "attn_k": (32, 32), "attn_v": (32, 32),
    "attn_output": (32, 32), "ffn_norm": (32,), "ffn_gate": (32, 32), "ffn_up": (32, 32),
    "ffn_down": (32, 32),
}  # fmt: skip


def llama_infos() -> list[Info]:
    """Every tensor of a Llama of one layer and eight tokens, back to back."""
    dims: dict[str, tuple[int, ...]] = {"token_embd.weight": (32, 8), "output_norm.weight": (32,),
                                        "output.weight": (32, 8)}  # fmt: skip
    dims |= {f"blk.0.{name}.weight": shape for name, shape in _LAYER.items()}
    infos, offset = [], 0
    for name, shape in dims.items():
        infos.append(Info(name, shape, offset=offset))
        offset += 4 * _product(shape)
    return infos


def llama_data(infos: Sequence[Info]) -> bytes:
    """Small floats for all of them."""
    count = sum(_product(info.dims) for info in infos)
    return struct.pack(f"<{count}f", *(((i * 37) % 101 - 50) / 250 for i in range(count)))


def llama_file(extra: Sequence[bytes] = (), *, pairs: Sequence[bytes] | None = None) -> bytes:
    """A whole small Llama; ``extra`` pairs come last."""
    infos = llama_infos()
    return file_of([*(pairs or [*LLAMA, *tokenizer()]), *extra], infos, llama_data(infos))


def _product(shape: Sequence[int]) -> int:
    product = 1
    for size in shape:
        product *= size
    return product

"""Valid weights in every format, as small as the format allows: what mutations begin with."""

from __future__ import annotations

import io
import json
import struct
import zlib
from typing import Any

import numpy as np

from paddock.checkpoint.gguf import values
from paddock.checkpoint.gguf.writing import TensorInfo, render_header
from paddock.checkpoint.shape.config import LlamaConfig
from tests.checkpoint import pickles
from tests.checkpoint.pickles import rebuilt, state_dict, text

TINY = LlamaConfig(
    dim=4, layers=1, heads=2, kv_heads=1, head_dim=2, ffn_dim=4, vocab_size=3, context=4,
    tied_embeddings=True, dtype="float32",
)  # fmt: skip


def safetensors() -> list[bytes]:
    """Two tensors with metadata, and an empty one."""
    header = {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
        "b": {"dtype": "U8", "shape": [3], "data_offsets": [16, 19]},
        "c": {"dtype": "F4", "shape": [0, 7], "data_offsets": [19, 19]},
    }
    raw = json.dumps(header).encode()
    return [
        len(raw).to_bytes(8, "little") + raw + bytes(19),
        (8).to_bytes(8, "little") + b"{}      ",
    ]


def gguf() -> list[bytes]:
    """A Llama of one layer with its tokenizer, in plain numbers and in blocks."""
    return [_gguf("F32"), _gguf("Q8_0")]


def _gguf(dtype: str) -> bytes:
    dim = 32
    shapes = {
        "token_embd.weight": (4, dim),
        "output_norm.weight": (dim,),
        "blk.0.attn_norm.weight": (dim,),
        "blk.0.attn_q.weight": (dim, dim),
        "blk.0.attn_k.weight": (dim, dim),
        "blk.0.attn_v.weight": (dim, dim),
        "blk.0.attn_output.weight": (dim, dim),
        "blk.0.ffn_norm.weight": (dim,),
        "blk.0.ffn_gate.weight": (dim, dim),
        "blk.0.ffn_down.weight": (dim, dim),
        "blk.0.ffn_up.weight": (dim, dim),
    }
    infos = [
        TensorInfo(name, dtype if len(shape) == 2 else "F32", shape)
        for name, shape in shapes.items()
    ]
    header = render_header(_gguf_metadata(dim), infos)
    return header.raw + bytes(header.file_bytes - len(header.raw))


def _gguf_metadata(dim: int) -> dict[str, values.Value]:
    return {
        "general.architecture": values.text("llama"),
        "llama.context_length": values.u32(8),
        "llama.embedding_length": values.u32(dim),
        "llama.block_count": values.u32(1),
        "llama.feed_forward_length": values.u32(dim),
        "llama.attention.head_count": values.u32(1),
        "llama.attention.head_count_kv": values.u32(1),
        "llama.attention.layer_norm_rms_epsilon": values.f32(1e-5),
        "llama.rope.dimension_count": values.u32(dim),
        "tokenizer.ggml.model": values.text("llama"),
        "tokenizer.ggml.tokens": values.strings(["<unk>", "<s>", "</s>", "a"]),
        "tokenizer.ggml.scores": values.numbers(values.ValueType.F32, [0, 0, 0, -1]),
        "tokenizer.ggml.token_type": values.numbers(values.ValueType.I32, [2, 3, 3, 1]),
        "tokenizer.ggml.add_bos_token": values.boolean(True),
        "tokenizer.chat_template": values.text("{{ messages }}"),
    }


def torch_pickles() -> list[bytes]:
    """Dictionaries of one tensor: alone, wrapped, and beside NumPy's and plain values."""
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85C\1btR"
        b"(K\1K\2\x85cnumpy\ndtype\n(" + text("f4") + b"\x89\x88tR"
        b"(K\3"
        + text("<")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89C\x08"
        + bytes(8)
        + b"tb"
    )
    beside = b"}(" + text("model") + state_dict(rebuilt())[2:-1]
    beside += text("epoch") + b"K\3" + text("rng") + array + b"u"
    return [pickles.honest(), b"\x80\x02" + beside + b"."]


def torch_zip(pickle: bytes) -> bytes:
    """The archive of ``torch.save`` around a pickle, with its checksums right."""
    members = [(b"a/data.pkl", pickle), (b"a/byteorder", b"little"), (b"a/data/0", bytes(16))]
    return pickles.raw_zip([*members, (b"a/version", b"3\n")])


def torch_legacy() -> list[bytes]:
    """The five pickles of before 1.6, and one storage."""
    magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03."
    system = b"\x80\x02}" + text("little_endian") + b"\x88s."
    keys = b"\x80\x02]" + text("0") + b"a."
    storage = (4).to_bytes(8, "little") + bytes(16)
    return [magic + system + pickle + keys + storage for pickle in torch_pickles()]


def any_pickles() -> list[bytes]:
    """Pickles of every protocol, and one of opcodes that Python no longer writes."""
    import pickle

    plain: Any = [None, True, 5, 2**70, 1.5, "é\n", b"\0\xff", (1, 2), {"a": [1]}, {1, 2}, 2j]
    old = b"(lp0\nS'a\\x41'\np1\naI5\naL7L\naF1.5\naVb\\u0041\na(dp2\ng1\ng0\nsa(I1\ntp3\na0."
    return [*(pickle.dumps(plain, protocol) for protocol in range(6)), old, *torch_pickles()]


def llama2c() -> list[bytes]:
    """Versions 0, 1 and 2 of the same shape."""
    config = TINY
    shape = struct.pack("<7i", 4, 4, 1, 2, 1, 3, 4)
    floats = config.parameter_count()
    norms = 3 * config.dim
    scales = (floats - norms) // 2
    header = struct.pack("<Ii", 0x616B3432, 1) + shape + b"\1"
    grouped = struct.pack("<Ii", 0x616B3432, 2) + shape + b"\1" + struct.pack("<i", 2)
    return [
        shape + bytes(4 * floats + 4 * config.context * config.head_dim),
        header.ljust(256, b"\0") + bytes(4 * floats),
        grouped.ljust(256, b"\0") + bytes(4 * norms + floats - norms + 4 * scales),
    ]


def npy() -> list[bytes]:
    """Arrays of several types and orders, in each version of the format."""
    arrays = (
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=">i2").reshape(3, 2)),
        np.array(1 + 2j, np.complex64),
    )
    return [_npy(array, version) for array in arrays for version in ((1, 0), (2, 0), (3, 0))]


def _npy(array: np.ndarray[Any, Any], version: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version)
    return buffer.getvalue()


def npz() -> list[bytes]:
    """Archives as NumPy saves them."""
    arrays = {"a": np.arange(3, dtype=np.float32), "b": np.ones((2, 2), np.int8, order="F")}
    made = []
    for save in (np.savez, np.savez_compressed):
        buffer = io.BytesIO()
        save(buffer, **arrays)
        made.append(buffer.getvalue())
    return made


def npz_of(array: bytes) -> bytes:
    """An archive of one array, deflated, with its checksums right."""
    squeezer = zlib.compressobj(wbits=-15)
    packed = squeezer.compress(array) + squeezer.flush()
    numbers = (zlib.crc32(array), len(packed), len(array))
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, *numbers, 5, 0) + b"a.npy"
    central = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, *numbers, 5, 0, 0, 0, 0, 0, 0
    )
    end = (0, 0, 1, 1, len(central) + 5, len(local) + len(packed), 0)
    return local + packed + central + b"a.npy" + struct.pack("<4s4H2LH", b"PK\5\6", *end)

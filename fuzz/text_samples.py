"""Valid tokenizers and configurations, as small as their formats allow."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

from fuzz.samples import TINY


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def tokenizer_json() -> list[bytes]:
    """A byte-level one and a word-level one."""
    added = {
        "id": 2, "content": "<s>", "single_word": False, "lstrip": False, "rstrip": False,
        "normalized": False, "special": True,
    }  # fmt: skip
    model = {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 3}, "merges": ["a b"]}
    whole = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [added],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "_"},
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
        "post_processor": None, "decoder": {"type": "ByteLevel"}, "model": model,
    }  # fmt: skip
    words = {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}
    return [_json(whole), _json({"model": words})]


def tokenizer_config() -> list[bytes]:
    """What lies beside a tokenizer."""
    names = {"bos_token": "<s>", "eos_token": {"content": "</s>"}, "chat_template": "{{ 1 }}"}
    return [_json(names | {"model_max_length": 2048, "tokenizer_class": "LlamaTokenizer"})]


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


def sentencepiece() -> list[bytes]:
    """A BPE model of five pieces."""
    pieces = [("<unk>", 2), ("<s>", 3), ("</s>", 3), ("\u2581a", 1), ("b", 1)]
    raw = b""
    for name, kind in pieces:
        piece = _field(1, name.encode()) + b"\x15" + struct.pack("<f", -1.0)
        raw += _field(1, piece + bytes([3 << 3, kind]))
    trainer = bytes([3 << 3, 2]) + b"\xc0\x02\x00\xc8\x02\x01\xd0\x02\x02"
    return [raw + _field(2, trainer) + _field(3, bytes([3 << 3, 1, 4 << 3, 1]))]


def tiktoken() -> list[bytes]:
    """Every byte, and one pair."""
    tokens = [bytes([value]) for value in range(256)] + [b"ab"]
    lines = [base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(tokens)]
    return [b"".join(lines)]


def llama2c_tokenizer() -> list[bytes]:
    """llama2.c's own vocabulary."""
    pieces = [b"<unk>", b"\n<s>\n", b"\n</s>\n", b"<0x00>", b" a", b"b"]
    body = b"".join(struct.pack("<fi", 0.5, len(piece)) + piece for piece in pieces)
    return [struct.pack("<I", max(map(len, pieces))) + body]


def config_json() -> list[bytes]:
    """Both spellings of RoPE scaling."""
    plain = TINY.to_hf_dict()
    scaling = {
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 4,
    }  # fmt: skip
    newer = {key: plain[key] for key in plain if not key.startswith("rope")}
    return [
        _json(plain),
        _json(plain | {"rope_scaling": scaling, "eos_token_id": [1, 2]}),
        _json(newer | {"rope_parameters": scaling | {"rope_theta": 5e5}}),
    ]


def params_json() -> list[bytes]:
    """Meta's, of two generations."""
    first = {"dim": 4, "n_heads": 2, "n_layers": 1, "norm_eps": 1e-6, "vocab_size": -1}
    later = first | {
        "n_kv_heads": 1, "vocab_size": 3, "ffn_dim_multiplier": 1.2, "multiple_of": 4,
        "rope_theta": 5e5, "use_scaled_rope": True,
    }  # fmt: skip
    return [_json(first), _json(later)]


def index_json() -> list[bytes]:
    """Of two shards, which ``targets`` lays beside it."""
    weight_map = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    return [_json({"metadata": {"total_size": 5}, "weight_map": weight_map})]

"""Numbers in GGUF metadata that loaders believe: counts, sizes, ids of tokens, parts of a split.

The reader has bounded the file; this asks whether a program that multiplies, divides or indexes by
these numbers would leave its own arrays (the causes of several advisories on C loaders). Knows the
key names of llama.cpp, which are the same for every architecture.
"""

from __future__ import annotations

from collections.abc import Iterator

from paddock.checkpoint.gguf.values import Value
from paddock.checkpoint.scan.documents import gguf_of
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.errors import shown

MAX_TOLD = 5
# Least and greatest: beyond these, no published model.
_RANGES = {
    "block_count": (1, 1 << 12),
    "context_length": (1, 1 << 40),
    "embedding_length": (1, 1 << 20),
    "feed_forward_length": (0, 1 << 24),
    "attention.head_count": (0, 1 << 16),
    "attention.head_count_kv": (0, 1 << 16),
    "attention.key_length": (1, 1 << 16),
    "attention.value_length": (1, 1 << 16),
    "rope.dimension_count": (0, 1 << 16),
    "vocab_size": (1, 1 << 24),
    "expert_count": (0, 1 << 16),
    "expert_used_count": (0, 1 << 16),
}
_TOKEN_IDS = (
    "bos", "eos", "unknown", "separator", "seperator", "padding", "cls", "mask", "eot", "eom",
    "prefix", "suffix", "middle",
)  # fmt: skip
_NO_ID = 0xFFFFFFFF  # some converters write -1 so


def check_gguf_numbers(look: Look) -> Iterator[Reason]:
    """Numbers that no honest file holds."""
    file = gguf_of(look)
    if file is None:
        return
    yield from [*_out_of_range(look, file.metadata), *_ids(look, file.metadata)][:MAX_TOLD]
    part, count = _number(file.metadata, "split.no"), _number(file.metadata, "split.count")
    if part is not None and part >= max(count or 0, 1):
        message = f"it says to be part {part} (from 0) of {shown(count)}"
        yield Reason("bad_index", look.name, message)


def _out_of_range(look: Look, metadata: dict[str, Value]) -> Iterator[Reason]:
    architecture = metadata.get("general.architecture")
    prefix = architecture.item if architecture else ""
    for name, (least, greatest) in _RANGES.items():
        value = _number(metadata, f"{prefix}.{name}")
        if value is not None and not least <= value <= greatest:
            message = f"{prefix}.{name} is {shown(value)}; it must be {least} to {greatest}"
            yield Reason("impossible_size", look.name, message)


def _ids(look: Look, metadata: dict[str, Value]) -> Iterator[Reason]:
    tokens = metadata.get("tokenizer.ggml.tokens")
    count = len(tokens.item) if tokens and isinstance(tokens.item, list | tuple) else None
    for name in _TOKEN_IDS if count is not None else ():
        value = _number(metadata, f"tokenizer.ggml.{name}_token_id")
        if value is not None and value not in range(count or 0) and value not in (-1, _NO_ID):
            message = f"the {name} token is {shown(value)}, of {count} tokens"
            yield Reason("token_ids", look.name, message)


def _number(metadata: dict[str, Value], key: str) -> int | None:
    value = metadata.get(key)
    return value.item if value and type(value.item) is int else None

"""Which plain type a tensor gets where a format holds no blocks: safetensors, Meta's layout.

Without a wish a tensor keeps its type. What GGUF changed is changed back: its norms are always
float32, whatever the model was. Blocks become bfloat16, the type that these models come in: half of
float32, without float16's overflow, and closer to the numbers than the blocks were; who wants the
exact values that the blocks stand for asks for float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from paddock.checkpoint.dtypes import BLOCKS
from paddock.checkpoint.opening import Checkpoint, Format

STORED: Mapping[str, str] = MappingProxyType(
    {"float32": "F32", "bfloat16": "BF16", "float16": "F16"}
)
DECODED = "bfloat16"
_INTEGERS = frozenset({"BOOL", "U8", "I8", "I16", "U16", "I32", "U32", "I64", "U64"})


def model_dtype(checkpoint: Checkpoint, wanted: str | None) -> str:
    """What ``config.json`` says of the result."""
    if wanted:
        return wanted
    has_blocks = any(tensor.dtype in BLOCKS for tensor in checkpoint.tensors)
    return DECODED if has_blocks else checkpoint.config.dtype


def plain_type(checkpoint: Checkpoint, dtype: str, wanted: str | None) -> str:
    """The type of a tensor that is ``dtype`` in the source."""
    if wanted or dtype in BLOCKS or checkpoint.format is Format.GGUF:
        return dtype if dtype in _INTEGERS else STORED[model_dtype(checkpoint, wanted)]
    return dtype

"""A GGUF file as a Llama checkpoint: configuration, and tensors as Hugging Face has them.

Names become Hugging Face's, and q and k its order of rows, also where they are quantised: rows move
whole. RoPE factors become a part of the configuration. Types that paddock cannot decode are refused
here by name; ``read_gguf`` knows them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from paddock.checkpoint.errors import BadConfig, TensorMismatch, UnsupportedModel
from paddock.checkpoint.gguf.config import (
    TokenIds,
    WeightFacts,
    llama_fields,
    parse_config,
    parse_head_dim,
    parse_ids,
    parse_theta,
    vocabulary_size,
)
from paddock.checkpoint.gguf.expert_stacks import is_stack, unstacked
from paddock.checkpoint.gguf.ggml_types import is_readable
from paddock.checkpoint.gguf.layout import GgufTensor
from paddock.checkpoint.gguf.naming import ROPE_FREQS, hf_name, is_rotated
from paddock.checkpoint.gguf.reading import GgufFile
from paddock.checkpoint.gguf.rope_factors import MAX_FACTORS, recognised_scaling
from paddock.checkpoint.gguf.splits import read_joined
from paddock.checkpoint.gguf.tokenizer_reading import turn_ends
from paddock.checkpoint.gguf.values import Metadata
from paddock.checkpoint.shape.config import LlamaConfig, RopeScaling
from paddock.checkpoint.shape.layout import EMBEDDINGS, HEAD, halves_from_pairs
from paddock.checkpoint.tensors import Place, Tensor, read_range
from paddock.errors import shown

_CONFIG_DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
_DECODED = "float32"  # what blocks become without losing anything


def read_gguf_checkpoint(path: Path) -> tuple[LlamaConfig, tuple[Tensor, ...]]:
    """Configuration and unread tensors of a file, or of the split that it is part of."""
    return checkpoint_of(read_joined(path))


def checkpoint_of(file: GgufFile) -> tuple[LlamaConfig, tuple[Tensor, ...]]:
    """The same of a file whose header was read already."""
    source = llama_fields(file.metadata)
    head_dim = parse_head_dim(source)
    scaling = _scaling(file.tensors, head_dim, parse_theta(source))
    own = (each for each in file.tensors if each.name != ROPE_FREQS)
    tensors = tuple(tensor for each in own for tensor in _tensors(each, head_dim))
    names = {tensor.name for tensor in tensors}
    facts = WeightFacts(HEAD not in names, _dtype(tensors), scaling)
    return parse_config(file.metadata, facts, _ids(file.metadata)), tensors


def _ids(metadata: Metadata) -> TokenIds:
    return parse_ids(metadata, vocabulary_size(metadata), turn_ends(metadata))


def _tensors(tensor: GgufTensor, head_dim: int) -> Iterator[Tensor]:
    name = hf_name(tensor.name)
    if name is None and not is_stack(tensor.name):
        raise TensorMismatch("shapes", f"the tensor {shown(tensor.name)} has no place in a Llama")
    if not is_readable(tensor.dtype):
        raise UnsupportedModel(
            "quantized",
            f"the tensor {tensor.name!r} is stored as {tensor.dtype}, which is not decoded here",
            hint="paddock decodes F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q5_K and Q6_K",
        )
    if name is None:
        yield from unstacked(tensor)
        return
    place = Place(tensor.path, tensor.start)
    read = Tensor(name, tensor.dtype, tensor.shape, _range(tensor), place)
    yield halves_from_pairs(read, head_dim) if is_rotated(name) else read


def _range(tensor: GgufTensor) -> Callable[[], Iterator[bytes]]:
    return lambda: read_range(tensor.path, tensor.start, tensor.end)


def _scaling(tensors: Sequence[GgufTensor], head_dim: int, theta: float) -> RopeScaling | None:
    """The RoPE scaling behind the factors in the file, if it has any."""
    found = next((tensor for tensor in tensors if tensor.name == ROPE_FREQS), None)
    if found is None:
        return None
    if found.dtype != "F32" or len(found.shape) != 1 or found.shape[0] > MAX_FACTORS:
        raise BadConfig("rope_freqs", f"{ROPE_FREQS} is {found.dtype} of shape {list(found.shape)}")
    raw = b"".join(_range(found)())
    return recognised_scaling(np.frombuffer(raw, "<f4"), head_dim, theta)


def _dtype(tensors: Sequence[Tensor]) -> str:
    """The type of the embeddings, or what they are decoded to; norms are always float32."""
    stored = {tensor.name: tensor.dtype for tensor in tensors}
    return _CONFIG_DTYPES.get(stored.get(EMBEDDINGS, ""), _DECODED)

"""Experts in GGUF: one tensor [experts, out, in] for what are as many tensors elsewhere.

Knows llama.cpp's names (llama-arch.cpp, ``_exps``) and Mixtral's. Rows lie in the same order in
both, so a stack is its experts' bytes one after the other, whatever their type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from paddock.checkpoint.errors import BadGguf
from paddock.checkpoint.gguf.layout import GgufTensor
from paddock.checkpoint.shape.experts import MAX_EXPERTS
from paddock.checkpoint.tensors import Place, Tensor, read_range

_STACKS = {"w1": "ffn_gate_exps", "w2": "ffn_down_exps", "w3": "ffn_up_exps"}
_BACK = {gguf: hf for hf, gguf in _STACKS.items()}
_HF = re.compile(
    r"model\.layers\.(0|[1-9][0-9]{0,3})\.block_sparse_moe\.experts\.(0|[1-9][0-9]{0,3})"
    r"\.(w[123])\.weight"
)
_GGUF = re.compile(r"blk\.(0|[1-9][0-9]{0,3})\.(ffn_(?:gate|down|up)_exps)\.weight")


def stack_of(hf: str) -> tuple[str, int] | None:
    """The stack that an expert's tensor is in, and the expert's place there; None for others."""
    found = _HF.fullmatch(hf)
    return (f"blk.{found[1]}.{_STACKS[found[3]]}.weight", int(found[2])) if found else None


def is_stack(gguf: str) -> bool:
    """Whether a tensor of a GGUF file holds experts."""
    return _GGUF.fullmatch(gguf) is not None


def unstacked(stack: GgufTensor) -> Iterator[Tensor]:
    """The experts' tensors under Hugging Face's names; raises BadGguf."""
    found = _GGUF.fullmatch(stack.name)
    if found is None or len(stack.shape) != 3 or not 1 <= stack.shape[0] <= MAX_EXPERTS:
        raise BadGguf(
            "experts", f"{stack.name!r} of shape {list(stack.shape)} is no stack of experts"
        )
    each_bytes = (stack.end - stack.start) // stack.shape[0]
    for expert in range(stack.shape[0]):
        name = f"model.layers.{found[1]}.block_sparse_moe.experts.{expert}.{_BACK[found[2]]}.weight"
        yield _part(stack, name, stack.start + expert * each_bytes, each_bytes)


def _part(stack: GgufTensor, name: str, start: int, size_bytes: int) -> Tensor:
    def pieces() -> Iterator[bytes]:
        return read_range(stack.path, start, start + size_bytes)

    return Tensor(name, stack.dtype, stack.shape[1:], pieces, Place(stack.path, start))

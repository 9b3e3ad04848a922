"""ggml's blocks to numbers, in torch on any device; the bits are those of ``checkpoint.codecs``.

Layouts are ``block_q8_0``, ``block_q4_0``, ``block_q4_K``, ``block_q5_K`` and ``block_q6_K`` of
llama.cpp (ggml-common.h). N blocks, O outputs (rows), I inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor

from paddock.checkpoint.dtypes import BLOCKS


def dequantised(raw_OB: Tensor, dtype: str) -> Tensor:
    """Rows of blocks (bytes) as float32, ``[O, I]``; ``dtype`` is a key of ``READERS``."""
    blocks_NB = raw_OB.reshape(-1, BLOCKS[dtype].size_bytes)
    return READERS[dtype](blocks_NB).reshape(raw_OB.shape[0], -1)


def _q8_0(blocks_NB: Tensor) -> Tensor:
    return blocks_NB[:, 2:].view(torch.int8).float() * _half(blocks_NB, 0)


def _q4_0(blocks_NB: Tensor) -> Tensor:
    packed = blocks_NB[:, 2:]
    codes = torch.cat((packed & 15, packed >> 4), dim=1)
    return (codes.float() - 8.0) * _half(blocks_NB, 0)


def _q4_k(blocks_NB: Tensor) -> Tensor:
    return _with_minima(blocks_NB, _nibbles(blocks_NB[:, 16:]))


def _q5_k(blocks_NB: Tensor) -> Tensor:
    eighths = torch.arange(8, dtype=torch.uint8, device=blocks_NB.device)[:, None]
    fifth = blocks_NB[:, None, 16:48] >> eighths & 1
    return _with_minima(blocks_NB, _nibbles(blocks_NB[:, 48:]) | fifth << 4)


def _q6_k(blocks_NB: Tensor) -> Tensor:
    """Sixteen groups of 16: d times scale times code less 32."""
    low = blocks_NB[:, :128].reshape(-1, 2, 1, 64)
    shifts = torch.tensor([0, 2, 4, 6], dtype=torch.uint8, device=blocks_NB.device)[:, None]
    high = blocks_NB[:, 128:192].reshape(-1, 2, 1, 32) >> shifts & 3
    codes = torch.cat((low & 15, low >> 4), dim=2).reshape(-1, 16, 16)
    codes = codes | high.reshape(-1, 16, 16) << 4
    steps = blocks_NB[:, 192:208].view(torch.int8).float() * _half(blocks_NB, 208)
    return (codes.float() - 32.0) * steps[:, :, None]


def _nibbles(packed: Tensor) -> Tensor:
    """Eight groups of 32 codes; of every two, the second lies above the first."""
    pairs = packed.reshape(-1, 4, 1, 32)
    return torch.cat((pairs & 15, pairs >> 4), dim=2).reshape(-1, 8, 32)


def _with_minima(blocks_NB: Tensor, codes: Tensor) -> Tensor:
    """Eight groups of 32: d times scale times code, less dmin times minimum."""
    first, second, rest = blocks_NB[:, 4:8], blocks_NB[:, 8:12], blocks_NB[:, 12:16]
    scales = torch.cat((first & 63, rest & 15 | first >> 6 << 4), dim=1)
    minima = torch.cat((second & 63, rest >> 4 | second >> 6 << 4), dim=1)
    steps = (_half(blocks_NB, 0) * scales.float())[:, :, None]
    offsets = (_half(blocks_NB, 2) * minima.float())[:, :, None]
    return codes.float() * steps - offsets


def _half(blocks_NB: Tensor, at: int) -> Tensor:
    return blocks_NB[:, at : at + 2].contiguous().view(torch.float16).float()


READERS: Final[Mapping[str, Callable[[Tensor], Tensor]]] = MappingProxyType(
    {"Q8_0": _q8_0, "Q4_0": _q4_0, "Q4_K": _q4_k, "Q5_K": _q5_k, "Q6_K": _q6_k}
)

"""What happens between a layer's products, on a GPU: one Triton kernel each.

Means what ``plain_operations`` means; sums and rotations are float32 here. Imported only where
there is a GPU. How keys are split among programs depends on the number of sequences, so results
differ with the batch in their last bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from paddock.engine.step import BLOCK_TOKENS
from paddock.engine.torch_runner import attention_kernels, kernels
from paddock.engine.torch_runner.batch import Batch

_PART = 1024
_ROWS_OF_PROMPTS = 64  # queries in a tile; the least that a matrix unit takes is 16
_ROWS_OF_TOKENS = 16
_SEEN = 64  # keys in a tile
_MAX_SPLITS = 64
_LEAST_KEYS_OF_A_SPLIT = 256
_PROGRAMS_OF_A_PROCESSOR = 2


@dataclass(frozen=True, slots=True)
class FusedOperations:
    """Implements ``layers.Operations``."""

    processors: int  # of the GPU
    context: int  # no sequence is longer

    @property
    def capturable(self) -> bool:
        """As ``layers.Operations`` has it."""
        return True

    def add_and_normalise(
        self, x_TD: Tensor, added_TD: Tensor | None, weight_D: Tensor, eps: float
    ) -> tuple[Tensor, Tensor]:
        """The stream with something added, and what its norm is."""
        rows, width = x_TD.shape
        normal_TD = torch.empty_like(x_TD)
        stream_TD = x_TD if added_TD is None else torch.empty_like(x_TD)
        kernels.add_and_normalise[(rows,)](
            x_TD, x_TD if added_TD is None else added_TD, weight_D, stream_TD, normal_TD,
            width, eps, ADDED=added_TD is not None, ROOM=_power_of_2_from(width),
            num_warps=8,
        )  # fmt: skip
        return stream_TD, normal_TD

    def place(self, qkv_TO: Tensor, batch: Batch, keys: Tensor, values: Tensor) -> Tensor:
        """Rotates, writes new keys and values to their slots, and gives the queries [T, N, H]."""
        kv_heads, width = keys.shape[1:]
        heads = qkv_TO.shape[1] // width - 2 * kv_heads
        q_TNH = qkv_TO.new_empty(len(qkv_TO), heads, width)
        kernels.place[(len(qkv_TO), heads + 2 * kv_heads)](
            qkv_TO, batch.cos, batch.sin, batch.slots_T, q_TNH, keys, values,
            HEADS=heads, KV_HEADS=kv_heads, HALF=width // 2,
            ROOM=_power_of_2_from(width // 2), num_warps=1,
        )  # fmt: skip
        return q_TNH

    def attend(self, q_TNH: Tensor, batch: Batch, keys: Tensor, values: Tensor) -> Tensor:
        """Each query's mixture of the values up to its own position, ``[T, N * H]``."""
        tokens, heads, width = q_TNH.shape
        sequences, kv_heads = len(batch.lengths_S), keys.shape[1]
        group = heads // kv_heads
        splits = self.splits(sequences * kv_heads) if batch.most_new == 1 else 1
        rows = _ROWS_OF_PROMPTS if batch.most_new > 1 else _ROWS_OF_TOKENS
        rows = min(max(rows, _power_of_2_from(group)), 128)
        tiles = _parts(batch.most_new * group, rows)
        room = max(16, _power_of_2_from(width))
        out_TNH = torch.empty_like(q_TNH)
        parts, extremes, totals = out_TNH, out_TNH, out_TNH  # not looked at without splits
        if splits > 1:
            parts = q_TNH.new_empty(tokens, heads, splits, width, dtype=torch.float32)
            extremes, totals = q_TNH.new_empty(2, tokens, heads, splits, dtype=torch.float32)
        attention_kernels.attend[(tiles, kv_heads, sequences * splits)](
            q_TNH, keys, values, batch.tables_SB, batch.starts_S, batch.lengths_S,
            parts, extremes, totals, math.log2(math.e) / math.sqrt(width),
            batch.tables_SB.stride(0), splits, KV_HEADS=kv_heads, GROUP=group, WIDTH=width,
            ROOM=room, ROWS=rows, SEEN=_SEEN, BLOCK=BLOCK_TOKENS, SPLIT=splits > 1,
        )  # fmt: skip
        if splits > 1:
            attention_kernels.join[(tokens * heads,)](
                parts, extremes, totals, out_TNH, splits,
                WIDTH=width, ROOM=room, SPLITS=_power_of_2_from(splits),
            )  # fmt: skip
        return out_TNH.flatten(1)

    def gated(self, gate_up_TF: Tensor) -> Tensor:
        """SwiGLU: the first half gates the second."""
        rows, width = len(gate_up_TF), gate_up_TF.shape[1] // 2
        out_TF = gate_up_TF.new_empty(rows, width)
        kernels.gated[(rows, _parts(width, _PART))](gate_up_TF, out_TF, width, PART=_PART)
        return out_TF

    def splits(self, programs: int) -> int:
        """Among how many programs a sequence's keys are shared, to have every processor read."""
        wanted = _parts(self.processors * _PROGRAMS_OF_A_PROCESSOR, programs)
        useful = _parts(self.context, _LEAST_KEYS_OF_A_SPLIT)
        return max(1, min(wanted, useful, _MAX_SPLITS))


def streamed_product(x_1I: Tensor, weight_OI: Tensor) -> Tensor:
    """A single token's product, ``[1, O]``: weights are read at the memory's own rate."""
    outputs, inputs = weight_OI.shape
    y_1O = x_1I.new_empty(1, outputs)
    kernels.one_row_product[(_parts(outputs, 4),)](
        x_1I.contiguous(), weight_OI, y_1O, outputs, inputs, ROWS=4, PART=_PART
    )
    return y_1O


def _parts(whole: int, part: int) -> int:
    """How many parts cover the whole."""
    return -(-whole // part)


def _power_of_2_from(least: int) -> int:
    return 1 << (least - 1).bit_length()

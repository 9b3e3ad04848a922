"""Triton kernels of paged attention: prompt chunks and single tokens alike, keys split for a few.

The online softmax of FlashAttention (Dao et al., 2022), in base 2; where ``splits`` is above 1 the
keys of a sequence are shared by as many programs, as in Flash-Decoding, and ``join`` brings their
parts together. A row is one query head of one token; the heads that share a key-value head lie in
one tile, so that each key is read once for all of them. Imported only where there is a GPU.
"""

# Triton compiles these functions from their source: they have no Python types, and a kernel's
# parameters are all that it knows.
# mypy: ignore-errors
# ruff: noqa: PLR0913, PLR0915

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def attend(
    q, keys, values, tables, starts, lengths, out, extremes, totals, scale, table_width, splits,
    KV_HEADS: tl.constexpr, GROUP: tl.constexpr, WIDTH: tl.constexpr, ROOM: tl.constexpr,
    ROWS: tl.constexpr, SEEN: tl.constexpr, BLOCK: tl.constexpr, SPLIT: tl.constexpr,
):  # fmt: skip
    """ROWS rows of one sequence and key-value head, over its keys or a split of them.

    ``scale`` has log2(e) in it. Split sums are not yet divided; their extremes and totals lie
    beside them. ROOM is a power of 2 from WIDTH on.
    """
    kv_head = tl.program_id(1)
    sequence = tl.program_id(2) // splits
    split = tl.program_id(2) % splits
    first = tl.load(starts + sequence)
    new = tl.load(starts + sequence + 1) - first
    length = tl.load(lengths + sequence)

    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    wanted = rows < new * GROUP
    positions = length - new + rows // GROUP
    at = tl.arange(0, ROOM)
    inside = at < WIDTH
    head = kv_head * GROUP + rows % GROUP
    row = (first + rows // GROUP).to(tl.int64) * (KV_HEADS * GROUP) + head
    # fmt: off
    q_tile = tl.load(
        q + row[:, None] * WIDTH + at[None, :], mask=wanted[:, None] & inside[None, :], other=0.0
    )
    # fmt: on

    # Keys up to the last row's position; a tile past the sequence's end has none.
    last_row = tl.program_id(0) * ROWS + ROWS - 1
    end = tl.minimum(length, length - new + last_row // GROUP + 1)
    end = tl.where(tl.program_id(0) * ROWS < new * GROUP, end, 0)
    share = tl.cdiv(tl.cdiv(end, splits), SEEN) * SEEN
    begin = split * share
    end = tl.minimum(end, begin + share)

    # Finite, so that a row none of whose keys are here gives 0 and not NaN.
    extreme = tl.full((ROWS,), -1.0e30, tl.float32)
    total = tl.zeros((ROWS,), tl.float32)
    sums = tl.zeros((ROWS, ROOM), tl.float32)
    for start in range(begin, end, SEEN):
        seen = start + tl.arange(0, SEEN)
        there = seen < end
        block = tl.load(tables + sequence * table_width + seen // BLOCK, mask=there, other=0)
        slot = block.to(tl.int64) * BLOCK + seen % BLOCK
        place = (slot * KV_HEADS + kv_head) * WIDTH
        k_tile = tl.load(
            keys + place[None, :] + at[:, None], mask=there[None, :] & inside[:, None], other=0.0
        )
        scores = tl.dot(q_tile, k_tile, input_precision="ieee") * scale
        visible = there[None, :] & (seen[None, :] <= positions[:, None])
        scores = tl.where(visible, scores, float("-inf"))
        higher = tl.maximum(extreme, tl.max(scores, axis=1))
        fade = tl.exp2(extreme - higher)
        chances = tl.exp2(scores - higher[:, None])
        v_tile = tl.load(
            values + place[:, None] + at[None, :], mask=there[:, None] & inside[None, :], other=0.0
        )
        mixed = tl.dot(chances.to(v_tile.dtype), v_tile, input_precision="ieee")
        sums = sums * fade[:, None] + mixed
        total = total * fade + tl.sum(chances, axis=1)
        extreme = higher

    if SPLIT:
        row = row * splits + split
        tl.store(extremes + row, extreme, mask=wanted)
        tl.store(totals + row, total, mask=wanted)
    else:
        sums = sums / tl.where(wanted, total, 1.0)[:, None]
    target = out + row[:, None] * WIDTH + at[None, :]
    kept = wanted[:, None] & inside[None, :]
    tl.store(target, sums.to(out.dtype.element_ty), mask=kept)


@triton.jit
def join(
    parts, extremes, totals, out, splits,
    WIDTH: tl.constexpr, ROOM: tl.constexpr, SPLITS: tl.constexpr,
):  # fmt: skip
    """One row from its splits; SPLITS is a power of 2 from splits on."""
    row = tl.program_id(0).to(tl.int64)
    each = tl.arange(0, SPLITS)
    at = tl.arange(0, ROOM)
    there = each < splits
    extreme = tl.load(extremes + row * splits + each, mask=there, other=-1.0e30)
    total = tl.load(totals + row * splits + each, mask=there, other=0.0)
    fade = tl.exp2(extreme - tl.max(extreme, axis=0))
    part = tl.load(
        parts + (row * splits + each)[:, None] * WIDTH + at[None, :],
        mask=there[:, None] & (at < WIDTH)[None, :],
        other=0.0,
    )
    mixed = tl.sum(part * fade[:, None], axis=0) / tl.sum(total * fade, axis=0)
    tl.store(out + row * WIDTH + at, mixed.to(out.dtype.element_ty), mask=at < WIDTH)

"""Triton kernels of paged attention: prompt chunks and single tokens alike, keys split for a few.

The online softmax of FlashAttention (Dao et al., 2022), in base 2; where ``splits`` is above 1 the
keys of a sequence are shared by as many programs, as in Flash-Decoding, and ``join`` brings their
parts together. A row is one query head of one token; the heads that share a key-value head lie in
one tile, so that each key is read once for all of them. Imported only where there is a GPU.
"""

# Triton compiles these functions from their source: they have no Python types, and a kernel's
# parameters are all that it knows.
# mypy: ignore-errors
# ruff: noqa: PLR0913

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
    first_row, kv_head = tl.program_id(0) * ROWS, tl.program_id(1)
    sequence, split = tl.program_id(2) // splits, tl.program_id(2) % splits
    first = tl.load(starts + sequence)
    new = tl.load(starts + sequence + 1) - first
    length = tl.load(lengths + sequence)

    rows = first_row + tl.arange(0, ROWS)
    wanted = rows < new * GROUP
    positions = length - new + rows // GROUP
    row = _row(first, rows, kv_head, KV_HEADS, GROUP)
    q_tile = _load(q, row[:, None], wanted[:, None], tl.arange(0, ROOM)[None, :], WIDTH)

    # Finite, so that a row none of whose keys are here gives 0 and not NaN.
    extreme = tl.full((ROWS,), -1.0e30, tl.float32)
    total = tl.zeros((ROWS,), tl.float32)
    sums = tl.zeros((ROWS, ROOM), tl.float32)
    last = length - new + (first_row + ROWS - 1) // GROUP
    # A tile past the sequence's end has no keys.
    end = tl.where(first_row < new * GROUP, tl.minimum(length, last + 1), 0)
    begin, end = _share(end, split, splits, SEEN)
    for start in range(begin, end, SEEN):
        seen = start + tl.arange(0, SEEN)
        there = seen < end
        slot = _slot(tables + sequence * table_width, seen, there, BLOCK)
        place = slot * KV_HEADS + kv_head
        k_tile = _load(keys, place[None, :], there[None, :], tl.arange(0, ROOM)[:, None], WIDTH)
        v_tile = _load(values, place[:, None], there[:, None], tl.arange(0, ROOM)[None, :], WIDTH)
        scores = tl.dot(q_tile, k_tile, input_precision="ieee") * scale
        visible = there[None, :] & (seen[None, :] <= positions[:, None])
        scores = tl.where(visible, scores, float("-inf"))
        sums, total, extreme = _mixed(sums, total, extreme, scores, v_tile)

    if SPLIT:
        row = row * splits + split
        tl.store(extremes + row, extreme, mask=wanted)
        tl.store(totals + row, total, mask=wanted)
    else:
        sums = sums / tl.where(wanted, total, 1.0)[:, None]
    at = tl.arange(0, ROOM)[None, :]
    kept = wanted[:, None] & (at < WIDTH)
    tl.store(out + row[:, None] * WIDTH + at, sums.to(out.dtype.element_ty), mask=kept)


@triton.jit
def _row(first, rows, kv_head, KV_HEADS: tl.constexpr, GROUP: tl.constexpr):
    """Where the rows of a sequence lie in q and out, whose first token is ``first``."""
    head = kv_head * GROUP + rows % GROUP
    return (first + rows // GROUP).to(tl.int64) * (KV_HEADS * GROUP) + head


@triton.jit
def _share(end, split, splits, SEEN: tl.constexpr):
    """Of the keys up to ``end`` those of one split, in whole tiles of SEEN: from, and up to."""
    share = tl.cdiv(tl.cdiv(end, splits), SEEN) * SEEN
    begin = split * share
    return begin, tl.minimum(end, begin + share)


@triton.jit
def _slot(table, seen, there, BLOCK: tl.constexpr):
    """The cache's slots of the positions ``seen``."""
    block = tl.load(table + seen // BLOCK, mask=there, other=0)
    return block.to(tl.int64) * BLOCK + seen % BLOCK


@triton.jit
def _load(source, place, there, at, WIDTH: tl.constexpr):
    """A tile of heads, WIDTH numbers each, zero where there is none.

    ``place`` and ``there`` are rows of a tile or its columns, ``at`` the other.
    """
    return tl.load(source + place * WIDTH + at, mask=there & (at < WIDTH), other=0.0)


@triton.jit
def _mixed(sums, total, extreme, scores, v_tile):
    """One step of the online softmax: sums, totals and extremes with another tile of keys."""
    higher = tl.maximum(extreme, tl.max(scores, axis=1))
    fade = tl.exp2(extreme - higher)
    chances = tl.exp2(scores - higher[:, None])
    mixed = tl.dot(chances.to(v_tile.dtype), v_tile, input_precision="ieee")
    return sums * fade[:, None] + mixed, total * fade + tl.sum(chances, axis=1), higher


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

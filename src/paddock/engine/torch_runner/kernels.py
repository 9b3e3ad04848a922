"""Triton kernels for GPUs: what happens between a layer's products, and a product with one row.

Imported only where there is a GPU: ``triton`` comes with torch's builds for CUDA. Sums are float32.
``fused_operations`` calls them and says what each means.
"""

# Triton compiles these functions from their source: they have no Python types, and a kernel's
# parameters are all that it knows.
# mypy: ignore-errors
# ruff: noqa: PLR0913

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def add_and_normalise(
    x, added, weight, stream, normal, width, eps, ADDED: tl.constexpr, ROOM: tl.constexpr
):
    """One row: x + added to stream, its norm to normal. ROOM is a power of 2 from width on."""
    row = tl.program_id(0).to(tl.int64) * width
    at = tl.arange(0, ROOM)
    inside = at < width
    value = tl.load(x + row + at, mask=inside, other=0.0).to(tl.float32)
    if ADDED:
        value += tl.load(added + row + at, mask=inside, other=0.0).to(tl.float32)
        rounded = value.to(stream.dtype.element_ty)
        tl.store(stream + row + at, rounded, mask=inside)
        value = rounded.to(tl.float32)
    scale = tl.rsqrt(tl.sum(value * value, axis=0) / width + eps)
    scaled = (value * scale).to(normal.dtype.element_ty).to(tl.float32)
    scaled *= tl.load(weight + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(normal + row + at, scaled.to(normal.dtype.element_ty), mask=inside)


@triton.jit
def place(
    qkv, cos, sin, slots, q, keys, values,
    HEADS: tl.constexpr, KV_HEADS: tl.constexpr, HALF: tl.constexpr, ROOM: tl.constexpr,
):  # fmt: skip
    """One head of one token: a query or key turned, a value as it is, each to where it belongs."""
    token = tl.program_id(0).to(tl.int64)
    head = tl.program_id(1)
    at = tl.arange(0, ROOM)
    inside = at < HALF
    source = qkv + (token * (HEADS + 2 * KV_HEADS) + head) * 2 * HALF + at
    first = tl.load(source, mask=inside, other=0.0).to(tl.float32)
    second = tl.load(source + HALF, mask=inside, other=0.0).to(tl.float32)
    slot = tl.load(slots + token) * KV_HEADS
    target = values + (slot + head - HEADS - KV_HEADS) * 2 * HALF + at
    if head < HEADS + KV_HEADS:
        c = tl.load(cos + token * HALF + at, mask=inside, other=0.0)
        s = tl.load(sin + token * HALF + at, mask=inside, other=0.0)
        turned = first * c - second * s
        second = second * c + first * s
        first = turned
        target = keys + (slot + head - HEADS) * 2 * HALF + at
        if head < HEADS:
            target = q + (token * HEADS + head) * 2 * HALF + at
    tl.store(target, first.to(q.dtype.element_ty), mask=inside)
    tl.store(target + HALF, second.to(q.dtype.element_ty), mask=inside)


@triton.jit
def gated(gate_up, out, width, PART: tl.constexpr):
    """PART of one row: silu(gate) * up."""
    row = tl.program_id(0).to(tl.int64)
    at = tl.program_id(1) * PART + tl.arange(0, PART)
    inside = at < width
    gate = tl.load(gate_up + row * 2 * width + at, mask=inside, other=0.0).to(tl.float32)
    up = tl.load(gate_up + row * 2 * width + width + at, mask=inside, other=0.0).to(tl.float32)
    value = gate / (1.0 + tl.exp(-gate)) * up
    tl.store(out + row * width + at, value.to(out.dtype.element_ty), mask=inside)


@triton.jit
def one_row_product(x, weight, y, outputs, inputs, ROWS: tl.constexpr, PART: tl.constexpr):
    """ROWS outputs of one token: each weight is read once, in order."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    at = tl.arange(0, PART)
    sums = tl.zeros((ROWS, PART), tl.float32)
    for start in range(0, inputs, PART):
        inside = start + at < inputs
        values = tl.load(x + start + at, mask=inside, other=0.0).to(tl.float32)
        wanted = (row < outputs)[:, None] & inside[None, :]
        weights = tl.load(weight + row[:, None] * inputs + start + at, mask=wanted, other=0.0)
        sums += weights.to(tl.float32) * values[None, :]
    tl.store(y + row, tl.sum(sums, axis=1).to(y.dtype.element_ty), mask=row < outputs)

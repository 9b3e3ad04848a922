"""The compiled step, if it is there: a model, a batch and a runner as C takes them.

Knows how C lays out its structures (``kernels/step/step.h``) and calls it through ctypes, which
releases the GIL. C checks a batch whole before it reads it (``fault_of``), so a bad one is an error
and never a crash; that packed matrices have the bytes they claim is checked by ``layout``.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_float, c_int, c_int32, c_int64, c_size_t, c_void_p
from functools import cache
from typing import Final

from paddock.kernels.step_library import Matrix, StepLibrary, step_levels, step_library

MAX_PARTS: Final = 3

# Parts of a step's time, in C's order.
TIMES: Final = (
    "embed", "prepare", "qkv", "keys", "attention", "o", "gate_up", "down", "head",
)  # fmt: skip

# What can be wrong with a batch, by C's number.
FAULTS: Final = {
    1: "the token {} is not in the vocabulary",
    2: "a sequence cannot begin at token {} of the step",
    3: "a sequence cannot have {} tokens",
    4: "there is no block {}",
    5: "there is no adapter in slot {}",
    6: "the row {} cannot be wanted",
}


class Product(ctypes.Structure):
    """Matrices with the same inputs, whose outputs are one after the other."""

    _fields_ = (("parts", Matrix * MAX_PARTS), ("count", c_int32))


class Layer(ctypes.Structure):
    """One layer's weights."""

    _fields_ = (
        ("attention_norm", c_void_p),
        ("ffn_norm", c_void_p),
        ("qkv", Product),
        ("o", Product),
        ("gate_up", Product),
        ("down", Product),
    )


class Model(ctypes.Structure):
    """A model's shape and weights; ``cos`` and ``sin`` are given when blocks are reserved."""

    _fields_ = (
        *((name, c_int32) for name in ("dim", "layers", "heads", "kv_heads", "head_dim")),
        *((name, c_int32) for name in ("ffn_dim", "vocabulary", "context", "is_wide")),
        ("norm_eps", c_float),
        ("final_norm", c_void_p),
        ("cos", c_void_p),
        ("sin", c_void_p),
        ("layer", POINTER(Layer)),
        ("embeddings", Product),
        ("head", Product),
    )


class Batch(ctypes.Structure):
    """A step: its arrays, and how long they are."""

    _fields_ = (
        *((name, c_void_p) for name in ("tokens", "starts", "lengths", "tables", "adapters")),
        ("wanted", c_void_p),
        *((name, c_int32) for name in ("token_count", "sequences", "table_blocks")),
        ("wanted_count", c_int32),
        ("is_hidden", c_int32),
    )


class LowRank(ctypes.Structure):
    """One projection of an adapter; ``b`` is [rank, outputs] and holds the scale."""

    _fields_ = (("a", c_void_p), ("b", c_void_p), ("rank", c_int32))


def step_at(level: int | None = None) -> StepLibrary | None:
    """The library at a level (the best if None); None where it is not compiled or cannot run."""
    found = step_library()
    if found is not None and level is not None:
        found = next((library for library in step_levels() if library.level == level), None)
    if found is not None:
        _declare(found.c)
    return found


@cache
def _declare(c: ctypes.CDLL) -> None:
    """Tell ctypes what the runner's functions take."""
    c.paddock_runner_open.argtypes = [POINTER(Model), c_int, c_int]
    c.paddock_runner_open.restype = c_void_p
    c.paddock_runner_close.argtypes = [c_void_p]
    c.paddock_runner_close.restype = None
    c.paddock_runner_block_bytes.argtypes = [POINTER(Model)]
    c.paddock_runner_block_bytes.restype = c_size_t
    c.paddock_runner_reserve.argtypes = [c_void_p, c_size_t, c_int32, c_void_p, c_void_p]
    c.paddock_runner_adapter.argtypes = [c_void_p, c_size_t, c_void_p, c_int32]
    c.paddock_runner_fault.argtypes = [c_void_p, POINTER(Batch), POINTER(c_int64)]
    c.paddock_runner_step.argtypes = [c_void_p, POINTER(Batch), c_void_p]
    c.paddock_runner_times.argtypes = [c_void_p, c_void_p]
    c.paddock_runner_times.restype = None

"""Pickles inside files of other types: after junk, in a text, behind an image.

A candidate is where a pickle could begin; it counts only when its opcodes can be followed to a call
of something that is named as Python names things. Bounded: so many bytes, so many candidates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.types.pickle_shape import pickle_shape

MAX_SEARCHED_BYTES = 256 << 20
MAX_CANDIDATES = 2_000
_WINDOW_BYTES = 1 << 20  # of a hidden pickle that is followed
# PROTO with a first opcode; or GLOBAL and INST with two names.
_BEGINNING = re.compile(
    rb"\x80[\x02-\x05][\x95cX\x8c(\])}\x8a]|[(]?[ci][A-Za-z_][\w.]{0,80}\n[A-Za-z_][\w.]{0,80}\n"
)


def check_hidden_pickles(look: Look) -> Iterator[Reason]:
    """The first pickle in the file that would call something."""
    candidates = 0
    for start, window in _windows(look):
        for match in _BEGINNING.finditer(window, 0, _WINDOW_BYTES):
            candidates += 1
            if candidates > MAX_CANDIDATES:
                return
            shape = pickle_shape(window[match.start() : match.start() + _WINDOW_BYTES])
            if shape.calls:
                place = f"{look.name}@{start + match.start()}"
                yield Reason("embedded_pickle", place, "the bytes from here on are a pickle")
                return


def _windows(look: Look) -> Iterator[tuple[int, bytes]]:
    """Two megabytes at a time, each beginning where the first half of the one before ended."""
    end = min(look.size_bytes, MAX_SEARCHED_BYTES)
    before, start = b"", 0
    for piece in look.pieces(0, end):
        if before:
            yield start, before + piece
            start += len(before)
        before = piece
    yield start, before

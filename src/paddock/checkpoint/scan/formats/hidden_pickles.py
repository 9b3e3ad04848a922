"""Pickles inside files of other types: after junk, in a text, behind an image.

A candidate is where a pickle could begin; it counts only when its opcodes can be followed to a call
of something that is named as Python names things. Bounded in bytes, and by the file's clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.types.pickle_shape import pickle_shape

MAX_SEARCHED_BYTES = 256 << 20
_WINDOW_BYTES = 1 << 20  # in which a hidden pickle begins; it may end in the next
# PROTO with a first opcode; or GLOBAL and INST with two names and what may follow them. Each is
# looked for at every byte, since one may begin inside what looks like another.
_NAME = rb"[A-Za-z_][\w.]{0,80}\n"
_NEXT = rb"""[()\]}.NKMJGTUXV0qr\x80-\x9f]|p\d|[SV]['"]|[IFL][-\d]|[ci][A-Za-z_]"""
_BEGINNING = re.compile(
    rb"(?=\x80[\x02-\x05][\x95cX\x8c(\])}\x8a]|[ci]" + _NAME + _NAME + rb"(?:" + _NEXT + rb"))"
)


def check_hidden_pickles(look: Look) -> Iterator[Reason]:
    """The first pickle in the file that would call something."""
    for start, window in _windows(look):
        for match in _BEGINNING.finditer(window, 0, _WINDOW_BYTES):
            look.budget.tick()
            if pickle_shape(window, match.start()).calls:
                place = f"{look.name}@{start + match.start()}"
                yield Reason("embedded_pickle", place, "the bytes from here on are a pickle")
                return


def _windows(look: Look) -> Iterator[tuple[int, bytes]]:
    """Two pieces at a time, each beginning where the first half of the one before ended."""
    end = min(look.size_bytes, MAX_SEARCHED_BYTES)
    before, start = b"", 0
    for piece in look.pieces(0, end):
        if before:
            yield start, before + piece
            start += len(before)
        before = piece
    yield start, before

"""Whether bytes are a pickle, and whether loading them would call something.

For bytes that do not say what they are: protocols 0 and 1 begin like text. Follows opcodes and the
height of the stack, no values, and builds nothing. Judges no global; whatever is recognised here is
looked at closely by ``pickles``.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_OPCODES = 200_000
_MAX_LINE = 1 << 16

# Argument of each opcode (pickletools.py, "Object describing the opcode arguments"): a number of
# bytes, a line, two lines, or a length of so many bytes before the argument.
_LINE, _TWO_LINES, _L1, _L4, _L8, _SIGNED_L4 = -1, -2, -3, -4, -5, -6
_LENGTH_BYTES = {_L1: 1, _L4: 4, _L8: 8, _SIGNED_L4: 4}
_ARGUMENTS = {
    **dict.fromkeys(b"(.0123ae)]}lNtudoRbsQ", 0),
    **dict.fromkeys(b"\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98", 0),
    **dict.fromkeys(b"hqK\x80\x82", 1),
    **dict.fromkeys(b"M\x83", 2),
    **dict.fromkeys(b"jrJ\x84", 4),
    **dict.fromkeys(b"G\x95", 8),
    **dict.fromkeys(b"gpFILSVP", _LINE),
    **dict.fromkeys(b"ci", _TWO_LINES),
    **dict.fromkeys(b"U\x8cC\x8a", _L1),
    **dict.fromkeys(b"XB\x8b", _L4),
    **dict.fromkeys(b"T", _SIGNED_L4),
    **dict.fromkeys(b"\x8d\x8e\x96", _L8),
}
# How many values an opcode takes and gives; every other one gives a value and takes none.
_TAKES_AND_GIVES = {
    **dict.fromkeys(b"\x80\x95", (0, 0)),
    **dict.fromkeys(b"pqr\x94Q\x85\x98", (1, 1)),
    **dict.fromkeys(b"abR\x81\x86\x93", (2, 1)),
    **dict.fromkeys(b"s\x87\x92", (3, 1)),
    ord("0"): (1, 0),
    ord("2"): (1, 2),
}
_MAKES_OF_MARKED = frozenset(b"tdloi\x91")  # one value of all since the mark
_DROPS_MARKED = frozenset(b"1ue\x90")  # or none: into what stands before the mark
_NAMES = frozenset(b"c\x93i\x82\x83\x84")  # a global by name or by number
_CALLS = frozenset(b"Rio\x81\x92b")
_MARK, _STOP, _POP = 0x28, 0x2E, 0x30


class PickleShape(NamedTuple):
    """What following the opcodes found: how far it came, and what it met."""

    opcodes: int
    end: int  # after STOP, or where the bytes stopped being a pickle
    stopped: bool
    names: int  # globals
    calls: int  # calls of something while a global was known

    @property
    def is_pickle(self) -> bool:
        """Nothing else comes this far: something is called, or it ends as it should."""
        return self.calls > 0 or (self.stopped and self.opcodes > 1 and self.names > 0)


def pickle_shape(raw: bytes, start: int = 0) -> PickleShape:
    """Follow the opcodes from ``start`` until STOP, an impossible one, or the end of ``raw``."""
    at, opcodes, names, calls = start, 0, 0, 0
    heights = [0]  # of the stack, since each mark
    while at < len(raw) and opcodes < MAX_OPCODES:
        opcode = raw[at]
        end = _argument_end(raw, at, opcode)
        if end is None or (opcode in b"ci" and not _names_something(raw[at + 1 : end])):
            break
        opcodes += 1
        if opcode == _STOP:
            return PickleShape(opcodes, end, heights[-1] > 0, names, calls)
        if not _move(heights, opcode):
            break
        names += opcode in _NAMES
        calls += opcode in _CALLS and names > 0
        at = end
    return PickleShape(opcodes, at, False, names, calls)


def _move(heights: list[int], opcode: int) -> bool:
    """What an opcode does to the stack; False when it cannot."""
    if opcode == _MARK:
        heights.append(0)
        return True
    if opcode in _MAKES_OF_MARKED or opcode in _DROPS_MARKED:
        if len(heights) == 1:
            return False
        heights.pop()
        heights[-1] += opcode in _MAKES_OF_MARKED
        return True
    takes, gives = _TAKES_AND_GIVES.get(opcode, (0, 1))
    if opcode == _POP and not heights[-1] and len(heights) > 1:
        heights.pop()  # a mark itself is popped
        return True
    heights[-1] += gives - takes
    return heights[-1] >= gives


def argument_of(raw: bytes, at: int) -> tuple[int, int, int] | None:
    """The opcode at ``at``, and where the bytes of its argument begin and end; None if cut off."""
    opcode = raw[at]
    end = _argument_end(raw, at, opcode)
    if end is None:
        return None
    counted = _LENGTH_BYTES.get(_ARGUMENTS[opcode], 0)
    return opcode, at + 1 + counted, end


def _argument_end(raw: bytes, at: int, opcode: int) -> int | None:
    kind = _ARGUMENTS.get(opcode)
    at += 1
    if kind is None:
        return None
    if kind >= 0:
        return at + kind if at + kind <= len(raw) else None
    if kind in (_LINE, _TWO_LINES):
        for _ in range(-kind):
            newline = raw.find(b"\n", at, at + _MAX_LINE)
            if newline < 0:
                return None
            at = newline + 1
        return at
    body = at + _LENGTH_BYTES[kind]
    if body > len(raw):
        return None
    length = int.from_bytes(raw[at:body], "little", signed=kind == _SIGNED_L4)
    return body + length if 0 <= length <= len(raw) - body else None


def _names_something(lines: bytes) -> bool:
    """Two names as Python has them; prose has spaces."""
    module, _, name = lines.rstrip(b"\n").partition(b"\n")
    try:
        parts = (module.decode() + "." + name.decode()).split(".")
    except UnicodeDecodeError:
        return False
    return all(part.isidentifier() for part in parts)

"""Whether bytes are a pickle, and whether loading them would call something.

For bytes that do not say what they are: protocols 0 and 1 begin like text. Follows opcodes and the
height of the stack, no values, and builds nothing. Judges no global; whatever is recognised here is
looked at closely by ``pickles``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
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
    **dict.fromkeys(b"\x98", (0, 0)),
    **dict.fromkeys(b"Q\x85", (1, 1)),
    **dict.fromkeys(b"a", (1, 0)),
    **dict.fromkeys(b"bR\x81\x86\x93", (2, 1)),
    **dict.fromkeys(b"s", (2, 0)),
    **dict.fromkeys(b"\x87\x92", (3, 1)),
}
_MAKES_OF_MARKED = frozenset(b"tdloi\x91")  # one value of all since the mark
_DROPS_MARKED = frozenset(b"1ue\x90")  # or none: into what stands before the mark
# What is on the stack, as far as it matters: a call needs a tuple, a state a tuple or dictionary.
_A_MARK, _A_TUPLE, _A_VALUE = range(3)
_TUPLES = frozenset(b")t\x85\x86\x87Q}d")
_PUTS, _GETS = frozenset(b"pqr\x94"), frozenset(b"ghj")
_DIGITS = re.compile(rb"-?\d+L?\n")
_NAMES = frozenset(b"c\x93i\x82\x83\x84")  # a global by name or by number
_CALLS = frozenset(b"Rio\x81\x92b")
_MARK, _STOP = 0x28, 0x2E


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
    machine = _Machine()
    while at < len(raw) and opcodes < MAX_OPCODES:
        opcode = raw[at]
        end = _argument_end(raw, at, opcode)
        if end is None or not _is_plausible(raw, at, opcode, end):
            break
        opcodes += 1
        if opcode == _STOP:
            return PickleShape(opcodes, end, bool(machine.stack), names, calls)
        can_call = opcode in _CALLS and machine.can_call(opcode)
        if not machine.move(opcode, raw[at + 1 : min(end, at + 32)]):
            break
        names += opcode in _NAMES
        calls += can_call and names > 0
        at = end
    return PickleShape(opcodes, at, False, names, calls)


def _is_plausible(raw: bytes, at: int, opcode: int, end: int) -> bool:
    """Whether an argument that is a line is what its opcode takes; prose rarely is."""
    if opcode in b"ci":
        return _names_something(raw[at + 1 : end])
    if opcode in b"pgIL":
        return _DIGITS.fullmatch(raw, at + 1, end) is not None
    return opcode != ord("S") or raw[at + 1 : at + 2] in (b"'", b'"')


@dataclass(slots=True)
class _Machine:
    """The stack and the memo, of kinds of values."""

    stack: list[int] = field(default_factory=list)
    memo: dict[int, int] = field(default_factory=dict)
    marks: int = 0

    def can_call(self, opcode: int) -> bool:
        """Whether there are arguments for a call; ``o`` and ``i`` take them back to a mark."""
        return opcode in b"oi" or (bool(self.stack) and self.stack[-1] == _A_TUPLE)

    def move(self, opcode: int, argument: bytes) -> bool:
        """What an opcode does; False when it cannot."""
        if opcode == _MARK:
            self.stack.append(_A_MARK)
            self.marks += 1
            return True
        if opcode in _MAKES_OF_MARKED or opcode in _DROPS_MARKED:
            return self.back_to_mark(opcode)
        if opcode in _PUTS or opcode in _GETS:
            return self.remember(opcode, argument)
        if opcode in b"02":
            return self.drop_or_double(opcode)
        takes, gives = _TAKES_AND_GIVES.get(opcode, (0, 1))
        if takes and (len(self.stack) < takes or _A_MARK in self.stack[-takes:]):
            return False
        del self.stack[len(self.stack) - takes :]
        self.stack += [_A_TUPLE if opcode in _TUPLES else _A_VALUE] * gives
        return bool(self.stack) or opcode not in b"as"

    def back_to_mark(self, opcode: int) -> bool:
        if not self.marks:
            return False
        self.marks -= 1
        while self.stack.pop() != _A_MARK:
            pass
        if opcode in _MAKES_OF_MARKED:
            self.stack.append(_A_TUPLE if opcode in _TUPLES else _A_VALUE)
        return bool(self.stack) or opcode == ord("1")

    def drop_or_double(self, opcode: int) -> bool:
        if not self.stack:
            return False
        if opcode == ord("2"):
            self.stack.append(self.stack[-1])
        elif self.stack.pop() == _A_MARK:
            self.marks -= 1
        return True

    def remember(self, opcode: int, argument: bytes) -> bool:
        key = (
            int(argument.rstrip(b"L\n")) if opcode in b"pg" else int.from_bytes(argument, "little")
        )
        if opcode in _GETS:
            if key not in self.memo:
                return False
            self.stack.append(self.memo[key])
            return True
        if not self.stack:
            return False
        self.memo[len(self.memo) if opcode == 0x94 else key] = self.stack[-1]
        return True


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

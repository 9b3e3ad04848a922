"""What the values of a pickle would be like: how large, how deep, and whether bytes hold a pickle.

A pickle of a few hundred bytes can describe a value that no program survives: lists that hold each
other twice, tuples in tuples. Values are not built; each is a cell that counts. Sharing is counted
as often as it is met, as whoever prints, copies or compares the value would meet it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.types.pickle_shape import argument_of, pickle_shape

MAX_READ_BYTES = 16 << 20
MAX_OPCODES = 1_000_000  # as the survey has it
MAX_DEPTH = 200  # honest checkpoints stay below twenty
MAX_GROWTH = 10_000  # values met, to opcodes
MAX_DIGITS = 4300  # sys.get_int_max_str_digits(): more of them take quadratic time
_COUNTED_BYTES = 1 << 12  # of a string that may be a pickle
_TEXTS = frozenset(b"BC\x8e\x96UTX\x8c\x8d")
_ALL_SINCE_MARK = frozenset(b"tdloi\x91")
_INTO_BELOW_MARK = frozenset(b"eu\x90")
_FEW = {0x85: 1, 0x86: 2, 0x87: 3, 0x52: 2, 0x81: 2, 0x92: 3, 0x93: 2, 0x51: 1, 0x98: 1}
_ONE_INTO = {ord("a"): 1, ord("b"): 1, ord("s"): 2}
_PERSISTENT = frozenset(b"PQ")
_SILENT = frozenset(b"\x80\x95")


@dataclass(slots=True)
class _Cell:
    """A value: how many values are in it, however often shared, and how deep they are nested."""

    count: int = 1
    depth: int = 0

    def take(self, items: list[_Cell]) -> None:
        for item in items:
            self.count = min(self.count + item.count, 1 << 62)
            self.depth = max(self.depth, item.depth + 1)


@dataclass(slots=True)
class _Machine:
    """Stack and memo of cells. What an opcode needs and does not find is left to ``pickles``."""

    stack: list[_Cell | None] = field(default_factory=list)  # None is a mark
    memo: dict[bytes, _Cell] = field(default_factory=dict)
    largest: _Cell = field(default_factory=_Cell)

    def pop(self, count: int) -> list[_Cell]:
        taken = [cell for cell in self.stack[len(self.stack) - count :] if cell]
        del self.stack[len(self.stack) - len(taken) :]
        return taken

    def since_mark(self) -> list[_Cell]:
        taken = []
        while self.stack:
            cell = self.stack.pop()
            if cell is None:
                break
            taken.append(cell)
        return taken

    def push(self, items: list[_Cell]) -> None:
        cell = _Cell()
        cell.take(items)
        self.stack.append(cell)
        self.note(cell)

    def into_top(self, items: list[_Cell]) -> None:
        if self.stack and (top := self.stack[-1]):
            top.take(items)
            self.note(top)

    def note(self, cell: _Cell) -> None:
        self.largest.count = max(self.largest.count, cell.count)
        self.largest.depth = max(self.largest.depth, cell.depth)


def value_reasons(look: Look) -> Iterator[Reason]:
    """Values that exhaust whoever loads them, and pickles inside strings of the pickle."""
    raw = look.read(0, MAX_READ_BYTES)
    machine = _Machine()
    at, opcodes, outside = 0, 0, 0
    while at < len(raw) and opcodes < MAX_OPCODES and machine.largest.depth <= MAX_DEPTH:
        found = argument_of(raw, at)
        if found is None:
            if len(raw) == look.size_bytes and look.kind is not Kind.TORCH_LEGACY:
                yield Reason("pickle_bomb", f"{look.name}@{at}", "an argument is absurdly long")
            break
        opcode, start, end = found
        if opcode in _TEXTS and pickle_shape(raw[start : min(end, start + _COUNTED_BYTES)]).calls:
            place = f"{look.name}@{start}"
            yield Reason("embedded_pickle", place, "a string in the pickle is a pickle itself")
            return
        if opcode in b"IL" and end - start > MAX_DIGITS:
            yield Reason("pickle_bomb", f"{look.name}@{at}", f"a number of {end - start} digits")
            return
        outside += opcode in _PERSISTENT
        _step(machine, opcode, raw[start:end] if end - start <= 32 else b"")
        at, opcodes = end, opcodes + 1
        if opcodes % 4096 == 0:
            look.budget.tick()
    if outside and look.kind is Kind.PICKLE and not _is_in_torch_zip(look):
        yield Reason("pickle_call", look.name, "it takes tensors out of a file that is not here")
    if machine.largest.depth > MAX_DEPTH:
        message = f"its values are nested over {MAX_DEPTH} deep"
        yield Reason("pickle_bomb", look.name, message)
    elif machine.largest.count > MAX_GROWTH * max(opcodes, 1):
        message = f"{opcodes} opcodes make {machine.largest.count} values, one in the other"
        yield Reason("pickle_bomb", look.name, message)


def _is_in_torch_zip(look: Look) -> bool:
    return look.depth > 0 and look.basename == "data.pkl"


def _step(machine: _Machine, opcode: int, argument: bytes) -> None:
    if opcode == ord("("):
        machine.stack.append(None)
    elif opcode in _ALL_SINCE_MARK:
        machine.push(machine.since_mark())
    elif opcode in _INTO_BELOW_MARK:
        machine.into_top(machine.since_mark())
    elif opcode == ord("1"):
        machine.since_mark()
    elif opcode in _FEW:
        machine.push(machine.pop(_FEW[opcode]))
    elif opcode in _ONE_INTO:
        machine.into_top(machine.pop(_ONE_INTO[opcode]))
    elif opcode == ord("0"):
        del machine.stack[-1:]
    elif opcode not in _SILENT:
        _remember(machine, opcode, argument)


def _remember(machine: _Machine, opcode: int, argument: bytes) -> None:
    """Opcodes of the memo; and those that push something new."""
    key = argument.strip() if opcode in b"pg" else b"%d" % int.from_bytes(argument, "little")
    top = machine.stack[-1] if machine.stack else None
    if opcode in b"pqr":
        if top:
            machine.memo[key] = top
    elif opcode == 0x94:
        if top:
            machine.memo[b"%d" % len(machine.memo)] = top
    elif opcode in b"ghj":
        machine.stack.append(machine.memo.get(key, _Cell()))
    elif opcode == ord("2"):
        machine.stack.append(top)
    else:
        machine.stack.append(_Cell())

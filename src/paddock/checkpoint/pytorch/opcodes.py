"""Every opcode of pickle protocols 0 to 5, and what it does to the interpreter.

``torch.save`` needs some fifty of them; the others exist for the survey and are refused in a file
of tensors. Facts: Python's ``Modules/_pickle.c`` and PEPs 307, 3154 and 574.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from paddock.checkpoint.pytorch import requests
from paddock.checkpoint.pytorch.interpreter import MAX_OPCODES, MAX_STACK, Interpreter
from paddock.checkpoint.pytorch.values import UNKNOWN, Binary, Plain
from paddock.errors import shown

MAX_DIGITS = 1000
STOP = 0x2E
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)", re.DOTALL)
_CONTROL = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f"}
_CONTROL |= {b"v": b"\v", b"\n": b""}
_Step = Callable[[Interpreter], None]


def run(machine: Interpreter) -> Any:
    """Interpret one pickle up to its STOP and return what is on top; raises BadPickle."""
    machine.start, machine.stack, machine.memo, machine.marks = machine.at, [], {}, 0
    steps = _TENSOR_STEPS if machine.objections is None else _ALL_STEPS
    for used in range(machine.budget):
        machine.opcode_at = machine.at
        opcode = machine.take(1)[0]
        if opcode == STOP:
            machine.budget -= used
            return machine.pop()
        step = steps.get(opcode)
        if step is None:
            raise machine.refusal("forbidden_opcode", f"opcode {bytes([opcode])!r} is not allowed")
        step(machine)
        if len(machine.stack) > MAX_STACK:
            raise machine.refusal("too_deep", "the stack grows without bound")
    raise machine.refusal("too_large", f"it has more than {MAX_OPCODES} opcodes")


def _protocol(i: Interpreter) -> None:
    if i.take(1)[0] > 5 or (i.objections is None and i.opcode_at != i.start):
        raise i.refusal("bad_protocol", "it is of no pickle protocol up to 5")


def _frame(i: Interpreter) -> None:
    if i.number("<Q") > len(i.raw) - i.at:
        raise i.refusal("truncated", "a frame runs past the end")


def _stack_global(i: Interpreter) -> None:
    name, module = i.pop(), i.pop()
    requests.ask_for(i, module, name)


def _global(i: Interpreter) -> None:
    module, name = i.decoded(i.line(), "utf-8"), i.decoded(i.line(), "utf-8")
    requests.ask_for(i, module, name)


def _inst(i: Interpreter) -> None:
    _global(i)
    callee, arguments = i.pop(), tuple(i.since_mark())
    requests.call(i, callee, arguments)


def _obj(i: Interpreter) -> None:
    callee, *arguments = i.since_mark() or [UNKNOWN]
    requests.call(i, callee, tuple(arguments))


def _reduce(i: Interpreter) -> None:
    arguments, callee = i.pop(), i.pop()
    requests.call(i, callee, arguments)


def _newobj_ex(i: Interpreter) -> None:
    keywords = i.pop()
    arguments, callee = i.pop(), i.pop()
    requests.call(i, callee, arguments if keywords == {} else None)


def _extension(i: Interpreter, layout: str) -> None:
    number = i.number(layout)
    i.push(i.object_to("extension", f"it asks for the registered extension {number}"))


def _persid(i: Interpreter) -> None:
    requests.persistent(i, i.decoded(i.line(), "utf-8"))


def _additems(i: Interpreter) -> None:
    i.since_mark()
    if i.top() != Plain("set"):
        i.object_to("bad_stack", "items are added to something that is no set")


def _frozenset(i: Interpreter) -> None:
    i.since_mark()
    i.push(Plain("set"))


def _dict(i: Interpreter) -> None:
    items = i.since_mark()
    i.push({})
    i.set_items(items)


def _decimal(i: Interpreter) -> int:
    return int(_numeral(i, int))


def _numeral(i: Interpreter, kind: Callable[[bytes], float]) -> float:
    line = i.line().strip().removesuffix(b"L")
    try:
        return kind(line[:MAX_DIGITS])
    except ValueError:
        what = f"{shown(line[:80].decode('latin-1'))} is no number"
        raise i.refusal("bad_number", what) from None


def _string(i: Interpreter) -> None:
    """Text in quotes, with escapes (protocol 0)."""
    line = i.line().strip()
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
        raise i.refusal("bad_string", "a string is not in quotes")
    i.push(i.decoded(_ESCAPE.sub(_unescaped, line[1:-1]), "latin-1"))


def _unescaped(found: re.Match[bytes]) -> bytes:
    escape = found[1]
    if escape[:1] == b"x" and len(escape) == 3:
        return bytes([int(escape[1:], 16)])
    if escape.isdigit() and b"8" not in escape and b"9" not in escape:
        return bytes([int(escape, 8) & 0xFF])
    if escape in _CONTROL:
        return _CONTROL[escape]
    return escape if escape in (b"\\", b"'", b'"') else found[0]


def _old_text(i: Interpreter, layout: str) -> None:
    """A Python 2 string; ``torch.load`` takes it for UTF-8."""
    length = i.number(layout)
    if length < 0:
        raise i.refusal("bad_string", f"a string of {length} bytes")
    i.push(i.decoded(i.take(length), "utf-8"))


_TENSOR_STEPS: dict[int, _Step] = {
    0x80: _protocol,
    0x95: _frame,
    ord("("): lambda i: i.mark(),
    ord(")"): lambda i: i.push(()),
    ord("]"): lambda i: i.push([]),
    ord("}"): lambda i: i.push({}),
    0x8F: lambda i: i.push(Plain("set")),
    ord("N"): lambda i: i.push(None),
    0x88: lambda i: i.push(True),
    0x89: lambda i: i.push(False),
    ord("K"): lambda i: i.push(i.number("<B")),
    ord("M"): lambda i: i.push(i.number("<H")),
    ord("J"): lambda i: i.push(i.number("<i")),
    ord("G"): lambda i: i.push(i.number(">d")),
    0x8A: lambda i: i.long("<B"),
    ord("X"): lambda i: i.text("<I"),
    0x8C: lambda i: i.text("<B"),
    0x8D: lambda i: i.text("<Q"),
    ord("U"): lambda i: _old_text(i, "<B"),
    ord("T"): lambda i: _old_text(i, "<i"),
    ord("C"): lambda i: i.binary("<B"),
    ord("B"): lambda i: i.binary("<I"),
    0x8E: lambda i: i.binary("<Q"),
    0x96: lambda i: i.binary("<Q"),
    ord("t"): lambda i: i.push(tuple(i.since_mark())),
    0x85: lambda i: i.tuple_of(1),
    0x86: lambda i: i.tuple_of(2),
    0x87: lambda i: i.tuple_of(3),
    ord("q"): lambda i: i.remember(i.number("<B")),
    ord("r"): lambda i: i.remember(i.number("<I")),
    0x94: lambda i: i.remember(len(i.memo)),
    ord("h"): lambda i: i.recall(i.number("<B")),
    ord("j"): lambda i: i.recall(i.number("<I")),
    ord("s"): lambda i: i.set_item(),
    ord("u"): lambda i: i.set_items(i.since_mark()),
    ord("a"): lambda i: i.append_one(),
    ord("e"): lambda i: i.append(i.since_mark()),
    0x90: _additems,
    0x91: _frozenset,
    ord("c"): _global,
    0x93: _stack_global,
    ord("Q"): lambda i: requests.persistent(i, i.pop()),
    ord("b"): lambda i: requests.build(i),
    ord("R"): _reduce,
}
_ALL_STEPS: dict[int, _Step] = {
    **_TENSOR_STEPS,
    ord("0"): lambda i: i.drop(),
    ord("1"): lambda i: i.since_mark().clear(),
    ord("2"): lambda i: i.push(i.top()),
    ord("I"): lambda i: i.push(_decimal(i)),
    ord("L"): lambda i: i.push(_decimal(i)),
    ord("F"): lambda i: i.push(_numeral(i, float)),
    ord("S"): _string,
    ord("V"): lambda i: i.push(i.decoded(i.line(), "raw-unicode-escape")),
    0x8B: lambda i: i.long("<i"),
    ord("l"): lambda i: i.push(i.since_mark()),
    ord("d"): _dict,
    ord("p"): lambda i: i.remember(_decimal(i)),
    ord("g"): lambda i: i.recall(_decimal(i)),
    ord("i"): _inst,
    ord("o"): _obj,
    0x81: _reduce,  # NEWOBJ: a class and its arguments
    0x92: _newobj_ex,
    0x82: lambda i: _extension(i, "<B"),
    0x83: lambda i: _extension(i, "<H"),
    0x84: lambda i: _extension(i, "<i"),
    ord("P"): _persid,
    0x97: lambda i: i.push(i.object_to("buffer", "it asks for a buffer outside the pickle")),
    0x98: lambda i: i.push(i.pop()) if isinstance(i.top(), Binary) else None,
}

"""The pickle inside a PyTorch file, interpreted without pickle.

An interpreter of the few opcodes that ``torch.save`` needs for a dictionary of tensors. It never
imports, and calls nothing: a GLOBAL must be in the fixed table below and becomes an inert value, a
REDUCE of one of the table's four callables becomes a description (``TensorRef``), every other
request is refused. Opcodes, stack, memo and sizes are bounded by the size of the pickle itself.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paddock.checkpoint.errors import BadPickle
from paddock.checkpoint.pytorch.values import (
    GLOBALS,
    Callee,
    StorageRef,
    StorageType,
    TensorRef,
    describe_call,
)
from paddock.errors import shown

MAX_PICKLE_BYTES = 8 << 20  # Llama 3.1 405B's has 0.3 MB; parsed, it takes up to 30 times as much
MAX_STACK = 1 << 20
MAX_MARKS = 64
MAX_TEXT_BYTES = 1 << 16


def parse_state_dict(raw: bytes, where: str) -> dict[str, TensorRef]:
    """The named tensors that the pickle describes; anything beside tensors is refused."""
    if len(raw) > MAX_PICKLE_BYTES:
        raise BadPickle("too_large", f"{where} has {len(raw)} bytes, over {MAX_PICKLE_BYTES}")
    value = _Interpreter(raw, where).run()
    if not isinstance(value, dict):
        raise BadPickle("no_state_dict", f"{where} holds no dictionary of tensors")
    for name, item in value.items():
        if type(name) is not str or not isinstance(item, TensorRef):
            raise BadPickle("no_state_dict", f"{where}: {shown(name)} is not a named tensor")
    return value


class _Mark:
    """The stack's bracket."""


_MARK = _Mark()


@dataclass(slots=True)
class _Interpreter:
    raw: bytes
    where: str
    at: int = 0
    marks: int = 0
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def run(self) -> Any:
        while True:
            opcode = self.take(1)[0]
            if opcode == 0x2E:  # STOP
                break
            step = _STEPS.get(opcode)
            if step is None:
                raise self.refusal("forbidden_opcode", f"opcode {bytes([opcode])!r} is not allowed")
            step(self)
            if len(self.stack) > MAX_STACK:
                raise self.refusal("too_deep", "the stack grows without bound")
        if self.at != len(self.raw):
            raise self.refusal("trailing_bytes", f"{len(self.raw) - self.at} bytes follow its end")
        if len(self.stack) != 1:
            raise self.refusal("bad_stack", f"{len(self.stack)} values are left at its end")
        return self.pop()

    def refusal(self, reason: str, what: str) -> BadPickle:
        return BadPickle(
            reason,
            f"{self.where} at byte {self.at}: {what}",
            hint="nothing of the file was executed; ask its maker for safetensors",
        )

    def take(self, count: int) -> bytes:
        taken = self.raw[self.at : self.at + count]
        if len(taken) < count:
            raise self.refusal("truncated", "the pickle ends in the middle")
        self.at += count
        return taken

    def number(self, layout: str) -> Any:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def line(self) -> str:
        end = self.raw.find(b"\n", self.at, self.at + 256)
        if end < 0:
            raise self.refusal("bad_global", "a name is too long or cut off")
        line = self.take(end - self.at)
        self.at += 1
        return self.text(line)

    def text(self, raw: bytes) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            raise self.refusal("not_utf8", "a string is not UTF-8") from None

    def counted_text(self, layout: str) -> str:
        length = self.number(layout)
        if length > MAX_TEXT_BYTES:
            raise self.refusal("too_large", f"a string of {length} bytes")
        return self.text(self.take(length))

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise self.refusal("bad_stack", "a value is missing on the stack")
        return self.stack.pop()

    def top(self) -> Any:
        value = self.pop()
        self.stack.append(value)
        return value

    def mark(self) -> None:
        self.marks += 1
        if self.marks > MAX_MARKS:
            raise self.refusal("too_deep", "containers are nested absurdly deep")
        self.stack.append(_MARK)

    def since_mark(self) -> list[Any]:
        if not self.marks:
            raise self.refusal("bad_stack", "a mark is missing on the stack")
        self.marks -= 1
        at = len(self.stack) - 1
        while self.stack[at] is not _MARK:
            at -= 1
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items

    def tuple_of(self, count: int) -> None:
        items = [self.pop() for _ in range(count)]
        self.push(tuple(reversed(items)))

    def remember(self, index: int) -> None:
        self.memo[index] = self.top()

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise self.refusal("bad_memo", f"nothing was remembered as {index}")
        self.push(self.memo[index])

    def set_items(self, items: list[Any]) -> None:
        target = self.top()
        if type(target) is not dict or len(items) % 2:
            raise self.refusal("bad_stack", "items are set on something that is no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if type(key) not in (str, int):
                raise self.refusal("bad_key", "a dictionary key is neither text nor number")
            if key in target:
                raise self.refusal("duplicate_key", f"the key {shown(key)} appears twice")
            target[key] = value

    def set_item(self) -> None:
        value, key = self.pop(), self.pop()
        self.set_items([key, value])

    def append(self, items: list[Any]) -> None:
        target = self.top()
        if type(target) is not list:
            raise self.refusal("bad_stack", "items are appended to something that is no list")
        target.extend(items)

    def append_one(self) -> None:
        item = self.pop()
        self.append([item])

    def long1(self) -> None:
        length = self.take(1)[0]
        if length > 8:
            raise self.refusal("too_large", f"a number of {length} bytes")
        self.push(int.from_bytes(self.take(length), "little", signed=True))

    def check_protocol(self) -> None:
        if self.at != 1 or self.take(1)[0] not in (2, 3, 4, 5):
            raise self.refusal("bad_protocol", "it is not of pickle protocol 2 to 5")

    def check_frame(self) -> None:
        if self.number("<Q") > len(self.raw) - self.at:
            raise self.refusal("truncated", "a frame runs past the end")

    def global_named(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str:
            raise self.refusal("bad_global", "a global is named by something that is not text")
        known = GLOBALS.get((module, name))
        if known is None:
            raise self.refusal("forbidden_global", f"it asks for {shown(f'{module}.{name}')}")
        self.push(known)

    def stack_global(self) -> None:
        name, module = self.pop(), self.pop()
        self.global_named(module, name)

    def persistent(self) -> None:
        match self.pop():
            case ("storage", StorageType(dtype), str(key), str(), int(elements)) if elements >= 0:
                self.push(StorageRef(dtype, key, elements))
            case other:
                raise self.refusal("bad_storage", f"{shown(other)} is no storage")

    def build(self) -> None:
        """``OrderedDict`` carries ``_metadata`` as state; it says nothing about tensors."""
        state = self.pop()
        if type(self.top()) is not dict or type(state) is not dict:
            raise self.refusal("forbidden_build", "it sets the state of an object")

    def reduce(self) -> None:
        arguments, callee = self.pop(), self.pop()
        if not isinstance(callee, Callee) or type(arguments) is not tuple:
            raise self.refusal("forbidden_reduce", f"it calls {shown(callee)}")
        described = describe_call(callee.name, arguments)
        if described is None:
            raise self.refusal("forbidden_reduce", f"{callee.name} has unknown arguments")
        self.push(described)


_STEPS: dict[int, Callable[[_Interpreter], None]] = {
    0x80: lambda i: i.check_protocol(),  # PROTO
    0x95: lambda i: i.check_frame(),  # FRAME
    ord("("): lambda i: i.mark(),
    ord(")"): lambda i: i.push(()),
    ord("]"): lambda i: i.push([]),
    ord("}"): lambda i: i.push({}),
    ord("N"): lambda i: i.push(None),
    0x88: lambda i: i.push(True),
    0x89: lambda i: i.push(False),
    ord("K"): lambda i: i.push(i.number("<B")),
    ord("M"): lambda i: i.push(i.number("<H")),
    ord("J"): lambda i: i.push(i.number("<i")),
    ord("G"): lambda i: i.push(i.number(">d")),
    0x8A: lambda i: i.long1(),
    ord("X"): lambda i: i.push(i.counted_text("<I")),
    0x8C: lambda i: i.push(i.counted_text("<B")),
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
    ord("c"): lambda i: i.global_named(i.line(), i.line()),
    0x93: lambda i: i.stack_global(),
    ord("Q"): lambda i: i.persistent(),
    ord("b"): lambda i: i.build(),
    ord("R"): lambda i: i.reduce(),
}

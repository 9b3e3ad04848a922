"""A pickle's stack machine without pickle: it reads, remembers and describes; it never runs.

Two uses. As a reader it stops at the first thing that a file of tensors does not need. As a survey
(``objections`` is a list) it notes that and goes on, as the real machine would, until the pickle
ends or breaks. Either way: nothing is imported or called, and stack, memo, marks and opcodes are
bounded.
"""

from __future__ import annotations

import codecs
import struct
from dataclasses import dataclass, field
from mmap import mmap
from typing import Any, NamedTuple

from paddock.checkpoint.errors import BadPickle
from paddock.checkpoint.pytorch.values import (
    UNKNOWN,
    Binary,
    LongText,
    StorageRef,
    Unknown,
    Unreadable,
)
from paddock.errors import shown

MAX_OPCODES = 1_000_000  # Llama 3.1 405B's pickle has 40,000; more take longer than a second
MAX_STACK = 500_000
MAX_MARKS = 64
MAX_MEMO_INDEX = 1 << 22  # the C machine allocates as many places as the largest index
MAX_OBJECTIONS = 1000
MAX_KEPT_CHARS = 1024  # text that is kept: longer than any name
MAX_NUMBER_BYTES = 1024
_TEXT_BYTES = 1 << 20
Source = bytes | mmap


class Mark:
    """The stack's bracket."""


_MARK = Mark()


class GlobalUse(NamedTuple):
    """A global that the pickle asks for; None where it is not said by text in the pickle."""

    module: str | None
    name: str | None
    at: int  # byte of the opcode
    is_known: bool


class Objection(NamedTuple):
    """Something that no file of tensors needs."""

    reason: str
    at: int
    message: str


@dataclass(slots=True)
class Interpreter:
    """One pickle, from ``at``; ``opcodes.run`` drives it."""

    raw: Source
    where: str
    at: int = 0
    objections: list[Objection] | None = None
    globals: list[GlobalUse] = field(default_factory=list)
    storages: dict[str, StorageRef | Unreadable] = field(default_factory=dict)
    budget: int = MAX_OPCODES  # for all pickles of a file
    listed: int = 0  # items of lists that were arguments, which may be the same list each time
    start: int = 0  # of the pickle
    opcode_at: int = 0
    marks: int = 0
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    # --- saying no

    def refusal(self, reason: str, what: str) -> BadPickle:
        """The pickle is broken here: the real machine would stop, too, or exhaust itself."""
        return BadPickle(
            reason,
            f"{self.where} at byte {self.opcode_at}: {what}",
            hint="nothing of the file was executed; ask its maker for safetensors",
        )

    def object_to(self, reason: str, what: str) -> Unknown:
        """Refuse, or note it and go on without knowing the value."""
        if self.objections is None or len(self.objections) >= MAX_OBJECTIONS:
            raise self.refusal(reason, what)
        self.objections.append(Objection(reason, self.opcode_at, what))
        return UNKNOWN

    # --- the bytes

    def take(self, count: int) -> bytes:
        taken = bytes(self.raw[self.at : self.at + count])
        if len(taken) < count:
            raise self.refusal("truncated", "the pickle ends in the middle")
        self.at += count
        return taken

    def number(self, layout: str) -> Any:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def long(self, layout: str) -> None:
        length = self.number(layout)
        if not 0 <= length <= MAX_NUMBER_BYTES:
            raise self.refusal("too_large", f"a number of {length} bytes")
        self.push(int.from_bytes(self.take(length), "little", signed=True))

    def line(self) -> bytes:
        end = self.raw.find(b"\n", self.at)
        if end < 0:
            raise self.refusal("truncated", "a line has no end")
        line = self.take(end - self.at)
        self.at += 1
        return line

    def text(self, layout: str) -> None:
        length = self.number(layout)
        if length <= _TEXT_BYTES:
            self.push(self.decoded(self.take(length), "utf-8"))
        else:
            self.push(self.long_text(length))

    def long_text(self, length: int) -> LongText | Unknown:
        """A text too long to be a name: its length alone, read piece by piece."""
        if length > len(self.raw) - self.at:
            raise self.refusal("truncated", "the pickle ends in the middle")
        decoder, chars, end = codecs.getincrementaldecoder("utf-8")(), 0, self.at + length
        try:
            while self.at < end:
                piece = self.take(min(_TEXT_BYTES, end - self.at))
                chars += len(decoder.decode(piece, final=self.at == end))
        except UnicodeError:
            self.at = end
            return self.object_to("not_utf8", "a string is not utf-8")
        return LongText(chars)

    def decoded(self, raw: bytes, encoding: str) -> str | LongText | Unknown:
        try:
            text = raw.decode(encoding)
        except UnicodeError:
            return self.object_to("not_utf8", f"a string is not {encoding}")
        return text if len(text) <= MAX_KEPT_CHARS else LongText(len(text))

    def binary(self, layout: str) -> None:
        length = self.number(layout)
        if length > len(self.raw) - self.at:
            raise self.refusal("truncated", "the pickle ends in the middle")
        self.at += length
        self.push(Binary(length))

    # --- the stack

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

    def drop(self) -> None:
        """POP takes a mark as well as a value."""
        if self.stack and self.stack[-1] is _MARK:
            self.since_mark()
        else:
            self.pop()

    def tuple_of(self, count: int) -> None:
        items = [self.pop() for _ in range(count)]
        self.push(tuple(reversed(items)))

    # --- the memo

    def remember(self, index: int) -> None:
        if not 0 <= index <= MAX_MEMO_INDEX:
            raise self.refusal("bad_memo", f"it remembers something as {shown(index)}")
        self.memo[index] = self.top()

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise self.refusal("bad_memo", f"nothing was remembered as {shown(index)}")
        self.push(self.memo[index])

    # --- containers

    def set_items(self, items: list[Any]) -> None:
        target = self.top()
        if len(items) % 2:
            raise self.refusal("bad_stack", "a key has no value")
        if type(target) is not dict:
            self.object_to("bad_stack", "items are set on something that is no dictionary")
            return
        for key, value in zip(items[::2], items[1::2], strict=True):
            if type(key) not in (str, int):
                self.object_to_key("bad_key", "a dictionary key is neither text nor number")
            elif key in target:
                self.object_to_key("duplicate_key", f"the key {shown(key)} appears twice")
            else:
                target[key] = value

    def object_to_key(self, reason: str, what: str) -> None:
        """A reader refuses what a survey finds harmless: other keys, and one that comes twice."""
        if self.objections is None:
            raise self.refusal(reason, what)

    def set_item(self) -> None:
        value, key = self.pop(), self.pop()
        self.set_items([key, value])

    def append(self, items: list[Any]) -> None:
        target = self.top()
        if type(target) is not list:
            self.object_to("bad_stack", "items are appended to something that is no list")
        else:
            target.extend(items)

    def append_one(self) -> None:
        item = self.pop()
        self.append([item])

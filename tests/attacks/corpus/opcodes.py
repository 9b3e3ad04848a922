"""Pickle opcodes by hand, so that a stream can say what no pickler would.

Knows the encoding of each opcode (CPython's ``pickletools``); ``pickle`` itself is never used.
"""

from __future__ import annotations

PROTOCOLS = range(6)
STOP, MARK, REDUCE, POP, TUPLE, TUPLE1, TUPLE2 = b".", b"(", b"R", b"0", b"t", b"\x85", b"\x86"
EMPTY_TUPLE, EMPTY_DICT, EMPTY_LIST, NONE = b")", b"}", b"]", b"N"
STACK_GLOBAL, MEMOIZE, BUILD, OBJ, NEWOBJ, NEWOBJ_EX = (
    b"\x93",
    b"\x94",
    b"b",
    b"o",
    b"\x81",
    b"\x92",
)
DUP, APPEND, SETITEM, PERSISTENT = b"2", b"a", b"s", b"Q"


def proto(version: int) -> bytes:
    """The header; protocols 0 and 1 have none."""
    return b"\x80" + bytes([version]) if version >= 2 else b""


def named(module: str, name: str) -> bytes:
    """GLOBAL."""
    return f"c{module}\n{name}\n".encode()


def text(value: str) -> bytes:
    """BINUNICODE."""
    raw = value.encode()
    return b"X" + len(raw).to_bytes(4, "little") + raw


def short_text(value: str) -> bytes:
    """SHORT_BINUNICODE (protocol 4)."""
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def long_text(value: str) -> bytes:
    """BINUNICODE8 (protocol 4)."""
    raw = value.encode()
    return b"\x8d" + len(raw).to_bytes(8, "little") + raw


def line_text(value: str) -> bytes:
    """UNICODE, the line form of protocol 0."""
    return f"V{value}\n".encode()


def line_string(value: str) -> bytes:
    """STRING, Python 2's quoted form."""
    return f"S'{value}'\n".encode()


def number(value: int) -> bytes:
    """BININT."""
    return b"J" + value.to_bytes(4, "little", signed=True)


def put(slot: int) -> bytes:
    return b"q" + bytes([slot])


def get(slot: int) -> bytes:
    return b"h" + bytes([slot])


def instance(module: str, name: str, arguments: bytes = b"") -> bytes:
    """MARK, arguments, INST."""
    return MARK + arguments + f"i{module}\n{name}\n".encode()


def global_of(module: str, name: str, protocol: int = 2) -> bytes:
    """A global as that protocol spells it."""
    if protocol >= 4:
        return short_text(module) + MEMOIZE + short_text(name) + MEMOIZE + STACK_GLOBAL + MEMOIZE
    return named(module, name)


def tuple_of(*values: bytes) -> bytes:
    return MARK + b"".join(values) + TUPLE


def call(function: bytes, *arguments: bytes) -> bytes:
    """REDUCE of a callable that was put on the stack."""
    return function + tuple_of(*arguments) + REDUCE


def calling(module: str, name: str, *arguments: str, protocol: int = 2) -> bytes:
    """A whole pickle that calls one function with texts."""
    spell = line_text if protocol == 0 else text
    values = [spell(value) for value in arguments]
    return proto(protocol) + call(global_of(module, name, protocol), *values) + STOP


def hostile(protocol: int = 2) -> bytes:
    """The plainest one: ``os.system("true")``."""
    return calling("os", "system", "true", protocol=protocol)


def framed(body: bytes) -> bytes:
    """Protocol 4 with a frame around everything after the header."""
    return proto(4) + b"\x95" + len(body).to_bytes(8, "little") + body

"""Regular expressions as trees, as far as their repetitions need: Oniguruma's and Rust's dialects.

Characters are told apart on a small set of probes (ASCII and one of each general category), so a
class is a plain set and two classes overlap or do not. Nothing is ever matched against a text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_PATTERN_CHARS = 20_000
MAX_DEPTH = 60
_BEYOND_ASCII = "éÉßǅʰ中あ한я٣Ⅷ²\u0301\u0903–“”‿€˂©😀\u00a0\u3000\u2028\u200b\ue000«("
PROBES = frozenset(map(chr, range(128))) | frozenset(_BEYOND_ASCII)
_WORD = frozenset(c for c in PROBES if c.isalnum() or c == "_")
_SPACE = frozenset(c for c in PROBES if c.isspace())
_DIGIT = frozenset(c for c in PROBES if c.isdecimal())
_HEX = frozenset("0123456789abcdefABCDEF")
_ESCAPES = {"d": _DIGIT, "w": _WORD, "s": _SPACE, "h": _HEX, "R": frozenset("\n\r\x0b\x0c\u2028")}
_CONTROLS = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "f": "\f",
    "v": "\v",
    "a": "\a",
    "e": "\x1b",
    "0": "\0",
}
_POSIX = {
    "alpha": str.isalpha, "digit": str.isdigit, "alnum": str.isalnum, "upper": str.isupper,
    "lower": str.islower, "space": str.isspace, "print": str.isprintable,
}  # fmt: skip
_BOUNDS = re.compile(r"\{(\d{0,9})(,?)(\d{0,9})\}")
_GROUP = re.compile(r"\?(?:(<[=!]|[=!])|(>)|(?:P?<\w+>|'\w+'|:|[imsxuU-]*:)|([imsxuU-]+)\)|#)")


class NotRead(ValueError):
    """The pattern uses something that is not known here."""


@dataclass(frozen=True, slots=True)
class Set:
    """One character of these."""

    chars: frozenset[str]


@dataclass(frozen=True, slots=True)
class Seq:
    """One after the other; empty for what takes no character."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alt:
    """One of these."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """So many times; ``most`` is None for no bound. A possessive one never gives back."""

    item: Node
    least: int
    most: int | None
    is_possessive: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What must, or must not, stand here; it takes no character."""

    item: Node


Node = Set | Seq | Alt | Repeat | Look
EMPTY = Seq(())


def parse_pattern(pattern: str) -> Node:
    """The tree of a pattern; raises NotRead."""
    if len(pattern) > MAX_PATTERN_CHARS:
        raise NotRead(f"it has {len(pattern)} characters")
    parser = _Parser(pattern)
    node = parser.alternatives(0)
    if parser.at < len(pattern):
        raise NotRead("a bracket is closed that was not opened")
    return node


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self._ignores_case = "(?i" in pattern

    def alternatives(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise NotRead("its groups are nested absurdly deep")
        branches: list[Node] = []
        items: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self.text[self.at] == "|":
                self.at += 1
                branches.append(Seq(tuple(items)))
                items = []
                continue
            items.append(self._repeated(self._atom(depth)))
        branches.append(Seq(tuple(items)))
        return branches[0] if len(branches) == 1 else Alt(tuple(branches))

    def _repeated(self, node: Node) -> Node:
        while self.at < len(self.text):
            bounds = self._bounds()
            if bounds is None:
                return node
            follower = self.text[self.at : self.at + 1]
            if follower in ("?", "+"):
                self.at += 1
            node = Repeat(node, *bounds, follower == "+")
        return node

    def _bounds(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        c = self.text[self.at]
        if c in simple:
            self.at += 1
            return simple[c]
        found = _BOUNDS.match(self.text, self.at) if c == "{" else None
        if found is None or not (found[1] or found[3]):
            return None
        self.at = found.end()
        least = int(found[1] or 0)
        if not found[2]:
            return least, least
        return least, int(found[3]) if found[3] else None

    def _atom(self, depth: int) -> Node:
        c = self.text[self.at]
        self.at += 1
        if c == "(":
            return self._group(depth)
        if c == "[":
            return Set(self._class(depth))
        if c == "\\":
            return self._escape()
        if c == ".":
            return Set(PROBES - {"\n"})
        if c in "^$":
            return EMPTY
        return Set(self._folded(c))

    def _group(self, depth: int) -> Node:
        found = _GROUP.match(self.text, self.at)
        if found is None and self.text.startswith("?", self.at):
            raise NotRead(f"a group begins with {self.text[self.at : self.at + 3]!a}")
        self.at = found.end() if found else self.at
        if found and found[3]:  # (?i): a switch, not a group
            return EMPTY
        inner = self.alternatives(depth + 1)
        if not self.text.startswith(")", self.at):
            raise NotRead("a group is not closed")
        self.at += 1
        if found and found[1]:
            return Look(inner)
        return Repeat(inner, 1, 1, True) if found and found[2] else inner

    def _escape(self) -> Node:
        c = self.text[self.at : self.at + 1] or "k"
        if c in "bBAzZGK":
            self.at += 1
            return EMPTY
        if c in "123456789kg":
            raise NotRead("it refers back to a group")
        return Set(self._escaped())

    def _escaped(self) -> frozenset[str]:
        """The characters of an escape, in a class or out of it."""
        if self.at >= len(self.text):
            raise NotRead("it ends in a backslash")
        c = self.text[self.at]
        self.at += 1
        if c in "pP":
            return self._property(c == "P")
        if c.lower() in _ESCAPES or c == "R":
            chars = _ESCAPES.get(c) or PROBES - _ESCAPES[c.lower()]
            return chars
        if c in "xu":
            return self._numbered()
        return self._folded(_CONTROLS.get(c, c))

    def _numbered(self) -> frozenset[str]:
        found = re.compile(r"\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2,4})").match(self.text, self.at)
        if found is None:
            raise NotRead("a character has no number")
        self.at = found.end()
        number = int(found[1] or found[2], 16)
        return frozenset(chr(min(number, 0x10FFFF)))

    def _property(self, negated: bool) -> frozenset[str]:
        found = re.compile(r"\{(\^?)([\w=\- ]{1,40})\}|(\w)").match(self.text, self.at)
        if found is None:
            raise NotRead("a property has no name")
        self.at = found.end()
        name = (found[2] or found[3]).strip()
        chars = frozenset(c for c in PROBES if unicodedata.category(c).startswith(name))
        if name.lower() in _POSIX:
            chars = frozenset(c for c in PROBES if _POSIX[name.lower()](c))
        elif not chars:  # a script: some letters beyond ASCII
            chars = frozenset(c for c in PROBES if not c.isascii() and c.isalpha())
        return PROBES - chars if negated != bool(found[1]) else chars

    def _class(self, depth: int) -> frozenset[str]:
        if depth > MAX_DEPTH:
            raise NotRead("its classes are nested absurdly deep")
        negated = self.text.startswith("^", self.at)
        self.at += negated
        chars: set[str] = set()
        first = True
        while first or not self.text.startswith("]", self.at):
            if self.at >= len(self.text):
                raise NotRead("a class is not closed")
            if self.text.startswith("&&", self.at):
                self.at += 2
                chars &= self._rest(depth)
                break
            chars |= self._member(depth)
            first = False
        self.at += 1
        return PROBES - chars if negated else frozenset(chars)

    def _rest(self, depth: int) -> frozenset[str]:
        """What stands after ``&&``, as a class of its own."""
        chars: set[str] = set()
        while self.at < len(self.text) and not self.text.startswith("]", self.at):
            chars |= self._member(depth)
        return frozenset(chars)

    def _member(self, depth: int) -> frozenset[str]:
        posix = re.compile(r"\[:(\^?)(\w+):\]").match(self.text, self.at)
        if posix and posix[2] in _POSIX:
            self.at = posix.end()
            chars = frozenset(c for c in PROBES if _POSIX[posix[2]](c))
            return PROBES - chars if posix[1] else chars
        c = self.text[self.at]
        self.at += 1
        if c == "[":
            return self._class(depth + 1)
        low = self._escaped() if c == "\\" else self._folded(c)
        if 1 <= len(low) <= 2 and self._is_range():
            self.at += 1
            c = self.text[self.at]
            self.at += 1
            high = self._escaped() if c == "\\" else frozenset(c)
            if not high:
                raise NotRead("a range has no end")
            span = (ord(min(low)), ord(max(high)))
            found = {p for p in PROBES if span[0] <= ord(p) <= span[1]}
            return frozenset(found | {chr(span[0]), chr(span[1])})
        return low

    def _is_range(self) -> bool:
        following = self.text[self.at + 1 : self.at + 2]
        return self.text.startswith("-", self.at) and following not in ("]", "")

    def _folded(self, c: str) -> frozenset[str]:
        return frozenset((c, c.swapcase())) if self._ignores_case else frozenset((c,))

"""What a case of the corpus is: a number, a title, a verdict, and the bytes that deserve it.

Values and the one function that writes them. A case is a function that yields variants; a variant
is a small tree of files. Every payload is the command ``true`` or an equal nothing, and no test
ever loads one: they are bytes to be judged.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple


class Expected(StrEnum):
    """The list's letters."""

    REJECT = "R"
    QUARANTINE = "Q"
    CONVERT = "C"  # taken, with the warning to convert it
    WARN = "W"
    ACCEPT = "A"


class Judge(StrEnum):
    """Which surface of paddock has to say it."""

    SCAN = "paddock scan"
    RELEASE = "paddock release"
    VERIFY = "paddock verify"


class Link(NamedTuple):
    """A symbolic link in place of a file."""

    target: str


class Sparse(NamedTuple):
    """A file that is mostly a hole: its first bytes and its whole size."""

    head: bytes
    size_bytes: int


class Program(NamedTuple):
    """A file with the executable bit."""

    content: bytes


Content = bytes | Link | Sparse | Program
Tree = Mapping[str, Content]
Variants = Iterator[tuple[str, Tree]]


@dataclass(frozen=True, slots=True)
class Case:
    """One number of the list, as one function that generates its inputs."""

    number: int  # 1 to 169 are the reference's; those above are our own
    title: str
    expected: Expected
    variants: Callable[[], Variants]
    judge: Judge = Judge.SCAN
    note: str = ""  # what stands in for a feature that this version does not have


class Variant(NamedTuple):
    """A case and one of its inputs."""

    case: Case
    name: str
    tree: Tree

    @property
    def id(self) -> str:
        return f"{self.case.number:03}-{self.name}"


@dataclass(slots=True)
class Family:
    """Cases of one kind, in the order in which they are written down."""

    name: str
    judge: Judge = Judge.SCAN
    cases: list[Case] = field(default_factory=list)

    def case(
        self, number: int, title: str, expected: Expected, note: str = ""
    ) -> Callable[[Callable[[], Variants]], Callable[[], Variants]]:
        """Registers the function below it."""

        def register(variants: Callable[[], Variants]) -> Callable[[], Variants]:
            self.cases.append(Case(number, title, expected, variants, self.judge, note))
            return variants

        return register


def write_tree(folder: Path, tree: Tree) -> Path:
    """The files in ``folder``; what to scan: the file itself where it is alone at the top."""
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target)
        elif isinstance(content, Sparse):
            path.write_bytes(content.head)
            os.truncate(path, content.size_bytes)
        else:
            path.write_bytes(content.content if isinstance(content, Program) else content)
            path.chmod(0o755 if isinstance(content, Program) else 0o644)
    only = next(iter(tree)) if len(tree) == 1 else None
    alone = only is not None and "/" not in only and not isinstance(tree[only], Link)
    return folder / only if only is not None and alone else folder

"""The checks of what files say: tables by the type of file, and across files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason

FILE_CHECKS: tuple[tuple[frozenset[Kind] | None, Callable[[Look], Iterator[Reason]]], ...] = ()
FOLDER_CHECKS: tuple[Callable[[Sequence[Look]], Iterator[Reason]], ...] = ()

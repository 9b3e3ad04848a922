"""A scanner that says what a test wants: files that hold a word are rejected, or worth a look.

The real one has its own tests; what the hub makes of a verdict depends on the verdict alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.report import Reason, Report, ScannedFile
from paddock.hub.scans import scanner

EVIL = b"EVIL: runs something"
NO_JSON = b"VILE: only under a name that ends in .json"
CRASH = b"CRASH: takes its process down"
CONTRADICTS = b"CONTRADICTS: other files of its revision"


class Watched:
    """What was scanned, and how often; ``gate`` holds scans back while it is closed."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def scan(self, entries: Sequence[Entry]) -> Report:
        self.gate.wait(60)
        contents = {entry.path: entry.file.read_bytes() for entry in entries}
        if any(CRASH in content for content in contents.values()):
            return Report(())
        self.names += [path.partition("/")[2] for path in contents]
        files = tuple(
            ScannedFile(path, "text", len(content), tuple(_reasons(path, content)))
            for path, content in contents.items()
        )
        return Report(files)

    def compare(self, entries: Sequence[Entry]) -> tuple[Reason, ...]:
        return tuple(
            Reason("malformed", entry.path, "it is not what the others say")
            for entry in entries
            if CONTRADICTS in entry.file.read_bytes()
        )


def _reasons(path: str, content: bytes) -> Iterator[Reason]:
    if EVIL in content:
        yield Reason("malformed", f"{path}@3", "it says EVIL at byte 3")
    if content == b"SECRET":
        yield Reason("secret", path, "it holds hf_abc")
    if NO_JSON in content and path.endswith(".json"):
        yield Reason("malformed", path, "it is no JSON")


@pytest.fixture(scope="module", autouse=True)
def _scanner() -> Iterator[Watched]:
    watched = Watched()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scanner, "scan", watched.scan)
        patched.setattr(scanner, "compare", watched.compare)
        yield watched


@pytest.fixture(autouse=True)
def scanned(_scanner: Watched) -> Watched:
    """The scanner of this test."""
    _scanner.names.clear()
    _scanner.gate.set()
    return _scanner

"""What a client meant to do and what the server acknowledged, kept outside both.

A line is written before a request is sent (``meant``) and after its answer has arrived
(``acknowledged``, ``uploaded``), each by one system call, so a killed writer leaves whole lines.
Contents follow from names: who checks needs nothing but the journal.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Meant:
    """One commit: the files it adds, with their sizes, and the paths it deletes."""

    title: str
    repo: str
    adds: dict[str, int]
    deletes: list[str] = field(default_factory=list)
    large: bool = False

    def content(self, path: str) -> bytes:
        """Noise when large; text when small, for what looks binary is not kept in git."""
        noise = random.Random(f"{self.title} {path}").randbytes(self.adds[path])
        return noise if self.large else noise.hex().encode()

    def git_blob(self, path: str) -> bytes:
        """What git holds for the file: its bytes, or a pointer to them."""
        content = self.content(path)
        if not self.large:
            return content
        digest = hashlib.sha256(content).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\n"
        return f"{pointer}size {len(content)}\n".encode()


@dataclass
class Story:
    """The journal, read."""

    meant: dict[str, Meant]  # by title
    acknowledged: dict[str, str]  # title -> commit
    uploaded: set[str]  # titles whose bytes were acknowledged before their commit was
    refused: list[str]  # answers that were errors: there should be none


class Journal:
    """Where to write it down."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def meant(self, meant: Meant) -> None:
        self._write({"meant": asdict(meant)})

    def acknowledged(self, title: str, oid: str) -> None:
        self._write({"acknowledged": title, "oid": oid})

    def uploaded(self, title: str) -> None:
        self._write({"uploaded": title})

    def refused(self, what: str) -> None:
        self._write({"refused": what})

    def _write(self, event: dict[str, object]) -> None:
        os.write(self._fd, (json.dumps(event) + "\n").encode())


def read_story(path: Path) -> Story:
    story = Story({}, {}, set(), [])
    for line in path.read_text().splitlines() if path.exists() else []:
        event = json.loads(line)
        if "meant" in event:
            meant = Meant(**event["meant"])
            story.meant[meant.title] = meant
        elif "acknowledged" in event:
            story.acknowledged[event["acknowledged"]] = event["oid"]
        elif "refused" in event:
            story.refused.append(event["refused"])
        else:
            story.uploaded.add(event["uploaded"])
    return story

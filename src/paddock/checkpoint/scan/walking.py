"""The files of a folder, hidden ones too, and what in it is no file.

Looks at names and types, opens nothing. A symbolic link counts as the file that it leads to, inside
the folder or inside the stock client's cache; every other one is refused.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from paddock.checkpoint.safetensors.hf_folder import is_hub_cache
from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.limits import Limits
from paddock.checkpoint.scan.report import Reason, ScannedFile
from paddock.errors import shown

_SPECIAL = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(slots=True)
class Walk:
    """What was found: files to scan, and entries that are refused unread."""

    entries: list[Entry] = field(default_factory=list)
    refused: list[ScannedFile] = field(default_factory=list)

    def refuse(self, code: str, name: str, message: str) -> None:
        reason = Reason(code, name, message)
        self.refused.append(ScannedFile(name, str(Kind.UNKNOWN), 0, (reason,)))


def walk(root: Path, limits: Limits) -> Walk:
    """Everything at and below ``root``; a link given as ``root`` itself is followed."""
    found = Walk()
    resolved = root.resolve()
    if not resolved.is_dir():
        _take(found, resolved, root.name or resolved.name, resolved.parent)
        return found
    pending = [(resolved, "", 0)]
    seen = 0
    while pending:
        folder, prefix, depth = pending.pop()
        if depth > limits.folder_depth:
            found.refuse("too_many_files", prefix, f"folders are over {limits.folder_depth} deep")
            continue
        for name in _names(found, folder, prefix):
            path, shown_name = folder / name, f"{prefix}{printable(name)}"
            seen += 1
            if seen > limits.files:
                message = f"there are over {limits.files} files and folders"
                found.refuse("too_many_files", shown_name, message)
                return found
            if _is_folder(path):
                pending.append((path, f"{shown_name}/", depth + 1))
            else:
                _take(found, path, shown_name, resolved)
    found.entries.sort()
    return found


def _names(found: Walk, folder: Path, prefix: str) -> Iterator[str]:
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - Path.iterdir loses surrogates' order
    except OSError as e:
        found.refuse("unreadable", prefix, f"the folder cannot be read: {e.strerror}")
        return
    yield from names


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False  # what it is instead will be told as of a file


def _take(found: Walk, path: Path, name: str, root: Path) -> None:
    """A file as an entry, anything else as refused."""
    try:
        status = path.lstat()
    except OSError as e:
        found.refuse("unreadable", name, f"it cannot be looked at: {e.strerror}")
        return
    try:
        if stat.S_ISLNK(status.st_mode):
            target = path.resolve(strict=True)
            if not target.is_relative_to(root) and not is_hub_cache(path, root):
                found.refuse("link_out", name, f"it leads to {shown(str(target))}")
                return
            path, status = target, target.lstat()
            if stat.S_ISDIR(status.st_mode):  # what is there is scanned under its own name
                return
    except (OSError, RuntimeError):  # broken, or a circle of links
        found.refuse("link_out", name, "it leads nowhere, or cannot be followed")
        return
    if stat.S_ISREG(status.st_mode):
        found.entries.append(Entry(name, path))
    else:
        what = _SPECIAL.get(stat.S_IFMT(status.st_mode), "no file")
        found.refuse("special_file", name, f"it is {what}")


def printable(name: str) -> str:
    """The name with bytes that are no UTF-8 written as escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

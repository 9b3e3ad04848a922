"""Files as a dictionary, scanned as a folder would be."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.report import Report
from paddock.checkpoint.scan.scanning import scan_entries

Content = bytes | str | dict[str, Any] | list[Any]


def as_bytes(content: Content) -> bytes:
    if isinstance(content, bytes):
        return content
    return (content if isinstance(content, str) else json.dumps(content)).encode()


def scanned(files: Mapping[str, Content]) -> Report:
    """The report on a folder of these files."""
    with tempfile.TemporaryDirectory() as folder:
        entries = []
        for name, content in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(as_bytes(content))
            entries.append(Entry(name, path))
        return scan_entries(entries)


def codes(files: Mapping[str, Content]) -> set[str]:
    """The codes of all reasons."""
    return {reason.code for reason in scanned(files).reasons}

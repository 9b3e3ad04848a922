"""A unified diff as a page shows it: file by file, rows with the line numbers of both sides.

Pure, and bounded: what does not fit is counted and said. Reads the text that the hub's own diffs
are (``hub.discussions.diffs``), where a file has one path on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from paddock.web.files.plain_text import shown_line, shown_name

MAX_ROWS = 5000  # of all files together
_HUNK = re.compile(r"@@ -(\d{1,9})(?:,\d{1,9})? \+(\d{1,9})(?:,\d{1,9})? @@")
_KINDS = {" ": "same", "+": "added", "-": "removed", "\\": "note"}
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = dict(zip(b"abtnvfr", b"\a\b\t\n\v\f\r", strict=True))


class Row(NamedTuple):
    """A line; ``kind`` is same, added, removed or note, and a number is None on the other side."""

    kind: str
    old: int | None
    new: int | None
    text: str

    @property
    def sign(self) -> str:
        return {"added": "+", "removed": "−"}.get(self.kind, "")


class FileDiff(NamedTuple):
    """What changed in a file. ``note`` says in words what rows do not."""

    path: str
    status: str  # added, removed or changed
    hunks: list[list[Row]]
    added: int
    removed: int
    note: str | None
    anchor: str


class DiffView(NamedTuple):
    """All files that are told of; ``note`` says what is left out of the diff as a whole."""

    files: list[FileDiff]
    note: str | None

    @property
    def added(self) -> int:
        return sum(file.added for file in self.files)

    @property
    def removed(self) -> int:
        return sum(file.removed for file in self.files)


def view_diff(text: str, max_rows: int = MAX_ROWS) -> DiffView:
    """The diff as rows, at most ``max_rows`` of them; counts are of all lines."""
    first, _, rest = text.partition("\n")
    note = first[2:] if first.startswith("# ") else None
    parts = [part for part in re.split(r"^(?=diff --git )", rest if note else text, flags=re.M)]
    files = []
    left = max_rows
    for number, part in enumerate(filter(None, parts), 1):
        file = _view_file(part, f"diff-{number}", left)
        left -= sum(map(len, file.hunks))
        files.append(file)
    return DiffView(files, note)


def _view_file(part: str, anchor: str, max_rows: int) -> FileDiff:
    head, hunk_lines = _split(part)
    hunks: list[list[Row]] = []
    added = removed = rows = 0
    for row in _rows(hunk_lines):
        added += row.kind == "added"
        removed += row.kind == "removed"
        if row.kind == "hunk":
            hunks.append([])
        elif rows < max_rows:
            hunks[-1].append(row)
            rows += 1
    note = _note(head)
    if len(hunk_lines) - len(hunks) > rows:
        note = f"only {rows} of {len(hunk_lines) - len(hunks)} lines are shown"
    shown = [hunk for hunk in hunks if hunk]
    return FileDiff(_path(head[0]), _status(head), shown, added, removed, note, anchor)


def _split(part: str) -> tuple[list[str], list[str]]:
    """The lines that say which file, and those of its hunks; only a line feed ends a line."""
    lines = part.removesuffix("\n").split("\n")
    begin = next((n for n, line in enumerate(lines) if line.startswith("@@ ")), len(lines))
    return lines[:begin], lines[begin:]


def _rows(lines: list[str]) -> Iterator[Row]:
    old = new = 0
    for line in lines:
        if found := _HUNK.match(line):
            old, new = int(found[1]), int(found[2])
            yield Row("hunk", None, None, "")
            continue
        kind = _KINDS.get(line[:1], "note")
        text = shown_line(line[1:]).text
        yield Row(
            kind,
            old if kind in {"same", "removed"} else None,
            new if kind in {"same", "added"} else None,
            text,
        )
        old += kind in {"same", "removed"}
        new += kind in {"same", "added"}


def _path(first: str) -> str:
    """Of ``diff --git a/PATH b/PATH``: both halves are as long."""
    names = first.removeprefix("diff --git ")
    half = names[: (len(names) - 1) // 2]
    return shown_name(_unquoted(half).removeprefix("a/"))


def _unquoted(name: str) -> str:
    if not (name.startswith('"') and name.endswith('"') and len(name) > 1):
        return name
    return _ESCAPE.sub(_unescaped, name[1:-1].encode()).decode(errors="replace")


def _unescaped(found: re.Match[bytes]) -> bytes:
    escaped = found[1]
    if len(escaped) == 3:
        return bytes([int(escaped, 8) & 0xFF])
    return bytes([_ESCAPED.get(escaped[0], escaped[0])])


def _status(head: list[str]) -> str:
    if any(line.startswith("new file mode ") for line in head):
        return "added"
    return "removed" if any(line.startswith("deleted file mode ") for line in head) else "changed"


def _note(head: list[str]) -> str | None:
    modes = {line[:8]: line.rpartition(" ")[2] for line in head if line[3:9] == " mode "}
    if "old mode" in modes and "new mode" in modes:
        return f"mode changed from {modes['old mode']} to {modes['new mode']}"
    if any(line.startswith("Binary files ") for line in head):
        return "not shown: binary, withheld, or too long to compare"
    return None

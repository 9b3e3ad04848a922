"""Which files a ``.gitignore`` leaves out.

Pure. The last line that matches decides, ``!`` takes back, and nothing in an ignored folder can be
taken back (gitignore(5)).
"""

from __future__ import annotations

from dataclasses import dataclass

from paddock.hub.patterns import Pattern, parse_pattern

MAX_RULES = 5_000


@dataclass(frozen=True, slots=True)
class Ignores:
    """What a ``.gitignore`` file says."""

    rules: tuple[tuple[Pattern, bool], ...]

    def is_ignored(self, path: str) -> bool:
        """Whether the file, or a folder that it is in, is ignored."""
        names = path.split("/")
        folders = ("/".join(names[:depth]) for depth in range(1, len(names)))
        return any(self._says(folder, is_folder=True) for folder in folders) or self._says(
            path, is_folder=False
        )

    def _says(self, path: str, *, is_folder: bool) -> bool:
        for pattern, ignored in reversed(self.rules):
            if pattern.matches(path, is_folder=is_folder):
                return ignored
        return False


def parse_ignores(text: str) -> Ignores:
    """The rules of a ``.gitignore``."""
    rules = []
    for line in text.splitlines()[:MAX_RULES]:
        glob = line if line.endswith("\\ ") else line.rstrip()
        if not glob or glob.startswith("#"):
            continue
        pattern = parse_pattern(glob.removeprefix("!"))
        if pattern is not None:
            rules.append((pattern, not glob.startswith("!")))
    return Ignores(tuple(rules))

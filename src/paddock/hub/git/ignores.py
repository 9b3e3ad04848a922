"""Which files a ``.gitignore`` leaves out.

Pure. The last line that matches decides, ``!`` takes back, and nothing in an ignored folder can be
taken back (gitignore(5)).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from paddock.hub.git.attributes import BYTE_ORDER_MARK
from paddock.hub.git.patterns import NO_DEADLINE, Pattern, last_match, parse_pattern

MAX_RULES = 5_000
_TRAILING_SPACES = re.compile(r"(?<!\\) +$|(?<=\\ ) +$")  # unless the first is escaped


@dataclass(frozen=True, slots=True)
class Ignores:
    """What a ``.gitignore`` file says."""

    rules: tuple[tuple[Pattern, bool], ...]

    def is_ignored(self, path: str, *, deadline: float = NO_DEADLINE) -> bool:
        """Whether the file, or a folder that it is in, is ignored."""
        names = path.split("/")
        folders = ("/".join(names[:depth]) for depth in range(1, len(names)))
        return any(
            last_match(self.rules, folder, is_folder=True, deadline=deadline) for folder in folders
        ) or bool(last_match(self.rules, path, deadline=deadline))


def parse_ignores(text: str) -> Ignores:
    """The rules of a ``.gitignore``."""
    rules = []
    for line in text.removeprefix(BYTE_ORDER_MARK).split("\n")[:MAX_RULES]:
        glob = _TRAILING_SPACES.sub("", line.removesuffix("\r"))
        if not glob or glob.startswith("#"):
            continue
        pattern = parse_pattern(glob.removeprefix("!"))
        if pattern is not None:
            rules.append((pattern, not glob.startswith("!")))
    return Ignores(tuple(rules))

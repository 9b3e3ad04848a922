"""The release's own .gitattributes: which of its files git keeps as large files.

Pure. The release brings this file, signed like every other, and so overwrites the one that a hub
puts into a new repository. It names every large or binary file that the usual patterns miss, so
that no hub has a reason to edit it.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable

from paddock.large_patterns import LARGE_PATTERNS, large_line

LARGE_FILE_BYTES = 10 << 20  # from here on the Hub stores a file as a large one


def render_attributes(large_paths: Iterable[str]) -> bytes:
    """The usual patterns, then a line for each path that they miss."""
    lines = [large_line(pattern) for pattern in LARGE_PATTERNS]
    for path in sorted(large_paths):
        name = path.rsplit("/", 1)[-1]
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in LARGE_PATTERNS):
            lines.append(large_line(_escaped(path)))
    return "".join(lines).encode()


def _escaped(path: str) -> str:
    """A path as a pattern that means only itself (gitattributes(5))."""
    pattern = re.sub(r"([*?\[\]\\!#\"])", r"\\\1", path).replace(" ", "[[:space:]]")
    return pattern if "/" in path else f"/{pattern}"

"""Names of files inside a release: which are allowed, and which a pattern means.

Pure text. A release path is relative, uses forward slashes, stays inside the folder, and looks the
same to every reader: NFC, no control or direction-changing characters (OMS 1.0 "paths", and the
verifier's rules in docs/releases.md).
"""

from __future__ import annotations

import re
import unicodedata

MAX_NAME_BYTES = 255
MAX_PATH_BYTES = 1024

# Characters that are invisible or change the direction of what follows (Unicode "Bidi_Control",
# zero-width characters, the byte order mark and line separators).
_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def path_problem(path: str) -> str | None:
    """Why ``path`` may not name a file of a release, or None when it may."""
    try:
        encoded = path.encode("utf-8")
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if not path:
        return "its path is empty"
    if len(encoded) > MAX_PATH_BYTES:
        return f"its path is longer than {MAX_PATH_BYTES} bytes"
    if path.startswith("/") or "\\" in path or re.match(r"[A-Za-z]:", path):
        return "its path is not a relative path with forward slashes"
    if any(ord(c) < 32 or ord(c) == 127 for c in path) or _INVISIBLE.search(path):
        return "its name holds control or invisible characters"
    if unicodedata.normalize("NFC", path) != path:
        return "its name is not in Unicode's composed form (NFC)"
    for part in path.split("/"):
        if part in {"", ".", ".."}:
            return "its path has an empty, '.' or '..' component"
        if len(part.encode()) > MAX_NAME_BYTES:
            return f"a name in its path is longer than {MAX_NAME_BYTES} bytes"
    return None


def collision_key(path: str) -> str:
    """Equal for two paths that some file system takes for one (case folding, NFC and NFD)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def glob_problem(pattern: str) -> str | None:
    """Why ``pattern`` may not be used as a pattern of release paths, or None."""
    if len(pattern) > MAX_PATH_BYTES or pattern.count("*") > 16:
        return "the pattern is too complicated"
    return path_problem(pattern.rstrip("/") or "/")


def compile_glob(pattern: str) -> re.Pattern[str]:
    """A matcher of whole paths.

    ``*`` and ``?`` stay within a folder, ``**`` crosses folders, a trailing slash means everything
    below.
    """
    if pattern.endswith("/"):
        pattern += "**"
    parts: list[str] = []
    for token in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", pattern):
        match token:
            case "**/":
                parts.append("(?:.*/)?")
            case "**":
                parts.append(".*")
            case "*":
                parts.append("[^/]*")
            case "?":
                parts.append("[^/]")
            case _:
                parts.append(re.escape(token))
    return re.compile("".join(parts), re.DOTALL)


def matching(pattern: str, paths: list[str]) -> list[str]:
    """The ``paths`` that the pattern means, in their order."""
    matcher = compile_glob(pattern)
    return [path for path in paths if matcher.fullmatch(path)]

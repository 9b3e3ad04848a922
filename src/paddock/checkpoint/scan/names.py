"""Names of files, in a folder or an archive: which lead elsewhere, deceive, or hide one another.

Text in, words out; touches no disk. The file systems of Windows and macOS count too: whoever
downloads may use them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from paddock.checkpoint.scan.limits import MAX_NAME_CHARS
from paddock.checkpoint.scan.report import Reason
from paddock.errors import shown

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file, "Naming conventions".
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_UNPORTABLE = frozenset('<>:"|?*\\')
_DRIVE = re.compile(r"[A-Za-z]:")
_MAX_PART_BYTES = 255


def name_reasons(name: str, place: str) -> Iterator[Reason]:
    """What is wrong with a relative name with /; ``place`` is where to point."""
    if leads_out(name):
        yield Reason("path_escape", place, f"{shown(name)} leads out of its folder")
        return
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for c in name):
        message = f"{shown(name)} holds control or invisible characters"
        yield Reason("odd_name", place, message)
    parts = name.split("/")
    if len(name) > MAX_NAME_CHARS or any(_bytes(part) > _MAX_PART_BYTES for part in parts):
        yield Reason("odd_name", place, f"{shown(name)} is longer than a name may be")
    if any(_RESERVED.match(p) or p.endswith((" ", ".")) or _UNPORTABLE & set(p) for p in parts):
        yield Reason("unportable_name", place, f"{shown(name)} is no name on every system")


def leads_out(name: str) -> bool:
    """Whether a name is absolute, climbs with .., or is no path at all."""
    parts = name.replace("\\", "/").split("/")
    return (
        not name
        or "\0" in name
        or not parts[0]
        or _DRIVE.match(name) is not None
        or any(part in ("", ".", "..") for part in parts)
    )


def collisions(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of different names that are one file where case or Unicode's forms do not count."""
    seen: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            key = folded(path)
            other = seen.setdefault(key, path)
            if other != path:
                yield other, path
                break


def folded(name: str) -> str:
    """The name as a file system may see it that ignores case and Unicode's forms."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


def _bytes(part: str) -> int:
    return len(part.encode("utf-8", "surrogatepass"))

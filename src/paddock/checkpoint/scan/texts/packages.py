"""Lists of packages: whether any would come from elsewhere than the public index.

Knows pip's requirement files and settings, and the pip part of conda's environments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from paddock.checkpoint.scan.documents import text_of, unread
from paddock.checkpoint.scan.kinds import TEXTS, Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.errors import shown

MAX_LIST_BYTES = 2 << 20
MAX_TOLD = 5
_LIST_NAME = re.compile(
    r"(?i)(?:.*requirements?.*|constraints?.*|packages?|deps)\.(?:txt|in|pip|lock)"
    r"|environment.*\.ya?ml|conda.*\.ya?ml|pip\.(?:conf|ini)|pipfile"
)
_SETTING = re.compile(
    r"(?i)(?:--?)?(?:index-url|extra-index-url|find-links|trusted-host|i|f|url)\b[\s=:\"']+(\S+)"
)
_SHORT = re.compile(r"-[if]\s*\S+|--?(?:index-url|extra-index-url|find-links|trusted-host)\b")
_SOURCE = re.compile(r"(?i)(?:git|hg|svn|bzr)\+\S+|(?:https?|ftp|file|ssh)://\S+|@\s*(?:\S+://\S+)")
_INCLUDE = re.compile(r"(?:-[rce]|--(?:requirement|constraint|editable))[\s=]+(\S+)")
# Indexes that everyone uses: PyPI's own, and PyTorch's builds for each CUDA.
_PUBLIC = re.compile(
    r"(?i)https://(?:pypi\.org/simple|pypi\.python\.org/simple|download\.pytorch\.org/whl)[/\w.]*"
)


def check_packages(look: Look) -> Iterator[Reason]:
    """Lines of a package list that fetch from elsewhere."""
    if not _LIST_NAME.fullmatch(look.basename) or look.kind not in TEXTS or look.kind is Kind.JSON:
        return
    is_settings = look.basename.lower().startswith("pip")
    told = 0
    yield from unread(look, MAX_LIST_BYTES)
    for line in text_of(look, MAX_LIST_BYTES).splitlines():
        found = _foreign(line.strip().removeprefix("- ").strip("\"' "), is_settings)
        if found:
            told += 1
            yield Reason("foreign_packages", look.name, f"a package comes from {shown(found)}")
        if told == MAX_TOLD:
            return


def _foreign(line: str, is_settings: bool) -> str | None:
    """Where the line fetches from, if that is not the public index."""
    line = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
    if not line or len(line) > 4000:
        return line[:80] or None
    rest = _PUBLIC.sub("", line)
    if _SHORT.match(line) or (is_settings and _SETTING.match(line)):
        return line if _is_address(rest) else None
    include = _INCLUDE.match(line)
    if include and ("://" in include[1] or ".." in include[1] or include[1].startswith("/")):
        return include[1]
    source = _SOURCE.search(rest)
    return source[0] if source else None


def _is_address(rest: str) -> bool:
    """Whether an option still names something once public indexes are taken out."""
    return bool(re.search(r"[\s=:\"'][^\s=\"']*\w", rest))

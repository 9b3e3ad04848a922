"""What a command's target names: a path on this machine, or a repository of a hub.

A path that exists wins. Asks no hub.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_REPOSITORY = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,95}/[0-9A-Za-z][0-9A-Za-z._-]{0,95}")


class RepositoryTarget(NamedTuple):
    """``namespace/name`` and, where the user gave one, a revision."""

    repo: str
    revision: str | None


def is_repo_id(text: str) -> bool:
    """Whether ``text`` is ``namespace/name``."""
    return _REPOSITORY.fullmatch(text) is not None and ".." not in text and "--" not in text


def path_exists(target: str | Path) -> bool:
    """Whether there is such a path; no error for a name that no file system takes."""
    try:
        return Path(target).exists()
    except (OSError, ValueError):  # too long; a NUL
        return False


def repository_in(target: str) -> RepositoryTarget | None:
    """The repository, when ``target`` is ``namespace/name`` or ``namespace/name@revision``."""
    repo, _, revision = target.partition("@")
    if not is_repo_id(repo) or path_exists(target):
        return None
    return RepositoryTarget(repo, revision or None)

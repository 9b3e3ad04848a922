"""Git's own settings among the files: which of them make git run a program.

Knows the keys that git-config(1) and gitmodules(5) call commands. What git-lfs writes for itself is
known and harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from paddock.checkpoint.scan.documents import text_of, unread
from paddock.checkpoint.scan.kinds import TEXTS
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.errors import shown

MAX_SETTINGS_BYTES = 1 << 20
MAX_TOLD = 5
_FILES = re.compile(r"(?i)(?:.*/)?(?:\.git/(?:.*/)?config(?:\.worktree)?|\.gitconfig|\.gitmodules)")
_SETTING = re.compile(r"\s*([\w.-]+)\s*=\s*(.*)")
_ALWAYS = frozenset((
    "sshcommand", "hookspath", "askpass", "gitproxy", "textconv", "packobjectshook", "uploadpack",
    "receivepack", "external", "defaultkeycommand", "vcs",
))  # fmt: skip
_COMMANDS = frozenset((
    "clean", "smudge", "process", "driver", "cmd", "helper", "program", "editor", "pager",
))  # fmt: skip
_LFS = re.compile(r"git[ -]lfs [\w -]+(?:%f)?")
_SECTION = re.compile(r"\s*\[\s*([\w.-]+)")


def check_git_settings(look: Look) -> Iterator[Reason]:
    """Settings that run something as soon as somebody uses git in the folder."""
    if look.kind not in TEXTS or not _FILES.fullmatch(look.name.rpartition("!")[2]):
        return
    yield from unread(look, MAX_SETTINGS_BYTES)
    section, told = "", 0
    for line in text_of(look, MAX_SETTINGS_BYTES).splitlines():
        opened = _SECTION.match(line)
        section = opened[1].lower() if opened else section
        found = _SETTING.match(line.rpartition("]")[2] if opened else line)
        if found and told < MAX_TOLD and _runs(section, found[1].lower(), found[2].strip("\"' \t")):
            told += 1
            yield Reason("runs_in_git", look.name, f"it says {shown(line.strip())}")


def _runs(section: str, key: str, value: str) -> bool:
    if section == "submodule":  # gitmodules(5)
        return value.startswith(("-", "!", "/")) or ".." in value.split("/") or "\n" in value
    if section in ("include", "includeif"):
        return True
    if section == "alias":
        return value.startswith("!")
    if key == "fsmonitor":
        return value.lower() not in ("", "true", "false", "0", "1", "yes", "no")
    if key in _COMMANDS:
        return bool(value) and not _LFS.fullmatch(value)
    return key in _ALWAYS and bool(value)

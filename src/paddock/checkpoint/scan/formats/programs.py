"""Files that run: programs, scripts, and what git would run for whoever works in the folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.errors import shown

# What the first bytes are called; anything else of the kind is "a program".
_NAMES = (
    (b"\x7fELF", "a program for Linux (ELF)"),
    (b"MZ", "a program for Windows (PE)"),
    (b"\x00asm", "a WebAssembly module"),
    (b"!<arch>", "a library of object files"),
    (b"\xca\xfe\xba\xbe", "a Java class, or a program for macOS"),
    (b"dex\n", "a program for Android"),
)
_MACH_O = (b"\xfe\xed\xfa", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")
# Settings whose value git runs (git-config(1)), and those that read further settings.
_RUN_BY_GIT = re.compile(
    r"^\s*(fsmonitor|sshCommand|hooksPath|pager|editor|askPass|command|clean|smudge|process|"
    r"textconv|driver|cmd|helper|gitProxy|uploadpack|receivepack|program|path|alternateRefsCommand|"
    r"packObjectsHook|defaultCmd|external|allow)\s*=\s*(.*)$",
    re.IGNORECASE | re.MULTILINE,
)
# Its folder as macOS and Windows find it: in any case, by its short name, with dots behind.
_GIT_FOLDER = re.compile(r"(?i)(?:\.git|git~1)[. ]*")
_ALIAS = re.compile(r"^\s*[\w-]+\s*=\s*[\"']?!(.*)$", re.MULTILINE)
_NO_COMMAND = {"true", "false", "0", "1", ""}


def check_executable(look: Look) -> Iterator[Reason]:
    """Any program, for any machine."""
    what = next((name for start, name in _NAMES if look.head.startswith(start)), "a program")
    if look.head.startswith(_MACH_O):
        what = "a program for macOS (Mach-O)"
    elif look.head[2:4] == b"\r\n":
        what = "compiled Python"
    yield Reason("executable", look.name, f"it is {what}")


def check_script(look: Look) -> Iterator[Reason]:
    """A script for a shell or another interpreter than Python."""
    if "/.git/hooks/" in f"/{look.name}" and look.basename.endswith(".sample"):
        return  # git's own examples, which it does not run
    first = look.head.split(b"\n", 1)[0].decode("utf-8", "replace")
    said = f"it begins with {shown(first)}" if first.startswith("#!") else "it is named as one"
    yield Reason("script", look.name, f"it is a script: {said}")


def check_git_files(look: Look) -> Iterator[Reason]:
    """Hooks and settings in a .git folder, which came along with the files."""
    parts = PurePosixPath(look.name.rpartition("!")[2]).parts
    parts = tuple(".git" if _GIT_FOLDER.fullmatch(part) else part for part in parts)
    if ".git" not in parts[:-1]:
        if look.kind is Kind.GIT_DATA:
            yield Reason("git_data", look.name, "it is an index or a pack of git")
        return
    inside = parts[parts.index(".git") + 1 :]
    if "hooks" in map(str.lower, inside[:-1]) and not look.basename.endswith(".sample"):
        yield Reason("git_hook", look.name, "git runs it when something is committed or fetched")
    elif inside[-1].lower() in ("config", "config.worktree"):
        yield from _check_settings(look)
    elif look.kind is Kind.GIT_DATA or "objects" in inside:
        yield Reason("git_data", look.name, "what it keeps of the history is not looked into")


def _check_settings(look: Look) -> Iterator[Reason]:
    text = look.head.decode("utf-8", "replace").replace("\\\n", "")
    section = ""
    for line in text.splitlines():
        section = line.strip() if line.lstrip().startswith("[") else section
        found = _RUN_BY_GIT.match(line) or (
            _ALIAS.match(line) if section.lower().startswith("[alias") else None
        )
        value = found.group(found.lastindex or 0).strip().strip("\"'") if found else ""
        if found and value.lower() not in _NO_COMMAND:
            yield Reason("git_config", look.name, f"{shown(section)} sets {shown(line.strip())}")

"""Source code, and files that run by themselves: during an installation, in CI, when Python starts.

A model needs none of them, so a person looks at each. Code that hides what it runs needs no look.
Reads names and text; parses no language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from paddock.checkpoint.scan.documents import object_of, text_of, unread
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason

MAX_SOURCE_BYTES = 8 << 20
_STARTED = frozenset(("sitecustomize.py", "usercustomize.py"))
_INSTALLED = frozenset((
    "setup.py", "setup.cfg", "pyproject.toml", "conftest.py", "tox.ini", "noxfile.py", "makefile",
    "gnumakefile", "cmakelists.txt", "jenkinsfile", "vagrantfile", "procfile", "justfile",
    "package.json", "binding.gyp", "build.gradle", "devcontainer.json", "tasks.json", ".envrc",
    ".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml", "docker-compose.yml",
    "docker-compose.yaml", "compose.yaml", "handler.py",
))  # fmt: skip
_INSTALLED_NAME = re.compile(r"(?i)(?:dockerfile|containerfile)(?:\..+)?|.+\.dockerfile")
_WORKFLOW = re.compile(r"(?i)(?:^|/)\.(?:github|circleci|woodpecker|forgejo|gitea)/.+\.ya?ml$")
_SOURCES = frozenset((
    ".py", ".pyw", ".pyi", ".js", ".mjs", ".cjs", ".ts", ".php", ".rb", ".pl", ".lua", ".ps1",
    ".psm1", ".vbs", ".bat", ".cmd", ".sh", ".bash", ".zsh", ".fish", ".c", ".cc", ".cpp", ".cu",
    ".rs", ".go", ".java", ".r", ".jl", ".m", ".scpt", ".hta", ".wsf",
))  # fmt: skip
# A desktop runs these, or goes where they lead, when somebody opens them.
_OPENED = frozenset((
    ".desktop", ".url", ".webloc", ".scf", ".reg", ".inf", ".command", ".applescript", ".service",
    ".library-ms", ".search-ms", ".settingcontent-ms", ".jnlp", ".terminal", ".workflow",
))  # fmt: skip
_DOES = (
    (re.compile(r"\bos\s*\.\s*(?:system|popen|exec\w+|spawn\w+)\s*\("), "runs programs"),
    (re.compile(r"\bsubprocess\b|\bpty\s*\.\s*spawn\b"), "runs programs"),
    (re.compile(r"(?<![\w.])(?:exec|eval|compile|__import__)\s*\("), "runs text as code"),
    (re.compile(r"\b(?:pickle|dill|joblib|marshal|cloudpickle)\s*\.\s*loads?\b"), "loads pickles"),
    (re.compile(r"\bctypes\b|\bcffi\b"), "calls libraries of the system"),
    (
        re.compile(r"\b(?:socket|urllib|requests|httpx|http\.client|ftplib|smtplib)\b"),
        "uses the net",
    ),
)
_RUNS_TEXT = re.compile(r"(?<![\w.])(?:exec|eval|compile|__import__)\s*\(|\bmarshal\s*\.\s*loads")
_UNPACKS = re.compile(
    r"\b(?:b64decode|b32decode|b85decode|a85decode|unhexlify|decompress|rot13|rot_13)\b"
    r"|bytes\s*\.\s*fromhex|marshal\s*\.\s*loads|\[::-1\]\s*\)"
)
_PTH_IMPORT = re.compile(r"(?m)^import[ \t]")


def check_programs(look: Look) -> Iterator[Reason]:
    """What a file is that somebody, or some program, would run."""
    name, path = look.basename.lower(), PurePosixPath(look.basename.lower())
    if name in _STARTED:
        yield Reason("startup_file", look.name, f"Python runs {look.basename} whenever it starts")
    elif path.suffix == ".pth" and look.kind in (Kind.TEXT, Kind.PYTHON):
        yield from unread(look, MAX_SOURCE_BYTES)
        if _PTH_IMPORT.search(text_of(look, MAX_SOURCE_BYTES)):
            yield Reason(
                "startup_file", look.name, f"{look.basename} makes Python import something"
            )
    elif look.kind is Kind.PYTHON or path.suffix in _SOURCES:
        yield from _source(look)
    elif path.suffix in _OPENED:
        yield Reason("program", look.name, f"a desktop runs {look.basename} when it is opened")
    elif _runs_in_a_build(look, name):
        yield Reason(
            "program", look.name, f"{look.basename} runs commands where it is built or tested"
        )


def _source(look: Look) -> Iterator[Reason]:
    if look.kind in (Kind.EMPTY, Kind.SCRIPT):  # the latter is told by its kind
        return
    text = text_of(look, MAX_SOURCE_BYTES)
    if _RUNS_TEXT.search(text) and _UNPACKS.search(text):
        yield Reason(
            "obfuscated_program", look.name, f"{look.basename} unpacks a text and runs it as code"
        )
    does = list(dict.fromkeys(what for pattern, what in _DOES if pattern.search(text)))
    message = f"{look.basename} is source code" + (f" that {', '.join(does)}" if does else "")
    yield Reason("program", look.name, message)


def _runs_in_a_build(look: Look, name: str) -> bool:
    if _WORKFLOW.search(look.name) or _INSTALLED_NAME.fullmatch(name):
        return True
    if name == "package.json":
        return bool(object_of(look).get("scripts"))
    return name in _INSTALLED

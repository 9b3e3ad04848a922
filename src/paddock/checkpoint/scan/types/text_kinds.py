"""Which kind of text a text is.

Its words decide; its name only where words leave it open, and only towards the kind that is looked
at more closely. Never executes, and parses nothing large.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from pathlib import Path

from paddock.checkpoint.scan.kinds import Kind

MAX_PARSED_BYTES = 1 << 20
_BY_SUFFIX = {
    ".json": Kind.JSON,
    ".jsonl": Kind.JSON_LINES,
    ".ipynb": Kind.NOTEBOOK,
    ".py": Kind.PYTHON,
    ".pyi": Kind.PYTHON,
    ".pyw": Kind.PYTHON,
    ".jinja": Kind.JINJA,
    ".jinja2": Kind.JINJA,
    ".j2": Kind.JINJA,
    ".yaml": Kind.YAML,
    ".yml": Kind.YAML,
    ".toml": Kind.TOML,
    ".md": Kind.MARKDOWN,
    ".markdown": Kind.MARKDOWN,
    ".html": Kind.HTML,
    ".htm": Kind.HTML,
    ".xhtml": Kind.HTML,
    ".svg": Kind.SVG,
    ".xml": Kind.XML,
    **dict.fromkeys((".sh", ".bash", ".zsh", ".bat", ".cmd", ".ps1", ".vbs"), Kind.SCRIPT),
}
# Text of these kinds may quote any other; what it quotes does not make it that.
_PROSE = frozenset({Kind.MARKDOWN, Kind.JSON_LINES, Kind.HTML})
_LFS = "version https://git-lfs.github.com/spec/"
_MAX_LFS_BYTES = 1024  # git-lfs, docs/spec.md, "The Pointer"
_MARKUP = re.compile(r"<(!doctype\s+html|html|head|body|script|iframe)[\s>]", re.IGNORECASE)
_SVG = re.compile(r"<(\w+:)?svg[\s>]")
_JINJA = re.compile(r"\{%-?\s*(for|if|set|macro|import|include|extends|from|generation)\b")
_IMPORT = re.compile(r"^\s*(import\s+\w|from\s+[\w.]+\s+import\b|def\s+\w+\s*\(|class\s+\w+)", re.M)
_RANK = re.compile(r"[A-Za-z0-9+/]+={0,2} \d+")
_OBJECT = re.compile(r'\{\s*(["}]|$)')
_SECTION = re.compile(r"\[[\w .-]+\]\s*\n|\[\[[A-Za-z_][\w.-]*\]\]\s*\n\s*[\w.-]+\s*=")
_ARRAY = re.compile(r"\[\s*([{\[\"\]\-0-9]|true\b|false\b|null\b|$)")


def text_kind(file: Path, head: str, size_bytes: int, name: str) -> Kind:
    """The kind of a text of which ``head`` is the beginning."""
    text = head.removeprefix("\ufeff")
    named = _BY_SUFFIX.get(Path(name).suffix.lower())
    if text.startswith(_LFS) and size_bytes <= _MAX_LFS_BYTES:
        return Kind.LFS_POINTER
    if text.startswith("#!"):
        return Kind.PYTHON if "python" in text.partition("\n")[0] else Kind.SCRIPT
    start = text.lstrip()
    if _OBJECT.match(start) or _ARRAY.match(start):
        found = _json_kind(start, named)
        if found:
            return found
    if named in _PROSE:
        return named
    return _marked_kind(start) or _code_kind(file, start, size_bytes, named) or named or Kind.TEXT


def _json_kind(start: str, named: Kind | None) -> Kind | None:
    """JSON, several of it, or a notebook; None for TOML, INI and templates that begin so too."""
    if named in (Kind.TOML, Kind.JINJA, Kind.YAML, Kind.MARKDOWN):
        return None
    if named is Kind.NOTEBOOK or ('"cells"' in start and '"cell_type"' in start):
        return Kind.NOTEBOOK
    first, newline, rest = start.partition("\n")
    if newline and rest.strip():
        try:
            json.loads(first)
            return Kind.JSON_LINES
        except (ValueError, RecursionError):
            pass
    if start.startswith("[") and _SECTION.match(start):
        return None  # a section of TOML or INI, or one of several as in lock files
    return Kind.JSON


def _marked_kind(start: str) -> Kind | None:
    beginning = start[:4096]
    if _SVG.search(beginning):
        return Kind.SVG
    if _MARKUP.search(beginning):
        return Kind.HTML
    if start.startswith("<?xml"):
        return Kind.XML
    lines = start[:2048].split("\n")[:-1]
    if len(lines) > 1 and all(_RANK.fullmatch(line.rstrip("\r")) for line in lines):
        return Kind.TIKTOKEN
    return Kind.YAML if start.startswith("%YAML") or "!!python/" in start else None


def _code_kind(file: Path, start: str, size_bytes: int, named: Kind | None) -> Kind | None:
    if named in (None, Kind.TEXT, Kind.JINJA) and _JINJA.search(start):
        return Kind.JINJA
    if named is None and size_bytes <= MAX_PARSED_BYTES and _IMPORT.search(start):
        return Kind.PYTHON if _is_python(file) else None
    return None


def _is_python(file: Path) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
        return False
    return True

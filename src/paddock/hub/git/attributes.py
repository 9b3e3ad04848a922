"""Which files git should hold as pointers: ``.gitattributes``, its defaults and its rules.

Pure. Knows the Hub's default patterns and that the last matching line wins; the matching itself is
``patterns``'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from paddock.hub.git.patterns import NO_DEADLINE, Pattern, last_match, parse_pattern
from paddock.hub.types import Kind
from paddock.large_patterns import LARGE_PATTERNS, large_line

MAX_RULES = 5_000
BYTE_ORDER_MARK = "\ufeff"  # as some editors begin a file; git passes over it

_BLANK = " \t\r"  # and nothing else, whatever Unicode takes for space
_WORD = re.compile(f"[^{_BLANK}]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_MACRO = "[attr]"

# What the Hub adds for a new dataset.
_DATASETS = (
    "*.lz4 *.mds "
    "*.pcm *.sam *.raw *.aac *.flac *.mp3 *.ogg *.wav "  # audio
    "*.bmp *.gif *.png *.tiff *.jpg *.jpeg *.webp "  # images
    "*.mp4 *.webm"  # video
)


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a ``.gitattributes`` file says about large files."""

    rules: tuple[tuple[Pattern, bool], ...]

    def is_large(self, path: str, *, deadline: float = NO_DEADLINE) -> bool:
        """Whether the last line that matches the path and speaks of filters says ``filter=lfs``."""
        return last_match(self.rules, path, deadline=deadline) or False


def default_attributes(kind: Kind) -> str:
    """The ``.gitattributes`` of a new repository."""
    more = _DATASETS.split() if kind is Kind.DATASET else []
    return "".join(map(large_line, [*LARGE_PATTERNS, *more]))


def parse_attributes(text: str) -> Attributes:
    """The lines that set or unset a filter, by themselves or by a macro (gitattributes(5))."""
    rules = []
    macros: dict[str, bool] = {}
    for line in text.removeprefix(BYTE_ORDER_MARK).split("\n")[:MAX_RULES]:
        glob, settings = _cut(line.lstrip(_BLANK))
        verdicts = [v for v in (_verdict(word, macros) for word in settings) if v is not None]
        if glob.startswith(_MACRO):
            macros |= {glob.removeprefix(_MACRO): verdict for verdict in verdicts[-1:]}
        elif glob and verdicts and not glob.startswith(("#", "!")):
            pattern = parse_pattern(glob)
            if pattern is not None:
                rules.append((pattern, verdicts[-1]))
    return Attributes(tuple(rules))


def _cut(line: str) -> tuple[str, list[str]]:
    """The pattern, without the quotes that let it hold blanks, and the words behind it."""
    if quoted := _QUOTED.match(line):
        return re.sub(r"\\(.)", r"\1", quoted[1]), _WORD.findall(line[quoted.end() :])
    glob, *settings = _WORD.findall(line) or [""]
    return glob, settings


def _verdict(setting: str, macros: dict[str, bool]) -> bool | None:
    """Whether a setting makes files large; None when it is not about filters."""
    name, _, value = setting.partition("=")
    if (bare := name.lstrip("-!")) != "filter":
        # A macro that is unset is as if no line before had set it.
        return macros.get(setting) if bare == name or bare not in macros else False
    return name == "filter" and value == "lfs"

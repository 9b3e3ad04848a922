"""Which files git should hold as pointers: ``.gitattributes``, its defaults and its rules.

Pure. Knows the Hub's default patterns and that the last matching line wins; the matching itself is
``patterns``'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from paddock.hub.git.patterns import NO_DEADLINE, Pattern, last_match, parse_pattern
from paddock.hub.types import Kind
from paddock.large_patterns import LARGE_PATTERNS, large_line

MAX_RULES = 5_000

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
    """The lines that set or unset a filter; everything else, macros too, says nothing to us."""
    rules = []
    for line in text.splitlines()[:MAX_RULES]:
        glob, *settings = line.split() or ["#"]
        if glob.startswith(("#", "!", "[attr]")):
            continue
        pattern = parse_pattern(glob.strip('"'))
        verdicts = [verdict for verdict in map(_verdict, settings) if verdict is not None]
        if pattern is not None and verdicts:
            rules.append((pattern, verdicts[-1]))
    return Attributes(tuple(rules))


def _verdict(setting: str) -> bool | None:
    """Whether a setting makes files large; None when it is not about filters."""
    name, _, value = setting.partition("=")
    if name.lstrip("-!") != "filter":
        return None
    return name == "filter" and value == "lfs"

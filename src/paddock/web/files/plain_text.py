"""Text of strangers as it may stand on a page: every character that hides or reorders is named.

Pure. A mark that lets text run from right to left makes code read otherwise than it runs (Boucher
and Anderson, "Trojan Source", 2021), and a control character is seen by nobody; both are shown by
their number. Escaping for HTML is the template's.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LINE_CHARS = 4000
_HIDDEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_WHITE = {9: "[U+0009]", 10: "[U+000A]"}


class Shown(NamedTuple):
    """A line that can be looked at, and whether something was in it that cannot."""

    text: str
    has_hidden: bool


def shown_line(line: str) -> Shown:
    """One line without its end; a very long one is cut, and says so."""
    line = line.removesuffix("\n").removesuffix("\r")
    if len(line) > MAX_LINE_CHARS:
        more = len(line) - MAX_LINE_CHARS
        line = f"{line[:MAX_LINE_CHARS]} … ({more} more characters)"
    text = _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", line)
    return Shown(text, text != line)


def shown_name(name: str) -> str:
    """A file's name or path on one line."""
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", name).translate(_WHITE)

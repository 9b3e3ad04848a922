"""What people write into forms: bounded, and fit to be kept and shown.

Pure. Control characters say nothing to a reader and confuse terminals and tables; NUL and lone
surrogates cannot be kept by a database or sent as UTF-8 at all.
"""

from __future__ import annotations

import unicodedata

from paddock.errors import BadInput, shown

_ALLOWED_CONTROLS = frozenset("\n\t")


def check_line(what: str, text: str, most: int, *, least: int = 0) -> str:
    """One line, without the space around it; raises BadInput."""
    return _checked(what, " ".join(text.split()), most, least)


def check_lines(what: str, text: str, most: int, *, least: int = 0) -> str:
    """Any number of lines, ended by ``\\n``; raises BadInput."""
    return _checked(what, text.replace("\r\n", "\n").replace("\r", "\n").strip(), most, least)


def _checked(what: str, text: str, most: int, least: int) -> str:
    if not least <= len(text) <= most:
        bounds = f"at most {most}" if not least else f"{least} to {most}"
        raise BadInput(f"{what} has {len(text)} characters", hint=f"use {bounds}")
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in _ALLOWED_CONTROLS:
            raise BadInput(f"{what} holds a character that cannot be shown: {shown(character)}")
    return text

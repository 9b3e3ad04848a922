"""Text that no terminal takes for an order. Knows which characters are more than text.

Each character is looked at alone, so that it does not matter in what pieces a text comes.
"""

from __future__ import annotations

import re
from typing import Final

# C0 but tab and line feed, DEL, C1; and what turns or hides the text around it (Unicode's
# bidirectional controls, line and paragraph separators, tags).
_ORDERS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)
_PICTURES: Final = 0x2400  # "symbol for …" of each C0 character
_DELETE: Final = 0x7F


def clean(text: str) -> str:
    """The text with a visible sign in place of every control character."""
    return _ORDERS.sub(_sign, text)


def _sign(found: re.Match[str]) -> str:
    number = ord(found[0])
    if number < 0x20:
        return chr(_PICTURES + number)
    return "\u2421" if number == _DELETE else "\N{REPLACEMENT CHARACTER}"

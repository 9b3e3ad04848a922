"""Bars of a column's figures, as the coordinates of a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from paddock.hub.previews.answers import Bar

WIDTH: Final = 200
HEIGHT: Final = 48
_GAP: Final = 1.0
_LEAST: Final = 1.0  # of a bar that stands for anything at all


class Drawn(NamedTuple):
    """One bar; ``label`` says what it stands for."""

    x: str
    y: str
    width: str
    height: str
    label: str


def drawn(bars: Sequence[Bar]) -> list[Drawn]:
    """The bars beside each other, as high as they are frequent."""
    most = max((bar.times for bar in bars), default=0)
    if not most:
        return []
    step = WIDTH / len(bars)
    found = []
    for place, bar in enumerate(bars):
        if not bar.times:
            continue
        height = max(_LEAST, HEIGHT * bar.times / most)
        label = f"{bar.low} to {bar.high}: {bar.times}"
        width = max(step - _GAP, step / 2)
        x, y = f"{place * step:.2f}", f"{HEIGHT - height:.2f}"
        found.append(Drawn(x, y, f"{width:.2f}", f"{height:.2f}", label))
    return found

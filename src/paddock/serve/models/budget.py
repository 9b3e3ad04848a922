"""How much memory models may take together, where the operator does not say."""

from __future__ import annotations

from typing import Final

from paddock.engine.free_memory import available_memory_bytes

SHARE: Final = 0.8  # of what is free when the server starts; the rest is for everything else
_WITHOUT_KNOWING: Final = 4 << 30


def default_budget_bytes() -> int:
    """A share of the memory that is free now, on the machine and in the container around us."""
    available = available_memory_bytes()
    return int((_WITHOUT_KNOWING if available is None else available) * SHARE)

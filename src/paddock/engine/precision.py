"""In how many bits a model's matrices are kept: what may be asked for.

One word for every runner; each says by itself which of its own layouts it means (for the runner in
C: ``native/plan``). Norms are always float32.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from paddock.engine.errors import BadPrecision
from paddock.errors import shown


class Precision(StrEnum):
    """How matrices are kept."""

    AUTO = "auto"  # as they are stored; float16 becomes bfloat16
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    INT8 = "int8"  # at most 8 bits: groups of 32 with a scale (Q8_0)
    INT4 = "int4"  # at most 4 bits (Q4_K); embeddings and head 8


PRECISIONS: Final = tuple(precision.value for precision in Precision)


def parse_precision(name: str) -> Precision:
    """The precision of this name; raises BadPrecision."""
    try:
        return Precision(name)
    except ValueError:
        raise BadPrecision(
            f"there is no precision {shown(name)}", hint=f"use one of {', '.join(PRECISIONS)}"
        ) from None

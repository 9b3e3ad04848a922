"""The element types that a tensor of a GGUF file may have.

A table of ids, names and block sizes and nothing else: enough to check a file's layout, also where
paddock cannot decode the numbers. Ids 4, 5, 31-33 and 36-38 once had a meaning and have none now.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

from paddock.checkpoint.dtypes import BLOCKS


class GgmlType(NamedTuple):
    """A type's name, how many elements are stored together, and the bytes that they take."""

    name: str
    elements: int
    size_bytes: int


# ggml.h (enum ggml_type) and ggml-common.h (the block structures).
GGML_TYPES = MappingProxyType(
    {
        0: GgmlType("F32", 1, 4),
        1: GgmlType("F16", 1, 2),
        2: GgmlType("Q4_0", 32, 18),
        3: GgmlType("Q4_1", 32, 20),
        6: GgmlType("Q5_0", 32, 22),
        7: GgmlType("Q5_1", 32, 24),
        8: GgmlType("Q8_0", 32, 34),
        9: GgmlType("Q8_1", 32, 36),
        10: GgmlType("Q2_K", 256, 84),
        11: GgmlType("Q3_K", 256, 110),
        12: GgmlType("Q4_K", 256, 144),
        13: GgmlType("Q5_K", 256, 176),
        14: GgmlType("Q6_K", 256, 210),
        15: GgmlType("Q8_K", 256, 292),
        16: GgmlType("IQ2_XXS", 256, 66),
        17: GgmlType("IQ2_XS", 256, 74),
        18: GgmlType("IQ3_XXS", 256, 98),
        19: GgmlType("IQ1_S", 256, 50),
        20: GgmlType("IQ4_NL", 32, 18),
        21: GgmlType("IQ3_S", 256, 110),
        22: GgmlType("IQ2_S", 256, 82),
        23: GgmlType("IQ4_XS", 256, 136),
        24: GgmlType("I8", 1, 1),
        25: GgmlType("I16", 1, 2),
        26: GgmlType("I32", 1, 4),
        27: GgmlType("I64", 1, 8),
        28: GgmlType("F64", 1, 8),
        29: GgmlType("IQ1_M", 256, 56),
        30: GgmlType("BF16", 1, 2),
        34: GgmlType("TQ1_0", 256, 54),
        35: GgmlType("TQ2_0", 256, 66),
        39: GgmlType("MXFP4", 32, 17),
        40: GgmlType("NVFP4", 64, 36),
        41: GgmlType("Q1_0", 128, 18),
        42: GgmlType("Q2_0", 64, 18),
    }
)
_FLOATS = ("F32", "F16", "BF16", "F64")
TYPE_IDS = MappingProxyType({ggml.name: type_id for type_id, ggml in GGML_TYPES.items()})


def is_readable(name: str) -> bool:
    """Whether paddock can turn elements of this type into numbers."""
    return name in _FLOATS or name in BLOCKS

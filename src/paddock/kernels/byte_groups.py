"""Bytes grouped by four: byte k of every four lies in the k-th group.

Xet's second compression scheme does this before LZ4, since the high bytes of neighbouring weights
are alike. The first groups are one longer where the length is no multiple of four.
"""

from __future__ import annotations

import numpy as np

from paddock.kernels.library import Bytes, library


def grouped(raw: bytes | bytearray | memoryview) -> memoryview:
    """The bytes in four groups."""
    source = np.frombuffer(raw, np.uint8)
    result = np.empty_like(source)
    kernels = library()
    if kernels is not None:
        kernels.group_bytes(source, result)
        return result.data
    at = 0
    for k in range(4):
        group = source[k::4]
        result[at : at + group.size] = group
        at += group.size
    return result.data


def ungrouped(raw: bytes | bytearray | memoryview) -> memoryview:
    """The bytes as they were before ``grouped``."""
    source = np.frombuffer(raw, np.uint8)
    result = np.empty_like(source)
    kernels = library()
    if kernels is not None:
        kernels.ungroup_bytes(source, result)
        return result.data
    at = 0
    for k in range(4):
        group: Bytes = result[k::4]
        group[:] = source[at : at + group.size]
        at += group.size
    return result.data

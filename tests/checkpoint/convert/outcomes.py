"""What conversions are compared by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from paddock.checkpoint.opening import open_checkpoint
from tests.checkpoint.samples import TINY

# Rows of whole blocks, of every type.
WIDE = replace(TINY, dim=256, head_dim=64, ffn_dim=512, vocab_size=320)

Weights = dict[str, tuple[str, tuple[int, ...], bytes]]


def weights_of(path: Path) -> Weights:
    """Every tensor as it is: type, shape, bytes."""
    return {t.name: (t.dtype, t.shape, bytes(t.read())) for t in open_checkpoint(path).tensors}


def names_in(folder: Path) -> set[str]:
    """Every file below a folder."""
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}

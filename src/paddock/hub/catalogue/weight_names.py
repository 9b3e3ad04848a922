"""Which files of a revision are the model's weights, by their names.

Pure. The whole file counts where there is one; else its shards, as the stock libraries name them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from paddock.hub.types import FileEntry

MAX_SHARDS = 1000
_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_WHOLE = "model.safetensors"


def is_weights(path: str) -> bool:
    """Whether a file of this name can be among them."""
    return path == _WHOLE or _SHARD.fullmatch(path) is not None


def chosen_weights(entries: Sequence[FileEntry]) -> list[FileEntry]:
    """The files that make up the model; none when they are more than any honest model has."""
    chosen = [entry for entry in entries if entry.path == _WHOLE]
    chosen = chosen or [entry for entry in entries if _SHARD.fullmatch(entry.path)]
    return chosen if len(chosen) <= MAX_SHARDS else []

"""A checkpoint written anew: other tensors and settings, everything else byte for byte.

The tensors are streamed; files that no step changes are linked or copied. Shards are as large as
Hugging Face's, since what was in which file no longer means anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paddock.checkpoint.safetensors.hf_folder import CONFIG, INDEX, weight_files
from paddock.checkpoint.safetensors.writing import (
    DEFAULT_SHARD_BYTES,
    in_file_order,
    plan_shards,
    render_index,
    shard_names,
    write_file,
)
from paddock.checkpoint.tensors import Tensor
from paddock.release.files.copying import copy_files
from paddock.release.files.folder import list_folder
from paddock.release.files.reading import opened_folder


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What a step makes of a checkpoint."""

    tensors: Sequence[Tensor]
    config: Mapping[str, Any] = field(default_factory=dict)  # keys of config.json that change
    files: Mapping[str, bytes] = field(default_factory=dict)  # files with other content
    gone: frozenset[str] = frozenset()  # files that no longer fit


def write_checkpoint(source: Path, folder: Path, made: Rewritten, config: dict[str, Any]) -> None:
    """Write ``made`` to ``folder``; ``config`` is the source's config.json."""
    shards = [in_file_order(shard) for shard in plan_shards(made.tensors, DEFAULT_SHARD_BYTES)]
    for name, shard in zip(shard_names(len(shards)), shards, strict=True):
        write_file(folder / name, shard)
    if len(shards) > 1:
        (folder / INDEX).write_bytes(render_index(shards))
    if made.config:
        text = json.dumps({**config, **made.config}, indent=2, ensure_ascii=False)
        (folder / CONFIG).write_bytes(text.encode() + b"\n")
    for name, content in made.files.items():
        (folder / name).write_bytes(content)
    written = {path.name for path in folder.iterdir()}
    weights = {path.name for path in weight_files(source)} | {INDEX}
    with opened_folder(source) as source_fd:
        staying = set(list_folder(source_fd).files) - written - weights - made.gone
        copy_files(source_fd, sorted(staying), folder, may_link=True)

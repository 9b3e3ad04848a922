"""A Hugging Face folder whose weights are pickles: ``pytorch_model.bin``, or an index and shards.

The index keeps the rules of safetensors' (``hf_folder``); each shard is a file of ``torch.save``.
"""

from __future__ import annotations

from pathlib import Path

from paddock.checkpoint.pytorch.reading import read_torch_file
from paddock.checkpoint.safetensors.hf_folder import Layout, weight_files
from paddock.checkpoint.tensors import Tensor

SINGLE = "pytorch_model.bin"
INDEX = "pytorch_model.bin.index.json"


def _open(path: Path) -> tuple[Tensor, ...]:
    return read_torch_file(path).tensors


LAYOUT = Layout(SINGLE, INDEX, ".bin", _open)


def ignored_in(folder: Path) -> tuple[str, ...]:
    """What the files hold beside the weights, by name."""
    return tuple(
        name for path in weight_files(folder, LAYOUT) for name in read_torch_file(path).ignored
    )

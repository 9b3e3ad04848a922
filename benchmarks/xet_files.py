"""The files that Xet is measured with: noise, weights, and what becomes of both over time.

Every file is the same each time it is made, noise from the system excepted. Weights are a
checkpoint in TinyLlama's shape (as many layers as the size wants) in bfloat16.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from benchmarks.llama_shaped import write_checkpoint
from paddock.checkpoint.safetensors.reading import Entry, read_header
from paddock.checkpoint.shape.config import LlamaConfig

EDITS, EDIT_BYTES, INSERTED = 20, 100_000, b"inserted"
_PIECE_BYTES = 1 << 24
_LEARNING_STEP = np.float32(1e-4)  # of weights that are 0.02 large


def shape_of(size_bytes: int) -> LlamaConfig:
    """TinyLlama's shape, or an eighth of its width below 400 MB, with layers for the size."""
    narrower = 1 if size_bytes >= 400_000_000 else 8
    config = LlamaConfig(
        dim=2048 // narrower, layers=1, heads=32 // narrower, kv_heads=4 // min(narrower, 4),
        head_dim=64, ffn_dim=5632 // narrower, vocab_size=32_000 // narrower, context=2048,
        rope_theta=10000.0,
    )  # fmt: skip
    layer_bytes = 2 * (replace(config, layers=2).parameter_count() - config.parameter_count())
    rest = size_bytes - 2 * config.parameter_count()
    return replace(config, layers=1 + max(0, round(rest / layer_bytes)))


def write_weights(folder: Path, size_bytes: int) -> Path:
    """A Hugging Face folder with a checkpoint of about this size; gives its one file."""
    write_checkpoint(folder, shape_of(size_bytes))
    (path,) = folder.glob("*.safetensors")
    return path


def write_next_version(path: Path, target: Path) -> None:
    """A copy with 20 other stretches of 100 kB and 8 bytes more, at a third of its length.

    A file below 20 MB has shorter stretches: a tenth of it changes at most.
    """
    chosen, size_bytes = random.Random(7), path.stat().st_size
    edit_bytes = min(EDIT_BYTES, size_bytes // (10 * EDITS))
    with path.open("rb") as source, target.open("wb") as file:
        third = size_bytes // 3
        _copy(source, file, third)
        file.write(INSERTED)
        _copy(source, file, size_bytes - third)
        for _ in range(EDITS):
            file.seek(chosen.randrange(size_bytes - edit_bytes))
            file.write(chosen.randbytes(edit_bytes))


def write_fine_tune(path: Path, target: Path, share: float) -> int:
    """A copy in which so many of the tensors were trained on; gives their bytes.

    They are matrices, spread evenly over the file.
    """
    shutil.copyfile(path, target)
    entries = read_header(path).entries
    count = max(1, round(len(entries) * share))
    large = [entry for entry in entries if len(entry.shape) > 1]
    chosen = [large[(2 * at + 1) * len(large) // (2 * count)] for at in range(count)]
    train(target, chosen, seed=1)
    return sum(entry.end - entry.start for entry in chosen)


def write_quantised(folder: Path, target: Path) -> None:
    """The checkpoint in Q8_0, by ``paddock convert``."""
    command = [sys.executable, "-m", "paddock", "convert", folder, target, "--to", "gguf"]
    subprocess.run([*command, "--quant", "q8_0"], check=True, stdout=subprocess.DEVNULL)


def checkpoints(path: Path, count: int) -> Iterator[Path]:
    """So many states of one training run, each in ``path``'s place when it is given.

    The run tunes the upper half of the layers, every weight of which moves a little from one
    checkpoint to the next; embeddings and the lower half are frozen.
    """
    layers = 1 + max(_layer_of(entry) for entry in read_header(path).entries)
    for number in range(count):
        if number:
            entries = read_header(path).entries
            train(path, [e for e in entries if _layer_of(e) >= layers // 2], seed=number)
        yield path


def train(path: Path, entries: list[Entry], seed: int) -> None:
    """Move every weight of these bfloat16 tensors a little, in the file itself."""
    noise = np.random.default_rng(seed)
    with path.open("r+b") as file:
        for entry in entries:
            for start in range(entry.start, entry.end, _PIECE_BYTES):
                file.seek(start)
                words = np.frombuffer(file.read(min(_PIECE_BYTES, entry.end - start)), "<u2")
                values = (words.astype(np.uint32) << np.uint32(16)).view(np.float32)
                values += _LEARNING_STEP * noise.standard_normal(len(values), np.float32)
                rounded = values.view(np.uint32) + np.uint32(0x8000)  # to the nearest
                file.seek(start)
                file.write((rounded >> np.uint32(16)).astype("<u2").tobytes())


def _layer_of(entry: Entry) -> int:
    """The number in ``model.layers.3.…``; -1 for what is in no layer."""
    return next((int(part) for part in entry.name.split(".") if part.isdecimal()), -1)


def _copy(source: BinaryIO, target: BinaryIO, size_bytes: int) -> None:
    while size_bytes:
        size_bytes -= target.write(source.read(min(_PIECE_BYTES, size_bytes)))

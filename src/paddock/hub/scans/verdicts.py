"""What a file's own bytes say about loading it.

Reads with our own bounded readers; nothing in a file is ever run. Knows three answers: ``safe``,
there is nothing in it but numbers; ``unsafe``, it would do something else than load numbers;
``suspicious``, it could, and we cannot tell. A doubt is never ``safe``.
"""

from __future__ import annotations

import pickletools
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from paddock.checkpoint.errors import BadCheckpoint, BadPickle
from paddock.checkpoint.pytorch.zip_file import read_torch_file
from paddock.checkpoint.safetensors import reading

SAFE, SUSPICIOUS, UNSAFE = "safe", "suspicious", "unsafe"
_TORCH = frozenset({".bin", ".ckpt", ".pt", ".pth"})
_PICKLES = frozenset({".dill", ".joblib", ".pickle", ".pkl"})
_MAX_REASON_CHARS = 500
_ZIP_START = b"PK\x03\x04"
# A pickle runs as it is read, so what comes before its first broken opcode counts. Those that can
# call or look up something (pickletools names them so):
_RUNNING = frozenset(
    [
        "GLOBAL",
        "STACK_GLOBAL",
        "INST",
        "OBJ",
        "NEWOBJ",
        "NEWOBJ_EX",
        "REDUCE",
        "BUILD",
        "EXT1",
        "EXT2",
        "EXT4",
        "PERSID",
        "BINPERSID",
    ]
)
_LOOKED_AT_BYTES = 1 << 20


class Verdict(NamedTuple):
    """How safe loading a file is, and why."""

    status: str
    reason: str


def is_scanned(path: str) -> bool:
    """Whether files of this name are looked at: those whose loading could run something."""
    return _suffix(path) in _TORCH | _PICKLES | {".safetensors"}


def judge(path: str, file: Path) -> Verdict:
    """The verdict on a file, by its name in the repository and its bytes on disk."""
    suffix = _suffix(path)
    try:
        if suffix == ".safetensors":
            reading.read_header(file)
            return Verdict(SAFE, "safetensors: numbers only, and well-formed")
        if suffix in _TORCH:
            return _judge_torch(file)
    except BadPickle as e:
        return Verdict(UNSAFE, e.message[:_MAX_REASON_CHARS])
    except BadCheckpoint as e:
        status = UNSAFE if suffix == ".safetensors" else SUSPICIOUS
        return Verdict(status, e.message[:_MAX_REASON_CHARS])
    return Verdict(SUSPICIOUS, "a pickle: loading it may run code")


def _judge_torch(file: Path) -> Verdict:
    with file.open("rb") as opened:
        start = opened.read(_LOOKED_AT_BYTES)
    if start.startswith(_ZIP_START):
        read_torch_file(file)
        return Verdict(SAFE, "PyTorch file: its pickle builds tensors and nothing else")
    if _may_run(start):
        return Verdict(SUSPICIOUS, "a pickle of before PyTorch 1.6: loading it may run code")
    return Verdict(SAFE, "neither a pickle nor an archive that holds one")


def _may_run(start: bytes) -> bool:
    """Whether a file that begins so could run something when it is read as a pickle."""
    try:
        return any(opcode.name in _RUNNING for opcode, _, _ in pickletools.genops(start))
    except ValueError as e:
        # No pickle from there on. Anything else that is wrong may be the end of what we looked at.
        return not str(e).endswith("unknown")


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()

"""Files that are of two types, and files whose name promises another type than they are."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import PurePosixPath

from paddock.checkpoint.scan.formats.pickles import check_pickle
from paddock.checkpoint.scan.formats.weights import check_as
from paddock.checkpoint.scan.kinds import TEXTS, Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason

_ZIP_TAIL_BYTES = 22 + (1 << 16)
_END = struct.Struct("<4s4H2LH")
_ZIPS = frozenset(
    {Kind.ZIP, Kind.NPZ, Kind.TORCH_ZIP, Kind.TORCHSCRIPT, Kind.KERAS, Kind.NEMO, Kind.MAR}
)
_RUNS = frozenset({Kind.PICKLE, Kind.TORCH_LEGACY, Kind.EXECUTABLE, Kind.TORCHSCRIPT, Kind.MAR})
_PICKLED = frozenset({Kind.PICKLE, Kind.TORCH_LEGACY, Kind.TORCH_ZIP, Kind.TORCHSCRIPT})
_STREAMS = frozenset({Kind.GZIP, Kind.ZLIB, Kind.BZIP2, Kind.XZ, Kind.ZSTD, Kind.LZ4})

_TEXT_SUFFIXES = (
    *(".json", ".jsonl", ".txt", ".md", ".jinja", ".yaml", ".yml", ".toml", ".csv", ".tsv"),
    *(".py", ".ipynb", ".html", ".svg", ".xml", ".cfg", ".ini"),
)

# What a name promises. Where the types differ, the promise is broken.
_PROMISES: dict[str, frozenset[Kind]] = {
    ".safetensors": frozenset({Kind.SAFETENSORS}),
    ".gguf": frozenset({Kind.GGUF}),
    ".npy": frozenset({Kind.NPY}),
    ".npz": frozenset({Kind.NPZ, Kind.ZIP}),
    ".onnx": frozenset({Kind.ONNX}),
    ".h5": frozenset({Kind.HDF5}),
    ".keras": frozenset({Kind.KERAS}),
    ".parquet": frozenset({Kind.PARQUET}),
    ".pdf": frozenset({Kind.PDF}),
    **dict.fromkeys((".zip", ".whl"), _ZIPS),
    **dict.fromkeys((".tar",), frozenset({Kind.TAR})),
    **dict.fromkeys((".gz", ".tgz"), frozenset({Kind.GZIP})),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp"), frozenset({Kind.IMAGE})),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), _PICKLED | _STREAMS | {Kind.ZIP}),
    **dict.fromkeys((".pt", ".pth", ".ckpt"), _PICKLED | {Kind.TAR}),
    **dict.fromkeys(
        _TEXT_SUFFIXES,
        TEXTS | {Kind.EMPTY},
    ),
}
_VALIDATED = {".safetensors": Kind.SAFETENSORS, ".gguf": Kind.GGUF}


def check_name(look: Look) -> Iterator[Reason]:
    """Whether the file is what its name promises; if weights are promised, why it is none."""
    suffix = PurePosixPath(look.basename).suffix.lower()
    promised = _PROMISES.get(suffix)
    if promised is None or look.kind in promised or look.kind is Kind.LFS_POINTER:
        return
    if suffix in _VALIDATED:
        yield from check_as(look, _VALIDATED[suffix])
    elif Kind.PICKLE in promised and look.kind in TEXTS | {Kind.UNKNOWN} and look.size_bytes:
        yield from check_pickle(look)
    runs = look.kind in _RUNS | _ZIPS or (look.kind is Kind.UNKNOWN and suffix in _VALIDATED)
    if look.kind is Kind.UNKNOWN and not runs:
        return  # which is a reason of its own
    message = f"it is named {suffix} and is {look.kind}"
    yield Reason("disguised" if runs else "wrong_name", look.name, message)


def check_zip_tail(look: Look) -> Iterator[Reason]:
    """Whether a file of another type is a zip archive too: those are read from the end."""
    if look.kind in _ZIPS:
        return
    start = max(0, look.size_bytes - _ZIP_TAIL_BYTES)
    tail = look.read(start, _ZIP_TAIL_BYTES)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if len(tail) - at >= _END.size and _is_end_record(look, tail[at:], start + at):
            yield Reason("polyglot", look.name, f"it is {look.kind} and also a zip archive")
            return
        at = tail.rfind(b"PK\x05\x06", 0, at)


def _is_end_record(look: Look, record: bytes, end_at: int) -> bool:
    """Whether a directory lies right before it, or it is an archive of nothing."""
    _, disk, first_disk, here, count, size, _, comment = _END.unpack_from(record)
    if disk or first_disk or here != count or comment > len(record) - _END.size:
        return False
    if not count:
        return bool(size == 0)
    return look.read(max(0, end_at - size), 4) == b"PK\x01\x02"

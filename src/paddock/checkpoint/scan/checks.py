"""Which checks a file of each type goes through, and how each archive is opened: the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from paddock.checkpoint.scan.archives.inner import Inner
from paddock.checkpoint.scan.archives.streams import STREAMS, open_stream
from paddock.checkpoint.scan.archives.tars import open_tar
from paddock.checkpoint.scan.archives.torch_zips import open_torch_zip
from paddock.checkpoint.scan.archives.utf16 import open_utf16
from paddock.checkpoint.scan.archives.zips import open_zip
from paddock.checkpoint.scan.formats.arrays import check_npy
from paddock.checkpoint.scan.formats.documents import check_image, check_pdf
from paddock.checkpoint.scan.formats.gguf_numbers import check_gguf_numbers
from paddock.checkpoint.scan.formats.hidden_pickles import check_hidden_pickles
from paddock.checkpoint.scan.formats.keras import check_hdf5, check_keras, check_keras_json
from paddock.checkpoint.scan.formats.onnx import check_onnx
from paddock.checkpoint.scan.formats.pickles import check_pickle
from paddock.checkpoint.scan.formats.polyglots import check_name, check_zip_tail
from paddock.checkpoint.scan.formats.programs import (
    check_executable,
    check_git_files,
    check_script,
)
from paddock.checkpoint.scan.formats.recognised import RECOGNISED, check_recognised
from paddock.checkpoint.scan.formats.shards import check_shards
from paddock.checkpoint.scan.formats.tensorflow import check_tensorflow
from paddock.checkpoint.scan.formats.weights import READABLE, check_weights
from paddock.checkpoint.scan.kinds import WEIGHTS, Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.names import collisions
from paddock.checkpoint.scan.report import Reason
from paddock.errors import shown

FileCheck = Callable[[Look], Iterator[Reason]]
FolderCheck = Callable[[Sequence[Look]], Iterator[Reason]]
Opener = Callable[[Look], Iterator[Reason | Inner]]

_PICKLES = frozenset({Kind.PICKLE, Kind.TORCH_LEGACY})
_ZIPS = (Kind.ZIP, Kind.NPZ, Kind.TORCHSCRIPT, Kind.KERAS, Kind.NEMO, Kind.MAR)
# Their bytes are numbers, packed, or followed opcode by opcode already.
_NOT_SEARCHED = WEIGHTS | _PICKLES | STREAMS | {*_ZIPS, Kind.TAR, Kind.SEVEN_ZIP, Kind.RAR}


def check_collisions(looks: Sequence[Look]) -> Iterator[Reason]:
    """Files that are one where case or Unicode's forms do not count."""
    for one, other in collisions(look.name for look in looks):
        yield Reason("name_collision", other, f"{shown(one)} and {shown(other)} are one name")


FILE_CHECKS: tuple[tuple[frozenset[Kind] | None, FileCheck], ...] = (
    (None, check_name),
    (None, check_zip_tail),
    (None, check_git_files),
    (READABLE, check_weights),
    (frozenset({Kind.GGUF}), check_gguf_numbers),
    (_PICKLES, check_pickle),
    (frozenset({Kind.NPY}), check_npy),
    (frozenset({Kind.EXECUTABLE}), check_executable),
    (frozenset({Kind.SCRIPT}), check_script),
    (frozenset({Kind.KERAS}), check_keras),
    (frozenset({Kind.HDF5}), check_hdf5),
    (frozenset({Kind.JSON}), check_keras_json),
    (frozenset({Kind.ONNX}), check_onnx),
    (frozenset({Kind.SAVED_MODEL, Kind.TFLITE}), check_tensorflow),
    (frozenset({Kind.IMAGE}), check_image),
    (frozenset({Kind.PDF}), check_pdf),
    (RECOGNISED, check_recognised),
    (frozenset(Kind) - _NOT_SEARCHED, check_hidden_pickles),
)
FOLDER_CHECKS: tuple[FolderCheck, ...] = (check_shards, check_collisions)
OPENERS: dict[Kind, Opener] = {
    **dict.fromkeys(_ZIPS, open_zip),
    **dict.fromkeys(STREAMS, open_stream),
    Kind.TORCH_ZIP: open_torch_zip,
    Kind.TAR: open_tar,
    Kind.UTF16: open_utf16,
}

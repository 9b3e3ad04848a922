"""What ``torch.save`` wrote before 1.6: five pickles, then raw storages.

Magic number, protocol version, facts about the system, the object, the storages' keys; then, for
each key, eight bytes of length and its elements (torch/serialization.py, ``_legacy_load``). The
file ends exactly where its last storage does.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

from paddock.checkpoint.dtypes import BITS
from paddock.checkpoint.errors import BadPickle
from paddock.checkpoint.pytorch.interpreter import Interpreter
from paddock.checkpoint.pytorch.opcodes import run
from paddock.checkpoint.pytorch.pickle_survey import LEGACY_MAGIC
from paddock.checkpoint.pytorch.state_dict import MAX_PICKLE_BYTES, weights_in
from paddock.checkpoint.pytorch.values import StorageRef, Unreadable
from paddock.checkpoint.pytorch.views import Storage, TorchFile, tensors_of

VERSION = 1001
LEGACY_START = b"\x8a\x0a" + LEGACY_MAGIC.to_bytes(10, "little") + b"."  # after PROTO
_LENGTH_BYTES = 8


def read_legacy(path: Path) -> TorchFile:
    """The file's weights, unread, in the dictionary's order; raises BadPickle."""
    with path.open("rb") as file:
        file_bytes = os.fstat(file.fileno()).st_size
        machine = Interpreter(file.read(MAX_PICKLE_BYTES), path.name)
        _check_preamble(machine)
        weights = weights_in(machine, run(machine))
        keys = run(machine)
        storages = _find_storages(file, machine, keys, file_bytes)
    return TorchFile(tensors_of(path, weights.tensors, storages), weights.ignored)


def _check_preamble(machine: Interpreter) -> None:
    if run(machine) != LEGACY_MAGIC or run(machine) != VERSION:
        raise BadPickle("not_torch", f"{machine.where} is no file of torch.save")
    system = run(machine)
    if type(system) is not dict or system.get("little_endian") is not True:
        raise BadPickle("byteorder", f"{machine.where} was not written little-endian")


def _find_storages(
    file: BinaryIO, machine: Interpreter, keys: Any, file_bytes: int
) -> dict[str, Storage]:
    """Where each storage's elements are; together they are the rest of the file."""
    wanted, where = machine.storages, machine.where
    if type(keys) is not list or any(type(key) is not str for key in keys):
        raise BadPickle("bad_storage", f"{where} does not list its storages")
    if len(keys) != len(wanted) or set(keys) != wanted.keys():
        raise BadPickle("bad_storage", f"{where} lists other storages than its tensors use")
    at, found = machine.at, {}
    for key in keys:
        announced = wanted[key]
        if isinstance(announced, Unreadable):
            raise BadPickle("unsupported_tensor", f"{where} holds {announced.kind} tensors")
        file.seek(at)
        elements = int.from_bytes(file.read(_LENGTH_BYTES), "little", signed=True)
        if elements != announced.elements:
            raise BadPickle("bad_storage", f"{where}: a storage at byte {at} is not as announced")
        found[key] = Storage(at + _LENGTH_BYTES, elements * _item_bytes(announced))
        at = found[key].start + found[key].size_bytes
        if at > file_bytes:
            raise BadPickle("truncated", f"{where} has {file_bytes} bytes, its storages need {at}")
    if at != file_bytes:
        raise BadPickle("trailing_bytes", f"{where}: {file_bytes - at} bytes follow its storages")
    return found


def _item_bytes(storage: StorageRef) -> int:
    return BITS[storage.dtype] // 8 if storage.dtype else 1

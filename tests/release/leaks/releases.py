"""A source with one withheld thing, and releases that may hold it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save, save_file

from paddock.release.leaks.check import check_leaks
from paddock.release.leaks.report import LeakReport
from paddock.release.withholding.withheld import (
    Item,
    Withheld,
    WithheldField,
    WithheldFile,
    WithheldTensor,
)

ROWS, COLUMNS = 96, 128
ITEM = Item("weights.1", "Model parameters (Final)", "match", "safety", "drop", None, "dropped")
Array = NDArray[Any]


def noise(seed: int, shape: tuple[int, ...] = (ROWS, COLUMNS)) -> Array:
    """Weights of random numbers."""
    draw = np.random.Generator(np.random.PCG64(seed))
    return (0.02 * draw.standard_normal(shape)).astype(np.float32)


def secret() -> Array:
    """The withheld tensor."""
    return noise(0)


def source_of(folder: Path, tensors: Mapping[str, Array]) -> Path:
    """A checkpoint in Hugging Face's layout."""
    folder.mkdir(parents=True)
    save_file(plain(tensors), folder / "model.safetensors")
    (folder / "config.json").write_text("{}")
    return folder


def plain(tensors: Mapping[str, Array]) -> dict[str, Array]:
    """As safetensors takes them."""
    return {
        name: np.ascontiguousarray(array if array.dtype != np.float64 else array.astype("f4"))
        for name, array in tensors.items()
    }


def packed(tensors: Mapping[str, Array]) -> bytes:
    """A safetensors file."""
    return bytes(save(plain(tensors)))


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def withholding(array: Array) -> Withheld:
    """The tensor ``secret`` is withheld."""
    tensor = WithheldTensor(ITEM.id, "secret", "F32", array.shape, "drop")
    return Withheld(items=(ITEM,), tensors=(tensor,))


def withholding_file(path: str) -> Withheld:
    """A file is withheld."""
    return Withheld(items=(ITEM,), files=(WithheldFile(ITEM.id, path),))


def withholding_field(path: str, field: str) -> Withheld:
    """A field of a data file is withheld."""
    return Withheld(items=(ITEM,), fields=(WithheldField(ITEM.id, path, field, "drop"),))


def checked(
    folder: Path, files: Mapping[str, bytes], array: Array | None = None, **more: Any
) -> LeakReport:
    """The check of a release of these files, while the tensor is withheld."""
    array = secret() if array is None else array
    source = folder / "source"
    if not source.exists():
        source_of(source, {"secret": array, "open": noise(99)})
    return check_leaks(write(folder / "release", files), source, withholding(array), **more)


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """A folder of these files."""
    for name, content in {"config.json": b"{}", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def statuses(report: LeakReport) -> dict[str, str]:
    """Each condition and whether it is met."""
    assert json.dumps(report.to_json())
    return {check.id: check.status for check in report.checks}

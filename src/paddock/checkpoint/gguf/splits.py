"""A model that was cut into several GGUF files, joined again.

llama.cpp's cut (tools/gguf-split): ``NAME-00001-of-00003.gguf`` and so on; the first file has the
metadata, each says which it is of how many. Joined means: all are there, in one folder, each says
what its name says, and no tensor is in two.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from paddock.checkpoint.errors import BadGguf
from paddock.checkpoint.gguf.layout import GgufTensor
from paddock.checkpoint.gguf.reading import GgufFile, read_gguf
from paddock.checkpoint.gguf.values import integer_at
from paddock.checkpoint.safetensors.hf_folder import inside
from paddock.errors import shown

MAX_SPLITS = 1000
_NUMBER, _COUNT, _TENSORS = "split.no", "split.count", "split.tensors.count"
_NAME = re.compile(r"(?P<stem>.+)-(?P<number>[0-9]{5})-of-(?P<count>[0-9]{5})\.gguf")


def read_joined(path: Path) -> GgufFile:
    """A file, or all the files of the split that it is part of, as if it were one."""
    file = read_gguf(path)
    if integer_at(file.metadata, _COUNT) in (None, 0, 1):
        return file
    parts = [read_gguf(part) for part in _part_paths(path, file)]
    for number, part in enumerate(parts):
        _check_part(part, number, len(parts))
    tensors = _joined(parts)
    announced = integer_at(parts[0].metadata, _TENSORS)
    if announced not in (None, len(tensors)):
        raise BadGguf(
            "split_tensors",
            f"{path.name} announces {announced} tensors, "
            f"its {len(parts)} files hold {len(tensors)}",
        )
    return replace(parts[0], tensors=tensors)


def first_parts(paths: list[Path]) -> list[Path]:
    """Of these files, those that are not the second or a later part of a split."""
    named = [(path, _NAME.fullmatch(path.name)) for path in paths]
    return [path for path, match in named if match is None or int(match["number"]) == 1]


def first_part_of(path: Path) -> Path:
    """The first part of a split, by the name of any; another file is its own first part."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return path
    first = path.with_name(f"{match['stem']}-00001-of-{match['count']}.gguf")
    return first if first.is_file() else path


def _part_paths(path: Path, file: GgufFile) -> list[Path]:
    match = _NAME.fullmatch(path.name)
    count = integer_at(file.metadata, _COUNT)
    if match is None or int(match["count"]) != count:
        raise BadGguf(
            "split_name",
            f"{path.name} is one of {count} parts, but its name does not say so",
            hint="parts are called NAME-00001-of-00003.gguf",
        )
    if not 0 < count <= MAX_SPLITS:
        raise BadGguf("split_count", f"{path.name} is one of {count} parts, over {MAX_SPLITS}")
    names = (f"{match['stem']}-{number:05}-of-{count:05}.gguf" for number in range(1, count + 1))
    return [inside(path.parent, name) for name in names]


def _check_part(part: GgufFile, number: int, count: int) -> None:
    said = integer_at(part.metadata, _NUMBER), integer_at(part.metadata, _COUNT)
    if said != (number, count):
        raise BadGguf(
            "split_number",
            f"{part.path.name} says that it is part {shown(said[0])} of {shown(said[1])}, "
            f"its name {number} of {count} (from 0)",
        )


def _joined(parts: list[GgufFile]) -> tuple[GgufTensor, ...]:
    tensors: dict[str, GgufTensor] = {}
    for part in parts:
        for tensor in part.tensors:
            if tensor.name in tensors:
                raise BadGguf(
                    "duplicate_name",
                    f"{tensor.name!r} is in {tensors[tensor.name].path.name} and {part.path.name}",
                )
            tensors[tensor.name] = tensor
    return tuple(tensors.values())

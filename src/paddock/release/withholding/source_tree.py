"""The source folder as withholding sees it: its files, and the headers of its checkpoint.

Reads names, headers and configurations, no weights. What is hidden or excluded is not seen, because
it never leaves. Names of tensors are Hugging Face's; any architecture is read where the weights are
in Hugging Face's layout, a Llama in every other format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paddock.checkpoint.errors import BadCheckpoint, BadConfig, NotAvailableYet
from paddock.checkpoint.opening import LAYOUTS, Format, Location, locate, read_layout, read_model
from paddock.checkpoint.safetensors.hf_folder import CONFIG, weight_files
from paddock.checkpoint.strict_json import load_object
from paddock.checkpoint.tensors import Tensor
from paddock.checkpoint.tokenizer.files import find_tokenizer
from paddock.release.files.folder import list_folder
from paddock.release.files.paths import matching
from paddock.release.files.reading import opened_folder
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.withholding.architecture import Architecture, TensorShape, architecture_of

_META_FILES = re.compile(r"params\.json|consolidated\.[0-9]+\.pth|checklist\.chk")
_RESULTS_FOLDER = ".eval_results"

State = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class SourceTree:
    """What is in the folder; ``problem`` says why its checkpoint cannot be used."""

    folder: Path
    files: Mapping[str, int]  # bytes, by path
    format: Format | None = None
    weights: frozenset[str] = frozenset()  # the files that the tensors come from, and their index
    architecture: Architecture = Architecture({}, {}, {}, {})  # noqa: RUF009 - frozen and empty
    tensors: tuple[Tensor, ...] = ()
    problem: str | None = None
    states: Mapping[str, State] = field(default_factory=dict)
    odd: tuple[str, ...] = ()  # links, special files and impossible names, a sentence each

    @property
    def is_converted(self) -> bool:
        """Whether the weights have to be brought into Hugging Face's layout to be changed."""
        return self.format is not Format.HUGGING_FACE


def read_source(folder: Path, spec: ReleaseSpec) -> SourceTree:
    """The folder's files that may leave, and its checkpoint."""
    with opened_folder(folder) as root_fd:
        listing = list_folder(root_fd)
    seen = sorted(path for path in listing.files if not is_hidden(path))
    excluded = {p for pattern in spec.artifacts.exclude for p in matching(pattern, seen)}
    files = {path: listing.files[path].size_bytes for path in seen if path not in excluded}
    odd = tuple(p.sentence for p in listing.problems if not is_hidden(p.path))
    try:
        location = locate(folder)
        tensors, config = _checkpoint(location)
        weights = _weights(location)
    except (BadCheckpoint, NotAvailableYet) as e:
        return SourceTree(folder, files, problem=e.message, odd=odd)
    except OSError as e:
        problem = f"the checkpoint cannot be read: {e.strerror or e}"
        return SourceTree(folder, files, problem=problem, odd=odd)
    shapes = (TensorShape(tensor.name, tensor.dtype, tensor.shape) for tensor in tensors)
    architecture = architecture_of(config, shapes)
    return SourceTree(
        folder,
        files,
        location.format,
        weights,
        architecture,
        tensors,
        states={path: state_of(folder / path) for path in files},
        odd=odd,
    )


def state_of(path: Path) -> State:
    """Tells whether a file was written to; another name for the same file changes nothing."""
    status = path.lstat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def is_hidden(path: str) -> bool:
    """Whether a path is hidden, and so never released."""
    parts = path.split("/")
    return parts[0] != _RESULTS_FOLDER and any(part.startswith(".") for part in parts)


def _checkpoint(location: Location) -> tuple[tuple[Tensor, ...], dict[str, Any]]:
    """Tensors and settings; an architecture that paddock cannot run is read as it is."""
    if location.format in LAYOUTS:
        return read_layout(location), load_object(location.folder / CONFIG, BadConfig)
    config, tensors = read_model(location)
    return tensors, config.to_hf_dict()


def _weights(location: Location) -> frozenset[str]:
    folder = location.folder
    if location.format in LAYOUTS:
        return frozenset(
            name
            for layout in LAYOUTS[location.format]
            if layout.is_in(folder)
            for name in (layout.index, *(path.name for path in weight_files(folder, layout)))
        )
    if location.format is Format.META:
        found = {path.name for path in folder.iterdir() if _META_FILES.fullmatch(path.name)}
    elif location.format is Format.GGUF:
        found = {path.name for path in folder.glob("*.gguf")}
    else:
        found = {location.file.name} if location.file else set()
    tokenizer = find_tokenizer(location.tokenizer_place, None)
    return frozenset(found | ({tokenizer.path.name} if tokenizer else set()))

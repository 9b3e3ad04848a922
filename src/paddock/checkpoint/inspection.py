"""What a checkpoint is, told without running it: the facts behind ``paddock inspect``.

Collects; changes and judges nothing. A file that cannot be read safely is an error, a contradiction
between readable files is a problem in the list.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from paddock.checkpoint.chat_template.finding import template_source
from paddock.checkpoint.errors import (
    BadTokenizer,
    TensorMismatch,
    UnsupportedModel,
    disk_failures_in_words,
)
from paddock.checkpoint.gguf.checkpoint import checkpoint_of
from paddock.checkpoint.gguf.layout import GgufTensor
from paddock.checkpoint.gguf.splits import read_joined
from paddock.checkpoint.gguf.values import text_at
from paddock.checkpoint.licence_hints import LicenceHint, licence_hints
from paddock.checkpoint.meta.folder import shard_files
from paddock.checkpoint.numpy_files.npz import read_numpy
from paddock.checkpoint.opening import (
    LAYOUTS,
    Format,
    Location,
    bare_format,
    is_text_part,
    locate,
    read_layout,
    read_model,
)
from paddock.checkpoint.pytorch import bin_folder
from paddock.checkpoint.pytorch.reading import read_torch_file
from paddock.checkpoint.safetensors import hf_folder
from paddock.checkpoint.safetensors.reading import open_tensors
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import shape_problems
from paddock.checkpoint.shape.published import published_name
from paddock.checkpoint.shape.text_part import SEEING
from paddock.checkpoint.tensors import Tensor
from paddock.checkpoint.tokenizer.files import find_tokenizer, load_tokenizer, vocabulary_size

MAX_FILES = 10_000
_DTYPE_NAMES = {"float32": "F32", "bfloat16": "BF16", "float16": "F16"}


class DtypeCount(NamedTuple):
    """How much of a model is stored in one dtype."""

    tensors: int
    parameters: int


class TensorFacts(NamedTuple):
    """A tensor's name, type and size; the type may be one that paddock cannot decode."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    elements: int
    size_bytes: int


class TokenizerFacts(NamedTuple):
    """The tokenizer's file, kind and number of ids."""

    file: str
    kind: str
    vocab_size: int
    has_chat_template: bool


class _Read(NamedTuple):
    """What the weights' own files say."""

    config: LlamaConfig | None
    tensors: tuple[TensorFacts, ...]
    problems: list[str]
    licence: str | None = None
    ignored: tuple[str, ...] = ()


class FileSize(NamedTuple):
    """A file beside the weights, or the weights."""

    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything ``paddock inspect`` says. ``config`` is None for bare tensors."""

    path: str
    format: str
    family: str | None
    published_as: str | None
    config: LlamaConfig | None
    parameters: int
    tensor_bytes: int
    dtypes: dict[str, DtypeCount]
    tensors: tuple[TensorFacts, ...]
    tokenizer: TokenizerFacts | None
    licences: tuple[LicenceHint, ...]
    files: tuple[FileSize, ...]
    problems: tuple[str, ...]
    ignored: tuple[str, ...] = ()  # what a training checkpoint holds beside the weights

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values for JSON."""
        return {
            "path": self.path,
            "format": self.format,
            "family": self.family,
            "published_as": self.published_as,
            "config": asdict(self.config) if self.config else None,
            "parameters": self.parameters,
            "tensor_bytes": self.tensor_bytes,
            "dtypes": {name: count._asdict() for name, count in self.dtypes.items()},
            "tensors": [
                {"name": t.name, "dtype": t.dtype, "shape": list(t.shape)} for t in self.tensors
            ],
            "tokenizer": self.tokenizer._asdict() if self.tokenizer else None,
            "licences": [hint._asdict() for hint in self.licences],
            "files": [file._asdict() for file in self.files],
            "problems": list(self.problems),
            "ignored": list(self.ignored),
        }


def inspect_checkpoint(path: Path) -> Inspection:
    """Look at a checkpoint folder or file; raises where it cannot be read safely."""
    with disk_failures_in_words():
        return _inspect(path, _locate(path))


def _vocabulary_problems(tokenizer: TokenizerFacts | None, config: LlamaConfig | None) -> list[str]:
    if config and tokenizer is None:
        return ["there is no usable tokenizer"]
    if config and tokenizer and tokenizer.vocab_size > config.vocab_size:
        return [
            f"the tokenizer makes ids up to {tokenizer.vocab_size - 1}, "
            f"the model has {config.vocab_size} embeddings"
        ]
    return []


def _inspect(path: Path, location: Location) -> Inspection:
    config, tensors, problems, licence, ignored = _read(location)
    told = [LicenceHint(location.file.name, licence.lower())] if location.file and licence else []
    tokenizer = None
    try:
        tokenizer = _tokenizer_facts(location.tokenizer_place, config)
    except BadTokenizer as e:
        problems.append(e.message)
    problems += _vocabulary_problems(tokenizer, config)
    return Inspection(
        path=str(path),
        format=str(location.format),
        family=config.family if config else None,
        published_as=published_name(config) if config else None,
        config=config,
        parameters=sum(tensor.elements for tensor in tensors),
        tensor_bytes=sum(tensor.size_bytes for tensor in tensors),
        dtypes=count_dtypes(tensors),
        tensors=tensors,
        tokenizer=tokenizer,
        licences=(*told, *licence_hints(location.folder)),
        files=_files(location.folder),
        problems=tuple(problems),
        ignored=ignored,
    )


# What reads one file of tensors, and tells the names of what else is in it.
_BARE: dict[Format, Callable[[Path], tuple[tuple[Tensor, ...], tuple[str, ...]]]] = {
    Format.HUGGING_FACE: lambda path: (open_tensors(path), ()),
    Format.NUMPY: lambda path: (read_numpy(path), ()),
    Format.PYTORCH: read_torch_file,
}


def count_dtypes(tensors: Iterable[Tensor | TensorFacts]) -> dict[str, DtypeCount]:
    """Tensors and parameters by dtype, the largest share first."""
    counts: dict[str, DtypeCount] = {}
    for tensor in tensors:
        count = counts.get(tensor.dtype, DtypeCount(0, 0))
        counts[tensor.dtype] = DtypeCount(count.tensors + 1, count.parameters + tensor.elements)
    return dict(sorted(counts.items(), key=lambda item: -item[1].parameters))


def _locate(path: Path) -> Location:
    """A checkpoint, or one file of tensors that is no part of a known folder."""
    layouts = [layout for several in LAYOUTS.values() for layout in several]
    in_folder = any(path.name in (layout.single, layout.index) for layout in layouts)
    if not path.is_file() or in_folder or path in shard_files(path.parent):
        return locate(path)
    if path.suffix == ".safetensors":
        return Location(Format.HUGGING_FACE, path.parent, path)
    bare = bare_format(path)
    return Location(bare, path.parent, path) if bare else locate(path)


def _read(location: Location) -> _Read:
    """One file of tensors, or a folder without ``config.json``, is tensors and nothing more."""
    if location.format is Format.GGUF and location.file:
        return _read_gguf(location.file)
    if location.format in LAYOUTS:
        if location.file:
            return _bare(*_BARE[location.format](location.file))
        pickled = location.format is Format.PYTORCH
        ignored = bin_folder.ignored_in(location.folder) if pickled else ()
        if not (location.folder / hf_folder.CONFIG).exists():
            return _bare(read_layout(location), ignored)
        config, tensors = read_model(location)
        problems = _config_problems(config, tensors)
        ignored += SEEING if is_text_part(location) else ()
        return _Read(config, _facts(tensors), problems, ignored=ignored)
    config, tensors = read_model(location)
    return _Read(config, _facts(tensors), _config_problems(config, tensors))


def _read_gguf(path: Path) -> _Read:
    """A file whose model or element types are not ours is told as far as it goes."""
    file = read_joined(path)
    licence = text_at(file.metadata, "general.license")
    try:
        config, tensors = checkpoint_of(file)
    except (TensorMismatch, UnsupportedModel) as e:
        facts = tuple(_gguf_facts(tensor) for tensor in file.tensors)
        return _Read(None, facts, [e.message], licence)
    return _Read(config, _facts(tensors), _config_problems(config, tensors), licence)


def _bare(tensors: tuple[Tensor, ...], ignored: tuple[str, ...] = ()) -> _Read:
    problems = ["there is no config.json: only the tensors are known"]
    return _Read(None, _facts(tensors), problems, ignored=ignored)


def _facts(tensors: Iterable[Tensor]) -> tuple[TensorFacts, ...]:
    return tuple(TensorFacts(t.name, t.dtype, t.shape, t.elements, t.size_bytes) for t in tensors)


def _gguf_facts(tensor: GgufTensor) -> TensorFacts:
    elements, size_bytes = math.prod(tensor.shape), tensor.end - tensor.start
    return TensorFacts(tensor.name, tensor.dtype, tensor.shape, elements, size_bytes)


def _config_problems(config: LlamaConfig, tensors: tuple[Tensor, ...]) -> list[str]:
    problems = shape_problems(config, tensors)
    stored = _DTYPE_NAMES[config.dtype]
    counts = count_dtypes(tensors)
    if counts and stored not in counts:
        problems.append(
            f"the configuration says {config.dtype}, the tensors are {', '.join(counts)}"
        )
    for name, token_id in (("bos", config.bos_id), *(("eos", i) for i in config.eos_ids)):
        if token_id is not None and token_id >= config.vocab_size:
            problems.append(
                f"the {name} id {token_id} is outside the vocabulary of {config.vocab_size}"
            )
    return problems


def _tokenizer_facts(place: Path, config: LlamaConfig | None) -> TokenizerFacts | None:
    found = find_tokenizer(place, config.vocab_size if config else None)
    if found is None:
        return None
    size = vocabulary_size(load_tokenizer(found).tokenizer_json)
    has_template = bool(template_source(place))
    return TokenizerFacts(found.path.name, str(found.kind), size, has_template)


def _files(folder: Path) -> tuple[FileSize, ...]:
    found = (path for path in folder.iterdir() if path.is_file())
    named = sorted(FileSize(path.name, path.stat().st_size) for path in found)
    return tuple(named[:MAX_FILES])

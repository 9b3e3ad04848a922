"""A model's files against each other: configuration, tensors, tokenizer, adapter.

For Llamas, whose tensors are known from the configuration; of other architectures only what holds
for all of them. Files are put together by their names in one folder, wherever they lie on disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from paddock.checkpoint.errors import BadCheckpoint, BadConfig, UnsupportedModel
from paddock.checkpoint.safetensors.reading import open_tensors
from paddock.checkpoint.scan.documents import object_of
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.tokenizers.agreement import by_folder, token_ids
from paddock.checkpoint.scan.tokenizers.reading import is_tokenizer_json
from paddock.checkpoint.shape.config import LlamaConfig, parse_hf_config
from paddock.checkpoint.shape.layout import shape_problems
from paddock.checkpoint.shape.text_part import text_tensors
from paddock.checkpoint.tensors import Tensor

MAX_PROBLEMS = 3
_SINGLE, _INDEX = "model.safetensors", "model.safetensors.index.json"
_STORED = {"float32": "F32", "bfloat16": "BF16", "float16": "F16"}
_IMPOSSIBLE = frozenset(("contradiction", "out_of_range"))


def check_consistency(looks: Sequence[Look]) -> Iterator[Reason]:
    """Compare the files of each folder."""
    for files in by_folder(looks).values():
        yield from _check_adapter(files.get("adapter_config.json"))
        look = files.get("config.json")
        if look and "adapter_config.json" not in files:
            yield from _check_model(look, files)


def _check_model(look: Look, files: dict[str, Look]) -> Iterator[Reason]:
    source = object_of(look)
    yield from _check_vocabulary(look, source, files.get("tokenizer.json"))
    try:
        config = parse_hf_config(source)
    except UnsupportedModel:
        return
    except BadConfig as e:
        if e.reason in _IMPOSSIBLE:
            yield Reason("config_mismatch", look.name, e.message)
        return
    tensors = _tensors(files)
    if tensors:
        yield from _check_tensors(look, config, text_tensors(source, tensors))


def _check_tensors(look: Look, config: LlamaConfig, tensors: Sequence[Tensor]) -> Iterator[Reason]:
    problems = shape_problems(config, tensors)
    for problem in problems[:MAX_PROBLEMS]:
        yield Reason("config_mismatch", look.name, problem)
    dtypes = {tensor.dtype for tensor in tensors}
    if _STORED[config.dtype] not in dtypes:
        message = f"the configuration says {config.dtype}, the tensors are {', '.join(dtypes)}"
        yield Reason("dtype_mismatch", look.name, message)


def _tensors(files: dict[str, Look]) -> list[Tensor]:
    """The tensors of the model's own shards; empty when any of them is missing or damaged."""
    index = object_of(files[_INDEX]).get("weight_map") if _INDEX in files else None
    names = sorted(set(map(str, index.values()))) if isinstance(index, dict) else [_SINGLE]
    found: list[Tensor] = []
    for name in names:
        look = files.get(name)
        if look is None or look.kind is not Kind.SAFETENSORS:
            return []
        try:
            found += open_tensors(look.file)
        except BadCheckpoint:
            return []
    return found


def _check_vocabulary(
    look: Look, config: dict[str, Any], tokenizer_look: Look | None
) -> Iterator[Reason]:
    size = config.get("vocab_size")
    tokenizer = object_of(tokenizer_look) if tokenizer_look else {}
    if type(size) is not int or not is_tokenizer_json(tokenizer):
        return
    greatest = max(token_ids(tokenizer).values(), default=-1)
    if greatest >= size:
        message = f"the tokenizer makes ids up to {greatest}, the model has {size} embeddings"
        yield Reason("config_mismatch", look.name, message)


def _check_adapter(look: Look | None) -> Iterator[Reason]:
    if look and not object_of(look).get("base_model_name_or_path"):
        yield Reason("base_unnamed", look.name, "the adapter names no base_model_name_or_path")

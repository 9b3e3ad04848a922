"""Which files a destination has, for every target at once.

One target has the destination to itself. Of several, safetensors is the folder, GGUF files lie in
it, and Meta's layout is its ``original/``, as on the public hub.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from paddock.checkpoint.codecs.casts import PLAIN
from paddock.checkpoint.convert.gguf_files import gguf_types, own_recipe, plan_gguf
from paddock.checkpoint.convert.hugging_face import plan_hugging_face
from paddock.checkpoint.convert.meta_folder import plan_meta
from paddock.checkpoint.convert.model_names import model_name
from paddock.checkpoint.convert.options import GGUF, META, SAFETENSORS, ConvertOptions, is_one_file
from paddock.checkpoint.convert.plan import Files, joined
from paddock.checkpoint.convert.source_texts import SourceTexts
from paddock.checkpoint.dtypes import BLOCKS
from paddock.checkpoint.errors import UnsupportedModel
from paddock.checkpoint.gguf.metadata import About, metadata_of
from paddock.checkpoint.gguf.recipes import RECIPES
from paddock.checkpoint.gguf.values import u32
from paddock.checkpoint.opening import Checkpoint
from paddock.checkpoint.tensors import Tensor

META_FOLDER = "original"
FILE_TYPE = "general.file_type"


def plan_files(
    source: Path,
    checkpoint: Checkpoint,
    tensors: Sequence[Tensor],
    destination: Path,
    options: ConvertOptions,
) -> Files:
    """Every file, named below the destination; ``tensors`` in the order of their bytes."""
    texts = SourceTexts(checkpoint)
    parts = []
    if SAFETENSORS in options.targets:
        parts.append(plan_hugging_face(checkpoint, tensors, texts, options))
    if META in options.targets:
        planned = plan_meta(checkpoint, tensors, texts, options)
        parts.append(planned if options.targets == (META,) else below(META_FOLDER, planned))
    if GGUF in options.targets:
        parts += _gguf_files(source, checkpoint, tensors, texts, destination, options)
    if options.legal and not is_one_file(destination):
        parts.append(Files(small=tuple(texts.legal())))
    _check_types(parts)
    return joined(parts)


def _check_types(parts: Sequence[Files]) -> None:
    """Raise UnsupportedModel for numbers that would have to change and are only carried."""
    for placed in (each for files in parts for file in files.weights for each in file.placed):
        dtype, wanted = placed.tensor.dtype, placed.rendering.dtype
        if dtype != wanted and dtype not in PLAIN and dtype not in BLOCKS:
            raise UnsupportedModel(
                "dtype",
                f"{placed.tensor.name!r} is {dtype}, which is not turned into {wanted}",
                hint="safetensors without --dtype keeps it as it is",
            )


def _gguf_files(
    source: Path,
    checkpoint: Checkpoint,
    tensors: Sequence[Tensor],
    texts: SourceTexts,
    destination: Path,
    options: ConvertOptions,
) -> list[Files]:
    model, own = options.name or model_name(source), own_recipe(checkpoint)
    about = About(model, texts.licence, texts.generation)
    metadata = metadata_of(checkpoint.config, texts.tokenizer, texts.chat_template, own, about)
    found = []
    for recipe in options.quants or (None,):
        named = recipe or own
        keys = metadata | {FILE_TYPE: u32(RECIPES[named].file_type)} | dict(options.gguf_keys)
        stem = f"{model}-{named.upper()}"
        if is_one_file(destination):
            stem = destination.name.removesuffix(".gguf")
        types = gguf_types(checkpoint, tensors, recipe)
        found.append(plan_gguf(checkpoint, tensors, types, keys, stem, options.shard_bytes))
    return found


def below(folder: str, files: Files) -> Files:
    """The same files, in a folder."""
    return Files(
        tuple(replace(file, name=f"{folder}/{file.name}") for file in files.weights),
        tuple(file._replace(name=f"{folder}/{file.name}") for file in files.small),
        files.notes,
    )

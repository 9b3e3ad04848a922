"""Plans Meta's original layout: ``params.json``, one rank's ``consolidated.00.pth``, the tokenizer.

Rows of q and k go back into Meta's order. A head that is the embeddings is a second name for the
same storage, as Meta's own code wants both. Reads headers and small files, no weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.convert.plain_types import plain_type
from paddock.checkpoint.convert.plan import Files
from paddock.checkpoint.convert.rendering import Rendering
from paddock.checkpoint.convert.small_files import SmallFile, json_file
from paddock.checkpoint.convert.source_texts import SourceTexts
from paddock.checkpoint.convert.weight_file import Part, Placed, WeightFile
from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.gguf.naming import is_rotated
from paddock.checkpoint.meta.folder import PARAMS
from paddock.checkpoint.meta.params_writing import render_params
from paddock.checkpoint.opening import Checkpoint, Format
from paddock.checkpoint.pytorch.zip_writing import torch_file_parts
from paddock.checkpoint.safetensors.hf_folder import inside
from paddock.checkpoint.shape.layout import EMBEDDINGS, HEAD, expected_shapes, meta_names
from paddock.checkpoint.tensors import Tensor
from paddock.checkpoint.tokenizer.files import TOKENIZER_JSON
from paddock.checkpoint.tokenizer.tokenizer_model import render_tokenizer_model

FIRST_RANK = "consolidated.00"
TOKENIZER_MODEL = "tokenizer.model"


def plan_meta(
    checkpoint: Checkpoint, tensors: Sequence[Tensor], texts: SourceTexts, options: ConvertOptions
) -> Files:
    """``tensors`` in the order of their bytes; UnsupportedModel where Meta's code has no such."""
    config = checkpoint.config
    params = json_file(PARAMS, render_params(config))
    wanted = expected_shapes(config)
    own = [tensor for tensor in tensors if tensor.name in wanted]
    names = meta_names(config.layers)
    placed = [Placed(tensor, _rendering(checkpoint, tensor, options.dtype)) for tensor in own]
    announced = [
        replace(p.tensor, name=names[p.tensor.name], dtype=p.rendering.dtype) for p in placed
    ]
    aliases = {names[HEAD]: names[EMBEDDINGS]} if config.tied_embeddings else {}
    parts: list[Part] = [
        placed[part] if isinstance(part, int) else part
        for part in torch_file_parts(FIRST_RANK, announced, aliases)
    ]
    tokenizer = _tokenizer(checkpoint, texts)
    weights = WeightFile(f"{FIRST_RANK}.pth", tuple(parts))
    return Files((weights,), (params, *tokenizer.small), tokenizer.notes)


def _rendering(checkpoint: Checkpoint, tensor: Tensor, wanted: str | None) -> Rendering:
    dtype = plain_type(checkpoint, tensor.dtype, wanted)
    head_dim = checkpoint.config.head_dim if is_rotated(tensor.name) else None
    return Rendering("F32" if dtype == "F64" else dtype, head_dim)  # Meta's code has no doubles


def _tokenizer(checkpoint: Checkpoint, texts: SourceTexts) -> Files:
    """The source's own ``tokenizer.model``, one made again, or else ``tokenizer.json``."""
    beside = checkpoint.folder / TOKENIZER_MODEL
    if beside.is_file() and checkpoint.format is not Format.GGUF:
        return Files(
            small=(SmallFile(TOKENIZER_MODEL, inside(checkpoint.folder, TOKENIZER_MODEL)),)
        )
    loaded = texts.tokenizer
    if loaded is None:
        return Files(notes=("the source has no tokenizer",))
    try:
        return Files(small=(SmallFile(TOKENIZER_MODEL, render_tokenizer_model(loaded)),))
    except BadTokenizer as e:
        if e.reason != "no_tokenizer_model":
            raise
        return Files((), (json_file(TOKENIZER_JSON, loaded.tokenizer_json),), (e.message,))

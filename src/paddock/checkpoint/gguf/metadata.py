"""Everything a GGUF file says about a Llama before its tensors.

Puts together what is known: what the model is called, its shape, its tokenizer, its template. The
keys are llama.cpp's (conversion/base.py, gguf-py); a value that is not known is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from paddock.checkpoint.gguf.config import ARCHITECTURE, render_config
from paddock.checkpoint.gguf.recipes import RECIPES
from paddock.checkpoint.gguf.tokenizer_reading import CHAT_TEMPLATE, MODEL
from paddock.checkpoint.gguf.tokenizer_writing import Source, tokenizer_values
from paddock.checkpoint.gguf.values import Value, ValueType, f32, text, u32
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.tokenizer.files import LoadedTokenizer

QUANTISATION_VERSION = 2  # of ggml's block formats (GGML_QNT_VERSION)
# generation_config.json's names of what GGUF keeps as advice for sampling.
_SAMPLING = {
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "temperature": "temp",
    "repetition_penalty": "penalty_repeat",
}


class About(NamedTuple):
    """What a model is called, and what only its people can say."""

    name: str
    licence: str | None = None  # the Hub's id
    generation: Mapping[str, Any] | None = None  # generation_config.json


def metadata_of(
    config: LlamaConfig,
    tokenizer: LoadedTokenizer | None,
    chat_template: str | None,
    recipe: str,
    about: About,
) -> dict[str, Value]:
    """The metadata of a file made by this recipe.

    BadTokenizer (``not_in_gguf``) where GGUF cannot carry the tokenizer. Without one the file says
    so: llama.cpp loads it and speaks in token ids.
    """
    values = {
        ARCHITECTURE: text("llama"),
        "general.type": text("model"),
        **_sampling(about.generation or {}),
        "general.name": text(about.name),
        "general.size_label": text(_size_label(config)),
        **({"general.license": text(about.licence)} if about.licence else {}),
        **render_config(config),
        "general.file_type": u32(RECIPES[recipe].file_type),
        "general.quantization_version": u32(QUANTISATION_VERSION),
    }
    if tokenizer is None:
        values[MODEL] = text("none")
    else:
        values |= tokenizer_values(Source(*tokenizer), config.vocab_size, config.pad_id)
    return values | ({CHAT_TEMPLATE: text(chat_template)} if chat_template else {})


def size_label(parameters: int) -> str:
    """How people tell a model's size: ``8.0B``, ``405B``, ``260K`` (ggml, docs/gguf.md, naming)."""
    for unit, power in (("T", 12), ("B", 9), ("M", 6)):
        if parameters > 10**power:
            return f"{_two_digits(parameters / 10**power)}{unit}"
    return f"{_two_digits(parameters / 1000)}K"


def _size_label(config: LlamaConfig) -> str:
    """With experts, ``8x7B``: how many, and the size of the model with one of them."""
    experts, total = config.experts, config.parameter_count()
    if experts is None:
        return size_label(total)
    each = len(experts.layers) * 3 * config.dim * experts.ffn_dim
    return f"{experts.count}x{size_label(total - (experts.count - 1) * each)}"


def _two_digits(value: float) -> str:
    """The number with as many decimals as two digits need, none from ten on."""
    whole = len(str(round(value)).lstrip("0"))
    return f"{value:.{max(2 - whole, 0)}f}"


def _sampling(generation: Mapping[str, Any]) -> dict[str, Value]:
    values = {}
    for name, key in _SAMPLING.items():
        given = generation.get(name)
        if isinstance(given, bool) or not isinstance(given, int | float) or abs(given) > 1e6:
            continue
        is_count = name == "top_k"
        values[f"general.sampling.{key}"] = (
            Value(ValueType.I32, int(given)) if is_count else f32(given)
        )
    return values

"""The language model inside a Llama 4 that sees images, as if it stood alone.

Knows where its settings are and what its tensors are called; what sees images is left out, and who
writes such a checkpoint anew writes the language model alone. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from paddock.checkpoint.errors import UnsupportedModel
from paddock.checkpoint.fields import wrong_type
from paddock.checkpoint.shape.families import LLAMA4, LLAMA4_TEXT, refuse_odd_computation
from paddock.checkpoint.tensors import Tensor
from paddock.errors import shown

SEEING = ("vision_model", "multi_modal_projector")
_LANGUAGE = "language_model."
_CLASS = "Llama4ForConditionalGeneration"
_DTYPES = ("dtype", "torch_dtype")


def sees_images(source: dict[str, Any]) -> bool:
    """Whether a ``config.json`` describes such a model."""
    return source.get("model_type") == LLAMA4


def text_settings(source: dict[str, Any]) -> dict[str, Any]:
    """The settings of the language model; others' are given back as they are."""
    if not sees_images(source):
        return source
    if source.get("architectures") not in (None, [_CLASS]):
        named = shown(source["architectures"])
        raise UnsupportedModel("not_llama", f"the architectures {named} are not Llama 4's")
    refuse_odd_computation(source)
    inner = source.get("text_config")
    if not isinstance(inner, dict):
        raise wrong_type("text_config", inner, "an object")
    if inner.get("model_type", LLAMA4_TEXT) != LLAMA4_TEXT:
        kind = shown(inner["model_type"])
        raise UnsupportedModel("not_llama", f"the language model {kind} is not Llama 4's")
    stored = {} if any(inner.get(key) for key in _DTYPES) else source
    dtype = {key: stored[key] for key in _DTYPES if stored.get(key) is not None}
    return inner | dtype | {"model_type": LLAMA4_TEXT, "architectures": None}


def text_tensors(source: dict[str, Any], tensors: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """The language model's tensors under the names that they have alone."""
    if not sees_images(source):
        return tuple(tensors)
    return tuple(
        each.renamed(each.name.removeprefix(_LANGUAGE))
        for each in tensors
        if each.name.split(".", 1)[0] not in SEEING
    )

"""What the files of a checkpoint say about the model, as facts with raw values.

Pure: an inspection in, facts out. Sentences about them are the documents' work.
"""

from __future__ import annotations

from paddock.checkpoint.inspection import Inspection
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.release.documents.keys import KNOWN
from paddock.release.facts import Fact, Value, measured

_KIND = "decoder-only transformer"


def model_facts(found: Inspection) -> tuple[Fact, ...]:
    """The facts of a checkpoint, in the order in which a page tells them."""
    dtypes: list[Value] = [
        {"dtype": name, "tensors": count.tensors, "parameters": count.parameters}
        for name, count in found.dtypes.items()
    ]
    values: dict[str, Value] = {
        "model.architecture": _architecture(found.config) if found.config is not None else None,
        "model.parameters": found.parameters,
        "model.dtypes": dtypes,
        "model.tensor_bytes": found.tensor_bytes,
        "model.source_format": str(found.format),
        "model.published_as": found.published_as,
        **(_shape(found.config) if found.config is not None else {}),
        **(_experts(found.config) if found.config is not None else {}),
    }
    if found.tokenizer is not None:
        values |= {
            "model.tokenizer": found.tokenizer.kind,
            "model.tokenizer_entries": found.tokenizer.vocab_size,
            "model.chat_template": found.tokenizer.has_chat_template,
        }
    return tuple(as_measured(key, value) for key, value in values.items() if value is not None)


def as_measured(key: str, value: Value) -> Fact:
    """A measurement under a known key, with the key's title and unit."""
    known = KNOWN[key]
    return measured(known.title, value, key, unit=known.unit)


def _architecture(config: LlamaConfig) -> str:
    with_experts = " with mixtures of experts" if config.experts is not None else ""
    return f"{config.title} ({_KIND}{with_experts})"


def _experts(config: LlamaConfig) -> dict[str, Value]:
    if config.experts is None:
        return {}
    return {
        "model.active_parameters": config.active_parameter_count(),
        "model.experts": config.experts.count,
        "model.experts_per_token": config.experts.chosen,
        "model.expert_size": config.experts.ffn_dim,
    }


def _shape(config: LlamaConfig) -> dict[str, Value]:
    return {
        "model.layers": config.layers,
        "model.hidden_size": config.dim,
        "model.ffn_size": config.ffn_dim,
        "model.heads": config.heads,
        "model.kv_heads": config.kv_heads,
        "model.head_dim": config.head_dim,
        "model.vocabulary": config.vocab_size,
        "model.context_tokens": config.context,
        "model.rope_theta": config.rope_theta,
        "model.tied_embeddings": config.tied_embeddings,
    }

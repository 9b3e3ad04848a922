"""What a repository's files and card say of it: library, task, tags.

Pure: metadata, configuration and file names in, facts out (hub protocol 4.3). What the card says
comes first; what is inferred fills the gaps. Every value is bounded, because cards are other
people's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from paddock.hub.catalogue.card import texts
from paddock.hub.types import Kind

MAX_TAGS = 400
MAX_TAG_CHARS = 256
_MAX_CONFIG_ITEMS = 16
_MAX_CONFIG_CHARS = 200

_ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf)/(\d{4}\.\d{4,5})\b", re.IGNORECASE)

# The part of a card whose values become "key:value" tags.
_DATASET_KEYS = (
    "task_categories",
    "task_ids",
    "annotations_creators",
    "language_creators",
    "multilinguality",
    "source_datasets",
    "size_categories",
)

# By how an architecture's name ends, the longest ending first: what `transformers` does with it.
_TASKS = (
    ("ForSequenceClassification", "text-classification", "AutoModelForSequenceClassification"),
    ("ForTokenClassification", "token-classification", "AutoModelForTokenClassification"),
    ("ForQuestionAnswering", "question-answering", "AutoModelForQuestionAnswering"),
    ("ForImageClassification", "image-classification", "AutoModelForImageClassification"),
    ("ForMaskedLM", "fill-mask", "AutoModelForMaskedLM"),
    ("ForCausalLM", "text-generation", "AutoModelForCausalLM"),
    ("LMHeadModel", "text-generation", "AutoModelForCausalLM"),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a revision: its card in two parts, its configuration and its files."""

    kind: Kind
    metadata: dict[str, Any]
    body: str
    config: dict[str, Any]
    paths: Sequence[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What follows from the evidence."""

    tags: tuple[str, ...]
    pipeline_tag: str | None = None
    library_name: str | None = None
    config: dict[str, Any] | None = None
    transformers_info: dict[str, Any] | None = None
    base_models: dict[str, Any] | None = None


def derive(evidence: Evidence) -> Facts:
    """The facts of a revision."""
    if evidence.kind is not Kind.MODEL:
        return Facts(tags=_distinct(_dataset_or_space_tags(evidence)))
    library = _library(evidence)
    architecture = next(iter(texts(evidence.config.get("architectures"))), "")
    task = next((row for row in _TASKS if architecture.endswith(row[0])), None)
    declared = evidence.metadata.get("pipeline_tag")
    inferred = task[1] if task and library == "transformers" else None
    pipeline_tag = declared if isinstance(declared, str) and declared else inferred
    info = None
    if task and library == "transformers":
        info = {"auto_model": task[2], "pipeline_tag": task[1], "processor": "AutoTokenizer"}
    return Facts(
        tags=_distinct(_model_tags(evidence, library, pipeline_tag)),
        pipeline_tag=pipeline_tag[:MAX_TAG_CHARS] if pipeline_tag else None,
        library_name=library,
        config=summarise_config(evidence.config),
        transformers_info=info,
        base_models=_base_models(evidence, library),
    )


def summarise_config(config: dict[str, Any]) -> dict[str, Any] | None:
    """The few keys of a model's configuration that clients look at."""
    summary: dict[str, Any] = {}
    architectures = texts(config.get("architectures"))[:_MAX_CONFIG_ITEMS]
    if architectures:
        summary["architectures"] = [name[:_MAX_CONFIG_CHARS] for name in architectures]
    if isinstance(config.get("model_type"), str):
        summary["model_type"] = config["model_type"][:_MAX_CONFIG_CHARS]
    quantization = config.get("quantization_config")
    if isinstance(quantization, dict) and isinstance(quantization.get("quant_method"), str):
        method = quantization["quant_method"][:_MAX_CONFIG_CHARS]
        summary["quantization_config"] = {"quant_method": method}
    return summary or None


def _library(evidence: Evidence) -> str | None:
    declared = evidence.metadata.get("library_name")
    if isinstance(declared, str) and declared:
        return declared[:MAX_TAG_CHARS]
    paths = set(evidence.paths)
    if "adapter_config.json" in paths:
        return "peft"
    if "model_index.json" in paths:
        return "diffusers"
    if paths & {"config_sentence_transformers.json", "modules.json"}:
        return "sentence-transformers"
    formats = set(weight_formats(evidence.paths))
    if "config.json" in paths and formats & {"safetensors", "pytorch", "tf", "jax"}:
        is_transformers = "architectures" in evidence.config or "model_type" in evidence.config
        return "transformers" if is_transformers else None
    return "gguf" if "gguf" in formats else None


def weight_formats(paths: Sequence[str]) -> Iterator[str]:
    """Which kinds of weights lie there."""
    endings = {
        "safetensors": (".safetensors",),
        "gguf": (".gguf",),
        "pytorch": (".bin", ".pt", ".pth"),
        "onnx": (".onnx",),
        "tf": (".h5",),
        "jax": (".msgpack",),
    }
    for name, suffixes in endings.items():
        if any(path.lower().endswith(suffixes) for path in paths):
            yield name


def _model_tags(evidence: Evidence, library: str | None, pipeline_tag: str | None) -> Iterator[str]:
    metadata = evidence.metadata
    if library:
        yield library
    yield from weight_formats(evidence.paths)
    yield from texts(evidence.config.get("model_type"))
    if pipeline_tag:
        yield pipeline_tag
    yield from texts(metadata.get("tags"))
    yield from texts(metadata.get("language"))
    yield from (f"dataset:{name}" for name in texts(metadata.get("datasets")))
    yield from _paper_tags(evidence)
    parents = texts(metadata.get("base_model"))
    relation = _relation(evidence, library, len(parents))
    yield from (f"base_model:{name}" for name in parents)
    yield from (f"base_model:{relation}:{name}" for name in parents)
    yield from (f"license:{name}" for name in texts(metadata.get("license")))


def _base_models(evidence: Evidence, library: str | None) -> dict[str, Any] | None:
    parents = texts(evidence.metadata.get("base_model"))[:MAX_TAGS]
    if not parents:
        return None
    relation = _relation(evidence, library, len(parents))
    return {"relation": relation, "models": [{"id": name[:MAX_TAG_CHARS]} for name in parents]}


def _relation(evidence: Evidence, library: str | None, parents: int) -> str:
    """How the model came from its parents: as the card says, else as its files show."""
    declared = evidence.metadata.get("base_model_relation")
    if isinstance(declared, str) and declared in {"adapter", "merge", "quantized", "finetune"}:
        return declared
    if library == "peft":
        return "adapter"
    if "gguf" in weight_formats(evidence.paths) or "quantization_config" in evidence.config:
        return "quantized"
    return "merge" if parents > 1 else "finetune"


def _dataset_or_space_tags(evidence: Evidence) -> Iterator[str]:
    metadata = evidence.metadata
    if evidence.kind is Kind.SPACE:
        yield from texts(metadata.get("sdk"))
    else:
        for key in _DATASET_KEYS:
            yield from (f"{key}:{value}" for value in texts(metadata.get(key)))
        yield from (f"language:{value}" for value in texts(metadata.get("language")))
    yield from (f"license:{value}" for value in texts(metadata.get("license")))
    yield from _paper_tags(evidence)
    yield from texts(metadata.get("tags"))


def _paper_tags(evidence: Evidence) -> Iterator[str]:
    found = (match.group(1) for match in _ARXIV.finditer(evidence.body))
    yield from (f"arxiv:{number}" for number in found)


def _distinct(tags: Iterator[str]) -> tuple[str, ...]:
    """In order, once each, bounded in length and number."""
    kept: dict[str, None] = {}
    for tag in tags:
        if 0 < len(tag) <= MAX_TAG_CHARS and tag.isprintable():
            kept.setdefault(tag)
        if len(kept) == MAX_TAGS:
            break
    return tuple(kept)

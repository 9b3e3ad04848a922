"""The card's head: the fields that the Hub reads, out of facts.

Pure. Every field is the Hub's (hub-docs, ``modelcard.md``); one that nothing is known about is not
written. Results are only those that are about the shipped weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.evaluations.model_index import metric_names, model_index
from paddock.release.documents.model_card.checking import is_adapter
from paddock.release.licences.card_licence import card_licence
from paddock.release.results.result import Result
from paddock.release.spec.access import Access
from paddock.release.target import is_repo_id

_DATASET = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(?:/[A-Za-z0-9][\w.-]{0,95})?")


def render_front_matter(content: DocumentContent, results: Iterable[Result]) -> str:
    """The head with its two fences."""
    front = card_fields(content, tuple(results))
    text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{text}---"


def card_fields(content: DocumentContent, results: tuple[Result, ...]) -> dict[str, Any]:
    """The fields, in the order in which the Hub documents them."""
    metadata = content.spec.metadata
    newer = str(content.value("links.new_version") or "")
    fields: dict[str, Any] = {
        "language": list(metadata.languages),
        **_licence(content),
        "library_name": _library(content),
        "pipeline_tag": metadata.pipeline_tag,
        "tags": list(dict.fromkeys([*metadata.tags, *_family(content), "paddock"])),
        "datasets": _datasets(content),
        "metrics": metric_names(results),
        **_parents(content),
        "new_version": newer if is_repo_id(newer) else None,
        "co2_eq_emissions": _emissions(content),
        **_gating(content.spec.access),
        "model-index": model_index(metadata.name, metadata.pipeline_tag, results),
    }
    return {key: value for key, value in fields.items() if value not in (None, "", [], {})}


def _family(content: DocumentContent) -> list[str]:
    """The family of models, by the first word of the measured architecture."""
    known = content.facts["model.architecture"]
    word = str(known.value).partition(" ")[0].lower() if known.source == "measured" else ""
    return [word] if word.isalnum() and word.isascii() else []


def _library(content: DocumentContent) -> str:
    """What loads it: as declared, else the library of adapters for an adapter."""
    metadata = content.spec.metadata
    if "library_name" not in metadata.model_fields_set and is_adapter(content):
        return "peft"
    return metadata.library_name


def _licence(content: DocumentContent) -> dict[str, Any]:
    licence = card_licence(content.spec.licenses.distribution)
    link = next((f.path for f in content.files if f.role == "license"), None)
    is_other = licence.license == "other"
    return {
        "license": licence.license,
        "license_name": licence.license_name,
        "license_link": link if is_other else None,
    }


def _datasets(content: DocumentContent) -> list[str]:
    """Data sets that can be looked up: names without spaces, as the Hub has them."""
    names = content.value("training.datasets") or []
    return [name for name in names if _DATASET.fullmatch(name)]


def _parents(content: DocumentContent) -> dict[str, Any]:
    parents = content.spec.lineage.base_model
    relations = list(dict.fromkeys(p.relation for p in parents if p.relation))
    return {
        "base_model": [parent.id for parent in parents],
        "base_model_relation": relations[0] if len(relations) == 1 else None,
    }


def _emissions(content: DocumentContent) -> dict[str, Any]:
    kilograms = content.value("energy.co2_kg")
    if kilograms is None:
        return {}
    fields = {
        "emissions": float(kilograms) * 1000,  # the Hub counts grams
        "source": content.value("energy.co2_source"),
        "training_type": content.value("energy.training_type"),
        "geographical_location": content.value("training.region"),
        "hardware_used": content.value("training.hardware"),
    }
    return {key: value for key, value in fields.items() if value is not None}


def _gating(access: Access) -> dict[str, Any]:
    gating: dict[str, Any] = dict(access.texts)
    if access.fields:
        gating["extra_gated_fields"] = {
            label: {"type": question.kind, "options": list(question.options)}
            if question.options
            else question.kind
            for label, question in access.fields
        }
    for_paddock = {
        "extra_gated_terms": None if access.terms is None else [access.terms],
        "extra_gated_terms_version": access.terms_version,
        "extra_gated_response_days": access.response_days,
        "extra_gated_retention_days": access.retention_days,
    }
    return gating | {key: value for key, value in for_paddock.items() if value is not None}

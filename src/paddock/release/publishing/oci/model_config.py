"""What ModelPack's configuration says of a model: only what release.json says, in its own words.

Pure. Keys as in CNCF model-spec v1 (config schema, which is closed): a fact that is unknown has no
key, and one that its outputs differ in is not told. Sizes are rounded as the specification does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from paddock.release.documents.bom.expressions import spdx_expression

_SCALES: Final = ((10**15, "Q"), (10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K"))
_MODALITIES: Final = frozenset({"text", "image", "audio", "video", "embedding"})


def describe_model(document: Mapping[str, Any]) -> dict[str, Any]:
    """``descriptor`` and ``config``, out of a parsed release.json."""
    facts = _facts(document)
    return {"descriptor": _descriptor(document, facts), "config": _config(document, facts)}


def licence_of(document: Mapping[str, Any]) -> str | None:
    """The terms that the release is distributed under, as an SPDX expression."""
    terms = _mapping(document.get("licenses")).get("distribution")
    return spdx_expression(terms) if isinstance(terms, str) else None


def parameter_count(count: int) -> str:
    """A number of parameters with at most one digit after the point, such as 6.7B."""
    for unit, letter in _SCALES:
        if count >= unit:
            tenths = (count * 10 + unit // 2) // unit
            whole, tenth = divmod(tenths, 10)
            return f"{whole}{letter}" if not tenth else f"{whole}.{tenth}{letter}"
    return str(count)


def _descriptor(document: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    metadata, producer = _mapping(document.get("metadata")), _mapping(document.get("producer"))
    name, version = document.get("name"), document.get("version")
    licence = licence_of(document)
    contact, date = producer.get("contact"), metadata.get("date")
    architecture = facts.get("model.architecture")
    return _known(
        {
            "name": name,
            "version": version,
            "title": f"{name} {version}",
            "description": metadata.get("description"),
            "vendor": producer.get("name"),
            "authors": [contact] if contact else None,
            "family": architecture.split()[0].lower() if isinstance(architecture, str) else None,
            "licenses": [licence] if licence else None,
            "createdAt": f"{date}T00:00:00Z" if date else None,
        }
    )


def _config(document: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    outputs = [row for row in _list(document.get("outputs")) if isinstance(row, dict)]
    parameters = facts.get("model.parameters")
    kinds = [row.get("dtype") for row in _list(facts.get("model.dtypes")) if isinstance(row, dict)]
    quants = {row.get("quant") for row in outputs}
    stored = kinds[0] if len(kinds) == 1 else "mixed" if kinds else None
    asked = {row.get("dtype") for row in outputs}
    precision = stored if asked == {None} else asked.pop() if len(asked) == 1 else None
    return _known(
        {
            "architecture": "transformer" if "model.architecture" in facts else None,
            "format": _one({row.get("format") for row in outputs}),
            "paramSize": parameter_count(parameters) if isinstance(parameters, int) else None,
            "precision": str(precision).lower() if precision and quants == {None} else None,
            "quantization": _one(quants),
            "capabilities": _capabilities(facts) or None,
        }
    )


def _capabilities(facts: Mapping[str, Any]) -> dict[str, Any]:
    spoken = _list(facts.get("model.languages"))
    languages = [each for each in spoken if isinstance(each, str) and len(each) == 2]
    return _known(
        {
            "inputTypes": _modalities(facts.get("model.input_modalities")),
            "outputTypes": _modalities(facts.get("model.output_modalities")),
            "languages": languages or None,
        }
    )


def _modalities(said: object) -> list[str] | None:
    names = [each for each in _list(said) if isinstance(each, str)]
    return [each if each in _MODALITIES else "other" for each in names] or None


def _one(values: set[Any]) -> str | None:
    return str(next(iter(values))) if len(values) == 1 and None not in values else None


def _facts(document: Mapping[str, Any]) -> dict[str, Any]:
    rows = [row for row in _list(document.get("facts")) if isinstance(row, dict)]
    return {str(row.get("key")): row.get("value") for row in rows}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}

"""CycloneDX 1.6 and 1.7: the release as a machine-learning bill of materials.

Pure, written by hand: the library has no model card. Every file is a component with its digests,
every described data set one of type ``data``, every parent an ancestor. A release that keeps
something back says that its assembly is incomplete. Facts are properties that name their source.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Literal
from urllib.parse import quote

from paddock import __version__
from paddock.release.documents.bom.expressions import spdx_expression
from paddock.release.documents.bom.identity import own_references, purl, serial
from paddock.release.documents.bom.model_card import model_card
from paddock.release.documents.content import DocumentContent
from paddock.release.documents.croissant.dataset import DatasetDescription
from paddock.release.documents.plain import visible_values
from paddock.release.files.manifest import SIGNATURE_NAME, ReleaseFile
from paddock.release.files.paths import matching
from paddock.release.spec.lineage import Ancestor

SpecVersion = Literal["1.6", "1.7"]
MODEL = "model"


def render_cyclonedx(
    content: DocumentContent, version: SpecVersion = "1.6", beside: Collection[str] = ()
) -> bytes:
    """The bill; ``beside`` are paths of other documents of the release."""
    metadata = content.spec.metadata
    document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "serialNumber": serial(content, f"cyclonedx-{version}").urn,
        "version": 1,
        "metadata": _dropped({
            "timestamp": f"{metadata.date}T00:00:00Z" if metadata.date else None,
            "tools": {"components": [_tool()]},
            "supplier": _supplier(content),
            "component": _model(content, beside),
        }),
        "components": [
            *(_file(content, file) for file in content.files),
            *(_dataset(content, number, one) for number, one in enumerate(content.datasets)),
        ],
        "dependencies": _dependencies(content),
        "compositions": _compositions(content),
    }  # fmt: skip
    return (json.dumps(visible_values(document), indent=2, ensure_ascii=False) + "\n").encode()


def _tool() -> dict[str, Any]:
    return {"type": "application", "name": "paddock", "version": __version__}


def _supplier(content: DocumentContent) -> dict[str, Any] | None:
    producer = content.spec.metadata.producer
    if producer is None:
        return None
    contacts = [{"name": contact} for contact in (producer.contact, producer.security) if contact]
    return _dropped({"name": producer.name, "contact": contacts})


def _model(content: DocumentContent, beside: Collection[str]) -> dict[str, Any]:
    metadata = content.spec.metadata
    references = [{"type": purpose, "url": url} for purpose, url in own_references(content, beside)]
    references.append({"type": "electronic-signature", "url": SIGNATURE_NAME})
    return _dropped({
        "type": "machine-learning-model",
        "bom-ref": MODEL,
        "supplier": _supplier(content),
        "manufacturer": _supplier(content),
        "name": content.name,
        "version": content.version,
        "description": metadata.description,
        "licenses": _licences(content.spec.licenses.distribution),
        "purl": purl(content),
        "pedigree": _pedigree(content),
        "externalReferences": references,
        "modelCard": model_card(content),
        "properties": _properties(content),
        "tags": list(metadata.tags),
    })  # fmt: skip


def _pedigree(content: DocumentContent) -> dict[str, Any] | None:
    lineage = content.spec.lineage
    edges = (
        (lineage.base_model, "base model"),
        (lineage.distilled_from, "distilled from"),
        (lineage.trained_on_outputs_of, "trained on its outputs"),
    )
    ancestors = [_ancestor(parent, how) for group, how in edges for parent in group]
    return {"ancestors": ancestors} if ancestors else None


def _ancestor(parent: Ancestor, how: str) -> dict[str, Any]:
    digest = parent.digest
    return _dropped({
        "type": "machine-learning-model",
        "name": parent.id,
        "version": parent.revision,
        "licenses": _licences(parent.license),
        # The digest is that of a signed release's root, not of one file.
        "hashes": [{"alg": "SHA-256", "content": digest.sha256}] if digest else None,
        "properties": [{"name": "paddock:relation", "value": parent.relation or how}],
    })  # fmt: skip


def _file(content: DocumentContent, file: ReleaseFile) -> dict[str, Any]:
    part = content.spec.component(file.component) if file.component else None
    licence = part.license if part is not None else None
    return _dropped({
        "type": "file",
        "bom-ref": f"file:{quote(file.path)}",
        "name": file.path,
        "hashes": [
            {"alg": "SHA-256", "content": file.sha256},
            {"alg": "BLAKE3", "content": file.blake3},
        ],
        "licenses": _licences(licence),
        "properties": _pairs(
            ("paddock:role", file.role),
            ("paddock:component", file.component),
            ("paddock:size_bytes", str(file.size_bytes)),
        ),
    })  # fmt: skip


def _dataset(content: DocumentContent, number: int, one: DatasetDescription) -> dict[str, Any]:
    owners = [{"organization": {"name": name}} for name in one.creators]
    contents = _dropped({"url": one.download or one.url})
    return _dropped({
        "type": "data",
        "bom-ref": f"dataset:{number}",
        "name": one.name,
        "version": one.version,
        "description": one.description,
        "licenses": _licences(one.licence),
        "hashes": [{"alg": "SHA-256", "content": one.sha256}] if one.sha256 else None,
        "data": [_dropped({
            "type": "dataset",
            "name": one.name,
            "contents": contents,
            "classification": one.confidentiality,
            "sensitiveData": list(one.rai.personalSensitiveInformation),
            "description": one.collection,
            "governance": {"owners": owners} if owners else None,
        })],
        "properties": _pairs(("paddock:uses", ", ".join(one.uses))),
    })  # fmt: skip


def _dependencies(content: DocumentContent) -> list[dict[str, Any]]:
    """The model holds its files and was made with its data sets; those hold their own files."""
    paths = [file.path for file in content.files]
    owned: set[str] = set()
    found = []
    for number, one in enumerate(content.datasets):
        files = {path for glob in one.files for path in matching(glob, paths)}
        owned |= files
        refs = [f"file:{quote(path)}" for path in sorted(files)]
        found.append({"ref": f"dataset:{number}", "dependsOn": refs})
    refs = [f"file:{quote(path)}" for path in paths if path not in owned]
    refs += [f"dataset:{number}" for number in range(len(content.datasets))]
    return [{"ref": MODEL, "dependsOn": refs}, *found]


def _compositions(content: DocumentContent) -> list[dict[str, Any]]:
    """How complete the bill is: the files are; what was kept back and unnamed data are not."""
    is_hybrid = bool(content.withheld) or any(
        part.access == "withheld" or part.withhold for part in content.spec.components
    )
    return [
        {
            "aggregate": "incomplete_first_party_only" if is_hybrid else "complete",
            "assemblies": [MODEL],
        },
        {"aggregate": "unknown", "dependencies": [MODEL]},
    ]


def _properties(content: DocumentContent) -> list[dict[str, str]]:
    """Every fact, under a name that says how it is known."""
    facts = sorted((fact for fact in content.facts if fact.is_known), key=lambda fact: fact.key)
    return _pairs(*((f"paddock:{fact.source}:{fact.key}", fact.text) for fact in facts))


def _licences(terms: str | None) -> list[dict[str, Any]] | None:
    expression = spdx_expression(terms)
    return [{"expression": expression}] if expression is not None else None


def _pairs(*pairs: tuple[str, str | None]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs if value is not None]


def _dropped(mapping: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known."""
    return {key: value for key, value in mapping.items() if value not in (None, [], {}, "")}

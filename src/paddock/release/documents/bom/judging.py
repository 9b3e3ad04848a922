"""Whether the bills of materials hold what their standards require.

CycloneDX is validated against the standard's own strict schema; SPDX's profiles by the properties
that they require. A bill that the author asked for by name must be whole; one that is made by
default may lack what nobody said, and says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from paddock.release.documents.bom.cyclonedx import SpecVersion, render_cyclonedx
from paddock.release.documents.bom.packages import missing_of
from paddock.release.documents.bom.spdx import (
    AI_REQUIRED,
    DATASET_REQUIRED,
    SpdxGraph,
    render_spdx,
)
from paddock.release.documents.content import DocumentContent
from paddock.release.evidence import Check, Evidence

if TYPE_CHECKING:
    from jsonschema_rs import Draft7Validator

CYCLONEDX_PATH = "documents/bom.cdx.json"
CYCLONEDX_SECOND_PATH = "documents/bom-1.7.cdx.json"
SPDX_PATH = "documents/bom.spdx.json"
MAX_EVIDENCE_CHARS = 200
_SCHEMA_URL = "http://cyclonedx.org/schema/{}.SNAPSHOT.schema.json"
_REFERRED = ("spdx", "cryptography-defs", "jsf-0.82")
_VERSIONS: tuple[SpecVersion, ...] = ("1.6", "1.7")
_SAID = {
    "releaseTime": "metadata.date",
    "suppliedBy": "metadata.producer",
    "software_downloadLocation": "metadata.purl, or publish to a hub or a registry",
    "software_packageVersion": "metadata.version",
    "builtTime": "created",
    "originatedBy": "creators",
    "dataset_datasetType": "types",
}


def bills(content: DocumentContent, beside: tuple[str, ...] = ()) -> dict[str, bytes]:
    """The bills that were asked for, by path; ``beside`` are the paths of other documents."""
    wanted = content.spec.docs.bom
    found = {
        path: render_cyclonedx(content, version, beside)
        for path, version in cyclonedx_paths(content).items()
    }
    if "spdx-3.0.1" in wanted and (raw := render_spdx(content)) is not None:
        found[SPDX_PATH] = raw
    return found


def cyclonedx_paths(content: DocumentContent) -> dict[str, SpecVersion]:
    """The versions that were asked for: one is plainly the bill, of two 1.6 is."""
    wanted: list[SpecVersion] = [
        version for version in _VERSIONS if f"cyclonedx-{version}" in content.spec.docs.bom
    ]
    return dict(zip((CYCLONEDX_PATH, CYCLONEDX_SECOND_PATH), wanted, strict=False))


def judge_bills(content: DocumentContent) -> list[Check]:
    """What the standards require and the bills lack; a plan has no bill to validate yet."""
    versions = cyclonedx_paths(content).values() if content.files else ()
    checks = [judge_cyclonedx(render_cyclonedx(content, version), version) for version in versions]
    if "spdx-3.0.1" in content.spec.docs.bom:
        checks += _judge_spdx(content)
    return checks


def judge_cyclonedx(raw: bytes, version: SpecVersion) -> Check:
    """Whether ``raw`` keeps to the strict schema of this version."""
    name = f"documents.bom.cyclonedx-{version}"
    document = json.loads(raw)
    fault = next(_faults(document, version), None)
    if fault is None:
        sentence = f"the bill of materials keeps to the strict schema of CycloneDX {version}"
        return Check(name, "documents", "met", sentence)
    sentence = f"the bill of materials breaks the schema of CycloneDX {version} at /{fault.place}"
    evidence = (Evidence("the validator", fault.message[:MAX_EVIDENCE_CHARS]),)
    return Check(name, "documents", "unmet", sentence, evidence)


class _Fault(NamedTuple):
    place: str
    message: str


def _faults(document: dict[str, Any], version: SpecVersion) -> Iterator[_Fault]:
    """That every component has a reference of its own, which the schema leaves; then the schema."""
    components = [part for part in document.get("components", []) if isinstance(part, dict)]
    refs = [str(part["bom-ref"]) for part in components if "bom-ref" in part]
    if len(set(refs)) != len(refs):
        yield _Fault("components", "two components have the same bom-ref")
    for fault in _validator(version).iter_errors(document):
        yield _Fault("/".join(str(each) for each in fault.instance_path), fault.message)


@cache
def _validator(version: SpecVersion) -> Draft7Validator:
    from jsonschema_rs import Draft7, Draft7Validator, Registry  # a plan judges no bill

    beside = [(_SCHEMA_URL.format(name), _schema(name)) for name in _REFERRED]
    registry = Registry(beside, draft=Draft7)
    schema = _schema(f"bom-{version}")
    return Draft7Validator(schema, registry=registry, validate_formats=True, offline=True)


def _schema(name: str) -> dict[str, Any]:
    """As the standard's own library carries it: strict since version 1.4."""
    file = resources.files("cyclonedx.schema") / "_res" / f"{name}.SNAPSHOT.schema.json"
    schema: dict[str, Any] = json.loads(file.read_bytes())
    return schema


def _judge_spdx(content: DocumentContent) -> list[Check]:
    """What is missing: unmet where the document was asked for by name, else only said."""
    missing = _missing(content)
    if not missing:
        sentence = "the SPDX document has what the AI and Dataset profiles require"
        return [Check("documents.bom.spdx", "documents", "met", sentence)]
    if "bom" in content.spec.docs.model_fields_set:
        return [
            Check(f"documents.bom.spdx.{what}", "documents", "unmet", sentence, hint=hint)
            for what, sentence, hint in missing
        ]
    sentence = "; ".join(sentence for _, sentence, _ in missing)
    return [Check("documents.bom.spdx", "documents", "met", f"not asked for by name: {sentence}")]


class _Missing(NamedTuple):
    what: str
    sentence: str
    hint: str


def _missing(content: DocumentContent) -> list[_Missing]:
    if content.spec.metadata.date is None:
        sentence = "SPDX wants to know when a document was made, and the release has no date"
        return [_Missing("created", sentence, "say metadata.date in release.yaml")]
    found = []
    for element in SpdxGraph(content).elements:
        required = {"ai_AIPackage": AI_REQUIRED, "dataset_DatasetPackage": DATASET_REQUIRED}
        for name in missing_of(element, required.get(element["type"], ())):
            where = "the release" if element["type"] == "ai_AIPackage" else element["name"]
            sentence = f"SPDX's profile requires {name.rpartition('_')[2]} of {where}"
            part = element["spdxId"].rpartition("#")[2]
            found.append(_Missing(f"{part}.{name}", sentence, f"say {_SAID.get(name, name)}"))
    return found

"""Whether the bills of materials hold what their standards require.

CycloneDX is validated against the standard's own strict schema; SPDX's profiles by the properties
that they require. A bill that the author asked for by name must be whole; one that is made by
default may lack what nobody said, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

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

CYCLONEDX_PATH = "documents/bom.cdx.json"
CYCLONEDX_SECOND_PATH = "documents/bom-1.7.cdx.json"
SPDX_PATH = "documents/bom.spdx.json"
_VERSIONS: Mapping[SpecVersion, SchemaVersion] = {
    "1.6": SchemaVersion.V1_6,
    "1.7": SchemaVersion.V1_7,
}
_SAID = {
    "releaseTime": "metadata.date",
    "suppliedBy": "metadata.producer",
    "software_downloadLocation": "publish, or metadata.purl",
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
    """What the standards require and the bills lack."""
    checks = [
        judge_cyclonedx(render_cyclonedx(content, version), version)
        for version in cyclonedx_paths(content).values()
    ]
    if "spdx-3.0.1" in content.spec.docs.bom:
        checks += _judge_spdx(content)
    return checks


def judge_cyclonedx(raw: bytes, version: SpecVersion) -> Check:
    """Whether ``raw`` keeps to the strict schema of this version."""
    name = f"documents.bom.cyclonedx-{version}"
    fault = JsonStrictValidator(_VERSIONS[version]).validate_str(raw.decode())
    if fault is None:
        sentence = f"the bill of materials keeps to the strict schema of CycloneDX {version}"
        return Check(name, "documents", "met", sentence)
    place = "/".join(str(part) for part in fault.data.absolute_path)
    sentence = f"the bill of materials breaks the schema of CycloneDX {version} at /{place}"
    evidence = (Evidence("the validator", str(fault.data.message)[:200]),)
    return Check(name, "documents", "unmet", sentence, evidence)


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

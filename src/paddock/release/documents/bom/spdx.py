"""SPDX 3.0.1 JSON-LD with the AI and Dataset profiles: packages, files, and their relations.

Pure. Conformance to a profile is claimed only where every property is there that the profile
requires; what is missing is a condition for ``judging``. SPDX wants to know when a document was
made, so there is none without a date: a build must not take one from a clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from paddock import __version__
from paddock.release.documents.bom.expressions import custom_refs, spdx_expression
from paddock.release.documents.bom.identity import serial
from paddock.release.documents.bom.packages import (
    ai_package,
    ancestor_package,
    dataset_package,
    hashed,
    missing_of,
)
from paddock.release.documents.content import DocumentContent
from paddock.release.documents.plain import visible_values
from paddock.release.files.manifest import ReleaseFile
from paddock.release.files.paths import matching

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
SPEC_VERSION = "3.0.1"
CREATION = "_:creation"
NO_ASSERTION = "expandedlicensing_NoAssertionLicense"
AI_REQUIRED = ("releaseTime", "suppliedBy", "software_downloadLocation", "software_packageVersion",
               "software_primaryPurpose")  # fmt: skip
DATASET_REQUIRED = ("builtTime", "originatedBy", "releaseTime", "software_downloadLocation",
                    "software_primaryPurpose", "dataset_datasetType")  # fmt: skip
_PURPOSES = {"weights": "model", "card": "documentation", "config": "configuration",
             "license": "documentation", "notice": "documentation"}  # fmt: skip


class SpdxGraph:
    """Elements of one document, each with an identifier that its content decides."""

    def __init__(self, content: DocumentContent) -> None:
        self._content = content
        self._prefix = f"{serial(content, 'spdx').urn}#"
        self._by_id: dict[str, dict[str, Any]] = {}
        self._names: dict[tuple[str, str], str] = {}  # agents and licences, by kind and words
        self._count = 0  # of relationships
        self.model = self._add("model", self._supplied(ai_package(content)))
        self._licences(self.model, content.spec.licenses.distribution)
        self._files()
        self._parents()
        self._datasets()

    def identifier(self, name: str) -> str:
        """The identifier of the element with this name."""
        return f"{self._prefix}{name}"

    @property
    def elements(self) -> list[dict[str, Any]]:
        """All of them, in the order in which they were met."""
        return list(self._by_id.values())

    def _add(self, name: str, element: dict[str, Any]) -> str:
        identifier = self.identifier(name)
        kept = {key: value for key, value in element.items() if value not in (None, [], "")}
        self._by_id[identifier] = {**kept, "spdxId": identifier, "creationInfo": CREATION}
        return identifier

    def _once(self, kind: str, words: str, element: dict[str, Any]) -> str:
        """The element of this kind with these words, made when it is first met."""
        if (kind, words) not in self._names:
            number = sum(known == kind for known, _ in self._names)
            self._names[kind, words] = self._add(f"{kind}-{number}", element)
        return self._names[kind, words]

    def _relate(self, kind: str, origin: str, targets: Iterable[str]) -> None:
        if ends := list(dict.fromkeys(targets)):
            self._count += 1
            self._add(
                f"relationship-{self._count}",
                {"type": "Relationship", "relationshipType": kind, "from": origin, "to": ends},
            )

    def agent(self, name: str) -> str:
        """The organisation with this name."""
        return self._once("organization", name, {"type": "Organization", "name": name})

    def _supplied(self, package: dict[str, Any]) -> dict[str, Any]:
        producer = self._content.spec.metadata.producer
        return package if producer is None else {**package, "suppliedBy": self.agent(producer.name)}

    def _licences(self, origin: str, declared: str | None) -> None:
        self._relate("hasDeclaredLicense", origin, [self._licence(spdx_expression(declared))])
        if origin == self.model:
            terms = [spdx_expression(each) for each in self._content.judgement.terms]
            concluded = " AND ".join(dict.fromkeys(f"({t})" if " " in t else t for t in terms if t))
            self._relate("hasConcludedLicense", origin, [self._licence(concluded or None)])

    def _licence(self, expression: str | None) -> str:
        if expression is None:
            return NO_ASSERTION
        custom = [
            {"type": "DictionaryEntry", "key": ref, "value": text}
            for ref in dict.fromkeys(custom_refs(expression))
            if (text := self._licence_text(ref)) is not None
        ]
        return self._once("licence", expression, {
            "type": "simplelicensing_LicenseExpression",
            "simplelicensing_licenseExpression": expression,
            "simplelicensing_customIdToUri": custom,
        })  # fmt: skip

    def _licence_text(self, ref: str) -> str | None:
        """The text that a LicenseRef stands for, where the release ships it."""
        for found in self._content.judgement.texts:
            raw = (self._content.texts or {}).get(found.path)
            if raw is not None and found.licence and spdx_expression(found.licence) == ref:
                text = raw.decode("utf-8", "replace")
                return self._once("licence-text", ref, {
                    "type": "simplelicensing_SimpleLicensingText",
                    "name": ref,
                    "simplelicensing_licenseText": text,
                })  # fmt: skip
        return None

    def _files(self) -> None:
        by_purpose: dict[str, list[str]] = {"hasDataFile": [], "contains": []}
        for number, file in enumerate(self._content.files):
            name = self._add(f"file-{number}", _file(file))
            kind = "hasDataFile" if file.role in {"weights", "tokenizer", "config"} else "contains"
            by_purpose[kind].append(name)
            part = self._content.spec.component(file.component) if file.component else None
            if part is not None and part.license:
                self._licences(name, part.license)
        for kind, names in by_purpose.items():
            self._relate(kind, self.model, names)

    def _parents(self) -> None:
        lineage = self._content.spec.lineage
        groups = (lineage.base_model, lineage.distilled_from, lineage.trained_on_outputs_of)
        names: dict[str, str] = {}
        for parent in (parent for group in groups for parent in group):
            number = len(names)
            key = f"{parent.id}@{parent.revision}"
            names[key] = names.get(key) or self._add(f"parent-{number}", ancestor_package(parent))
            if parent.license:
                self._licences(names[key], parent.license)
        bases = [names[f"{parent.id}@{parent.revision}"] for parent in lineage.base_model]
        for name in names.values():
            self._relate("ancestorOf", name, [self.model])
        self._relate("dependsOn", self.model, bases)

    def _datasets(self) -> None:
        paths = [file.path for file in self._content.files]
        trained, tested = list[str](), list[str]()
        for number, one in enumerate(self._content.datasets):
            package = dataset_package(one, self._content)
            owners = [self.agent(name) for name in one.creators]
            name = self._add(f"dataset-{number}", {**package, "originatedBy": owners})
            self._licences(name, one.licence)
            files = {path for glob in one.files for path in matching(glob, paths)}
            held = [self.identifier(f"file-{i}") for i, path in enumerate(paths) if path in files]
            self._relate("hasDataFile", name, held)
            (tested if set(one.uses) == {"testing"} else trained).append(name)
            if {"testing"} < set(one.uses):
                tested.append(name)
        self._relate("trainedOn", self.model, trained)
        self._relate("testedOn", self.model, tested)

    def profiles(self) -> list[str]:
        """The profiles that the elements conform to."""
        found = ["core", "software", "simpleLicensing"]
        if not missing_of(self._by_id[self.model], AI_REQUIRED):
            found.append("ai")
        sets = [each for each in self.elements if each["type"] == "dataset_DatasetPackage"]
        if sets and not any(missing_of(each, DATASET_REQUIRED) for each in sets):
            found.append("dataset")
        return found


def render_spdx(content: DocumentContent) -> bytes | None:
    """The document; None while the release has no date."""
    date = content.spec.metadata.date
    if date is None:
        return None
    graph = SpdxGraph(content)
    producer = content.spec.metadata.producer
    made_by = {"type": "SoftwareAgent", "name": f"paddock {__version__}"}
    agent = graph.identifier("paddock")
    if producer is not None:
        agent = graph.agent(producer.name)
    creation = {
        "type": "CreationInfo",
        "@id": CREATION,
        "specVersion": SPEC_VERSION,
        "created": f"{date}T00:00:00Z",
        "createdBy": [agent],
    }
    extra = [{**made_by, "spdxId": agent, "creationInfo": CREATION}] if producer is None else []
    document = {
        "type": "SpdxDocument",
        "spdxId": graph.identifier("document"),
        "creationInfo": CREATION,
        "name": f"{content.name} {content.version}",
        "profileConformance": graph.profiles(),
        "rootElement": [graph.model],
        "element": [each["spdxId"] for each in graph.elements],
    }
    whole = {"@context": CONTEXT, "@graph": [creation, document, *extra, *graph.elements]}
    return (json.dumps(visible_values(whole), indent=2, ensure_ascii=False) + "\n").encode()


def _file(file: ReleaseFile) -> dict[str, Any]:
    return {
        "type": "software_File",
        "name": file.path,
        "software_primaryPurpose": _PURPOSES.get(file.role, "file"),
        "verifiedUsing": [hashed("sha256", file.sha256), hashed("blake3", file.blake3)],
    }

"""What release.yaml itself says, as facts.

Pure. Whoever wrote the file declares it; nothing here is measured.
"""

from __future__ import annotations

from collections.abc import Iterable

from paddock.release.documents.keys import KNOWN
from paddock.release.facts import Fact, Value, declared
from paddock.release.licences.card_licence import is_unknown
from paddock.release.spec.lineage import Ancestor
from paddock.release.spec.release_spec import ReleaseSpec


def said_facts(spec: ReleaseSpec) -> tuple[Fact, ...]:
    """Everything that release.yaml says about the release, its maker and its parents."""
    values = {**_release(spec), **_terms(spec), **_promises(spec), **_model(spec)}
    return tuple(
        declared(KNOWN[key].title, value, key, unit=KNOWN[key].unit)
        for key, value in values.items()
        if value not in (None, "", [])
    )


def _release(spec: ReleaseSpec) -> dict[str, Value]:
    metadata, producer = spec.metadata, spec.metadata.producer
    values: dict[str, Value] = {
        "release.name": metadata.name,
        "release.version": metadata.version,
        "release.date": str(metadata.date) if metadata.date else None,
        "release.description": metadata.description,
        "release.supersedes": metadata.supersedes,
        "release.purl": metadata.purl,
        "release.stage": spec.access.stage,
        "release.mechanism": None if spec.access.mechanism == "none" else spec.access.mechanism,
        "release.channels": [_channel(there) for there in spec.publish],
    }
    if producer is not None:
        values |= {
            "producer.name": producer.name,
            "producer.contact": producer.contact,
            "producer.security": producer.security,
            "producer.eu_representative": producer.eu_representative,
        }
    return values


def _terms(spec: ReleaseSpec) -> dict[str, Value]:
    licenses = spec.licenses
    return {
        "release.licence": None if is_unknown(licenses.distribution) else licenses.distribution,
        "release.code_licence": licenses.code,
        "release.data_licence": licenses.data,
        "release.document_licence": licenses.document,
    }


def _promises(spec: ReleaseSpec) -> dict[str, Value]:
    lifecycle = spec.lifecycle
    return {
        "release.support_until": str(lifecycle.support_until) if lifecycle.support_until else None,
        "release.incident_hours": lifecycle.incident_sla_hours,
        "release.revoked_for": [reason.replace("_", " ") for reason in lifecycle.revocation],
        "release.advisories": lifecycle.advisories,
    }


def _model(spec: ReleaseSpec) -> dict[str, Value]:
    metadata, lineage = spec.metadata, spec.lineage
    relations = list(dict.fromkeys(p.relation for p in lineage.base_model if p.relation))
    return {
        "model.type": metadata.type,
        "model.architecture_kind": metadata.architecture,
        "model.treatment": metadata.treatment,
        "model.languages": list(metadata.languages),
        "model.pipeline_tag": metadata.pipeline_tag,
        "model.library": metadata.library_name,
        "lineage.base_model": _names(lineage.base_model),
        "lineage.relation": ", ".join(relations),
        "lineage.distilled_from": _names(lineage.distilled_from),
        "lineage.trained_on_outputs_of": _names(lineage.trained_on_outputs_of),
    }


def _names(parents: Iterable[Ancestor]) -> list[Value]:
    return [f"{p.id} at {p.revision}" if p.revision else p.id for p in parents]


def _channel(there: object) -> str:
    """The address alone: a folder of this machine is nobody's business."""
    for name in ("repo", "ref"):
        if (address := getattr(there, name, None)) is not None:
            url = getattr(there, "url", None)
            return f"{url.rstrip('/')}/{address}" if url else str(address)
    return "a folder"

"""A plan for programs: one JSON object."""

from __future__ import annotations

from typing import Any

from paddock.release.planning.foreseeing import NOTHING_FORESEEN, Foreseen
from paddock.release.planning.plan import Plan


def to_json(plan: Plan, foreseen: Foreseen = NOTHING_FORESEEN) -> dict[str, Any]:
    """Everything that the plan decided, and what the gate would say as things are."""
    spec = plan.spec
    return {
        "name": spec.metadata.name,
        "version": spec.metadata.version,
        "source": plan.source,
        "format": plan.model.format,
        "model": plan.model.summary,
        "conversion": "safetensors" if plan.model.is_converted else None,
        "outputs": _said(spec.artifacts.outputs),
        "derive": _said(spec.artifacts.derive),
        "facts": {
            fact.name: {"value": fact.value, "source": fact.source} for fact in plan.model.facts
        },
        "components": _said(spec.components),
        "files": [
            {"path": f.path, "size_bytes": f.size_bytes, "role": f.role, "component": f.component}
            for f in plan.copied
        ],
        "converted_files": list(plan.model.produced),
        "written_files": list(plan.written),
        "left_out": [{"path": left.path, "reason": left.reason} for left in plan.left_out],
        "license": spec.licenses.distribution,
        "access": {
            "stage": spec.access.stage,
            "mechanism": spec.access.mechanism,
            "private": spec.access.is_private,
        },
        "sign": {"oms": spec.oms_key, **_one(spec.sign, without={"oms"})},
        "publish": _said(spec.publish),
        "assumptions": list(plan.assumptions),
        "checks": [check.to_json() for check in plan.checks],
        "warnings": list(plan.warnings),
        "gate": [check.to_json() for check in foreseen.checks],
        "blocks": [*plan.blocks, *foreseen.blocks],
    }


def _said(sections: Any) -> list[dict[str, Any]]:
    return [_one(section) for section in sections]


def _one(section: Any, without: set[str] | None = None) -> dict[str, Any]:
    said: dict[str, Any] = section.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude=without
    )
    return said

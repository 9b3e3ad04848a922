"""What release.json says beside its files. Pure: nothing in it depends on this run or this machine.

It repeats what release.yaml says of the release itself and adds what the build found out: facts,
outputs with the digests that audits name, what is withheld, and every condition with its evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paddock import __version__
from paddock.release.building.inputs import BuiltOutput
from paddock.release.evidence import Check
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.withholding.withheld import Withheld


def release_document(
    spec: ReleaseSpec,
    told: Mapping[str, Any],
    outputs: Sequence[BuiltOutput],
    withheld: Withheld,
    checks: Sequence[Check],
    source_format: str,
) -> dict[str, Any]:
    """release.json without its files."""
    said = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    metadata = said["metadata"]
    return {
        "name": metadata.pop("name"),
        "version": metadata.pop("version"),
        "producer": metadata.pop("producer", None),
        "metadata": metadata,
        "lineage": said["lineage"],
        "licenses": said["licenses"],
        "components": said["components"],
        "access": {"stage": spec.access.stage, "mechanism": spec.access.mechanism},
        "model": {"source_format": source_format},
        **told,
        "outputs": [output.to_json() for output in outputs],
        "withheld": [_item(withheld, number) for number in range(len(withheld.items))],
        "checks": [check.to_json() for check in checks],
        "tool": {"name": "paddock", "version": __version__},
    }


def _item(withheld: Withheld, number: int) -> dict[str, Any]:
    item = withheld.items[number]
    said = {
        "id": item.id,
        "component": item.component,
        "what": item.rule,
        "replaced": item.replaced_how,
        "reason": item.reason,
        "review_date": item.review_date.isoformat() if item.review_date else None,
        "commitment": item.commitment,
    }
    return {key: value for key, value in said.items() if value is not None}

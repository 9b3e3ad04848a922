"""The class of openness is computed from components, as the framework's own tool computes it."""

from __future__ import annotations

import json
from typing import Any

from paddock.hub.releases.statement import parse_statement
from paddock.release.documents.mof.framework import REQUIRED
from paddock.web.released.duties import licences_of, terms_of
from paddock.web.released.openness import Openness, openness_of
from tests.hub.releases.made import document


def _openness(mof_class: int, **changes: Any) -> Openness:
    names = sorted(REQUIRED[mof_class])
    rows = [{"name": name, "access": "open", "license": "Apache-2.0"} for name in names]
    said = document(**{"components": rows, **changes})
    return openness_of(parse_statement(json.dumps(said).encode()))


def test_each_class_asks_for_its_components_and_those_of_the_one_below() -> None:
    for mof_class in (3, 2, 1):
        assert _openness(mof_class).now.mof_class == mof_class
    assert _openness(3).label == "Class III - Open Model"
    assert "Training code" in _openness(3).now.missing
    assert _openness(3).next_label == "Class II - Open Tooling Model"


def test_a_gate_before_the_whole_stands_before_every_part() -> None:
    found = _openness(3, access={"stage": "gated", "mechanism": "manual"})
    assert found.now.mof_class == 0
    assert found.without_gates.mof_class == 3
    assert found.label == "In no class"
    assert {row.access for row in found.rows} <= {"gated", "not declared"}


def test_what_is_kept_back_or_not_openly_licensed_does_not_count() -> None:
    names = sorted(REQUIRED[3])
    for change in (
        {"withhold": [{"match": "*"}]},
        {"license": "CC-BY-NC-4.0"},
        {"access": "withheld"},
    ):
        rows = [{"name": name, "access": "open", "license": "Apache-2.0"} for name in names]
        rows[0] |= change  # type: ignore[arg-type]
        found = _openness(3, components=rows)
        assert found.now.mof_class == 0
        assert found.now.missing == (names[0],)


def test_duties_are_those_of_the_licence_and_of_what_it_came_from() -> None:
    licences = {"a/b": "llama3.1", "c/d": "made-up-1.0"}
    rows = [{"id": k, "path": ["finetune"], "license": v} for k, v in licences.items()]
    said = document(ancestors=rows)
    statement = parse_statement(json.dumps(said).encode())
    found = terms_of(licences_of(statement), statement)
    assert {"Apache License 2.0"} < {duty.licence for duty in found.duties}
    assert any("Llama" in duty.quote for duty in found.duties)
    assert found.unknown == ("made-up-1.0",)
    assert [(grant.what, grant.is_allowed) for grant in found.grants] == [
        ("Use for business", True)
    ]
    assert terms_of(["apache-2.0"]).grants
    assert terms_of([]) == ((), (), ())
    assert terms_of(["((("]).unknown == ("(((",)

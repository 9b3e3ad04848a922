"""What a release.json says is read row by row, and nothing in it can hurt who reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from paddock.hub.releases.gate_file import parse_gate
from paddock.hub.releases.result_files import results_of_card, results_of_file
from paddock.hub.releases.signers import signers_of
from paddock.hub.releases.statement import BadStatement, parse_statement
from tests.hub.releases.made import GATE, document, release_files

KEY = ec.generate_private_key(ec.SECP256R1())


def _parse(**changes: Any) -> Any:
    return parse_statement(json.dumps(document(**changes)).encode())


def test_everything_that_a_release_says_is_there() -> None:
    found = _parse()
    assert (found.name, found.version, found.stage) == ("tiny", "1.0.0", "open")
    kept = next(part for part in found.components if part.access == "withheld")
    assert (kept.reason, kept.review_date, kept.commitment) == ("privacy", "2027-01-31", "c" * 64)
    assert found.fact("model.parameters").words == "2,213,952"
    assert found.fact("model.context_tokens").words == "512 tokens"
    assert found.results[0].interval_text == "0.66 to 0.74 (95 %)"
    assert [check.status for check in found.checks] == ["met", "waived"]
    gate = parse_gate(json.dumps(GATE).encode())
    assert (gate.policy, gate.is_allowed, gate.approvals[0].person) == (
        "two-people", True, "ada@acme.example",
    )  # fmt: skip


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        b'{"name": "a"}',
        b'{"name": "a", "version": 1}',
        b'{"name": "a", "name": "b", "version": "1"}',
        b'{"name": "a", "version": "1", "x": NaN}',
        b'{"name": "a", "version": "1", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"name": "\\ud800", "version": "1"}',
        b'{"name": "a", "version": "1", "x": "' + b"y" * (4 << 20) + b'"}',
    ],
)
def test_what_has_two_readings_or_none_is_refused_whole(raw: bytes) -> None:
    with pytest.raises(BadStatement):
        parse_statement(raw)


@pytest.mark.parametrize("value", [None, 1, "x", [1, "x", None, [], {}], {"a": 1}, [[{}]] * 10])
def test_a_part_of_the_wrong_kind_counts_as_not_said(value: Any) -> None:
    keys = set(document()) - {"name", "version"}
    found = _parse(signatures=value, files=value, lineage=value, **dict.fromkeys(keys, value))
    assert found.components == found.results == found.facts == found.keys == ()


def test_numbers_that_are_none_and_intervals_beside_their_value_do_not_count() -> None:
    rows = [
        {"eval": "a", "value": True},
        {"eval": "b", "value": 1e305},
        {"eval": "c", "value": 0.5, "low": 0.6, "high": 0.7},
        {"eval": "", "value": 1},
    ]
    results = _parse(results=rows).results
    assert [(r.eval, r.is_point) for r in results] == [("c", True)]


def test_long_texts_are_cut_and_long_lists_end() -> None:
    found = _parse(
        metadata={"description": "x" * 100_000},
        facts=[{"key": f"k{n}", "value": 1, "source": "made up"} for n in range(10_000)],
    )
    assert len(found.metadata["description"]) <= 2000
    assert found.metadata["description"].endswith("…")
    assert len(found.facts) == 2000
    assert found.facts[0].source == "unknown"


def test_ancestors_come_from_the_parents_where_an_older_release_lists_no_more() -> None:
    said = document(lineage={"base_model": [{"id": "lab/base", "relation": "adapter"}],
                             "distilled_from": [{"id": "lab/teacher"}]})  # fmt: skip
    del said["ancestors"]
    found = parse_statement(json.dumps(said).encode())
    assert [(a.name, a.edges) for a in found.ancestors] == [
        ("lab/base", ("adapter",)),
        ("lab/teacher", ("distilled_from",)),
    ]


def test_a_signature_is_right_only_over_this_very_statement_by_the_key_it_names() -> None:
    files = release_files(document(), KEY)
    statement = parse_statement(files["release.json"])
    bundle = files["release.oms.json"]
    assert [s.is_right for s in signers_of(statement, bundle, None)] == [True]
    assert [s.is_right for s in signers_of(statement, None, None)] == [False]
    assert [s.is_right for s in signers_of(statement, b"{}", bundle)] == [False]
    other = release_files(document("2.0.0"), KEY)["release.oms.json"]
    assert [s.is_right for s in signers_of(statement, other, None)] == [False]
    thief = ec.generate_private_key(ec.SECP256R1())
    stolen = release_files(document(), thief)["release.oms.json"]
    assert [s.is_right for s in signers_of(statement, stolen, None)] == [False]


def test_results_in_the_forms_of_cards_are_points_with_their_source() -> None:
    yaml = b"- dataset: {id: cais/mmlu, task_id: default}\n  value: 71.5\n  notes: five shots\n"
    (one,) = results_of_file(yaml, ".eval_results/a.yaml")
    assert (one.eval, one.value, one.source, one.is_point) == (
        "cais/mmlu", 71.5, "file", True,
    )  # fmt: skip
    metrics = [{"type": "accuracy", "value": 0.7}, {"type": "x", "value": "no"}]
    result = {"task": {"type": "t"}, "dataset": {"name": "MMLU"}, "metrics": metrics}
    index = [{"name": "m", "results": [result]}]
    assert [r.eval for r in results_of_card({"model-index": index})] == ["MMLU: accuracy"]
    for bad in (b"&a [*a]", b"{", b"\xff", b"x" * 300_000, b"- 1\n- {dataset: 1, value: 2}"):
        assert results_of_file(bad, "x.yaml") == ()
    for index in (None, 1, [1], [{"results": {}}], [{"results": [{"metrics": 1}]}]):
        assert results_of_card({"model-index": index}) == ()

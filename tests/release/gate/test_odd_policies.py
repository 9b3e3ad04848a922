"""Policies and results that say something odd ask for no less than they seem to."""

from __future__ import annotations

import json

import pytest

from paddock.release.errors import BadReleaseFile
from paddock.release.gate.policy import parse_policy
from paddock.release.results.reading import parse_results

HEAD = "apiVersion: paddock/v1\nkind: GatePolicy\nname: odd\n"


@pytest.mark.parametrize(
    "line",
    [
        "results: {level: .nan}", "results: {level: 0}", "results: {level: 1}",
        "results: {level: true}", "results: {max_age_days: 0}",
        "results: {thresholds: {safety: [{eval: a, min: .nan}]}}",
        "results: {thresholds: {safety: [{eval: a, max: .inf}]}}",
        "results: {thresholds: {safety: [{eval: a, min: -1e999}]}}",
        "results: {thresholds: {safety: [{eval: a, min: nan}]}}",
        "results: {thresholds: {safety: [{eval: a, min: true}]}}",
        "results: {thresholds: {safety: [{eval: a, min: 2, max: 1}]}}",
        "results: {thresholds: {safety: [{eval: a, min_ratio_to_base: 0}]}}",
        "results: {thresholds: {safety: [{eval: a, min_ratio_to_base: -1}]}}",
        "results: {thresholds: {safety: [{eval: a}]}}",
        "approvals: {required: -1}", "approvals: {required: true}", "approvals: {required: 1.5}",
        "cooloff_hours: -48", "waivers: {max_days: 0}", "name: twice",
        "wholly_met: [everything]", "approvals: {requierd: 2}", "scan: &a clean",
    ],
)  # fmt: skip
def test_a_policy_that_would_ask_for_nothing_is_refused(line: str) -> None:
    with pytest.raises(BadReleaseFile):
        parse_policy((HEAD + line).encode(), "policy.yaml")


@pytest.mark.parametrize(
    "row",
    [
        '{"eval": "a", "value": true}', '{"eval": "a", "value": 1e999}',
        '{"eval": "a", "value": NaN}', '{"eval": "a", "value": 0.9, "value": 1}',
        '{"eval": "a", "value": 0.9, "low": 0.95, "high": 0.8}',
        '{"eval": "a", "value": 0.1, "low": 0.9, "high": 0.99}',
        '{"eval": "a", "value": 0.9, "low": true, "high": 1}',
        '{"eval": "a", "value": 0.9, "low": 0.8, "high": 1, "level": 2}',
        '{"eval": "a", "value": 2, "n": 10, "share": true}',
        '{"eval": "a", "value": 0.9, "n": 0, "share": true}',
        '{"eval": "a", "value": 0.9, "n": 1e30, "share": true}',
    ],
)  # fmt: skip
def test_a_result_that_no_measurement_gives_is_refused(row: str) -> None:
    head = json.dumps({"format": "paddock/audit-results/v1", "model": {"sha256": "0f" * 32}})
    raw = f'{head[:-1]}, "results": [{row}]}}'.encode()
    with pytest.raises(BadReleaseFile):
        parse_results(raw, "results.json")

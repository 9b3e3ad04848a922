"""What a release states of itself is read as releases write it, and anything else is nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paddock.hub.catalogue.released import Released, read_release
from paddock.release.documents.mof.assessment import mof_checks
from paddock.release.documents.mof.framework import REQUIRED
from paddock.release.evidence import Check
from paddock.release.files.manifest import FORMAT
from tests.release.documents.mof.test_assessment import spec


def manifest(*checks: Check, **others: Any) -> bytes:
    """A release.json as far as it is read here."""
    said = {"format": FORMAT, "name": "tiny", "version": "1.0", "results": []}
    return json.dumps({**said, "checks": [check.to_json() for check in checks], **others}).encode()


def check(status: Any = "met", **others: Any) -> Check:
    return Check("quality.x", others.get("group", "quality"), status, "so it is")


@pytest.mark.parametrize(
    ("statuses", "gate"),
    [
        (["met", "warned"], "passed"),
        (["met", "waived"], "waived"),
        (["waived", "unmet"], "unmet"),
        (["undecided"], "unmet"),
    ],
)
def test_the_gate_is_the_worst_of_its_conditions(statuses: list[str], gate: str) -> None:
    told = read_release(manifest(*map(check, statuses)))
    assert told == Released("tiny", "1.0", gate, None, has_results=False, has_audit=False)


@pytest.mark.parametrize("mof_class", [1, 2, 3, 0])
def test_the_class_is_the_one_that_a_release_computes_and_says(mof_class: int) -> None:
    """The sentence is the release's own: whoever changes it there finds out here."""
    components = REQUIRED.get(mof_class, frozenset({"Model card"}))
    told = read_release(manifest(*mof_checks(spec(components))))
    assert told is not None
    assert told.openness == mof_class


def test_a_class_that_is_claimed_wrongly_counts_as_it_was_computed() -> None:
    (wrong, *_) = mof_checks(spec(REQUIRED[3], claimed=1))
    told = read_release(manifest(wrong))
    assert told is not None
    assert (told.openness, told.gate) == (3, "unmet")


def test_results_count_with_their_intervals_and_audits_by_their_group() -> None:
    result = {"value": 0.5, "low": 0.4, "high": 0.6}
    told = read_release(manifest(check(group="safety"), results=[{}, result]))
    assert told is not None
    assert told.has_results
    assert told.has_audit
    for bad in ({"value": 0.5}, {**result, "low": 0.55}, {**result, "high": True}, [], "x"):
        told = read_release(manifest(check(), results=[bad]))
        assert told is not None
        assert not told.has_results


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        manifest(),
        manifest(check(), format="paddock/release/v2"),
        manifest(check(), name=""),
        manifest(check(), name="a\u202eb"),
        manifest(check(), name="x" * 1000),
        manifest(check(), version=1),
        manifest(check("splendid")),
        manifest(check()).replace(b'"name"', b'"name": "first", "name"', 1),
        b'{"checks": ' + b"[" * 100_000,
        manifest(check()) + b" " * (5 << 20),
    ],
)
def test_what_is_no_release_states_nothing(raw: bytes) -> None:
    assert read_release(raw) is None

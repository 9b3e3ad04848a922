"""Everything that is not met is told; more of it never helps, and no order matters."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.release.errors import BadReleaseFile, GateRefused
from paddock.release.evidence import GROUPS, Check
from paddock.release.files.manifest import ReleaseFile
from paddock.release.gate.approvals import count
from paddock.release.gate.candidate import Candidate
from paddock.release.gate.content_root import content_root, folder_root, is_evidence
from paddock.release.gate.decide import decide
from paddock.release.gate.inputs import read_gate_inputs
from paddock.release.gate.judging import gate_evidence, require_allowed
from paddock.release.gate.policy import GatePolicy, built_in_policy, no_policy, parse_policy
from paddock.release.gate.statements import SignedStatement, Statement, said_digest
from paddock.release.spec.reader import parse_release
from tests.release.gate.stories import FILES, MET, NOW, ROOT, SCANNED, Lab, unmet_ids

SPEC = parse_release(
    b"""
apiVersion: paddock/v1
kind: ModelRelease
metadata: {name: acme, version: 1.0.0, stage: gated}
gate:
  author: eve
  people:
    - {person: ada, key: ada.pem, roles: [safety, legal]}
    - {person: bob, key: bob.pem, roles: [legal]}
    - {person: eve, key: eve.pem, roles: [safety]}
  approvals: {required: 2, roles: [safety, legal]}
  cooloff_hours: 4
  waivers:
    - {check: a, reason: so, by: ada, expires: 2027-01-31}
    - {check: gate.scan, reason: so, by: bob, expires: 2027-01-31}
    - {check: gate.check:b, reason: so, by: bob, expires: 2026-01-31}
"""
)
POLICY = GatePolicy(name="tried", scan="clean", checks=("a", "b"), wholly_met=("licence",))
KEYS = {"ada": "1" * 64, "bob": "2" * 64, "eve": "3" * 64}
CANDIDATE = Candidate(ROOT, FILES, frozenset({"4" * 64}), people_keys=KEYS)
SAID = said_digest(SPEC)

checks = st.lists(
    st.builds(
        Check,
        st.sampled_from(["a", "b", "c", "formats.scan", "gate.scan", "gate.check:b"]),
        st.sampled_from(GROUPS),
        st.sampled_from(["met", "warned", "unmet", "undecided"]),
        st.just("said"),
    ),
    max_size=6,
)


@st.composite
def signed(draw: st.DrawFn) -> SignedStatement:
    person = draw(st.sampled_from(["ada", "bob", "eve", "zoe"]))
    kind = draw(st.sampled_from(["approval", "waiver"]))
    subjects = ["safety", "legal"] if kind == "approval" else ["a", "gate.scan"]
    statement = Statement(
        kind, "acme", "1.0.0",
        draw(st.sampled_from([ROOT, ROOT, ROOT, "f" * 64])), SAID, person,
        draw(st.sampled_from(subjects)), NOW - timedelta(hours=draw(st.integers(-2, 9))),
    )  # fmt: skip
    key = KEYS.get(draw(st.sampled_from([person, person, "bob"])), "9" * 64)
    name = draw(st.text("abc", min_size=1, max_size=3))
    return SignedStatement(name, name * 2, statement, frozenset({key}))


statements = st.lists(signed(), max_size=7)


@given(checks, statements, st.data())
@settings(deadline=None)
def test_more_that_is_not_met_never_turns_a_refusal_into_a_release(
    found: list[Check], said: list[SignedStatement], data: st.DataObject
) -> None:
    before = decide(SPEC, found, said, CANDIDATE, NOW, POLICY)
    one = data.draw(checks.filter(lambda some: any(c.blocks for c in some)))
    more = [check for check in one if check.blocks]
    after = decide(SPEC, [*found, *more], said, CANDIDATE, NOW, POLICY)
    assert before.allowed or not after.allowed


@given(checks, statements, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_no_order_of_conditions_or_statements_changes_anything(
    found: list[Check], said: list[SignedStatement], random: object
) -> None:
    before = decide(SPEC, found, said, CANDIDATE, NOW, POLICY)
    mixed, spoken = list(found), list(said)
    random.shuffle(mixed)
    random.shuffle(spoken)
    assert decide(SPEC, mixed, spoken, CANDIDATE, NOW, POLICY) == before


@given(statements)
@settings(deadline=None)
def test_approvals_are_of_distinct_people_in_their_roles_never_the_author(
    said: list[SignedStatement],
) -> None:
    counted = count(SPEC, no_policy(), CANDIDATE, said, NOW)
    people = [approval.person for approval in counted.approvals]
    assert len(people) == len(set(people))
    assert set(people) <= {"ada", "bob"}
    enough = {a.person: a.role for a in counted.approvals} == {"ada": "safety", "bob": "legal"}
    assert (counted.complete_at is not None) == enough


def test_every_unmet_condition_is_told_with_evidence_and_hint_and_exit_5(tmp_path: Path) -> None:
    lab = Lab(tmp_path, approvals={"required": 1})
    lab.hire("ada", "safety")
    bad = [
        Check("licence.notice", "licence", "unmet", "NOTICE is missing", hint="add it"),
        Check("documents.energy", "documents", "undecided", "nobody says"),
    ]
    decision = lab.decide(*bad)
    with pytest.raises(GateRefused) as refused:
        require_allowed(decision)
    assert refused.value.exit_code == 5
    for said in ("licence.notice", "NOTICE is missing", "hint: add it", "documents.energy",
                 "approvals.count", "3 conditions are not met"):  # fmt: skip
        assert said in refused.value.message


def test_a_check_that_the_policy_names_must_be_judged_by_somebody() -> None:
    policy = GatePolicy(name="own", checks=("licence.terms", "formats.scan", "legal.memo"))
    decision = decide(SPEC, [MET, SCANNED], [], CANDIDATE, NOW, policy)
    assert "gate.check:legal.memo" in unmet_ids(decision)
    assert "gate.check:licence.terms" not in unmet_ids(decision)


def test_a_scan_that_nobody_made_is_not_clean() -> None:
    decision = decide(SPEC, [MET], [], CANDIDATE, NOW, GatePolicy(name="own", scan="clean"))
    assert "gate.scan" in unmet_ids(decision)


def test_the_built_in_policies_only_grow_stricter() -> None:
    ladder = [built_in_policy(s) for s in ("internal", "trusted", "gated", "open")]
    for laxer, stricter in itertools.pairwise(ladder):
        assert set(laxer.wholly_met) <= set(stricter.wholly_met)
        assert laxer.approvals.required <= stricter.approvals.required
        assert laxer.cooloff_hours <= stricter.cooloff_hours


def test_a_policy_is_closed() -> None:
    head = b"apiVersion: paddock/v1\nkind: GatePolicy\nname: own\n"
    with pytest.raises(BadReleaseFile, match=r"own.yaml:4: unknown key 'wholy_met'"):
        parse_policy(head + b"wholy_met: [licence]\n", "own.yaml")
    with pytest.raises(BadReleaseFile, match="kind: must be 'GatePolicy'"):
        parse_policy(b"apiVersion: paddock/v1\nkind: ModelRelease\nname: x\n", "own.yaml")


def test_the_release_carries_its_gate_and_no_hour_of_the_build(tmp_path: Path) -> None:
    lab = Lab(tmp_path, approvals={"required": 1}, cooloff_hours=2)
    lab.hire("ada", "safety")
    lab.approve("ada", "safety", hours_ago=3)
    spec, inputs = lab.spec, read_gate_inputs(lab.spec, lab.base)
    early, late = lab.decide(), lab.decide(now=NOW + timedelta(days=9))
    evidence = gate_evidence(spec, early, inputs)
    assert evidence == gate_evidence(spec, late, inputs)
    assert all(is_evidence(path) for path in evidence)
    assert b"2026-11-23T11:00:00.000Z" in evidence["attestations/gate.json"]
    assert b"PADDOCK_GATE_ALLOWED" in evidence["attestations/gate.json"]
    assert len([path for path in evidence if path.startswith("gate/statements/")]) == 1
    assert (lab.base / "people" / "ada.pem").read_bytes() in evidence.values()


def test_the_content_root_is_of_everything_but_the_gates_evidence(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b"{}")
    root = folder_root(tmp_path)
    (tmp_path / "gate").mkdir()
    (tmp_path / "gate" / "decision.json").write_bytes(b"{}")
    assert folder_root(tmp_path) == root
    (tmp_path / "model.safetensors").write_bytes(b"x")
    assert folder_root(tmp_path) != root
    a, b = ReleaseFile("a", "other", None, 1, "1" * 64, "2" * 64), ReleaseFile(
        "b", "other", None, 1, "3" * 64, "4" * 64
    )  # fmt: skip
    assert content_root([a, b]) == content_root([b, a]) != content_root([a])

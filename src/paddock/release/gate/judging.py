"""The gate as the build meets it: a candidate in, its evidence out, or a refusal that says all.

Nothing of the hour is in the evidence: a decision is dated by the last approval that it needed, or
by ``metadata.date``, so the same release has the same bytes whenever it is built.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import rfc8785

from paddock.clock import to_text
from paddock.digest import sha256_hex
from paddock.release.documents.attestations import Resource, render_verification, root_subject
from paddock.release.errors import GateRefused
from paddock.release.evidence import Check, unmet
from paddock.release.gate.content_root import ATTESTATION, EVIDENCE_FOLDER
from paddock.release.gate.decide import Decision
from paddock.release.gate.inputs import GateInputs
from paddock.release.gate.table import render_refusal
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.signing.public_keys import public_pem


class DecisionRefused(GateRefused):
    """The gate's own refusal: it carries the whole decision, for programs."""

    code = "conditions_not_met"

    def __init__(self, decision: Decision) -> None:
        blocking = unmet(decision.checks)
        many = "one condition is" if len(blocking) == 1 else f"{len(blocking)} conditions are"
        super().__init__(
            f"the gate refuses {decision.name} {decision.version}: {many} not met\n"
            f"{render_refusal(decision)}",
            hint="meet them and run the same command again; what was built is kept",
        )
        self.decision: dict[str, Any] = decision.to_json()


def require_allowed(decision: Decision) -> None:
    """Raise DecisionRefused (exit 5) unless the candidate may leave."""
    if not decision.allowed:
        raise DecisionRefused(decision)


def gate_evidence(spec: ReleaseSpec, decision: Decision, inputs: GateInputs) -> dict[str, bytes]:
    """What the release says about its own gate: path to content; nothing where there was none."""
    if inputs.policy_source is None:
        return {}
    require_allowed(decision)
    folder = EVIDENCE_FOLDER
    found = {
        f"{folder}/decision.json": rfc8785.dumps(decision.to_json()),
        f"{folder}/policy.yaml": inputs.policy_source,
    }
    for approval in decision.approvals:
        found[f"{folder}/statements/{approval.sha256[:16]}.json"] = inputs.envelopes[approval.file]
    for person in sorted({a.person for a in decision.approvals} | _who_waived(spec, decision)):
        key = public_pem(inputs.people[person])
        found[f"{folder}/people/{sha256_hex(key)[:16]}.pem"] = key
    for signed in inputs.statements:
        if signed.statement is not None and signed.statement.kind == "waiver":
            found[f"{folder}/statements/{signed.sha256[:16]}.json"] = inputs.envelopes[signed.file]
    if (moment := _decided_at(spec, decision, inputs)) is not None:
        found[ATTESTATION] = _attestation(decision, inputs, moment)
    return found


def _who_waived(spec: ReleaseSpec, decision: Decision) -> set[str]:
    waived = {check.id for check in decision.waived}
    return {waiver.by for waiver in spec.gate.waivers if waiver.check in waived}


def _decided_at(spec: ReleaseSpec, decision: Decision, inputs: GateInputs) -> datetime | None:
    if decision.complete_at is not None:
        hours = max(spec.gate.cooloff_hours, inputs.policy.cooloff_hours)
        return decision.complete_at + timedelta(hours=hours)
    day = spec.metadata.date
    return datetime.combine(day, time(), UTC) if day is not None else None


def _attestation(decision: Decision, inputs: GateInputs, moment: datetime) -> bytes:
    """in-toto svr: which groups were met, by which policy."""
    assert inputs.policy_source is not None  # noqa: S101 - the caller looked
    policy = Resource(f"{decision.policy}.yaml", sha256_hex(inputs.policy_source))
    subject = root_subject(decision.name, decision.version, decision.root)
    return render_verification(
        [subject], properties(decision.checks), to_text(moment), policies=[policy]
    )


def properties(checks: tuple[Check, ...]) -> list[str]:
    """PADDOCK_GATE_ALLOWED, and each group with nothing unmet, or with waivers."""
    waived = {check.group for check in checks if check.status == "waived"}
    groups = {check.group for check in checks}
    found = [f"PADDOCK_{g.upper()}_{'WAIVED' if g in waived else 'MET'}" for g in sorted(groups)]
    return ["PADDOCK_GATE_ALLOWED", *found]

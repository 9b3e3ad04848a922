"""Whether a candidate may leave: every condition together, and what people say.

Pure: the clock is an argument. Whatever is not met stops the release, and all of it is told at
once. More that is not met never turns a refusal into a release, and no order changes anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from paddock.clock import to_text
from paddock.release.evidence import GROUPS, Check, unmet
from paddock.release.gate.approvals import Approval, count
from paddock.release.gate.audits import audit_checks
from paddock.release.gate.candidate import Candidate
from paddock.release.gate.policy import GatePolicy, built_in_policy, no_policy
from paddock.release.gate.requirements import policy_checks
from paddock.release.gate.statements import SignedStatement
from paddock.release.gate.waivers import apply_waivers
from paddock.release.spec.release_spec import ReleaseSpec

FORMAT = "paddock/gate-decision/v1"


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed, or everything that stands against it."""

    name: str
    version: str
    stage: str
    root: str
    policy: str  # its name
    checks: tuple[Check, ...]
    approvals: tuple[Approval, ...]
    complete_at: datetime | None  # when the last approval that was needed was signed

    @property
    def allowed(self) -> bool:
        return not unmet(self.checks)

    @property
    def waived(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.status == "waived")

    def to_json(self) -> dict[str, Any]:
        """For programs, and for the release itself: nothing of the hour in it."""
        return {
            "format": FORMAT,
            "allowed": self.allowed,
            "name": self.name,
            "version": self.version,
            "stage": self.stage,
            "root": self.root,
            "policy": self.policy,
            "approvals": [
                {"person": a.person, "role": a.role, "at": to_text(a.at), "sha256": a.sha256}
                for a in self.approvals
            ],
            "checks": [check.to_json() for check in self.checks],
        }


def decide(
    spec: ReleaseSpec,
    checks: Iterable[Check],
    statements: Iterable[SignedStatement],
    candidate: Candidate,
    now: datetime,
    policy: GatePolicy | None = None,
) -> Decision:
    """Judge a candidate; ``checks`` are what everybody else found, ``policy`` that of the file.

    Without a policy that of the stage holds, and none at all for a release.yaml without ``gate``.
    """
    policy = policy or policy_of(spec)
    judged = _in_order(checks)
    judged += policy_checks(spec, policy, candidate, judged)
    counted = count(spec, policy, candidate, statements, now)
    judged += audit_checks(spec, policy, candidate, counted.vouching, now)
    judged = apply_waivers(spec, policy, [*judged, *counted.checks], counted, now.date())
    return Decision(
        name=spec.metadata.name,
        version=spec.metadata.version,
        stage=spec.access.stage,
        root=candidate.root,
        policy=policy.name,
        checks=tuple(_in_order(judged)),
        approvals=counted.approvals,
        complete_at=counted.complete_at,
    )


def has_gate(spec: ReleaseSpec) -> bool:
    """Whether release.yaml has a gate: else nothing is asked but what was judged anyway."""
    return "gate" in spec.model_fields_set


def policy_of(spec: ReleaseSpec) -> GatePolicy:
    """The built-in policy that holds."""
    return built_in_policy(spec.access.stage) if has_gate(spec) else no_policy()


def _in_order(checks: Iterable[Check]) -> list[Check]:
    """By group and id; what is said twice is said once."""
    return sorted(
        dict.fromkeys(checks),
        key=lambda c: (GROUPS.index(c.group), c.id, c.status, c.sentence),
    )

"""Conditions that people take upon themselves: which waivers count, and for what.

Pure. A waiver counts for one condition that is not met, with a reason, until a day, and only when
the person signed it: the waiver itself, or an approval of this candidate, which covers every word
of release.yaml. Nothing that concerns integrity, formats, licences or withholding is ever waived
for an open release, and no approval is waived anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from paddock.release.evidence import Check, Evidence, Group
from paddock.release.gate.approvals import Counted
from paddock.release.gate.policy import GatePolicy
from paddock.release.spec.gate import Waiver
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.spec.yaml_fields import nearest

NEVER: frozenset[Group] = frozenset({"approvals", "signing"})
NEVER_OPEN: frozenset[Group] = frozenset({"integrity", "formats", "licence", "withholding"})


def apply_waivers(
    spec: ReleaseSpec,
    policy: GatePolicy,
    checks: Sequence[Check],
    counted: Counted,
    today: date,
) -> list[Check]:
    """The conditions, some waived, and a word on each waiver that does not count."""

    def signed(waiver: Waiver) -> str | None:
        if waiver.by in counted.vouching or (waiver.by, waiver.check) in counted.waivers:
            return None
        return f"{waiver.by} has not signed it, nor approved this candidate"

    return _applied(spec, policy, checks, today, signed)


def foreseen(
    spec: ReleaseSpec, checks: Sequence[Check], today: date | None = None
) -> frozenset[str]:
    """Conditions that release.yaml waives, before there is a candidate that anybody could sign.

    Whether the waivers count is for the gate: it sees the same conditions, unwaived. Without
    ``today`` those count that are over: ``overdue`` names them.
    """
    people = {person.person for person in spec.gate.people}
    closed = NEVER | (NEVER_OPEN if spec.access.stage == "open" else frozenset())
    shut = {check.id for check in checks if check.blocks and check.group in closed}
    return frozenset(
        w.check
        for w in spec.gate.waivers
        if w.by in people and w.check not in shut and (today is None or w.expires >= today)
    )


def overdue(spec: ReleaseSpec, checks: Sequence[Check], today: date) -> list[Check]:
    """Waivers that are over while the conditions that they were for are not met."""
    needed = {check.id for check in checks if check.blocks}
    needed &= foreseen(spec, checks) - foreseen(spec, checks, today)
    return [
        Check(
            f"gate.waiver.{number}",
            "approvals",
            "unmet",
            f"the waiver of {waiver.check} by {waiver.by} expired on {waiver.expires}",
            hint="meet the condition, or let them sign a waiver with a later day",
        )
        for number, waiver in enumerate(spec.gate.waivers, 1)
        if waiver.check in needed
    ]


def closed_groups(spec: ReleaseSpec, policy: GatePolicy) -> frozenset[Group]:
    """Groups in which no waiver counts."""
    open_rule = NEVER_OPEN if spec.access.stage == "open" else frozenset()
    return NEVER | open_rule | frozenset(policy.wholly_met)


def _applied(
    spec: ReleaseSpec,
    policy: GatePolicy,
    checks: Sequence[Check],
    today: date,
    unsigned: Callable[[Waiver], str | None],
) -> list[Check]:
    closed, found = closed_groups(spec, policy), list(checks)
    said: list[Check] = []
    for number, waiver in enumerate(spec.gate.waivers, 1):
        concerned = [check for check in checks if check.id == waiver.check]
        problem = (
            _use_problem(waiver, checks, concerned)
            or _waiver_problem(spec, policy, waiver, today)
            or _group_problem(concerned, closed)
            or unsigned(waiver)
        )
        if problem is not None:
            said.append(_unused(waiver, number, problem))
            continue
        found = [_waived(check, waiver) if check.id == waiver.check else check for check in found]
    return [*found, *said]


def _use_problem(waiver: Waiver, checks: Iterable[Check], concerned: Sequence[Check]) -> str | None:
    if not concerned:
        near = nearest(waiver.check, {check.id for check in checks})
        return "there is no such condition" + (f" ({near})" if near else "")
    if not any(check.blocks for check in concerned):
        return "the condition is met"
    return None


def _waiver_problem(
    spec: ReleaseSpec, policy: GatePolicy, waiver: Waiver, today: date
) -> str | None:
    if waiver.expires < today:
        return f"it expired on {waiver.expires}"
    most = policy.waivers.max_days
    if most is not None and waiver.expires > today + timedelta(days=most):
        return f"it ends on {waiver.expires}, and waivers are for {most} days at most"
    if waiver.by not in {person.person for person in spec.gate.people}:
        return f"{waiver.by} is not one of gate.people"
    return None


def _group_problem(concerned: Sequence[Check], closed: frozenset[Group]) -> str | None:
    for check in concerned:
        if check.blocks and check.group in closed:
            return f"nothing of {check.group} may be waived here"
    return None


def _waived(check: Check, waiver: Waiver) -> Check:
    if not check.blocks:
        return check
    words = Evidence(f"waiver by {waiver.by} until {waiver.expires}", waiver.reason)
    return replace(check, status="waived", evidence=(*check.evidence, words), hint=None)


def _unused(waiver: Waiver, number: int, problem: str) -> Check:
    sentence = f"the waiver of {waiver.check} by {waiver.by} does not count: {problem}"
    return Check(f"gate.waiver.{number}", "approvals", "warned", sentence)

"""What the policy asks of the other judges: a clean scan, a passed leak check, files, conditions.

Pure. A condition of the policy is one of its own: waiving what a scan found does not make the scan
clean, and a condition that nobody judged is not met.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paddock.release.evidence import Check, Group
from paddock.release.files.paths import matching
from paddock.release.gate.candidate import Candidate
from paddock.release.gate.policy import GatePolicy
from paddock.release.spec.release_spec import ReleaseSpec

SCAN = "formats.scan"
LEAK_CHECK = "withholding.leak"


def policy_checks(
    spec: ReleaseSpec, policy: GatePolicy, candidate: Candidate, checks: Sequence[Check]
) -> list[Check]:
    """The policy's conditions that are not about results or people."""
    found = []
    if policy.scan == "clean":
        found.append(_all_of("gate.scan", SCAN, "scan", checks))
    if policy.leak_check == "passed" and withholds(spec):
        found.append(_all_of("gate.leak_check", LEAK_CHECK, "leak check", checks))
    return [*found, *_documents(policy, candidate), *_named(policy, checks)]


def withholds(spec: ReleaseSpec) -> bool:
    """Whether release.yaml keeps anything back that the source may hold."""
    return any(
        getattr(part, "withhold", ()) or (part.access == "withheld" and part.paths)
        for part in spec.components
    )


def _all_of(id_: str, prefix: str, what: str, checks: Sequence[Check]) -> Check:
    """Met when this judge said something, and nothing but good."""
    group: Group = "formats" if prefix == SCAN else "withholding"
    said = [check for check in checks if check.id == prefix or _is_below(check.id, prefix)]
    if not said:
        return Check(id_, group, "undecided", f"no {what} was made")
    bad = [check for check in said if check.blocks or check.status == "waived"]
    if bad:
        sentence = f"the {what} is not clean: {bad[0].sentence}"
        return Check(id_, group, "unmet", sentence, bad[0].evidence, bad[0].hint)
    return Check(id_, group, "met", f"the {what} found nothing", said[0].evidence)


def _is_below(id_: str, prefix: str) -> bool:
    return id_.startswith((f"{prefix}:", f"{prefix}.", f"{prefix}_"))


def _documents(policy: GatePolicy, candidate: Candidate) -> Iterator[Check]:
    paths = sorted(candidate.files)
    for pattern in policy.documents:
        there = bool(matching(pattern, paths))
        sentence = f"{pattern} is {'in' if there else 'not in'} the release"
        yield Check(
            f"gate.document:{pattern}", "documents", "met" if there else "unmet", sentence,
            hint=None if there else "see docs in release.yaml for what is written by itself",
        )  # fmt: skip


def _named(policy: GatePolicy, checks: Sequence[Check]) -> Iterator[Check]:
    by_id: dict[str, list[Check]] = {}
    for check in checks:
        by_id.setdefault(check.id, []).append(check)
    for id_ in dict.fromkeys(policy.checks):
        concerned = by_id.get(id_, [])
        group: Group = concerned[0].group if concerned else "documents"
        if concerned and all(check.status == "met" for check in concerned):
            yield Check(f"gate.check:{id_}", group, "met", f"{id_} is met")
        else:
            how = concerned[0].status if concerned else "judged by nobody"
            sentence = f"the policy {policy.name} asks for {id_}, which is {how}"
            yield Check(f"gate.check:{id_}", group, "unmet", sentence)

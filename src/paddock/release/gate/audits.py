"""What a release's evaluation results come to: whose they are, how old, and which bounds they meet.

Pure. A result is about this release unless it names a parent or a baseline; then the weights that
it was measured on must be among those that are shipped, or have been tuned from them. Files that
name no weights count by the word of a person who approves the candidate, or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import NamedTuple

from paddock.release.evidence import Check, Evidence, Group, Status
from paddock.release.gate.candidate import Candidate
from paddock.release.gate.policy import GatePolicy, ResultsPolicy
from paddock.release.gate.thresholds import Known, judge_condition
from paddock.release.results.model_digest import model_digests
from paddock.release.results.result import Result
from paddock.release.spec.audit import Condition
from paddock.release.spec.release_spec import ReleaseSpec

KINDS: tuple[Group, ...] = ("quality", "safety", "privacy", "bias")
BASE = "base"  # how results may name the parent, whatever it is called


def audit_checks(
    spec: ReleaseSpec,
    policy: GatePolicy,
    candidate: Candidate,
    vouching: Collection[str],
    now: datetime,
) -> list[Check]:
    """Every condition on results, judged; ``vouching`` are people who approve this candidate."""
    bases, baselines = parents(spec), _baselines(spec, policy)
    others = tuple(r for r in candidate.results if r.model in bases | baselines)
    ours = tuple(r for r in candidate.results if r.model not in bases | baselines)
    shipped = model_digests(candidate.files)
    bound = tuple(r for r in ours if _where(r, shipped) is not None or _digest(r) is None)
    known = Known(bound, others, bases, candidate.preregistered, policy.results.level)
    checks = [
        *_digest_checks(ours, shipped, policy.results, vouching),
        *_age_checks([*ours, *others], policy.results, now),
        *condition_checks(spec, policy, known),
    ]
    return [*checks, *_review_checks(candidate)]


def condition_checks(spec: ReleaseSpec, policy: GatePolicy, known: Known) -> list[Check]:
    """The conditions of file and policy, whatever weights the results are of."""
    checks: list[Check] = []
    for kind in KINDS:
        for condition in getattr(spec.audit, kind):
            checks += judge_condition(condition, kind, known)
        for condition in getattr(policy.results.thresholds, kind):
            checks += judge_condition(condition, kind, known, ".policy")
        checks += _required_checks(spec, policy, kind, known)
    return checks


def foreseen_conditions(
    spec: ReleaseSpec, policy: GatePolicy, candidate: Candidate
) -> tuple[list[Check], frozenset[str]]:
    """The conditions on results that are there before anything is built, and those results' names.

    Which weights are shipped is not known yet.
    """
    bases, baselines = parents(spec), _baselines(spec, policy)
    others = tuple(r for r in candidate.results if r.model in bases | baselines)
    ours = tuple(r for r in candidate.results if r.model not in bases | baselines)
    known = Known(ours, others, bases, candidate.preregistered, policy.results.level)
    names = frozenset({r.eval for r in ours} | {r.task for r in ours if r.task is not None})
    return [*condition_checks(spec, policy, known), *_review_checks(candidate)], names


def parents(spec: ReleaseSpec) -> frozenset[str]:
    """How results may name the models that this one came from."""
    return frozenset({BASE, *(parent.id for parent in spec.lineage.base_model)})


def _baselines(spec: ReleaseSpec, policy: GatePolicy) -> frozenset[str]:
    sections = [spec.audit, policy.results.thresholds]
    conditions = [c for s in sections for kind in KINDS for c in getattr(s, kind)]
    return frozenset(c.baseline for c in conditions if c.baseline is not None)


def _digest(result: Result) -> str | None:
    return result.tuned_from or result.model_digest


def _where(result: Result, shipped: dict[str, str]) -> str | None:
    """Which of the shipped models a result is about."""
    digest = _digest(result)
    return shipped.get(digest) if digest is not None else None


def _digest_checks(
    ours: Sequence[Result],
    shipped: dict[str, str],
    policy: ResultsPolicy,
    vouching: Collection[str],
) -> Iterator[Check]:
    seen: Counter[str] = Counter()
    for number, result in enumerate(ours, 1):
        id_ = f"results.model:{result.eval}" + (f".{number}" if seen[result.eval] else "")
        seen[result.eval] += 1
        found = _digest_problem(result, shipped, policy, vouching)
        if found is not None:
            yield Check(id_, "integrity", found.status, found.sentence, (_evidence(result),),
                        found.hint)  # fmt: skip
            continue
        how = "after tuning " if result.tuned_from else ""
        sentence = f"{result.eval} was measured {how}on {_where(result, shipped)}"
        if result.declared_by is not None:
            sentence += f", says {result.declared_by}: the file itself names no weights"
        yield Check(id_, "integrity", "met", sentence, (_evidence(result),))


class _Problem(NamedTuple):
    status: Status
    sentence: str
    hint: str


def _digest_problem(
    result: Result, shipped: dict[str, str], policy: ResultsPolicy, vouching: Collection[str]
) -> _Problem | None:
    """Why nobody may believe that a result is of weights that are shipped."""
    if _digest(result) is None:
        status: Status = "undecided" if policy.model_digest == "required" else "warned"
        sentence = f"the result of {result.eval} does not say which weights it is of"
        return _Problem(status, sentence, "give model.sha256, or let somebody say so under "
                        "audit.measured_on and approve")  # fmt: skip
    if result.declared_by is not None and result.declared_by not in vouching:
        sentence = (
            f"that {result.eval} was measured on {_digest(result)} is {result.declared_by}'s word, "
            "who has not approved this candidate"
        )
        return _Problem("undecided", sentence, "paddock release approve FILE --as PERSON")
    if _where(result, shipped) is None:
        sentence = f"{result.eval} was measured on {_digest(result)}, which is not shipped"
        hint = "measure what is released, and give the digest of its weights"
        return _Problem("unmet", sentence, hint)
    return None


def _age_checks(results: Sequence[Result], policy: ResultsPolicy, now: datetime) -> Iterator[Check]:
    most = policy.max_age_days
    if most is None:
        return
    for number, result in enumerate(results, 1):
        id_, moment = f"results.age:{result.eval}.{number}", result.moment
        if moment is None:
            sentence = f"the result of {result.eval} has no date; its age may be {most} days"
            yield Check(id_, "quality", "undecided", sentence, (_evidence(result),))
        elif moment > now + timedelta(days=1):
            sentence = f"the result of {result.eval} is dated {result.date}, which is to come"
            yield Check(id_, "quality", "unmet", sentence, (_evidence(result),))
        elif now - moment > timedelta(days=most):
            sentence = f"the result of {result.eval} is of {result.date}, over {most} days ago"
            yield Check(id_, "quality", "unmet", sentence, (_evidence(result),), "measure again")


def _required_checks(
    spec: ReleaseSpec, policy: GatePolicy, kind: Group, known: Known
) -> Iterator[Check]:
    conditions: list[Condition] = [
        *getattr(spec.audit, kind), *getattr(policy.results.thresholds, kind),
    ]  # fmt: skip
    for pattern in getattr(policy.results.required, kind):
        id_ = f"{kind}.required:{pattern}"
        held = [c.eval for c in conditions if fnmatchcase(c.eval, pattern)]
        if held:
            sentence = f"{', '.join(held[:6])} is held against a condition"
            yield Check(id_, kind, "met", sentence)
            continue
        there = sorted({r.eval for r in known.ours if fnmatchcase(r.eval, pattern)})
        sentence = f"the policy {policy.name} asks for a result of {kind}, named {pattern}"
        if there:
            sentence += f"; {there[0]} is there, and nothing says what it must be"
        hint = f"add a condition under audit.{kind}, and its results under audit.results"
        yield Check(id_, kind, "unmet", sentence, hint=hint)


def _review_checks(candidate: Candidate) -> Iterator[Check]:
    for review in candidate.reviews:
        id_ = f"safety.review:{review.reviewer}"
        if review.files:
            evidence = tuple(
                Evidence(f"report by {review.reviewer}", None, path, sha256)
                for path, sha256 in review.files
            )
            sentence = f"the report by {review.reviewer} is there"
            yield Check(id_, "safety", "met", sentence, evidence)
        else:
            sentence = f"the report by {review.reviewer}, {review.report}, is not there"
            yield Check(id_, "safety", "unmet", sentence)


def _evidence(result: Result) -> Evidence:
    return Evidence(result.eval, result.text, result.path, result.sha256)

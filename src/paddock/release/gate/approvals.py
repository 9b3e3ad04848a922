"""Whose approvals count, whether they are enough, and since when.

Pure: takes signed statements, gives conditions. A statement counts when a key of the person it
names signed it, over this release, this root and these words; the author and whoever signs the
release count for nothing; of one person only the latest counts. The order in which statements are
given changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from paddock.clock import to_text
from paddock.errors import shown
from paddock.release.evidence import Check, Evidence
from paddock.release.gate.candidate import Candidate
from paddock.release.gate.names import folded, is_same_person
from paddock.release.gate.policy import GatePolicy
from paddock.release.gate.statements import SignedStatement, Statement, said_digest
from paddock.release.spec.release_spec import ReleaseSpec

CLOCKS_MAY_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's approval that counts."""

    person: str
    role: str
    at: datetime
    file: str
    sha256: str
    note: str | None = None

    @property
    def evidence(self) -> Evidence:
        said = f"{self.role}, {to_text(self.at)}" + (f": {self.note}" if self.note else "")
        return Evidence(f"approval by {self.person}", said, self.file, self.sha256)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the statements come to."""

    approvals: tuple[Approval, ...]
    waivers: frozenset[tuple[str, str]]  # person and condition: signed waivers
    vouching: frozenset[str]  # people whose approval is right, whether or not it counts as one
    checks: tuple[Check, ...]
    complete_at: datetime | None  # when the last approval that was needed was signed


def count(
    spec: ReleaseSpec,
    policy: GatePolicy,
    candidate: Candidate,
    statements: Iterable[SignedStatement],
    now: datetime,
) -> Counted:
    """Judge every statement, and all of them together."""
    said = said_digest(spec)
    right: list[tuple[SignedStatement, Statement]] = []
    ignored: list[Check] = []
    for signed in sorted(set(statements), key=lambda s: (s.file, s.sha256)):
        problem = signed.problem or _problem(spec, candidate, signed, said, now)
        if problem is not None or signed.statement is None:
            ignored.append(_ignored(signed.file, problem or "it says nothing"))
        else:
            right.append((signed, signed.statement))
    approvals, passed_over = _latest(right)
    ignored += [_ignored(file, why) for file, why in passed_over]
    required, roles = _wanted(spec, policy)
    complete_at = _complete_at(approvals, required, roles)
    checks = [
        *_people_checks(spec, candidate, required),
        *_count_checks(approvals, required, roles),
        *_cooloff_checks(max(spec.gate.cooloff_hours, policy.cooloff_hours), complete_at, now),
        *ignored,
    ]
    waivers = {(s.person, s.subject) for _, s in right if s.kind == "waiver"}
    vouching = frozenset(approval.person for approval in approvals)
    return Counted(tuple(approvals), frozenset(waivers), vouching, tuple(checks), complete_at)


def is_author(spec: ReleaseSpec, candidate: Candidate, person: str) -> bool:
    """Whether this person made the release: named as its author, or holding a key that signs it.

    The author under another spelling is the author.
    """
    author, key = spec.gate.author, candidate.people_keys.get(person)
    is_named = author is not None and is_same_person(person, author)
    return is_named or (key is not None and key in candidate.signers)


def _problem(
    spec: ReleaseSpec, candidate: Candidate, signed: SignedStatement, said: str, now: datetime
) -> str | None:
    """Why a statement does not count, or None."""
    statement = signed.statement
    if statement is None:
        return "it says nothing"
    person = next((p for p in spec.gate.people if p.person == statement.person), None)
    if person is None:
        return f"{shown(statement.person)} is not one of gate.people"
    if candidate.people_keys.get(person.person) not in signed.keys:
        return f"it names {person.person}, and another's key signed it"
    wanted = (spec.metadata.name, spec.metadata.version)
    if (statement.name, statement.version) != wanted:
        other = shown(f"{statement.name} {statement.version}")
        return f"it is about {other}, not {wanted[0]} {wanted[1]}"
    if statement.root != candidate.root:
        return f"it is about the content root {statement.root[:16]}, not {candidate.root[:16]}"
    if statement.release_file != said:
        return "release.yaml says something else than when it was signed"
    if statement.at > now + CLOCKS_MAY_DIFFER:
        return f"it is dated {to_text(statement.at)}, which is to come"
    if spec.gate.approvals.not_author and is_author(spec, candidate, person.person):
        return f"{person.person} is the author, or holds a key that signs the release"
    if statement.kind == "approval" and statement.subject not in person.roles:
        return f"{person.person} does not have the role {shown(statement.subject)}"
    return None


def _latest(
    right: Sequence[tuple[SignedStatement, Statement]],
) -> tuple[list[Approval], list[tuple[str, str]]]:
    """One approval for each person, the latest; and the files that are passed over."""
    approvals: dict[str, Approval] = {}
    passed_over: list[tuple[str, str]] = []
    for signed, s in sorted(right, key=lambda pair: (pair[1].at, pair[1].subject, pair[0].file)):
        if s.kind != "approval":
            continue
        if (earlier := approvals.get(s.person)) is not None:
            why = f"{s.person} signed again later: a person counts once"
            passed_over.append((earlier.file, why))
        approvals[s.person] = Approval(
            s.person, s.subject, s.at, signed.file, signed.sha256, s.note
        )
    return sorted(approvals.values(), key=lambda a: (a.at, a.person)), passed_over


def _wanted(spec: ReleaseSpec, policy: GatePolicy) -> tuple[int, list[str]]:
    """The stricter of file and policy."""
    asked = spec.gate.approvals
    roles = sorted({*asked.roles, *policy.approvals.roles})
    return max(asked.required, policy.approvals.required), roles


def _complete_at(
    approvals: Sequence[Approval], required: int, roles: Sequence[str]
) -> datetime | None:
    """When enough people and every role had said yes."""
    missing, people = set(roles), 0
    for approval in approvals:  # in the order of their time
        people, missing = people + 1, missing - {approval.role}
        if people >= required and not missing:
            return approval.at
    return None


def _people_checks(spec: ReleaseSpec, candidate: Candidate, required: int) -> list[Check]:
    checks = []
    for person, others in _shared_keys(candidate.people_keys).items():
        sentence = f"{person} has the same key as {', '.join(others)}: two people need two keys"
        checks.append(Check(f"approvals.key:{person}", "approvals", "unmet", sentence))
    for person, others in _alike([person.person for person in spec.gate.people]).items():
        sentence = f"{shown(person)} reads like {', '.join(map(shown, others))}: two people or one?"
        hint = "name each person of gate.people once, so that nobody counts twice"
        checks.append(Check(f"approvals.name:{person}", "approvals", "unmet", sentence, hint=hint))
    if required and spec.gate.approvals.not_author and spec.gate.author is None:
        sentence = "nobody is named as the author, who must not be among those who approve"
        hint = "set gate.author"
        checks.append(Check("approvals.author", "approvals", "unmet", sentence, hint=hint))
    return checks


def _shared_keys(keys: Mapping[str, str]) -> dict[str, list[str]]:
    uses = Counter(keys.values())
    return {
        person: sorted(p for p, k in keys.items() if k == key and p != person)
        for person, key in sorted(keys.items())
        if uses[key] > 1
    }


def _alike(people: Sequence[str]) -> dict[str, list[str]]:
    return {
        person: others
        for number, person in enumerate(people)
        if (others := [each for each in people[:number] if folded(each) == folded(person)])
    }


def _count_checks(
    approvals: Sequence[Approval], required: int, roles: Sequence[str]
) -> list[Check]:
    if not required and not roles:
        return []
    evidence = tuple(approval.evidence for approval in approvals)
    who = ", ".join(f"{a.person} as {a.role}" for a in approvals) or "nobody yet"
    enough = len(approvals) >= required
    hint = "paddock release approve FILE --as PERSON --role ROLE --key KEY"
    checks = [
        Check(
            "approvals.count", "approvals", "met" if enough else "unmet",
            f"{len(approvals)} of {required} people approve: {who}", evidence,
            None if enough else hint,
        )
    ]  # fmt: skip
    there = {approval.role for approval in approvals}
    for role in roles:
        id_ = f"approvals.role:{role}"
        if role in there:
            sentence = f"somebody approves as {role}"
            checks.append(Check(id_, "approvals", "met", sentence))
        else:
            sentence = f"nobody approves as {role}"
            checks.append(Check(id_, "approvals", "unmet", sentence, hint=hint))
    return checks


def _cooloff_checks(hours: int, complete_at: datetime | None, now: datetime) -> list[Check]:
    if not hours:
        return []
    id_, asked = "approvals.cooloff", f"{hours} hours after the last approval that was needed"
    if complete_at is None:
        sentence = f"{asked}: there is none from which they could be counted"
        return [Check(id_, "approvals", "unmet", sentence)]
    ends = complete_at + timedelta(hours=hours)
    evidence = (Evidence("last approval that was needed", to_text(complete_at)),)
    if now < ends:
        sentence = f"{asked}: they end at {to_text(ends)}"
        hint = "run the same command again then: the candidate is kept"
        return [Check(id_, "approvals", "unmet", sentence, evidence, hint)]
    return [Check(id_, "approvals", "met", f"{asked} have passed", evidence)]


def _ignored(file: str, why: str) -> Check:
    return Check(
        f"approvals.statement:{file}", "approvals", "warned", f"{file} does not count: {why}"
    )

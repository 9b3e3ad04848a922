"""What the gate reads beside release.yaml: policy, people's keys, statements, results, reports.

The thin file with the effects: bounded, without following links, nothing outside the folder of the
release file. A key or policy that cannot be read is an error; a statement that cannot be used is
one that does not count, and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from paddock.digest import sha256_hex
from paddock.errors import PaddockError
from paddock.release.errors import BadReleaseFile
from paddock.release.evidence import Check, Group
from paddock.release.files.folder import list_folder
from paddock.release.files.paths import matching
from paddock.release.files.reading import digest_beneath, opened_folder, read_beneath
from paddock.release.gate.candidate import Candidate, Review
from paddock.release.gate.decide import policy_of
from paddock.release.gate.policy import GatePolicy, built_in_source, parse_policy
from paddock.release.gate.preregistered import MAX_PREREGISTERED_BYTES
from paddock.release.gate.statements import (
    MAX_STATEMENT_BYTES,
    PAYLOAD_TYPE,
    SignedStatement,
    parse_statement,
)
from paddock.release.results.reading import MAX_RESULTS_BYTES, parse_results
from paddock.release.results.result import BadResults, Result
from paddock.release.spec.audit import MeasuredOn
from paddock.release.spec.gate import Person
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.spec.yaml_tree import MAX_YAML_BYTES
from paddock.signing.dsse import open_envelope, parse_envelope
from paddock.signing.errors import BadSignature
from paddock.signing.keys import MAX_KEY_FILE_BYTES
from paddock.signing.public_keys import PublicKey, key_fingerprint, public_key_in

MAX_STATEMENTS = 1000
_MAX_ENVELOPE_BYTES = 2 * MAX_STATEMENT_BYTES


@dataclass(frozen=True, slots=True)
class GateInputs:
    """Everything that is beside release.yaml and concerns the gate."""

    policy: GatePolicy
    policy_source: bytes | None  # None: no gate
    people: Mapping[str, PublicKey]
    statements: tuple[SignedStatement, ...]
    envelopes: Mapping[str, bytes]  # of the statements, by file
    results: tuple[Result, ...]
    reviews: tuple[Review, ...]
    preregistered: Mapping[str, bytes]

    def candidate(
        self,
        root: str,
        files: Mapping[str, str],
        signers: Iterable[str],
        measured: Iterable[Result] = (),
    ) -> Candidate:
        """The candidate with this content; ``measured`` are results of the build's own."""
        return Candidate(
            root=root,
            files=files,
            signers=frozenset(signers),
            results=(*self.results, *measured),
            reviews=self.reviews,
            preregistered=self.preregistered,
            people_keys={person: key_fingerprint(key) for person, key in self.people.items()},
        )


def read_gate_inputs(spec: ReleaseSpec, base: Path) -> GateInputs:
    """Read all of it; raises BadReleaseFile, BadKey or BadResults."""
    with opened_folder(base) as base_fd:
        policy, source = _policy(spec, base_fd)
        people = {p.person: _key(base_fd, p) for p in spec.gate.people}
        envelopes = _envelopes(spec, base, base_fd)
        return GateInputs(
            policy=policy,
            policy_source=source,
            people=people,
            statements=tuple(_opened(file, raw, people) for file, raw in envelopes.items()),
            envelopes=envelopes,
            results=_results(spec, base_fd),
            reviews=_reviews(spec, base_fd),
            preregistered=_preregistered(spec, policy, base_fd),
        )


def input_problems(spec: ReleaseSpec, base: Path) -> list[Check]:
    """What of it cannot be read or used, one condition each; none where all of it can."""
    found: list[Check] = []

    def attempt(id_: str, group: Group, read: Callable[[], object]) -> None:
        try:
            read()
        except PaddockError as e:
            found.append(Check(id_, group, "unmet", e.message, hint=e.hint))

    with opened_folder(base) as base_fd:
        attempt("gate.policy", "approvals", lambda: _policy(spec, base_fd))
        for person in spec.gate.people:
            id_ = f"approvals.key:{person.person}"
            attempt(id_, "approvals", partial(_key, base_fd, person))
        attempt("gate.statements", "approvals", lambda: _envelopes(spec, base, base_fd))
        attempt("results", "integrity", lambda: _results(spec, base_fd))
        if not found:
            policy = _policy(spec, base_fd)[0]
            attempt("results.preregistered", "safety",
                    lambda: _preregistered(spec, policy, base_fd))  # fmt: skip
    return found


def key_of(person: Person, base: Path) -> PublicKey:
    """The public key that gate.people names for somebody."""
    with opened_folder(base) as base_fd:
        return _key(base_fd, person)


def _key(base_fd: int, person: Person) -> PublicKey:
    raw = _read(base_fd, person.key, MAX_KEY_FILE_BYTES, "gate.people")
    return public_key_in(raw, person.key)


def _policy(spec: ReleaseSpec, base_fd: int) -> tuple[GatePolicy, bytes | None]:
    if spec.gate.policy is not None:
        content = _read(base_fd, spec.gate.policy, MAX_YAML_BYTES, "gate.policy")
        return parse_policy(content, spec.gate.policy), content
    policy = policy_of(spec)
    has_one = "gate" in spec.model_fields_set
    return policy, built_in_source(spec.access.stage) if has_one else None


def _envelopes(spec: ReleaseSpec, base: Path, base_fd: int) -> dict[str, bytes]:
    """The gate's statements among the files of the folder, which may hold other signed ones."""
    folder = spec.gate.statements
    if not (base / folder).is_dir():
        return {}
    with opened_folder(base / folder) as folder_fd:
        names = sorted(n for n in list_folder(folder_fd).files if n.endswith(".json"))
    if len(names) > MAX_STATEMENTS:
        raise BadReleaseFile(f"{folder} holds {len(names)} statements, more than {MAX_STATEMENTS}")
    found = {}
    for name in names:
        path = name if folder == "." else f"{folder}/{name}"
        raw = _read(base_fd, path, _MAX_ENVELOPE_BYTES, "gate.statements")
        if PAYLOAD_TYPE.encode() in raw:
            found[path] = raw
    return found


def _opened(file: str, raw: bytes, people: Mapping[str, PublicKey]) -> SignedStatement:
    digest = sha256_hex(raw)
    try:
        sealed = parse_envelope(raw, PAYLOAD_TYPE)
        statement = parse_statement(sealed.payload)
        opened = open_envelope(raw, PAYLOAD_TYPE, people.values())
    except BadSignature as e:
        return SignedStatement(file, digest, problem=e.message)
    return SignedStatement(file, digest, statement, opened.keyids)


def _results(spec: ReleaseSpec, base_fd: int) -> tuple[Result, ...]:
    found: list[Result] = []
    for path in _matching(base_fd, spec.audit.results, "audit.results"):
        raw = _read(base_fd, path, MAX_RESULTS_BYTES, "audit.results")
        said = next((s for s in spec.audit.measured_on if matching(s.results, [path])), None)
        found += [_declared(result, said) for result in parse_results(raw, path)]
    for said in spec.audit.measured_on:
        if not any(matching(said.results, [r.path]) for r in found):
            raise BadReleaseFile(f"audit.measured_on: {said.results!r} matches no file of results")
    return tuple(found)


def _declared(result: Result, said: MeasuredOn | None) -> Result:
    """With the weights that release.yaml names, where the file of results names none."""
    if said is None:
        return result
    if result.model_digest is not None or result.tuned_from is not None:
        # A row that names a model may be of another one, to compare with.
        if result.model is not None or said.sha256 in (result.model_digest, result.tuned_from):
            return result
        raise BadResults(
            f"{result.path}: {result.eval} says that it is of {result.model_digest}, and "
            f"audit.measured_on that it is of {said.sha256}",
            hint="leave the file out of audit.measured_on",
        )
    return replace(result, model_digest=said.sha256, declared_by=said.by)


def _reviews(spec: ReleaseSpec, base_fd: int) -> tuple[Review, ...]:
    if not spec.audit.independent:
        return ()
    paths = sorted(list_folder(base_fd).files)
    return tuple(
        Review(
            review.reviewer,
            review.report,
            tuple(
                (path, digest_beneath(base_fd, path).sha256)
                for path in matching(review.report, paths)
            ),
        )
        for review in spec.audit.independent
    )


def _preregistered(spec: ReleaseSpec, policy: GatePolicy, base_fd: int) -> dict[str, bytes]:
    conditions = [
        condition
        for section in (spec.audit, policy.results.thresholds)
        for kind in ("quality", "safety", "privacy", "bias")
        for condition in getattr(section, kind)
    ]
    named = {c.max_uplift for c in conditions if isinstance(c.max_uplift, str)}
    where = "audit: max_uplift"
    return {name: _read(base_fd, name, MAX_PREREGISTERED_BYTES, where) for name in sorted(named)}


def _matching(base_fd: int, patterns: Iterable[str], what: str) -> list[str]:
    wanted = list(patterns)
    paths = sorted(list_folder(base_fd).files) if wanted else []
    for pattern in wanted:
        if not matching(pattern, paths):
            raise BadReleaseFile(f"{what}: {pattern!r} matches no file beside the release file")
    return sorted({path for pattern in wanted for path in matching(pattern, paths)})


def _read(base_fd: int, path: str, limit_bytes: int, what: str) -> bytes:
    try:
        raw = read_beneath(base_fd, path, limit_bytes)
    except (OSError, PaddockError) as e:
        reason = e.strerror or str(e) if isinstance(e, OSError) else e.message
        raise BadReleaseFile(f"{what}: {path} cannot be read: {reason}") from e
    if len(raw) > limit_bytes:
        raise BadReleaseFile(f"{what}: {path} is larger than {limit_bytes} bytes")
    return raw

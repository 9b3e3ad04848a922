"""What the gate and the signatures would say, as far as it is known before anything is built.

Reads policy, keys, results, statements and update metadata as the build will, and changes nothing:
no key is made, and nothing is signed. What only a built candidate can tell is left to the build; an
approval counts for the candidate that a build has kept, or for none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from paddock.errors import PaddockError
from paddock.release.evidence import Check, unmet
from paddock.release.gate.approvals import count
from paddock.release.gate.audits import foreseen_conditions
from paddock.release.gate.content_root import folder_root
from paddock.release.gate.inputs import GateInputs, input_problems, read_gate_inputs
from paddock.release.gate.waivers import foreseen
from paddock.release.signatures.sign import Place, dsse_keys, update_repository
from paddock.release.signatures.tuf.repository import current
from paddock.release.signatures.tuf.writing import may_add
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.spec.sign import Dsse, Tuf
from paddock.signing.envelope import require_oms_kind
from paddock.signing.keys import keys_folder, load_signing_key, own_key_path
from paddock.signing.public_keys import key_fingerprint
from paddock.signing.signers import load_signer

_NO_ROOT = "0" * 64


class Surroundings(NamedTuple):
    """Where everything is that is read, and what time it is."""

    base: Path  # the folder of release.yaml
    config_home: Path
    candidate: Path | None  # that an earlier build has kept
    now: datetime


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Conditions of the gate and of the signatures, as things are now."""

    checks: tuple[Check, ...]

    @property
    def blocks(self) -> tuple[str, ...]:
        """What stands between this plan and a publication, a sentence each."""
        return tuple(check.sentence for check in unmet(self.checks))


NOTHING_FORESEEN = Foreseen(())


def foresee(spec: ReleaseSpec, around: Surroundings, measured: Collection[str]) -> Foreseen:
    """Judge what can be judged; ``measured`` are evaluations that the build makes itself."""
    signing, fingerprints = _signing(spec, Place(around.base, around.config_home))
    problems = input_problems(spec, around.base)
    checks = [*problems, *signing]
    if not problems:
        inputs = read_gate_inputs(spec, around.base)
        checks += _gate(spec, inputs, around, measured, fingerprints)
    waived = foreseen(spec, checks, around.now.date())
    return Foreseen(
        tuple(replace(c, status="waived") if c.blocks and c.id in waived else c for c in checks)
    )


def _gate(
    spec: ReleaseSpec,
    inputs: GateInputs,
    around: Surroundings,
    measured: Collection[str],
    fingerprints: Collection[str],
) -> Iterator[Check]:
    root = folder_root(around.candidate) if around.candidate and inputs.statements else _NO_ROOT
    candidate = inputs.candidate(root, {}, fingerprints)
    conditions, there = foreseen_conditions(spec, inputs.policy, candidate)
    later = {name for name in measured if name not in there}
    yield from (c for c in conditions if not any(f".{name}." in c.id for name in later))
    counted = count(spec, inputs.policy, candidate, inputs.statements, around.now)
    yield from counted.checks


def _signing(spec: ReleaseSpec, place: Place) -> tuple[list[Check], set[str]]:
    """Whether the keys that sign are there, and their fingerprints."""
    checks: list[Check] = []
    fingerprints: set[str] = set()
    sign, own = spec.sign, keys_folder(place.config_home)
    try:
        if sign.oms is not None:
            public = load_signer(sign.oms.key, place.base, own).public_key
            require_oms_kind(public.keytype)
            fingerprints.add(public.keyid)
        elif own_key_path(place.config_home).exists():
            fingerprints.add(load_signing_key(own_key_path(place.config_home)).fingerprint)
    except PaddockError as e:
        checks.append(_unmet("signing.oms", e))
    if sign.dsse is not None:
        checks.append(_dsse(sign.dsse, place, own, fingerprints))
    if sign.tuf is not None:
        checks += _tuf(sign.tuf, place)
    if sign.keyless is not None and not sign.keyless.optional:
        bundle = place.base / sign.keyless.bundle
        if not bundle.is_file():
            sentence = f"there is no bundle {sign.keyless.bundle} by {sign.keyless.identity}"
            hint = "build first, and sign its release.json with `sigstore sign --bundle FILE`"
            checks.append(Check("signing.keyless", "signing", "unmet", sentence, hint=hint))
    return checks, fingerprints


def _dsse(dsse: Dsse, place: Place, own: Path, fingerprints: set[str]) -> Check:
    try:
        keys = dsse_keys(dsse, place.base, own)
    except PaddockError as e:
        return _unmet("signing.dsse", e)
    fingerprints |= {key_fingerprint(public) for public, _ in keys.values()}
    here = sum(signer is not None for _, signer in keys.values())
    sentence = f"{here} of the {dsse.threshold} keys that must sign are here"
    if here >= dsse.threshold:
        return Check("signing.dsse", "signing", "met", sentence)
    hint = "build, let others run `paddock release sign` in a copy, and publish then"
    return Check("signing.dsse", "signing", "unmet", sentence, hint=hint)


def _tuf(tuf: Tuf, place: Place) -> Iterator[Check]:
    repository = update_repository(tuf, place)
    if not repository.exists:
        return  # the build makes it, with its keys
    try:
        current(repository)
        if may_add(repository):
            yield Check("signing.tuf", "signing", "met", "the update metadata can be signed")
            return
    except PaddockError as e:
        yield _unmet("signing.tuf", e)
        return
    sentence = f"the keys of the update metadata are not in {repository.keys}"
    hint = "who has them names the release with `paddock release sign FOLDER --tuf REPO`"
    yield Check("signing.tuf", "signing", "unmet", sentence, hint=hint)


def _unmet(id_: str, error: PaddockError) -> Check:
    return Check(id_, "signing", "unmet", error.message, hint=error.hint)

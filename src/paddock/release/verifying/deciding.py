"""From findings to a verdict: the four facts, and the first of them that fails.

Pure. Doubt is never trust: whatever is not shown is ``unknown``, and what must be shown and is
unknown is refused.
"""

from __future__ import annotations

from paddock.digest import sha256_hex
from paddock.release.files.manifest import MANIFEST_NAME, SIGNATURE_NAME
from paddock.release.signatures.oms import CLIENT_FOLDER
from paddock.release.verifying.findings import Findings
from paddock.release.verifying.trust import Trust
from paddock.release.verifying.verdict import Integrity, Origin, Policy, State, Subject, Verdict

_GET_THE_KEY = "get the publisher's public key from a place you trust and pass it with --trust FILE"


def decide(findings: Findings, trust: Trust) -> Verdict:
    """The verdict on what was read whole."""
    if findings.problems:
        return conclude(findings, "tampered", tuple(p.sentence for p in findings.problems))
    revoked = (*findings.freshness.reasons,) if findings.freshness.state == "revoked" else ()
    if revoked:
        return conclude(findings, "revoked", revoked, trust=trust)
    if reasons := _revoked_keys(findings, trust):
        return conclude(findings, "revoked", reasons, trust=trust)
    if not _is_vouched(findings, trust):
        return _untrusted(findings, trust)
    if findings.freshness.state in {"stale", "invalid"}:
        hint = "get the publisher's current metadata, or release, and verify with that"
        return conclude(findings, "stale", findings.freshness.reasons, hint, trust)
    if trust.needs_updates and findings.freshness.state != "fresh":
        reason = "the release carries no update metadata, and you ask for it"
        return conclude(findings, "stale", (reason,), trust=trust)
    if unmet := tuple(r.sentence for r in findings.requirements if not r.is_met):
        return conclude(findings, "refused", unmet, trust=trust)
    return conclude(findings, "trusted", (), trust=trust)


def unsigned(findings: Findings) -> Verdict:
    """There is no signature; a cache of links is a case of its own."""
    links = [p for p in findings.listing.problems if p.kind == "symlink"]
    if not links:
        return conclude(findings, "unsigned", (f"there is no {SIGNATURE_NAME}",))
    findings.problems += links
    hint = (
        "a client's cache holds links, not files: verify NAMESPACE/NAME[@REVISION] instead, "
        "or download with --local-dir"
    )
    return conclude(findings, "tampered", tuple(p.sentence for p in links), hint)


def conclude(
    findings: Findings,
    state: State,
    reasons: tuple[str, ...],
    hint: str | None = None,
    trust: Trust | None = None,
) -> Verdict:
    """The verdict as a value, with everything that was found."""
    manifest, statement = findings.manifest, findings.statement
    name = manifest.name if manifest else statement.subject if statement else None
    claimed = findings.envelope.hint if findings.envelope else None
    keys = tuple(key.fingerprint for key in findings.signers)
    return Verdict(
        verdict=state,
        integrity=_integrity(state),
        origin=_origin(findings, trust),
        reasons=reasons,
        subject=Subject(
            path=findings.path,
            name=name,
            version=manifest.version if manifest else None,
            files=findings.files or len(findings.listing.files),
            size_bytes=findings.size_bytes,
            sha256=sha256_hex(findings.manifest_bytes) if manifest else None,
        ),
        problems=tuple(findings.problems),
        key=keys[0] if keys else claimed,
        notes=_notes(findings),
        hint=hint,
        freshness=findings.freshness.state,
        fresh_until=findings.freshness.until,
        policy=_policy(findings),
        requirements=findings.requirements,
        keys=keys,
        identity=findings.keyless,
        signed_by=tuple(sorted(findings.made_by)),
        gates=findings.gates,
    )


def _counted(findings: Findings) -> int:
    """How many trusted keys signed that are not revoked; an identity counts as one."""
    revoked = findings.freshness.revoked_keys
    keys = sum(1 for key in findings.signers if key.fingerprint not in revoked)
    return keys + (1 if findings.keyless is not None else 0)


def _is_vouched(findings: Findings, trust: Trust) -> bool:
    if findings.shortfall is not None:
        return False
    if trust.keys or trust.keyless is not None:
        return _counted(findings) >= trust.threshold
    return findings.freshness.state == "fresh" and findings.freshness.names_release


def _revoked_keys(findings: Findings, trust: Trust) -> tuple[str, ...]:
    """Why the signatures count no more, where they would have counted."""
    revoked = findings.freshness.revoked_keys
    if not revoked:
        return ()
    if not trust.keys:
        return tuple(revoked.values())
    trusted = {key.fingerprint for key in findings.signers}
    would = len(trusted) + (1 if findings.keyless is not None else 0) >= trust.threshold
    if would and _counted(findings) < trust.threshold:
        return tuple(sentence for key, sentence in revoked.items() if key in trusted)
    return ()


def _untrusted(findings: Findings, trust: Trust) -> Verdict:
    if findings.shortfall is not None:
        return conclude(findings, "untrusted", (findings.shortfall,), trust=trust)
    if trust.is_empty:
        return conclude(findings, "untrusted", ("you trust no key yet",), _GET_THE_KEY, trust)
    if trust.keys and trust.threshold > 1:
        reason = f"{_counted(findings)} of the keys that you trust signed, not {trust.threshold}"
        return conclude(findings, "untrusted", (reason,), trust=trust)
    if not trust.keys and trust.keyless is None:
        reason = "the root that you pinned does not lead to this release"
        reasons = (reason, *findings.freshness.reasons)
        return conclude(findings, "untrusted", reasons, trust=trust)
    reason = "the key that signed it is not one that you trust"
    return conclude(findings, "untrusted", (reason,), _GET_THE_KEY, trust)


def _integrity(state: State) -> Integrity:
    if state == "tampered":
        return "broken"
    return "unknown" if state in {"unsigned", "invalid", "undecided"} else "intact"


def _origin(findings: Findings, trust: Trust | None) -> Origin:
    if findings.envelope is None:
        return "unknown"
    if trust is None:
        return "trusted" if findings.signers else "untrusted"
    counts = _is_vouched(findings, trust) or (
        bool(trust.keys) and len(findings.signers) >= trust.threshold
    )
    return "trusted" if counts and findings.shortfall is None else "untrusted"


def _policy(findings: Findings) -> Policy:
    if not findings.requirements:
        return "none"
    return "met" if all(r.is_met for r in findings.requirements) else "unmet"


def _notes(findings: Findings) -> tuple[str, ...]:
    notes = list(findings.notes)
    if findings.listing.ignored:
        notes.append(
            f"{len(findings.listing.ignored)} bookkeeping files of the download client in "
            f"{CLIENT_FOLDER} are not part of the release"
        )
    if findings.statement is not None and MANIFEST_NAME not in findings.statement.files:
        notes.append(f"there is no {MANIFEST_NAME}: only the OMS signature was checked")
    notes += [f"{sentence}; other keys suffice" for sentence in _spare(findings)]
    return tuple(notes)


def _spare(findings: Findings) -> list[str]:
    """Revoked keys beside which enough others signed."""
    return list(findings.freshness.revoked_keys.values()) if _counted(findings) else []

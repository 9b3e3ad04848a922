"""What was announced of a release after it left, and what that does to a verdict.

Pure. Only a revocation by a key that the reader trusts, or that signed a release they trust, takes
a verdict away; everything else is told beside it.
"""

from __future__ import annotations

from dataclasses import replace

from paddock.release.lifecycle.holders import Holding, tell_holder
from paddock.release.verifying.trust import Trust
from paddock.release.verifying.verdict import Verdict
from paddock.signing.events.log import Log


def with_events(verdict: Verdict, log: Log, trust: Trust) -> Verdict:
    """The verdict in the light of the events in ``log``."""
    trusted = {key.fingerprint for key in trust.keys}
    if verdict.is_trusted:
        trusted |= set(verdict.signed_by)
    subject = verdict.subject
    told = tell_holder(log, Holding(subject.sha256, subject.name, subject.version), trusted)
    notes = (*verdict.notes, *told.notes)
    if not told.is_revoked:
        return replace(verdict, notes=notes)
    sentences = tuple(told.standing.sentences[:1])
    if verdict.origin != "trusted" or verdict.integrity != "intact":
        return replace(verdict, notes=(*notes, *sentences))
    state = verdict.verdict if verdict.verdict == "revoked" else "revoked"
    reasons = (*sentences, *verdict.reasons)
    return replace(verdict, verdict=state, freshness="revoked", reasons=reasons, notes=notes)

"""Did the pinned identity sign it? Sigstore's own verifier, without a network.

Certificates and logs are checked against the trusted root that the reader pinned, and only that: no
newer one is fetched, and whether the root itself is current is the reader's to know.
"""

from __future__ import annotations

import json

from paddock.release.files.folder import Problem
from paddock.release.files.manifest import KEYLESS_NAME
from paddock.release.files.reading import read_beneath
from paddock.release.signatures.keyless import MAX_BUNDLE_BYTES, require_about
from paddock.release.verifying.findings import Findings
from paddock.release.verifying.trust import PinnedIdentity, Trust
from paddock.signing.errors import BadKey, BadSignature


def read_keyless(root_fd: int, findings: Findings, trust: Trust) -> None:
    """Fill in whose identity signed; raises BadSignature, and BadKey without the extra."""
    named = findings.vouchers.keyless
    if named is None:
        return
    if KEYLESS_NAME not in findings.listing.files:
        if not named.optional:
            sentence = f"{KEYLESS_NAME} was signed and is missing"
            findings.problems.append(Problem(KEYLESS_NAME, "missing", sentence))
        return
    findings.allowed.add(KEYLESS_NAME)
    raw = read_beneath(root_fd, KEYLESS_NAME, MAX_BUNDLE_BYTES)
    try:
        if len(raw) > MAX_BUNDLE_BYTES:
            raise BadSignature(f"it is larger than {MAX_BUNDLE_BYTES} bytes")
        require_about(raw, findings.manifest_bytes)
        if trust.keyless is None:
            findings.notes.append(f"{KEYLESS_NAME} was not checked: you trust no identity")
            return
        _check(raw, findings.manifest_bytes, trust.keyless)
    except BadSignature as e:
        raise BadSignature(f"{KEYLESS_NAME}: {e.message}") from e
    findings.keyless = f"{trust.keyless.who.identity} ({trust.keyless.who.issuer})"


def _check(bundle: bytes, release_json: bytes, pinned: PinnedIdentity) -> None:
    try:
        from sigstore.errors import Error, VerificationError
        from sigstore.models import Bundle, InvalidBundle, TrustedRoot
        from sigstore.verify import Verifier
        from sigstore.verify.policy import Identity
        from sigstore_models.trustroot.v1 import TrustedRoot as TrustedRootMessage
    except ImportError as e:
        raise BadKey(
            "identities are checked by sigstore's library, which is not installed",
            hint="pip install 'paddock[sigstore]'",
        ) from e
    try:
        root = TrustedRoot(TrustedRootMessage.from_json(pinned.trusted_root))
    except (Error, ValueError) as e:
        raise BadKey("the trusted root of sigstore cannot be read") from e
    policy = Identity(identity=pinned.who.identity, issuer=pinned.who.issuer)
    try:
        signed = Bundle.from_json(json.dumps(json.loads(bundle)))
        Verifier(trusted_root=root).verify_artifact(release_json, signed, policy)
    except (VerificationError, InvalidBundle, Error, ValueError) as e:
        raise BadSignature(f"not signed by {pinned.who.identity}: {e}"[:500]) from e

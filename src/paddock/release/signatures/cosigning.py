"""Signatures that are added one after the other, by people on different machines.

Pure: the second envelope and what release.json says of who signs it in, an envelope with more
signatures or what is missing of it out. Signatures are never taken away, each is checked before it
is kept, and what was signed about another release does not count for this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddock.release.errors import GateRefused
from paddock.release.signatures.vouchers import Vouchers
from paddock.signing.dsse import (
    IN_TOTO,
    Sealed,
    open_envelope,
    parse_envelope,
    render_envelope,
    sign_envelope,
)
from paddock.signing.errors import BadKey, BadSignature
from paddock.signing.public_keys import PublicKey, key_fingerprint, kind_of

if TYPE_CHECKING:
    from paddock.signing.sslib import Signer

_SHOWN_CHARS = 16


class SignaturesMissing(GateRefused):
    """Fewer keys have signed than the release asks for: it is whole, and may not leave yet."""

    code = "signatures_missing"


class NotASigner(BadKey):
    """The key is not one of those that the release says it is signed by."""

    code = "not_a_signer"


@dataclass(frozen=True, slots=True)
class Standing:
    """Who has signed the second envelope, and who has not."""

    needed: int
    signed: tuple[str, ...]  # fingerprints
    awaited: tuple[str, ...]
    names_release: bool = True  # whether the update metadata does, where there must be some

    @property
    def is_complete(self) -> bool:
        return len(self.signed) >= self.needed and self.names_release

    @property
    def sentence(self) -> str:
        """For people: what is there, and what is not."""
        said = f"{len(self.signed)} of {self.needed} keys have signed"
        if len(self.signed) < self.needed and self.awaited:
            said += f"; any of these may: {', '.join(key[:_SHOWN_CHARS] for key in self.awaited)}"
        if not self.names_release:
            said += "; no update metadata names the release yet"
        return said


def signed_by(envelope: bytes | None, statement: bytes, vouchers: Vouchers) -> frozenset[str]:
    """The keys whose signatures over ``statement`` are in the envelope; raises BadSignature."""
    if envelope is None:
        return frozenset()
    opened = open_envelope(envelope, IN_TOTO, vouchers.dsse)
    if opened.payload != statement:
        raise BadSignature("the envelope is about another release")
    return opened.keyids


def standing(
    envelope: bytes | None, statement: bytes, vouchers: Vouchers, *, names_release: bool = True
) -> Standing:
    """Who has signed and who has not; raises BadSignature."""
    signed = signed_by(envelope, statement, vouchers)
    everybody = {key_fingerprint(key) for key in vouchers.dsse}
    return Standing(
        vouchers.threshold, tuple(sorted(signed)), tuple(sorted(everybody - signed)), names_release
    )


def together(envelopes: Iterable[bytes], statement: bytes, vouchers: Vouchers) -> bytes | None:
    """One envelope with every signature of these; None without any. Raises BadSignature.

    Of two signatures by one key the first stays: ML-DSA makes another one each time.
    """
    signatures: dict[str, bytes] = {}
    for raw in envelopes:
        signed_by(raw, statement, vouchers)
        signatures = {**parse_envelope(raw, IN_TOTO).signatures, **signatures}
    return render_envelope(Sealed(statement, IN_TOTO, signatures)) if signatures else None


def with_signatures(
    envelope: bytes | None, statement: bytes, vouchers: Vouchers, signers: Sequence[Signer]
) -> bytes:
    """The envelope with these signatures more; raises NotASigner, BadSignature, BadKey.

    A key that has signed already signs no second time.
    """
    for signer in signers:
        require_signer(signer.public_key.keyid, vouchers)
    there = signed_by(envelope, statement, vouchers)
    fresh = [signer for signer in signers if signer.public_key.keyid not in there]
    if not fresh:
        raise BadSignature("every one of these keys has signed already")
    added = sign_envelope(statement, IN_TOTO, fresh)
    raw = together([envelope, added] if envelope is not None else [added], statement, vouchers)
    assert raw is not None  # noqa: S101 - something was added
    return raw


def require_signer(fingerprint: str, vouchers: Vouchers) -> None:
    """Raise NotASigner for a key that release.json does not name for the second envelope."""
    if fingerprint not in {key_fingerprint(key) for key in vouchers.dsse}:
        raise NotASigner(
            f"the key {fingerprint} is not one that signs this release",
            hint=f"those that do: {describe(vouchers.dsse) or 'no key signs a second envelope'}",
        )


def describe(keys: Iterable[PublicKey]) -> str:
    """Keys for people, by kind and the beginning of their fingerprints."""
    rows = sorted((key_fingerprint(key), kind_of(key)) for key in keys)
    return ", ".join(f"{kind} {fingerprint[:_SHOWN_CHARS]}" for fingerprint, kind in rows)

"""Metadata in which no byte is free: one spelling, and every signature in it is right.

Pure. TUF itself overlooks whitespace, further keys of the JSON and signatures by unknown keys; what
a release carries holds none of them, so a changed byte is always noticed.
"""

from __future__ import annotations

from collections.abc import Mapping

from securesystemslib.exceptions import UnverifiedSignatureError
from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Key, Metadata, Root, Signed
from tuf.api.serialization import DeserializationError, SerializationError

from paddock.errors import shown
from paddock.release.signatures.tuf.metadata import AnyMetadata, rendered
from paddock.signing.errors import BadKey, BadSignature
from paddock.signing.sslib import Signature

MAX_METADATA_BYTES = 5_000_000  # as much as python-tuf's client takes


def strict_metadata(raw: bytes, kind: type[Signed], name: str) -> AnyMetadata:
    """The metadata in ``raw``, of this kind and in its one spelling; raises BadSignature."""
    if len(raw) > MAX_METADATA_BYTES:
        raise BadSignature(f"{name} is larger than {MAX_METADATA_BYTES} bytes")
    try:
        metadata: AnyMetadata = Metadata.from_bytes(raw)
        again = rendered(metadata)
    except (DeserializationError, SerializationError, RecursionError) as e:
        raise BadSignature(f"{name} is not TUF metadata") from e
    if again != raw:
        raise BadSignature(f"{name} is not written the one way that metadata is")
    if not isinstance(metadata.signed, kind):
        raise BadSignature(f"{name} is metadata of the role {shown(metadata.signed.type)}")
    return metadata


def pinned_root(raw: bytes, where: str) -> AnyMetadata:
    """A root that a user pins: any spelling, signed by itself; raises BadKey."""
    try:
        root: AnyMetadata = Metadata.from_bytes(raw)
        if not isinstance(root.signed, Root):
            raise BadKey(f"{where} is no root of update metadata, but its {root.signed.type}")
        root.signed.verify_delegate("root", root.signed_bytes, root.signatures)
    except (DeserializationError, UnsignedMetadataError, RecursionError) as e:
        raise BadKey(f"{where} is no root of update metadata that signs itself") from e
    return root


def check_signatures(metadata: AnyMetadata, keys: Mapping[str, Key], name: str) -> None:
    """Every signature is by one of ``keys`` and right; raises BadSignature."""
    if not metadata.signatures:
        raise BadSignature(f"{name} is not signed")
    for keyid, signature in metadata.signatures.items():
        if keyid not in keys:
            raise BadSignature(f"{name} is signed by a key that is not of its role: {keyid[:64]}")
        if not _is_right(keys[keyid], signature, metadata.signed_bytes):
            raise BadSignature(f"{name}: the signature is not right for the key {keyid}")


def check_root_chain(chain: Mapping[int, bytes]) -> list[AnyMetadata]:
    """The roots 1, 2, … in ``chain``, each signed by itself and the one before; BadSignature."""
    roots: list[AnyMetadata] = []
    if sorted(chain) != list(range(1, len(chain) + 1)):
        raise BadSignature("the roots of the update metadata leave out a version")
    for version, raw in sorted(chain.items()):
        name = f"{version}.root.json"
        root = strict_metadata(raw, Root, name)
        before = roots[-1].signed if roots else None
        if root.signed.version != version:
            raise BadSignature(f"{name} holds version {root.signed.version}")
        check_signatures(root, _keys_around(root.signed, before), name)
        result = root.signed.get_root_verification_result(
            before, root.signed_bytes, root.signatures
        )
        if not result.verified:
            whose = "the keys before it" if not result.first.verified else "its own keys"
            raise BadSignature(f"{name} is not signed by enough of {whose}")
        roots.append(root)
    return roots


def keys_of_role(root: Root, role: str) -> dict[str, Key]:
    """The keys that may sign for a role."""
    return {keyid: root.keys[keyid] for keyid in root.roles[role].keyids if keyid in root.keys}


def _keys_around(root: Root, before: Root | None) -> dict[str, Key]:
    older = keys_of_role(before, "root") if before is not None else {}
    return {**keys_of_role(root, "root"), **older}


def _is_right(key: Key, signature: Signature, message: bytes) -> bool:
    try:
        key.verify_signature(signature, message)
    except UnverifiedSignatureError:
        return False
    return True

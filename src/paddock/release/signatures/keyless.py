"""A sigstore bundle beside a release: an identity in place of a key, as far as it is about it.

Knows what the bundle says it signed; whether that is right is for sigstore's own verifier. A bundle
is made elsewhere, because it takes a network and a person who signs in: ``sigstore sign --bundle
FILE release.json``. A release is built again to the same bytes, and takes the bundle along.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from paddock.signing.base64_text import decode_base64
from paddock.signing.errors import BadSignature
from paddock.signing.keys import read_key_file
from paddock.signing.signed_json import member, object_in

# Models of release.yaml take a quarter of a second to import, and who verifies needs none.
if TYPE_CHECKING:
    from paddock.release.spec.sign import Keyless as KeylessSection

MAX_BUNDLE_BYTES = 1 << 20


def carried_bundle(section: KeylessSection, base: Path, release_json: bytes) -> bytes | None:
    """The bundle that release.yaml names, about this release.json; None where it may be missing.

    Raises BadSignature when it is about something else, or is missing and not optional.
    """
    path = base / section.bundle
    if not path.is_file():
        if section.optional:
            return None
        raise BadSignature(
            f"there is no bundle {section.bundle} by {section.identity}",
            hint="sign release.json with `sigstore sign --bundle FILE`, and run this again",
        )
    raw = read_key_file(path, MAX_BUNDLE_BYTES)
    require_about(raw, release_json)
    return raw


def require_about(bundle: bytes, release_json: bytes) -> None:
    """The bundle says that it signs these bytes; raises BadSignature."""
    document = object_in(bundle, "the sigstore bundle")
    digest = member(member(document, "messageSignature", dict), "messageDigest", dict)
    said = decode_base64(digest.get("digest"), "bundle's digest")
    if digest.get("algorithm") != "SHA2_256" or said != hashlib.sha256(release_json).digest():
        raise BadSignature("the sigstore bundle is not about this release.json")

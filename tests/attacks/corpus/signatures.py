"""Cases 141 to 162: signed releases that were changed, mixed up, or signed by the wrong hand.

``release/`` is the folder to verify, ``trust.pem`` the key that the reader trusts. Update metadata
(TUF), thresholds and revocation lists do not exist in this version: their cases show that nothing
is trusted for having them.
"""

from __future__ import annotations

import json
import tempfile
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from paddock.digest import digest_stream
from paddock.release.files.manifest import MANIFEST_NAME, SIGNATURE_NAME
from paddock.release.signatures.oms import sign_files
from paddock.signing.envelope import seal
from paddock.signing.public_keys import public_pem
from tests.attacks.corpus.case import Content, Expected, Family, Judge, Link, Tree, Variants
from tests.release.signed import FILES, write_release

FAMILY = Family("signature", Judge.VERIFY)
R = Expected.REJECT
KEY = ec.derive_private_key(0xACCE55 << 200, ec.SECP256R1())  # any number is a key
OTHER = ec.derive_private_key(0xBADC0DE << 200, ec.SECP256R1())


@cache
def signed(version: str = "1.0.0", other_key: bool = False, name: str = "tiny") -> dict[str, bytes]:
    """The files of a release as they were signed."""
    files = FILES | {"VERSION": version.encode(), "NAME": name.encode()}
    with tempfile.TemporaryDirectory() as folder:
        write_release(Path(folder), OTHER if other_key else KEY, files)
        paths = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def attacked(
    changes: dict[str, Content | None] | None = None, files: dict[str, bytes] | None = None,
    key: ec.EllipticCurvePrivateKey = KEY,
) -> Tree:  # fmt: skip
    """A release with some files replaced, added, or removed (None), and the key to trust."""
    whole: dict[str, Content | None] = {**(signed() if files is None else files), **(changes or {})}
    tree: dict[str, Content] = {f"release/{k}": v for k, v in whole.items() if v is not None}
    return tree | {"trust.pem": public_pem(key.public_key())}


def resigned(statement: dict[str, Any]) -> Tree:
    """A release whose statement was changed and signed anew by the trusted key."""
    return attacked({SIGNATURE_NAME: seal(json.dumps(statement).encode(), KEY)})


def statement() -> dict[str, Any]:
    from paddock.signing.envelope import parse_bundle

    found: dict[str, Any] = json.loads(parse_bundle(signed()[SIGNATURE_NAME]).payload)
    return found


def bundle(**changes: Any) -> Tree:
    """A release whose envelope says something else around the same signature."""
    document = json.loads(signed()[SIGNATURE_NAME])
    document["dsseEnvelope"] |= changes
    return attacked({SIGNATURE_NAME: json.dumps(document).encode()})


@FAMILY.case(141, "one byte is flipped", R)
def flipped() -> Variants:
    for name, raw in signed().items():
        middle = len(raw) // 2
        yield (
            name.replace("/", "-"),
            attacked({name: raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]}),
        )


@FAMILY.case(142, "a file more", R)
def extra_file() -> Variants:
    for name in (
        "extra.txt",
        "payload.py",
        "original/extra.json",
        ".cache/huggingface/x.py",
        "model.sig",
    ):
        yield name.replace("/", "-"), attacked({name: b"x"})


@FAMILY.case(143, "a file more under a name of git", R)
def extra_git() -> Variants:
    for name in (
        ".git/hooks/post-checkout",
        ".gitignore",
        ".github/workflows/x.yml",
        ".gitmodules",
    ):
        yield name.replace("/", "-"), attacked({name: b"true\n"})


@FAMILY.case(144, "a file less", R)
def missing() -> Variants:
    for name in (*FILES, MANIFEST_NAME):
        yield name.replace("/", "-"), attacked({name: None})


@FAMILY.case(145, "a link in place of a file", R)
def linked() -> Variants:
    yield "file", attacked({"config.json": Link("original/params.json")})
    yield "outside", attacked({"config.json": Link("/etc/hostname")})
    yield "signature", attacked({SIGNATURE_NAME: Link("README.md")})


@FAMILY.case(146, "two names that some file system takes for one", R)
def collisions() -> Variants:
    yield "case", attacked({"CONFIG.json": b"{}"})
    yield "nfd", attacked({"e\u0301.txt": b"x", "\u00e9.txt": b"x"})


@FAMILY.case(147, "another key", R)
def wrong_key() -> Variants:
    yield "other", attacked(files=signed(other_key=True))
    yield (
        "own-key-inside",
        attacked({"release.pub.pem": public_pem(OTHER.public_key())}, signed(other_key=True)),
    )


@FAMILY.case(
    148, "a key that was revoked", R, "a key is revoked by taking it out of the trusted ones"
)
def revoked() -> Variants:
    yield "removed", attacked(key=OTHER)


@FAMILY.case(149, "fewer signatures than asked for", R,
             "one signature is all a bundle may hold; a threshold in release.yaml is refused")  # fmt: skip
def threshold() -> Variants:
    both = json.loads(signed()[SIGNATURE_NAME])["dsseEnvelope"]["signatures"]
    yield (
        "one-of-two",
        bundle(signatures=[*both, {"sig": b64encode(b"nothing").decode(), "keyid": ""}]),
    )
    yield "root-asks-for-two", attacked({"root.json": tuf("root", 1, threshold=2)})


@FAMILY.case(150, "the same key twice", R)
def same_key_twice() -> Variants:
    both = json.loads(signed()[SIGNATURE_NAME])["dsseEnvelope"]["signatures"] * 2
    yield "twice", bundle(signatures=both)


@FAMILY.case(151, "no signature in the envelope", R)
def no_signatures() -> Variants:
    yield "empty", bundle(signatures=[])
    yield "empty-text", bundle(signatures=[{"sig": "", "keyid": ""}])
    yield "null", bundle(signatures=None)


@FAMILY.case(152, "another payload type", R)
def payload_type() -> Variants:
    for name, kind in (
        ("text", "text/plain"),
        ("case", "application/vnd.IN-TOTO+json"),
        ("empty", ""),
    ):
        yield name, bundle(payloadType=kind)


@FAMILY.case(153, "a statement about another model", R)
def other_model() -> Variants:
    other = signed(name="other")
    yield "signature", attacked({SIGNATURE_NAME: other[SIGNATURE_NAME]})
    yield "both", attacked({k: other[k] for k in (SIGNATURE_NAME, MANIFEST_NAME)})
    changed = statement()
    changed["subject"][0]["digest"]["sha256"] = "0" * 64
    yield "subject", resigned(changed)


@FAMILY.case(154, "an older version", R, "told by --expect NAME@VERSION")
def older() -> Variants:
    old = signed(version="0.9.0")
    yield "documents", attacked({k: old[k] for k in (SIGNATURE_NAME, MANIFEST_NAME)})
    yield "whole", attacked(files=old)


def tuf(role: str, version: int, expires: str = "2020-01-01T00:00:00Z", **more: Any) -> bytes:
    body = {"_type": role, "version": version, "spec_version": "1.0.31", "expires": expires, **more}
    return json.dumps({"signed": body, "signatures": []}).encode()


@FAMILY.case(158, "a weaker hash", R)
def weaker_hash() -> Variants:
    for name in ("sha1", "md5", "blake2b"):
        changed = statement()
        changed["predicate"]["serialization"]["hash_type"] = name
        yield f"serialization-{name}", resigned(changed)
        changed = statement()
        changed["predicate"]["resources"][0]["algorithm"] = name
        yield f"resource-{name}", resigned(changed)


@FAMILY.case(159, "a signature that asks to overlook the payload", R)
def ignored() -> Variants:
    files = {name: digest_stream([raw]).sha256 for name, raw in signed().items()
             if name not in (SIGNATURE_NAME, ".gitattributes")}  # fmt: skip
    yield (
        "ignore-paths",
        attacked(
            {SIGNATURE_NAME: sign_files("tiny", files, "payload.py", KEY), "payload.py": b"x"}
        ),
    )


@FAMILY.case(160, "a file with a colon where shards are named path:start:end", R)
def shard_names() -> Variants:
    yield "file", attacked({"model.safetensors:0:5": b"x"})
    changed = statement()
    changed["predicate"]["serialization"]["method"] = "shards"
    for resource in changed["predicate"]["resources"]:
        resource["name"] += ":0:5"
    yield "statement", resigned(changed)


@FAMILY.case(161, "files that are swapped while they are verified", R)
def swapped() -> Variants:
    yield "swapped", attacked()


@FAMILY.case(162, "a download that stopped half way", R)
def cut() -> Variants:
    for name in ("model.safetensors", MANIFEST_NAME, SIGNATURE_NAME):
        raw = signed()[name]
        yield name, attacked({name: raw[: len(raw) // 2]})
    yield "incomplete", attacked({"model.safetensors": None,
                                  ".cache/huggingface/download/m.incomplete": b"x"})  # fmt: skip

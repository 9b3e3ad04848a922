"""Cases 141 to 162: signed releases that were changed, mixed up, or signed by the wrong hand.

``release/`` is the folder to verify, ``trust.pem`` or ``trust.yaml`` what the reader trusts, and
``seen/`` a release that they verified before.
"""

from __future__ import annotations

import json
import tempfile
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
from tests.attacks.corpus.vouched_trees import changed_json, vouched
from tests.release.publisher import NOW, Publisher
from tests.release.signed import FILES, write_release

FAMILY = Family("signature", Judge.VERIFY)
R = Expected.REJECT
DSSE = "release/release.dsse.json"
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


def revoked_key(publisher: Publisher) -> None:
    _revoked(publisher, str(publisher.folder / "ed25519.pub.pem"), "key_compromise")


def revoked_release(publisher: Publisher) -> None:
    _revoked(publisher, str(publisher.folder / "release"), "unsafe")


def _revoked(publisher: Publisher, what: str, reason: str) -> None:
    from paddock.release.signatures.attaching import attach_updates
    from paddock.release.signatures.revoking import revocation_of
    from paddock.release.signatures.tuf.repository import revoke

    revoke(publisher.repository, revocation_of(what, reason, NOW.date()), NOW)
    attach_updates(publisher.repository, publisher.folder / "release")


@FAMILY.case(148, "a key that was revoked", R)
def revoked() -> Variants:
    yield "key", vouched(revoked_key)
    yield "release", vouched(revoked_release)


@FAMILY.case(149, "fewer signatures than asked for", R)
def threshold() -> Variants:
    yield "reader-asks-for-two", vouched(keys=("ed25519", "stranger"), threshold=2)
    yield "release-asks-for-two", changed_json(vouched(), DSSE, lambda d: d["signatures"].pop())


def _one_key_twice(document: Any) -> None:
    document["signatures"] = [document["signatures"][0]] * 2


def _one_key_under_two_names(document: Any) -> None:
    first, second = document["signatures"]
    document["signatures"] = [first, {**first, "keyid": second["keyid"]}]


@FAMILY.case(150, "the same key twice", R)
def same_key_twice() -> Variants:
    both = json.loads(signed()[SIGNATURE_NAME])["dsseEnvelope"]["signatures"] * 2
    yield "twice-in-the-bundle", bundle(signatures=both)
    yield "twice", changed_json(vouched(), DSSE, _one_key_twice)
    yield "under-two-names", changed_json(vouched(), DSSE, _one_key_under_two_names)
    trust = changed_json(
        vouched(), "trust.yaml", lambda d: d.update(threshold=2, keys=d["keys"] * 2)
    )
    yield "trusted-twice", trust


@FAMILY.case(151, "no signature in the envelope", R)
def no_signatures() -> Variants:
    yield "empty", bundle(signatures=[])
    yield "empty-text", bundle(signatures=[{"sig": "", "keyid": ""}])
    yield "null", bundle(signatures=None)
    yield "second-envelope", changed_json(vouched(), DSSE, lambda d: d.update(signatures=[]))


@FAMILY.case(152, "another payload type", R)
def payload_type() -> Variants:
    for name, kind in (
        ("text", "text/plain"),
        ("case", "application/vnd.IN-TOTO+json"),
        ("empty", ""),
    ):
        yield name, bundle(payloadType=kind)
        yield (
            f"second-{name}",
            changed_json(vouched(), DSSE, lambda d, k=kind: d.update(payloadType=k)),
        )


@FAMILY.case(153, "a statement about another model", R)
def other_model() -> Variants:
    other = signed(name="other")
    yield "signature", attacked({SIGNATURE_NAME: other[SIGNATURE_NAME]})
    yield "both", attacked({k: other[k] for k in (SIGNATURE_NAME, MANIFEST_NAME)})
    changed = statement()
    changed["subject"][0]["digest"]["sha256"] = "0" * 64
    yield "subject", resigned(changed)


def seen_before(publisher: Publisher) -> None:
    publisher.release("seen", version="1.1.0")


def seen_before_with_new_metadata(publisher: Publisher) -> None:
    from paddock.release.signatures.attaching import attach_updates

    seen_before(publisher)
    attach_updates(publisher.repository, publisher.folder / "release")


@FAMILY.case(154, "an older version", R, "told by what was seen, or by --expect NAME@VERSION")
def older() -> Variants:
    yield "seen-a-newer-one", vouched(seen_before)
    yield "with-newer-metadata", vouched(seen_before_with_new_metadata)
    old = signed(version="0.9.0")
    yield "documents", attacked({k: old[k] for k in (SIGNATURE_NAME, MANIFEST_NAME)})
    yield "whole", attacked(files=old)


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

"""OpenSSF Model Signing 1.0: a Sigstore bundle around a DSSE envelope around an in-toto statement.

Bytes in, values out; knows neither folders nor where keys live. One signature, one subject, the
``files`` serialization with SHA-256: everything else is refused rather than interpreted. Nothing in
a bundle decides what is trusted or what is ignored: key hints and ``ignore_paths`` are written for
other tools and never read back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec

from paddock.digest import is_sha256
from paddock.release.files.paths import path_problem
from paddock.signing.envelope import seal
from paddock.signing.errors import BadSignature
from paddock.signing.signed_json import member, object_in, render, short

if TYPE_CHECKING:
    from paddock.signing.sslib import Signer

MAX_RESOURCES = 100_000
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"

# OMS leaves git's own names at the root out of a signature by default; release.json covers the one
# of them that a release carries. The client's bookkeeping folder is not part of a release.
UNSIGNED_ROOT_NAMES = (".git", ".gitattributes", ".github", ".gitignore")
CLIENT_FOLDER = ".cache/huggingface"


@dataclass(frozen=True, slots=True)
class Statement:
    """What was signed: the subject's name and every file's SHA-256."""

    subject: str
    files: Mapping[str, str]


# What signs a release beside the bundle; the verifier holds it against release.json, OMS tools
# overlook it.
OTHER_SIGNATURES = ("release.dsse.json", "release.sigstore.json", "tuf")


def sign_files(
    subject: str,
    files: Mapping[str, str],
    signature_name: str,
    key: ec.EllipticCurvePrivateKey | Signer,
) -> bytes:
    """A bundle over ``files`` (path to SHA-256); a key in memory gives the same bytes."""
    in_order = {path: files[path] for path in sorted(files)}
    return seal(render(_statement(subject, in_order, signature_name)), key)


def parse_statement(payload: bytes) -> Statement:
    """The signed statement; raises BadSignature unless it is consistent to the last digest."""
    statement = object_in(payload, "the signed statement")
    if statement.get("_type") != STATEMENT_TYPE:
        raise BadSignature(f"the statement's type is {short(statement.get('_type'))}")
    if statement.get("predicateType") != PREDICATE_TYPE:
        raise BadSignature(f"the predicate's type is {short(statement.get('predicateType'))}")
    predicate = member(statement, "predicate", dict)
    _check_serialization(member(predicate, "serialization", dict))
    files = _resources(member(predicate, "resources", list))
    subjects = member(statement, "subject", list)
    if len(subjects) != 1 or not isinstance(subjects[0], dict):
        raise BadSignature(f"the statement is about {len(subjects)} subjects, not one")
    digest = member(subjects[0], "digest", dict)
    if digest.get("sha256") != root_digest(files) or len(digest) != 1:
        raise BadSignature("the subject's digest is not that of the files listed")
    return Statement(subject=str(subjects[0].get("name", ""))[:200], files=files)


def root_digest(files: Mapping[str, str]) -> str:
    """OMS: SHA-256 over the files' raw digests, in the order given (we write code point order)."""
    return hashlib.sha256(b"".join(bytes.fromhex(digest) for digest in files.values())).hexdigest()


def _statement(subject: str, files: Mapping[str, str], signature_name: str) -> dict[str, Any]:
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": subject, "digest": {"sha256": root_digest(files)}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": [
                    *UNSIGNED_ROOT_NAMES,
                    CLIENT_FOLDER,
                    *OTHER_SIGNATURES,
                    signature_name,
                ],
            },
            "resources": [
                {"name": path, "algorithm": "sha256", "digest": digest}
                for path, digest in files.items()
            ],
        },
    }


def _check_serialization(serialization: Mapping[str, Any]) -> None:
    method, hash_type = serialization.get("method"), serialization.get("hash_type")
    if method != "files":
        raise BadSignature(f"the serialization method {short(method)} is not supported")
    if hash_type != "sha256":
        raise BadSignature(f"the hash {short(hash_type)} is not SHA-256")
    if serialization.get("allow_symlinks") is not False:
        raise BadSignature("the signature would allow symbolic links")


def _resources(items: list[Any]) -> dict[str, str]:
    if not 0 < len(items) <= MAX_RESOURCES:
        raise BadSignature(f"the statement lists {len(items)} files")
    files: dict[str, str] = {}
    for item in items:
        if not isinstance(item, dict) or item.get("algorithm") != "sha256":
            raise BadSignature(f"a file of the statement has no SHA-256: {short(item)}")
        name, digest = item.get("name"), item.get("digest")
        if not isinstance(name, str) or (problem := path_problem(name)) is not None:
            reason = problem if isinstance(name, str) else "its name is not text"
            raise BadSignature(f"the statement lists {short(name)}: {reason}")
        if not isinstance(digest, str) or not is_sha256(digest):
            raise BadSignature(f"the digest of {short(name)} is {short(digest)}")
        if name in files:
            raise BadSignature(f"the statement lists {short(name)} twice")
        files[name] = digest
    return files


def names_outside_signature(paths: Iterable[str]) -> set[str]:
    """Those of ``paths`` that OMS tools never look at (git's own names at the root)."""
    return {path for path in paths if path.split("/", 1)[0] in UNSIGNED_ROOT_NAMES}

"""What the keys of the second envelope sign: an in-toto statement about release.json.

Pure: values to bytes and back. The statement names the release, its version and its content root,
and binds the bytes of release.json, which lists every file; so it holds for exactly one release.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paddock.errors import shown
from paddock.release.files.manifest import MANIFEST_NAME
from paddock.signing.errors import BadSignature
from paddock.signing.signed_json import object_in, render

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:paddock:release:v1"


@dataclass(frozen=True, slots=True)
class ReleaseStatement:
    """Which release a signature is for."""

    name: str
    version: str
    root: str  # of the content
    sha256: str  # of release.json


def render_statement(statement: ReleaseStatement) -> bytes:
    """The bytes that are signed: the same for the same release."""
    return render(_document(statement))


def parse_statement(payload: bytes) -> ReleaseStatement:
    """The statement in signed bytes; raises BadSignature unless it is exactly of this form."""
    document = object_in(payload, "the signed statement")
    try:
        subject, predicate = document["subject"][0], document["predicate"]
        statement = ReleaseStatement(
            name=predicate["name"],
            version=predicate["version"],
            root=predicate["root"]["sha256"],
            sha256=subject["digest"]["sha256"],
        )
    except (KeyError, IndexError, TypeError) as e:
        kind = shown(document.get("predicateType"))
        raise BadSignature(f"the signed statement, of the type {kind}, is of no release") from e
    if document != _document(statement):
        kind = shown(document.get("predicateType"))
        raise BadSignature(f"the signed statement says more or other than a release's: {kind}")
    return statement


def _document(statement: ReleaseStatement) -> dict[str, Any]:
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": MANIFEST_NAME, "digest": {"sha256": statement.sha256}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "name": statement.name,
            "version": statement.version,
            "root": {"sha256": statement.root},
        },
    }

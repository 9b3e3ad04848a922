"""release.json: what a release is and every file in it, as canonical JSON (RFC 8785).

Pure: values to bytes and back. The manifest lists every file of the release except itself and the
signature over it, each with size, SHA-256 and BLAKE3; its root binds names, sizes and both digests.
Nothing in it depends on the time or the machine of the build.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import rfc8785

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object
from paddock.digest import is_sha256
from paddock.errors import shown
from paddock.release.errors import BadManifest
from paddock.release.files.paths import path_problem

MANIFEST_NAME = "release.json"
SIGNATURE_NAME = "release.oms.json"
DSSE_NAME = "release.dsse.json"
KEYLESS_NAME = "release.sigstore.json"
UPDATES_FOLDER = "tuf"  # TUF metadata: it is renewed while the release stays the same
FORMAT = "paddock/release/v1"
MAX_NAME_CHARS = 256
MAX_MANIFEST_BYTES = 64 << 20
MAX_FILES = 100_000
MAX_FILE_BYTES = (1 << 53) - 1  # the largest integer that JSON keeps exactly


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """A file of the release: what it is for, and what identifies its bytes."""

    path: str
    role: str  # weights, config, tokenizer, card, license, …
    component: str | None  # of the Model Openness Framework
    size_bytes: int
    sha256: str
    blake3: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A parsed release.json; ``document`` is everything it says."""

    name: str
    version: str
    files: tuple[ReleaseFile, ...]
    document: dict[str, Any]


def vouches(path: str) -> bool:
    """Whether ``path`` is release.json or what signs it, and so is not listed there."""
    names = {MANIFEST_NAME, SIGNATURE_NAME, DSSE_NAME, KEYLESS_NAME}
    return path in names or path.split("/", 1)[0] == UPDATES_FOLDER


def render_manifest(document: dict[str, Any], files: Sequence[ReleaseFile]) -> bytes:
    """Canonical bytes of ``document`` with the files, sorted by path, and their root."""
    rows = [asdict(file) for file in sorted(files, key=lambda f: f.path)]
    root = {"algorithm": "sha256", "digest": manifest_root(rows)}
    return rfc8785.dumps({**document, "format": FORMAT, "files": rows, "root": root})


def manifest_root(rows: Sequence[dict[str, Any]]) -> str:
    """SHA-256 over the canonical JSON of path, size and digests of every file."""
    kept = ("path", "size_bytes", "sha256", "blake3")
    return hashlib.sha256(rfc8785.dumps([{k: row[k] for k in kept} for row in rows])).hexdigest()


def parse_manifest(raw: bytes) -> Manifest:
    """The manifest in ``raw``; raises BadManifest unless it is canonical and consistent."""
    if len(raw) > MAX_MANIFEST_BYTES:
        raise BadManifest(f"{MANIFEST_NAME} is larger than {MAX_MANIFEST_BYTES} bytes")
    try:
        document = parse_object(raw, MANIFEST_NAME, BadCheckpoint)
        canonical = rfc8785.dumps(document)
    except (BadCheckpoint, rfc8785.CanonicalizationError, RecursionError) as e:
        raise BadManifest(f"{MANIFEST_NAME} is not canonical JSON: {e}") from e
    if canonical != raw:
        raise BadManifest(f"{MANIFEST_NAME} is not canonical JSON (RFC 8785)")
    if document.get("format") != FORMAT:
        raise BadManifest(f"{MANIFEST_NAME} has the format {document.get('format')!r:.80}")
    files = _files(document.get("files"))
    if document.get("root") != {"algorithm": "sha256", "digest": manifest_root(document["files"])}:
        raise BadManifest(f"the root in {MANIFEST_NAME} is not that of its files")
    name, version = document.get("name"), document.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        raise BadManifest(f"{MANIFEST_NAME} has no name and version")
    for said in (name, version):  # they are told on terminals and pages
        if not 0 < len(said) <= MAX_NAME_CHARS or not said.isprintable():
            raise BadManifest(f"{MANIFEST_NAME} is of a release called {shown(said)}")
    return Manifest(name, version, files, document)


def _files(rows: object) -> tuple[ReleaseFile, ...]:
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_FILES:
        raise BadManifest(f"{MANIFEST_NAME} lists no files, or more than {MAX_FILES}")
    files = tuple(_file(row) for row in rows)
    paths = [file.path for file in files]
    if paths != sorted(set(paths)):
        raise BadManifest(f"the files in {MANIFEST_NAME} are not sorted, or one is there twice")
    return files


def _file(row: object) -> ReleaseFile:
    if not isinstance(row, dict) or set(row) != set(ReleaseFile.__slots__):
        raise BadManifest(f"a file in {MANIFEST_NAME} has the wrong keys: {row!r:.120}")
    file = ReleaseFile(**row)
    problem = path_problem(file.path) if isinstance(file.path, str) else "its path is not text"
    if problem is not None:
        raise BadManifest(f"{MANIFEST_NAME} lists {file.path!r:.120}: {problem}")
    if vouches(file.path):
        raise BadManifest(f"{MANIFEST_NAME} lists itself or a signature: {file.path}")
    size_bytes = file.size_bytes
    if type(size_bytes) is not int or not 0 <= size_bytes <= MAX_FILE_BYTES:
        raise BadManifest(f"the size of {file.path} is {size_bytes!r:.40}")
    for digest in (file.sha256, file.blake3):
        if not isinstance(digest, str) or not is_sha256(digest):
            raise BadManifest(f"a digest of {file.path} is {digest!r:.80}")
    return file

"""Styles, scripts and pictures of the pages: read once, compressed once, kept by browsers for good.

Their address holds a digest of all of them, so that a module that imports its neighbour by a
relative address gets the one of the same version. Knows nothing of what is in them.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Final, NamedTuple

import zstandard
from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).parent / "static"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
# A worker's own policy is the one that its script comes with.
_POLICY: Final = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'"
_FOR_GOOD: Final = "public, max-age=31536000, immutable"


class _File(NamedTuple):
    media_type: str
    as_it_is: bytes
    gzip: bytes
    zstd: bytes


def _read() -> dict[str, _File]:
    found = {}
    for path in sorted(_FOLDER.rglob("*")):
        if path.is_file() and path.suffix in _TYPES:
            content = path.read_bytes()
            packed = gzip.compress(content, 9, mtime=0)
            strong = zstandard.ZstdCompressor(level=19).compress(content)
            name = path.relative_to(_FOLDER).as_posix()
            found[name] = _File(_TYPES[path.suffix], content, packed, strong)
    return found


def _digest_of(files: dict[str, _File]) -> str:
    digest = hashlib.sha256()
    for name, file in files.items():
        digest.update(f"{name}\0{len(file.as_it_is)}\0".encode() + file.as_it_is)
    return digest.hexdigest()[:12]


_FILES: Final = _read()
_DIGEST: Final = _digest_of(_FILES)


def address(name: str) -> str:
    """Where a file of ``static/`` is; raises KeyError for one that is not there."""
    if name not in _FILES:
        raise KeyError(name)
    return f"/static/{_DIGEST}/{name}"


@router.get("/static/{digest:segment}/{name:rest}")
def static_file(request: Request, digest: str, name: str) -> Response:
    """A file; one that was asked for by an older page is sent as it is now, and not kept."""
    file = _FILES.get(name)
    if file is None:
        raise HTTPException(404)
    accepted = request.headers.get("accept-encoding", "")
    headers = {
        "Cache-Control": _FOR_GOOD if digest == _DIGEST else "no-cache",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Security-Policy": _POLICY,
        "Vary": "Accept-Encoding",
    }
    body = file.as_it_is
    for encoding, packed in (("zstd", file.zstd), ("gzip", file.gzip)):
        if encoding in accepted and len(packed) < len(body):
            headers["Content-Encoding"] = encoding
            body = packed
            break
    return Response(body, media_type=file.media_type, headers=headers)

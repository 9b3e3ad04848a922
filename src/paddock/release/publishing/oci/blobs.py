"""Files to and from a registry by their digest: sent once, resumed where they stopped, checked.

An upload's session is remembered on disk, so that another process goes on where a killed one was.
What the registry has already is not sent again; what comes down is digested while it is written.
Source: OCI distribution 1.1, "Pushing a blob in chunks", "Pulling blobs".
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from paddock.release.errors import RegistryRefused, SourceChanged
from paddock.release.publishing.oci.registry import Registry, read_bounded, refusal

PIECE_BYTES = 1 << 20
CHUNK_BYTES = 256 << 20  # one request; a session goes on from the last whole one
_RANGE = re.compile(r"(?:bytes=)?0-([0-9]{1,18})")


class Blob(NamedTuple):
    """A file, or bytes at hand, and the digest that the registry will know it by."""

    sha256: str
    size_bytes: int
    path: Path | None = None
    content: bytes = b""

    @property
    def digest(self) -> str:
        return f"sha256:{self.sha256}"

    @staticmethod
    def of(content: bytes) -> Blob:
        """Bytes at hand."""
        return Blob(hashlib.sha256(content).hexdigest(), len(content), None, content)


class Sessions:
    """Where uploads were, kept in one small file; losing it costs sending again, nothing else."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __getitem__(self, key: str) -> str | None:
        location = self._all().get(key)
        return location if isinstance(location, str) else None

    def remember(self, key: str, location: str | None) -> None:
        """Keep where an upload is, or forget it."""
        kept = {k: v for k, v in self._all().items() if k != key}
        if location is not None:
            kept[key] = location
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(kept), encoding="utf-8")
        partial.replace(self._path)

    def _all(self) -> dict[str, object]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def push_blob(registry: Registry, blob: Blob, sessions: Sessions) -> bool:
    """Send the blob unless it is there; whether anything was sent."""
    head, _ = registry.ask("HEAD", f"blobs/{blob.digest}", fine=frozenset({404}))
    if head.status_code == 200:
        return False
    key = f"{registry.where.registry}/{registry.where.name}@{blob.digest}"
    location, sent = _resumed(registry, sessions[key]) or (_begin(registry), 0)
    if sent > blob.size_bytes:
        location, sent = _begin(registry), 0
    while blob.size_bytes - sent > CHUNK_BYTES:
        sessions.remember(key, location)
        location = _send_chunk(registry, blob, location, sent)
        sent += CHUNK_BYTES
    sessions.remember(key, location)
    _finish(registry, blob, location, sent)
    sessions.remember(key, None)
    return True


def pull_blob(registry: Registry, digest: str, size_bytes: int, target: Path) -> None:
    """Write the blob to ``target``, from where an earlier attempt stopped; checked to the bit."""
    hasher, there = hashlib.sha256(), 0
    if target.exists():
        with target.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                hasher.update(piece)
                there += len(piece)
    headers = {"Range": f"bytes={there}-"} if 0 < there < size_bytes else {}
    if there < size_bytes or there == size_bytes == 0:
        with registry.stream("GET", f"blobs/{digest}", headers=headers) as answer:
            if answer.status_code >= 400:
                raise refusal(answer, read_bounded(answer), registry.where)
            if answer.status_code != 206:
                hasher, there = hashlib.sha256(), 0
            with target.open("ab" if there else "wb") as file:
                for piece in answer.iter_bytes(PIECE_BYTES):
                    there += len(piece)
                    if there > size_bytes:
                        break
                    hasher.update(piece)
                    file.write(piece)
    if there != size_bytes or f"sha256:{hasher.hexdigest()}" != digest:
        with suppress(OSError):
            target.unlink()
        raise RegistryRefused(f"the registry sent something else than {digest}")


def _begin(registry: Registry) -> str:
    answer, _ = registry.ask("POST", "blobs/uploads/", headers={"Content-Length": "0"})
    return _location(registry, answer.headers.get("location"))


def _resumed(registry: Registry, location: str | None) -> tuple[str, int] | None:
    """An upload that the registry still knows: where it is now, and how many bytes it has."""
    if location is None:
        return None
    answer, _ = registry.ask("GET", location, fine=frozenset(range(400, 500)))
    found = _RANGE.fullmatch(answer.headers.get("range", ""))
    if answer.status_code != 204 or found is None:
        return None
    last = int(found[1])
    return _location(registry, answer.headers.get("location") or location), last + 1 if last else 0


def _send_chunk(registry: Registry, blob: Blob, location: str, start: int) -> str:
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(CHUNK_BYTES),
        "Content-Range": f"{start}-{start + CHUNK_BYTES - 1}",
    }
    pieces = _Pieces(blob, start, CHUNK_BYTES)
    answer, _ = registry.ask("PATCH", location, headers=headers, content=pieces)
    return _location(registry, answer.headers.get("location"))


def _finish(registry: Registry, blob: Blob, location: str, start: int) -> None:
    count = blob.size_bytes - start
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(count)}
    if start:
        headers["Content-Range"] = f"{start}-{blob.size_bytes - 1}"
    joined = f"{location}{'&' if '?' in location else '?'}digest={blob.digest}"
    answer, _ = registry.ask("PUT", joined, headers=headers, content=_Pieces(blob, start, count))
    kept = answer.headers.get("docker-content-digest", blob.digest)
    if answer.status_code != 201 or kept != blob.digest:
        raise RegistryRefused(f"the registry kept {kept[:80]} instead of {blob.digest}")


class _Pieces:
    """A span of a blob, from its beginning each time: an attempt may be repeated."""

    def __init__(self, blob: Blob, start: int, count: int) -> None:
        self._blob, self._start, self._count = blob, start, count

    def __call__(self) -> Iterator[bytes]:
        if self._blob.path is None:
            yield self._blob.content[self._start : self._start + self._count]
            return
        left = self._count
        with self._blob.path.open("rb") as file:
            file.seek(self._start)
            while left and (piece := file.read(min(PIECE_BYTES, left))):
                left -= len(piece)
                yield piece
        if left:
            raise SourceChanged(f"{self._blob.path.name} became shorter while it was sent")


def _location(registry: Registry, location: str | None) -> str:
    if not location:
        raise RegistryRefused(f"{registry.where.registry} does not say where to upload")
    return registry.url(location)

"""A bundle's file: a tar archive whose first member is the signed statement.

Knows the container and nothing of repositories. A reader asks for each member by the name, size and
digest that the statement gave; anything else in its place is an error, and so is anything after the
last one. Any tar program can look inside.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from paddock.errors import shown
from paddock.hub.bundles.manifest import BadBundle, Member
from paddock.signing.signed_json import MAX_SIGNED_BYTES
from paddock.storage.errors import os_errors

STATEMENT_NAME = "bundle.sigstore.json"
PIECE_BYTES = 1 << 20


class BundleWriter:
    """Members in order, of sizes that are known beforehand."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def add_statement(self, signed: bytes) -> None:
        """The first member."""
        self._write_header(STATEMENT_NAME, len(signed))
        self._file.write(signed)
        self._pad(len(signed))

    def add(self, piece: Member, content: Iterator[bytes]) -> None:
        """The next member; raises BadBundle when the bytes are not those that were signed."""
        self._write_header(piece.name, piece.size_bytes)
        digest, written = hashlib.sha256(), 0
        for chunk in content:
            digest.update(chunk)
            written += self._file.write(chunk)
        if written != piece.size_bytes or digest.hexdigest() != piece.sha256:
            raise BadBundle(f"the bytes of {piece.name} are not those of its digest")
        self._pad(written)

    def finish(self) -> None:
        """Write the archive's end."""
        self._file.write(bytes(2 * tarfile.BLOCKSIZE))

    def _write_header(self, name: str, size_bytes: int) -> None:
        """The same for the same content: no owner, no time of its own."""
        header = tarfile.TarInfo(name)
        header.size = size_bytes
        header.mode = 0o644
        self._file.write(header.tobuf(tarfile.PAX_FORMAT))

    def _pad(self, written: int) -> None:
        self._file.write(bytes(-written % tarfile.BLOCKSIZE))


class BundleReader:
    """Members in order, each proven by the time its last piece was read."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def statement(self) -> bytes:
        """The first member."""
        header, file = self._next(STATEMENT_NAME)
        if header.size > MAX_SIGNED_BYTES:
            raise BadBundle(f"the bundle's statement has {header.size} bytes")
        return file.read()

    def pieces(self, piece: Member) -> Iterator[bytes]:
        """The next member's bytes; raises BadBundle at their end if they were not signed."""
        header, file = self._next(piece.name)
        if header.size != piece.size_bytes:
            raise BadBundle(f"{piece.name} has {header.size} bytes, not {piece.size_bytes}")
        digest = hashlib.sha256()
        while chunk := file.read(PIECE_BYTES):
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != piece.sha256:
            raise BadBundle(
                f"{piece.name} is not what was signed: it was damaged or changed",
                hint="copy the bundle once more, or have it made anew",
            )

    def finish(self) -> None:
        """Raises BadBundle when something follows."""
        header = self._tar.next()
        if header is not None:
            raise BadBundle(f"the bundle holds {shown(header.name)}, which nobody signed")

    def _next(self, name: str) -> tuple[tarfile.TarInfo, BinaryIO]:
        header = self._tar.next()
        if header is None:
            raise BadBundle(f"the bundle ends where {name} should be", hint="copy it once more")
        if header.name != name or not header.isreg() or header.issparse():
            raise BadBundle(f"the bundle holds {shown(header.name)} where {name} should be")
        file = self._tar.extractfile(header)
        assert file is not None  # noqa: S101  (it is a regular file)
        return header, file  # type: ignore[return-value]  # a buffered reader of it


@contextmanager
def open_bundle(path: Path) -> Iterator[BundleReader]:
    """Read a bundle from its beginning; raises BadBundle for what is not one."""
    try:
        with os_errors("reading a bundle"), tarfile.open(path, mode="r:") as tar:
            yield BundleReader(tar)
    except tarfile.TarError as e:
        raise BadBundle(f"{path} is not a bundle: {e}", hint="copy it once more") from e

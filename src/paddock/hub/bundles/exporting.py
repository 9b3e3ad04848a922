"""Repositories into a bundle: branches and tags with their whole history, and every large file.

Knows rows and bytes of this hub. The packs are written first, to temporary files, because the
statement that is signed names their digests and stands before them; large files, whose digests are
their names, are read once. The file appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import NotFound, Refused, shown
from paddock.hub import lookup
from paddock.hub.bundles.archive import PIECE_BYTES, BundleWriter
from paddock.hub.bundles.manifest import (
    Bundle,
    BundledRepository,
    Member,
    large_name,
    pack_name,
    render_statement,
)
from paddock.hub.context import Hub
from paddock.hub.git import refs
from paddock.hub.git_http.boundaries import Boundary
from paddock.hub.git_http.fetch_request import FetchRequest
from paddock.hub.git_http.graph import CommitGraph
from paddock.hub.git_http.object_rows import ObjectRows
from paddock.hub.git_http.pack_writing import FileWithheld, PackSource, write_pack
from paddock.hub.git_http.selection import resolve_wants, select
from paddock.hub.large import large_files
from paddock.hub.large.content import open_large
from paddock.hub.names import RepositoryName
from paddock.hub.scans import leaving
from paddock.hub.tables import git_objects
from paddock.hub.types import Repository
from paddock.signing.envelope import seal
from paddock.signing.keys import SigningKey
from paddock.storage.errors import os_errors
from paddock.storage.staging import sync_file, sync_folder

_SHA256_CHARS = 64

Tell = Callable[[str], None]


class NothingToExport(NotFound):
    """A repository that was to be exported is not here."""

    code = "nothing_to_export"


class RejectedInHistory(Refused):
    """A file that a scan rejected is in the history that was to be exported."""

    code = "rejected_in_history"


class Exported(NamedTuple):
    """What a bundle holds, and what it could not hold."""

    bundle: Bundle
    size_bytes: int
    missing: list[str]  # large files that history names and this hub does not have
    withheld: list[str]  # large files that a scan rejected


class _Found(NamedTuple):
    """A repository as it is at one moment."""

    repo: Repository
    refs: dict[str, str]
    large_files: dict[str, int]
    missing: list[str]
    withheld: dict[str, str]  # contents that a scan rejected and nobody allowed, with a path


class _Bytes(NamedTuple):
    """Where the members' bytes are."""

    hub: Hub
    holders: dict[str, int]  # large file -> a repository that has it
    packs: Path

    def large_file(self, piece: Member) -> Iterator[bytes]:
        with self.hub.database.read() as conn:
            content = open_large(self.hub, conn, self.holders[piece.sha256], piece.sha256)
        return content.read(0, piece.size_bytes)


def export_repositories(
    hub: Hub, names: Sequence[RepositoryName], path: Path, key: SigningKey, tell: Tell
) -> Exported:
    """Write a bundle of these repositories; raises NothingToExport, RejectedInHistory.

    A large file that a scan rejected stays here, as only its pointer is in the history.
    """
    with hub.database.read() as conn:
        found = [_find(conn, name) for name in dict.fromkeys(names)]
    partial = path.with_name(f".{path.name}.part")
    with ExitStack() as stack, os_errors(f"writing {path}"):
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=path.parent)))
        packs = []
        for number, item in enumerate(found):
            tell(f"packing {item.repo.full_name}")
            packs.append(_write_pack(hub, item, number, folder / f"{number}.pack"))
        bundle = _describe(found, packs)
        signed = seal(render_statement(bundle), key.private)
        stack.callback(partial.unlink, missing_ok=True)
        with partial.open("wb") as file:
            holders = {oid: item.repo.id for item in found for oid in item.large_files}
            _write(BundleWriter(file), bundle, signed, _Bytes(hub, holders, folder), tell)
            file.flush()
            sync_file(file.fileno())
            size_bytes = file.tell()
        partial.replace(path)
        sync_folder(path.absolute().parent)
    missing = sorted({sha256 for item in found for sha256 in item.missing})
    withheld = {
        sha256 for item in found for sha256 in item.withheld if len(sha256) == _SHA256_CHARS
    }
    return Exported(bundle, size_bytes, missing, sorted(withheld))


def _find(conn: sa.Connection, name: RepositoryName) -> _Found:
    repo = lookup.find_repository(conn, name)
    if repo is None:
        raise NothingToExport(f"there is no {name.kind} {name.full} here")
    heads = {
        ref.name: ref.oid
        for ref in refs.list_refs(conn, repo)
        if ref.name.startswith((refs.BRANCHES, refs.TAGS))
    }
    objects = git_objects.c
    query = sa.select(objects.lfs_sha256).where(
        objects.repo_id == repo.id, objects.lfs_sha256.is_not(None)
    )
    named = set(conn.execute(query.distinct()).scalars())
    withheld = leaving.withheld_from_all(conn, repo)
    present = large_files.present(conn, repo.id, named)
    here = present - withheld.keys()
    sizes = {sha256: row.size_bytes for sha256, row in large_files.lookup(conn, here).items()}
    return _Found(repo, heads, sizes, sorted(named - present), withheld)


def _describe(found: Sequence[_Found], packs: Sequence[Member]) -> Bundle:
    return Bundle(
        made_at=clock.now().isoformat(),
        repositories=[
            BundledRepository(
                name=RepositoryName(item.repo.kind, *item.repo.full_name.split("/", 1)),
                is_private=item.repo.is_private,
                gated=item.repo.gated,
                sdk=item.repo.sdk,
                refs=item.refs,
                pack=pack,
                large_files=sorted(item.large_files),
            )
            for item, pack in zip(found, packs, strict=True)
        ],
        large_files={oid: size for item in found for oid, size in item.large_files.items()},
    )


def _write_pack(hub: Hub, item: _Found, number: int, path: Path) -> Member:
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("wb") as file:
        for piece in _pack(hub, item):
            digest.update(piece)
            size_bytes += file.write(piece)
    return Member(pack_name(number), digest.hexdigest(), size_bytes)


def _pack(hub: Hub, item: _Found) -> Iterator[bytes]:
    """Everything that the refs lead to, as git would send it to somebody who has nothing."""
    repo, tips = item.repo, sorted(set(item.refs.values()))
    graph, rows = CommitGraph(hub.database, repo.id), ObjectRows(hub.database, repo.id)
    wanted = resolve_wants(graph, rows, tips)
    selection = select(graph, wanted, [], Boundary(cut=frozenset()), set())
    request = FetchRequest(wants=tips, words={"ofs-delta"})
    files = frozenset(bytes.fromhex(oid) for oid in item.withheld if len(oid) != _SHA256_CHARS)
    source = PackSource(rows, hub.blobs, hub.packs, repo.id, files)
    try:
        for piece in write_pack(source, request, selection, wanted):
            if isinstance(piece, bytes):
                yield piece
    except FileWithheld as e:
        path = item.withheld[e.oid]
        raise RejectedInHistory(
            f"{shown(path) if path else f'the file {e.oid[:12]}'} in the history of "
            f"{repo.full_name} was rejected by this hub's scan",
            hint="`paddock admin scan allow` lets it go, for a reason that is kept",
        ) from e


def _write(writer: BundleWriter, bundle: Bundle, signed: bytes, source: _Bytes, tell: Tell) -> None:
    writer.add_statement(signed)
    for piece in bundle.members:
        if piece.sha256 in source.holders and piece.name == large_name(piece.sha256):
            tell(f"adding {piece.size_bytes:,} bytes of {piece.name}")
            writer.add(piece, source.large_file(piece))
        else:
            writer.add(piece, _read_back(source.packs / Path(piece.name).name))
    writer.finish()


def _read_back(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(PIECE_BYTES):
            yield chunk

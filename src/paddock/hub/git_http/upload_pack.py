"""A fetch, from the request to the last byte of the pack, in protocols 0, 1 and 2.

Knows the order of an answer's parts; what is in them comes from the modules beside it. Opens
transactions of its own, each for one question: what a commit leads to never changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import IO

import sqlalchemy as sa

from paddock.errors import PaddockError
from paddock.hub.context import Hub
from paddock.hub.git import refs
from paddock.hub.git_http import packing_requests, stored_packs
from paddock.hub.git_http.advertisement import list_refs
from paddock.hub.git_http.boundaries import Boundary, Deepening, Since, draw, draw_by_list
from paddock.hub.git_http.fetch_request import (
    CommandRequest,
    FetchRequest,
    read_fetch,
    read_upload_request,
)
from paddock.hub.git_http.graph import CommitGraph, Node
from paddock.hub.git_http.negotiation import acknowledge, acknowledge_each, find_common
from paddock.hub.git_http.object_rows import ObjectRows
from paddock.hub.git_http.pack_writing import FileWithheld, PackSource, PackWriter, Progress
from paddock.hub.git_http.pkt_lines import (
    MAX_PAYLOAD_BYTES,
    BadGitRequest,
    Mark,
    line,
    on_band,
)
from paddock.hub.git_http.selection import (
    NotOurs,
    Selection,
    Wanted,
    resolve_wants,
    select,
    select_whole,
    tags_along,
)
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking
from paddock.hub.tables import commits
from paddock.hub.types import ANONYMOUS, Repository
from paddock.log import get_logger
from paddock.storage.sql import in_chunks

log = get_logger("git")

_SMALL_BAND_BYTES = 996  # of side-band, without "-64k": a packet of 1000 bytes
_BANDS = {"side-band", "side-band-64k"}
_PROGRESS_STEP = 5000
_OID_CHARS = 40


def answer_command(
    hub: Hub, repo: Repository, source: IO[bytes], withheld: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    """Protocol 2: one command; raises BadGitRequest before the first byte.

    ``withheld`` are contents that the client may not have, by id, each with a path.
    """
    request = CommandRequest(source)
    if request.is_empty:
        return iter(())
    if request.command == "ls-refs":
        with hub.database.read() as conn:
            found = refs.list_refs(conn, repo)
        return iter(list(list_refs(source, found)))
    if request.command == "fetch":
        fetch = _Fetch(hub, repo, read_fetch(source), withheld or {})
        return _telling_errors(fetch.answer())
    raise BadGitRequest(f"the command {request.command[:40]!a} is not offered here")


def answer_upload_pack(
    hub: Hub, repo: Repository, source: IO[bytes], withheld: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    """Protocols 0 and 1: the whole conversation, or the step of it that the request holds."""
    request = read_upload_request(source)
    if not request.wants:
        return iter(())
    return _telling_errors(_Fetch(hub, repo, request, withheld or {}).answer_old())


def _telling_errors(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What goes wrong before the pack, told in the way that git shows to a person."""
    try:
        yield from pieces
    except (NotOurs, BadGitRequest) as e:
        yield line(f"ERR {e.message}")


class _Fetch:
    """One request and what is known of it."""

    def __init__(
        self, hub: Hub, repo: Repository, request: FetchRequest, withheld: Mapping[str, str]
    ) -> None:
        self._hub, self._repo, self._request = hub, repo, request
        self._withheld = withheld
        self._is_old = False  # protocols 0 and 1, where side bands have to be asked for
        self._graph = CommitGraph(hub.database, repo.id)
        self._rows = ObjectRows(hub.database, repo.id)

    def answer(self) -> Iterator[bytes]:
        request = self._request
        if not request.wants:
            yield Mark.FLUSH.value
            return
        wanted = resolve_wants(self._graph, self._rows, request.wants)
        haves = self._haves()
        if request.haves:
            common = find_common(self._graph, request, wanted.commits, {h.oid for h in haves})
            told, is_ready = acknowledge(request, common)
            yield from told
            if not is_ready:
                return
        boundary = self._boundary(wanted)
        if request.deepening or request.shallows:
            yield line("shallow-info")
            yield from _told(boundary)
            yield Mark.DELIM.value
        yield line("packfile")
        yield from self._pack(wanted, haves, boundary)
        yield Mark.FLUSH.value

    def answer_old(self) -> Iterator[bytes]:
        request = self._request
        self._is_old = True
        wanted = resolve_wants(self._graph, self._rows, request.wants)
        boundary = self._boundary(wanted)
        if request.deepening:
            yield from _told(boundary)
            yield Mark.FLUSH.value
        if request.is_cut_off:  # the client wanted to know the boundary first
            return
        haves = self._haves()
        common = find_common(self._graph, request, wanted.commits, {node.oid for node in haves})
        told, is_ready = acknowledge_each(request, common)
        yield from told
        if is_ready:
            yield from self._pack(wanted, haves, boundary)
            if _BANDS & request.words:
                yield Mark.FLUSH.value

    def _haves(self) -> list[Node]:
        return self._graph.present(list(dict.fromkeys(self._request.haves)))

    def _boundary(self, wanted: Wanted) -> Boundary:
        asked, clients = self._request.deepening, frozenset(self._request.shallows)
        if asked.depth:
            return draw(
                self._graph, wanted.commits, clients, asked.depth, relative=asked.is_relative
            )
        if asked:
            return self._boundary_by_list(wanted, asked, clients)
        return Boundary(cut=clients)

    def _boundary_by_list(
        self, wanted: Wanted, asked: Deepening, clients: frozenset[str]
    ) -> Boundary:
        with self._hub.database.read() as conn:
            excluded = [_ref_commit(conn, self._repo, name) for name in asked.excluding]
        nodes = self._graph.present(excluded)
        found, _ = self._graph.between(wanted.commits, [])
        dates = None if asked.since is None else self._dates(found)
        since = Since(dates, asked.since or 0)
        boundary = draw_by_list(self._graph, wanted.commits, clients, nodes, since)
        if boundary is None:
            raise BadGitRequest("no commits selected for shallow requests")
        return boundary

    def _dates(self, nodes: Iterable[Node]) -> dict[str, int]:
        found: dict[str, int] = {}
        query = sa.select(commits.c.oid, commits.c.committed_at).where(
            commits.c.repo_id == self._repo.id
        )
        with self._hub.database.read() as conn:
            for some in in_chunks([node.oid for node in nodes]):
                rows = conn.execute(query.where(commits.c.oid.in_(some)))
                found.update((oid, int(moment.timestamp())) for oid, moment in rows)
        return found

    def _pack(self, wanted: Wanted, haves: list[Node], boundary: Boundary) -> Iterator[bytes]:
        selection = self._select(wanted, haves, boundary)
        hub = self._hub
        files = frozenset(bytes.fromhex(oid) for oid in self._withheld if len(oid) == _OID_CHARS)
        source = PackSource(self._rows, hub.blobs, hub.packs, self._repo.id, files)
        writer = PackWriter(source, self._request, selection, wanted)
        yield from self._framed(writer.write())
        if writer.is_now_kept:
            self._request_pack()

    def _request_pack(self) -> None:
        """Let others find a pack, too, where this clone had to have one made."""
        try:
            with self._hub.database.write() as conn:
                packing_requests.request_pack(conn, self._repo.id)
        except PaddockError as e:  # the client has its clone
            log.warning("no pack was asked for", repository=self._repo.full_name, error=e.message)

    def _select(self, wanted: Wanted, haves: list[Node], boundary: Boundary) -> Selection:
        request = self._request
        follows = "include-tag" in request.words
        if not (haves or request.shallows or request.deepening or request.filter) and not (
            wanted.trees or wanted.blobs
        ):
            by_offset = "ofs-delta" in request.words
            kept = stored_packs.candidates(self._hub, self._repo.id, by_offset=by_offset)
            tags = self._annotated(wanted, None) if follows else []
            return select_whole(self._graph, wanted, tags, kept)
        found = select(self._graph, wanted, haves, boundary, set(request.shallows))
        if follows:
            found.tags.extend(self._annotated(wanted, {node.oid for node in found.commits}))
        return found

    def _annotated(self, wanted: Wanted, sent: set[str] | None) -> list[str]:
        """Annotated tags that follow the commits sent; None: of whatever the wants lead to."""
        with self._hub.database.read() as conn:
            found = refs.list_refs(conn, self._repo)
        if sent is None:
            annotated = [ref.commit_oid for ref in found if ref.oid != ref.commit_oid]
            sent = self._graph.reached(wanted.commits) if annotated else set()
        return list(dict.fromkeys(tags_along(found, sent, wanted)))

    def _framed(self, pieces: Iterator[bytes | Progress]) -> Iterator[bytes]:
        """In side bands where the client takes them, with something to read for whoever waits."""
        words = self._request.words
        bands = not self._is_old or bool(_BANDS & words)
        small = self._is_old and "side-band-64k" not in words
        largest = _SMALL_BAND_BYTES if small else MAX_PAYLOAD_BYTES
        told = 0
        try:
            for piece in pieces:
                if isinstance(piece, bytes):
                    if bands:
                        yield b"".join(on_band(1, [piece], largest))
                    else:
                        yield piece
                elif bands and "no-progress" not in words and piece.found >= told + _PROGRESS_STEP:
                    told = piece.found
                    yield from on_band(2, [b"Enumerating objects: %d\r" % told])
        except FileWithheld as e:
            if not bands:
                raise
            yield from on_band(3, [self._refusal(e.oid).encode() + b"\n"])
        except PaddockError as e:
            log.error("a pack broke off", repository=self._repo.full_name, error=e.message)
            if not bands:
                raise
            yield from on_band(3, [e.message.encode() + b"\n"])

    def _refusal(self, oid: str) -> str:
        """Why there is no pack, and how to have the rest."""
        with self._hub.database.read() as conn:
            asking = Asking(self._hub, conn, ANONYMOUS, self._repo)
            refusal = leaving.rejected(asking, oid, self._withheld[oid])
        return (
            f"{refusal.message}. git cannot leave a file out of a history: clone with "
            "--filter=blob:none --no-checkout and check out the other files, or use `hf download`"
        )


def _told(boundary: Boundary) -> Iterator[bytes]:
    for oid in boundary.shallow:
        yield line(f"shallow {oid}")
    for oid in boundary.unshallow:
        yield line(f"unshallow {oid}")


def _ref_commit(conn: sa.Connection, repo: Repository, name: str) -> str:
    for full_name in (name, refs.TAGS + name, refs.BRANCHES + name):
        if found := refs.find_ref(conn, repo, full_name):
            return found.commit_oid
    raise BadGitRequest(f"git upload-pack: ambiguous deepen-not: {name[:100]!a}")

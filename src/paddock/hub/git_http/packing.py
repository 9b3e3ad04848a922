"""Making the pack that serves whole clones, in the background, before somebody waits for it.

Knows when a kept pack no longer serves or leaves too much to be added, and which tips the next one
should have. What a clone may be sent is not decided here: who uses a pack looks (``selection``).
A pack that holds what no branch or tag leads to any more is let go of at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from paddock.errors import PaddockError
from paddock.hub.context import Hub
from paddock.hub.git import refs
from paddock.hub.git_http import stored_packs
from paddock.hub.git_http.fetch_request import FetchRequest
from paddock.hub.git_http.graph import CommitGraph
from paddock.hub.git_http.object_rows import ObjectRows
from paddock.hub.git_http.pack_cache import KeptPack
from paddock.hub.git_http.pack_writing import PackSource, PackWriter, Progress
from paddock.hub.git_http.packing_requests import KEEP_PACK
from paddock.hub.git_http.selection import Selection, Wanted, is_part, select_whole
from paddock.hub.git_http.stored_packs import MIN_STORED_OBJECTS, NewPack, StoredPack
from paddock.hub.jobs.handlers import handler
from paddock.hub.jobs.stopping import stop_here_if_asked
from paddock.hub.lookup import to_repository
from paddock.hub.tables import repositories
from paddock.hub.types import Repository
from paddock.log import get_logger

log = get_logger("git")

_SHARE = 10  # made anew when a tenth of it was added since, or other branches are as much


@handler(KEEP_PACK)
def keep_pack(hub: Hub, payload: dict[str, Any]) -> None:
    """See whether the kept pack of a repository still serves, and make it anew if not."""
    with hub.database.read() as conn:
        row = repositories.select().where(repositories.c.id == int(payload["repo_id"]))
        found = conn.execute(row).mappings().one_or_none()
    if found is not None:
        _Keeping(hub, to_repository(found)).run()


def offer(hub: Hub, repo: Repository, pack: KeptPack) -> bool:
    """Store a pack that has everything its tips lead to, unless the present one serves better."""
    if not stored_packs.is_storable(pack):
        return False
    try:
        keeping = _Keeping(hub, repo)
        present = keeping.usable()
        if present is not None and present.object_count > pack.object_count:
            return False
        if not keeping.leads_to(pack):  # it came for a pull request
            return False
        facts = pack.object_count, pack.tips, pack.tags
        stored_packs.store(hub, repo.id, NewPack(*facts, pack.whole(), pack.read_ids))
    except PaddockError as e:  # nothing of what was asked for depends on it
        log.warning("a pack was not stored", repository=repo.full_name, error=e.message)
        return False
    return True


class _Keeping:
    """One look at a repository's refs, and at its pack."""

    def __init__(self, hub: Hub, repo: Repository) -> None:
        self._hub, self._repo = hub, repo
        self._graph = CommitGraph(hub.database, repo.id)
        with hub.database.read() as conn:
            found = refs.list_refs(conn, repo)
            self._stored = stored_packs.find(conn, repo.id)
            self._held = stored_packs.count_held(conn, repo.id)
        here = [ref for ref in found if ref.name.startswith((refs.BRANCHES, refs.TAGS))]
        self._tips = list(dict.fromkeys(ref.commit_oid for ref in here))
        self._tags = [ref.oid for ref in here if ref.oid != ref.commit_oid]
        self._main = [ref.commit_oid for ref in here if ref.name == refs.MAIN]

    def usable(self) -> KeptPack | None:
        """The present pack, if branches and tags still lead to all of it."""
        if self._stored is None:
            return None
        pack = stored_packs.open_pack(self._hub, self._repo.id, self._stored)
        return pack if pack and self.leads_to(pack) else None

    def leads_to(self, pack: KeptPack) -> bool:
        """Whether branches and tags lead to everything in the pack."""
        wanted = Wanted(self._graph.present(self._tips), list(self._tags))
        return is_part(self._graph, wanted, pack)

    def run(self) -> None:
        pack = self.usable()
        if pack and self._stored and self._serves(self._stored):
            return
        if self._held < MIN_STORED_OBJECTS or not self._tips:
            self._let_go()
            return
        selection, wanted = self._select(pack)
        writer = self._writer(selection, wanted)
        pieces = _bytes_of(writer.write())
        first = next(pieces)
        tips = frozenset(node.oid for node in wanted.commits)
        if writer.object_count < MIN_STORED_OBJECTS or len(tips) > stored_packs.MAX_TIPS:
            self._let_go()
            return
        tags = selection.kept.tags if selection.kept else frozenset()
        whole = chain([first], pieces)
        new = NewPack(writer.object_count, tips, tags, whole, writer.ids)
        stored_packs.store(self._hub, self._repo.id, new)

    def _serves(self, stored: StoredPack) -> bool:
        added = self._held - stored.held_objects
        return 0 <= added <= max(MIN_STORED_OBJECTS // 2, stored.object_count // _SHARE)

    def _let_go(self) -> None:
        with self._hub.database.write() as conn:
            stored_packs.forget(conn, self._repo.id)

    def _select(self, pack: KeptPack | None) -> tuple[Selection, Wanted]:
        """What to put into the pack: the present one and what is new, if that will do."""
        if pack is not None:
            wanted = self._target()
            selection = select_whole(self._graph, wanted, sorted(pack.tags), [pack])
            if selection.kept is not None:
                return selection, wanted
        wanted = self._target()
        selection = select_whole(self._graph, wanted, [], [])
        return selection._replace(is_whole=False), wanted

    def _target(self) -> Wanted:
        """main alone, so that it serves who wants nothing else; all, where that is much more."""
        everything, main = self._graph.present(self._tips), self._graph.present(self._main)
        more, _ = self._graph.between(everything, main)
        in_main, _ = self._graph.between(main, ())
        if main and len(more) * _SHARE <= len(in_main):
            return Wanted(main)
        return Wanted(everything)

    def _writer(self, selection: Selection, wanted: Wanted) -> PackWriter:
        rows = ObjectRows(self._hub.database, self._repo.id)
        source = PackSource(rows, self._hub.blobs, self._hub.packs, self._repo.id)
        return PackWriter(source, FetchRequest(words={"ofs-delta"}), selection, wanted)


def _bytes_of(pieces: Iterator[bytes | Progress]) -> Iterator[bytes]:
    for piece in pieces:
        stop_here_if_asked()
        if isinstance(piece, bytes):
            yield piece

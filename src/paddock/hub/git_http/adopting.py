"""A history that comes from elsewhere whole: from the hub that is mirrored, or from a bundle.

Knows that it gets the same look as a push, in full and before any of it is kept. Does not know
rules for those who push: where refs may go is decided by whoever takes the history in.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

import sqlalchemy as sa

from paddock.hub.context import Hub
from paddock.hub.git import refs
from paddock.hub.git.moved import RefChange
from paddock.hub.git_http import arrivals, storing, tree_sizes
from paddock.hub.git_http.arrivals import Arrival
from paddock.hub.git_http.graph import CommitGraph
from paddock.hub.git_http.object_rows import ObjectRows
from paddock.hub.git_http.pack_reading import IncomingPack
from paddock.hub.git_http.receive_pack import base_finder
from paddock.hub.types import Repository

# A pack of no objects, for refs that moved among commits that are here already.
EMPTY_PACK = bytes.fromhex("5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e")
_NOWHERE = 0  # no repository has this id: nothing is here yet


class History:
    """Commits, folders and files that arrived, looked at and found good."""

    def __init__(self, hub: Hub, repo_id: int, pack: IncomingPack, arrival: Arrival) -> None:
        self._graph = CommitGraph(hub.database, repo_id)
        self._pack, self._arrival = pack, arrival
        self._stored = storing.store_larger(pack, arrival, hub.database, hub.blobs)

    def keep(self, conn: sa.Connection, repo: Repository) -> None:
        """Write every object; refs that lead to them are moved next, in the same transaction."""
        storing.write_arrival(conn, repo, self._pack, self._arrival, self._stored)
        storing.write_commits(conn, repo, self._arrival.commits, None)

    def leads_on_from(self, old: str, new: str) -> bool:
        """Whether a commit that was here is one that ``new``, a tip, builds on."""
        arrived, edge = self._arrival.reached_from(self._arrival.peeled[new])
        here = self._graph.present(sorted(edge))
        return old in arrived or self._graph.leads_to(here, old)

    def move(
        self, conn: sa.Connection, repo: Repository, name: str, old: str | None, new: str | None
    ) -> RefChange:
        """Let a ref go from ``old`` to ``new``; whoever calls has looked, under the lock."""
        if new is None:
            refs.drop_ref(conn, repo, name)
        else:
            ref = refs.Ref(name, new, self._arrival.peeled[new])
            refs.move_ref(conn, repo, ref, expected=old)
        return RefChange(name, old, new)


@contextmanager
def open_history(
    hub: Hub, repo: Repository | None, pack: IO[bytes], tips: Sequence[str]
) -> Iterator[History]:
    """Look at what a pack brings for these tips; None for a repository that is yet to be made.

    Raises BadPack, BadObject, BadPath, PushRefused and TooLarge.
    """
    repo_id = repo.id if repo else _NOWHERE
    rows = ObjectRows(hub.database, repo_id)
    if not pack.seek(0, 2):
        pack.write(EMPTY_PACK)
    pack.seek(0)
    with tempfile.TemporaryFile() as spool:
        incoming = IncomingPack(pack, 0, base_finder(rows, hub.blobs), spool)
        arrival = arrivals.look_at(incoming, rows, tips)
        tree_sizes.check_sizes(rows, arrival.roots, arrival.folders)
        yield History(hub, repo_id, incoming, arrival)


def missing(wanted: Mapping[str, str], here: Mapping[str, refs.Ref]) -> list[str]:
    """Tips to look at: where the refs shall go and are not yet."""
    known = {ref.name: ref.oid for ref in here.values()}
    return sorted({oid for name, oid in wanted.items() if known.get(name) != oid})

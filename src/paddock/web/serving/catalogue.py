"""Which repositories of this hub are served, and to whom: to whoever may read their files.

Of a name without a revision, what its main branch leads to now. A newer commit is another model:
the older one goes when its room is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool

from paddock.errors import PaddockError
from paddock.hub import access
from paddock.hub.context import Hub
from paddock.hub.git import refs
from paddock.hub.names import parse_repository_name
from paddock.hub.tables import repositories
from paddock.hub.types import Caller as HubCaller
from paddock.hub.types import Kind, Need, Repository
from paddock.serve.callers import Caller
from paddock.serve.models.catalogue import Entry, not_found
from paddock.web.serving.offer import Offer
from paddock.web.serving.source import OwnSource
from paddock.web.serving.trusting import Trusting

MAX_LISTED: Final = 500
_MAX_NAME_CHARS: Final = 500
_MAIN: Final = "main"


@dataclass(frozen=True, slots=True)
class OwnCatalogue:
    """A ``Catalogue`` over the rows."""

    hub: Hub
    folder: Path
    trusting: Trusting
    offer: Offer

    async def find(self, name: str, caller: Caller) -> Entry:
        return await run_in_threadpool(self._find, name, caller.credential)

    async def entry(self, name: str) -> Entry:
        raise not_found(name)  # nothing is loaded before somebody asks for it

    async def entries(self, caller: Caller) -> list[Entry]:
        return await run_in_threadpool(self._entries, caller.credential)

    def _find(self, name: str, caller: HubCaller) -> Entry:
        full, _, revision = name.partition("@")
        if len(name) > _MAX_NAME_CHARS or not self.offer.has(full):
            raise not_found(name)
        try:
            wanted = parse_repository_name(Kind.MODEL, full)
            with self.hub.database.read() as conn:
                repo = access.open_repository(conn, caller, wanted, Need.CONTENT)
                commit_oid = refs.resolve_revision(conn, repo, revision or _MAIN)
        except PaddockError as e:
            if e.status >= 500:
                raise
            raise not_found(name) from e
        return self._entry(repo, commit_oid, name)

    def _entries(self, caller: HubCaller) -> list[Entry]:
        columns = repositories.c
        query = sa.select(repositories).where(
            columns.kind == Kind.MODEL, columns.head_oid.is_not(None), access.visible_to(caller)
        )
        if self.offer.names is not None:
            query = query.where(sa.func.lower(columns.full_name).in_(self.offer.names))
        found = []
        with self.hub.database.read() as conn:
            rows = conn.execute(query.order_by(columns.full_name).limit(MAX_LISTED)).mappings()
            for row in list(rows):
                name = row[columns.full_name]
                try:
                    wanted = parse_repository_name(Kind.MODEL, name)
                    repo = access.open_repository(conn, caller, wanted, Need.CONTENT)
                except PaddockError:
                    continue  # gated, and not for this caller
                found.append(self._entry(repo, row[columns.head_oid], name))
        return found

    def _entry(self, repo: Repository, commit_oid: str, name: str) -> Entry:
        source = OwnSource(
            self.hub,
            self.folder,
            self.trusting,
            repo.id,
            commit_oid,
            root=f"{repo.full_name}@{commit_oid}",
            created=int(repo.created_at.timestamp()),
            repository=repo.full_name,
        )
        label = "any" if self.offer.names is None else repo.full_name
        owner = repo.full_name.partition("/")[0]
        return Entry(name, source, owner, label=label)

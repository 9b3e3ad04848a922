"""A repository opened at a revision for a page of its own: what card, release and audit share.

Knows who may read the files' bytes, and where the hub is. Shows nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from fastapi import Request

from paddock.errors import PaddockError
from paddock.hub import access
from paddock.hub.context import Hub
from paddock.hub.git import refs
from paddock.hub.http.paths import encode_path, encode_segment
from paddock.hub.names import RepositoryName
from paddock.hub.releases import reading
from paddock.hub.releases.reading import Release
from paddock.hub.types import Repository
from paddock.web.browser import Visitor
from paddock.web.repository.shell import Shell, open_shell

MAX_REVISION_CHARS = 300


@dataclass(frozen=True, slots=True)
class Opened:
    """A revision of a repository, for one visitor, in one transaction."""

    hub: Hub
    conn: sa.Connection
    visitor: Visitor
    shell: Shell
    rev: str  # as it was asked for
    commit_oid: str | None  # None: nothing was ever committed
    endpoint: str

    @property
    def repo(self) -> Repository:
        return self.shell.repo

    @property
    def may_read(self) -> bool:
        """Whether the visitor may have the files' bytes."""
        try:
            access.require_content(self.conn, self.visitor.caller, self.repo)
        except PaddockError:
            return False
        return True

    @property
    def is_main(self) -> bool:
        """Whether the page shows what main holds now."""
        return self.commit_oid == self.repo.head_oid

    def release(self) -> Release:
        """What the revision says of itself."""
        if self.commit_oid is None:
            return Release()
        return reading.release_at(self.conn, self.hub.blobs, self.repo, self.commit_oid)

    def page(self, path: str) -> str:
        """The page of a file at this revision."""
        rev = encode_segment(self.rev)
        return f"{self.repo.web_path}/blob/{rev}/{encode_path(path)}"


def open_at(
    hub: Hub,
    conn: sa.Connection,
    visitor: Visitor,
    name: RepositoryName,
    tab: str,
    request: Request,
) -> Opened:
    """The revision that ``?rev=`` asks for, else main.

    Raises what ``open_repository`` raises, and RevisionNotFound.
    """
    rev = request.query_params.get("rev", "")[:MAX_REVISION_CHARS] or "main"
    shell = open_shell(hub, conn, visitor, name, tab)
    commit_oid = shell.repo.head_oid
    if rev != "main":
        commit_oid = refs.resolve_revision(conn, shell.repo, rev)
        shell = open_shell(hub, conn, visitor, name, tab, revision=commit_oid)
    return Opened(hub, conn, visitor, shell, rev, commit_oid, hub.base_url(request))

"""A repository opened at a revision, for one visitor: what every page of the tab "Files" needs.

Knows addresses of these pages, which refs there are to choose from, and what the visitor may do
here. Shows nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import sqlalchemy as sa

from paddock.errors import PaddockError
from paddock.hub import access
from paddock.hub.context import Hub
from paddock.hub.download_log.noting import FILE
from paddock.hub.download_log.paths import Wanted
from paddock.hub.git import refs
from paddock.hub.http.paths import encode_path, encode_segment
from paddock.hub.names import RepositoryName
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import Need, Repository
from paddock.web.browser import Visitor
from paddock.web.files.plain_text import shown_name
from paddock.web.repository.shell import Shell, open_shell

MAX_CHOICES: Final = 200
_SHORT_OID: Final = 10


class Link(NamedTuple):
    """Somewhere to go; ``is_current`` where one is already."""

    label: str
    href: str
    is_current: bool = False


class Choice(NamedTuple):
    """Revisions of one sort to choose from."""

    title: str
    links: list[Link]
    more: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A revision; ``branch`` is the full name of the ref that new commits would move, if any."""

    hub: Hub
    conn: sa.Connection
    visitor: Visitor
    shell: Shell
    rev: str
    commit_oid: str
    branch: str | None
    choices: list[Choice]
    may_read: bool  # the files' bytes
    may_propose: bool  # changes, be it by a pull request

    @property
    def repo(self) -> Repository:
        return self.shell.repo

    @property
    def asking(self) -> Asking:
        """For what asks whether bytes may leave, in the transaction in which this was opened."""
        return self.asking_in(self.conn)

    def asking_in(self, conn: sa.Connection) -> Asking:
        """The same in another transaction."""
        return Asking(self.hub, conn, self.visitor.caller, self.repo)

    @property
    def rev_label(self) -> str:
        """The revision as people say it: of a commit, its first digits."""
        if self.branch is None and self.rev == self.commit_oid:
            return self.rev[:_SHORT_OID]
        return shown_name(self.rev.removeprefix(refs.BRANCHES).removeprefix(refs.TAGS))

    def address(self, page: str, path: str = "", *, rev: str | None = None) -> str:
        """A page of the tab, about a path: ``tree``, ``blob``, ``commits``, ``edit`` …"""
        start = f"{self.repo.web_path}/{page}/{encode_segment(rev or self.rev)}"
        return f"{start}/{encode_path(path)}" if path else start

    def file(self, path: str) -> str:
        """The bytes of a file at this very commit."""
        return f"{self.repo.web_path}/resolve/{self.commit_oid}/{encode_path(path)}"

    def note_shown(self, path: str) -> None:
        """Log that the text of a file was shown, as its download would be."""
        caller, wanted = self.visitor.caller, Wanted(self.commit_oid, path)
        self.hub.download_log.note(self.hub.database, caller, self.repo, FILE, wanted)

    def crumbs(self, path: str) -> list[Link]:
        """The folders that lead to a path, the repository first."""
        names = path.split("/") if path else []
        name = self.repo.full_name.partition("/")[2]
        found = [Link(name, self.address("tree"), not names)]
        for depth, part in enumerate(names, 1):
            above = "/".join(names[:depth])
            found.append(Link(shown_name(part), self.address("tree", above), depth == len(names)))
        return found


def open_files(
    hub: Hub,
    conn: sa.Connection,
    visitor: Visitor,
    name: RepositoryName,
    rev: str,
    *,
    need: Need = Need.METADATA,
    page: str = "tree",
    path: str = "",
) -> Opened:
    """The repository at a revision; ``page`` and ``path`` are where choosing another leads."""
    repo = access.open_repository(conn, visitor.caller, name, need)
    commit_oid = refs.resolve_revision(conn, repo, rev)
    shell = open_shell(hub, conn, visitor, name, "files", need, revision=commit_oid)
    found = refs.list_refs(conn, repo)
    may_read = _may_read(conn, visitor, repo)
    is_writer = visitor.user is not None and visitor.caller.may_write
    opened = Opened(
        hub=hub,
        conn=conn,
        visitor=visitor,
        shell=shell,
        rev=rev,
        commit_oid=commit_oid,
        branch=_branch(rev, found),
        choices=[],
        may_read=may_read,
        may_propose=shell.may_write or (may_read and is_writer),
    )
    opened.choices.extend(_choices(opened, found, page, path))
    return opened


def _may_read(conn: sa.Connection, visitor: Visitor, repo: Repository) -> bool:
    try:
        access.require_content(conn, visitor.caller, repo)
    except PaddockError:
        return False
    return True


def _branch(rev: str, found: list[refs.Ref]) -> str | None:
    names = {ref.name for ref in found}
    if rev.startswith(refs.PULL_REQUESTS):
        return rev if rev in names else None
    full = refs.MAIN if rev == "HEAD" else refs.branch_ref(rev)
    return full if full in names else None


def _choices(opened: Opened, found: list[refs.Ref], page: str, path: str) -> list[Choice]:
    choices = []
    sorts = {"Branches": refs.BRANCHES, "Tags": refs.TAGS, "Conversions": refs.CONVERTS}
    for title, prefix in sorts.items():
        names = [ref.name for ref in found if ref.name.startswith(prefix)]
        is_short = prefix in (refs.BRANCHES, refs.TAGS)
        shorts = [name.removeprefix(prefix) if is_short else name for name in names]
        links = [
            Link(
                shown_name(short),
                opened.address(page, path, rev=short),
                opened.rev in (short, name),
            )
            for short, name in zip(shorts[:MAX_CHOICES], names, strict=False)
        ]
        if links:
            choices.append(Choice(title, links, len(names) - len(links)))
    return choices

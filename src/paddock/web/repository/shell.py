"""What stands above every page of a repository: its name, how it stands, and the tabs to the rest.

Knows which tabs there are and who sees them; not what is on them. A page opens the shell in the
transaction in which it reads what it shows, and gives it to its template as ``shell``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.hub import access
from paddock.hub.access import open_repository
from paddock.hub.advisories.inherited import Concerning, concerning
from paddock.hub.context import Hub
from paddock.hub.lifecycle import standing
from paddock.hub.lifecycle.standing import Told
from paddock.hub.likes.likes import is_liked
from paddock.hub.names import RepositoryName
from paddock.hub.tables import accounts
from paddock.hub.types import Kind, Need, Repository
from paddock.web.browser import Visitor


class _Seen(NamedTuple):
    """What decides which tabs somebody sees."""

    repo: Repository
    may_write: bool
    may_own: bool


class _Tab(NamedTuple):
    key: str
    label: str
    icon: str
    suffix: str  # of the repository's address
    is_shown: Callable[[_Seen], bool]


def _always(_seen: _Seen) -> bool:
    return True


def _on_models(seen: _Seen) -> bool:
    return seen.repo.kind is Kind.MODEL


def _on_datasets(seen: _Seen) -> bool:
    return seen.repo.kind is Kind.DATASET


def _for_writers(seen: _Seen) -> bool:
    return seen.may_write


def _for_owners(seen: _Seen) -> bool:
    return seen.may_own


TABS: Final = (
    _Tab("card", "Card", "file", "", _always),
    _Tab("viewer", "Data", "table", "/viewer", _on_datasets),
    _Tab("files", "Files", "folder", "/tree/main", _always),
    _Tab("release", "Release", "seal", "/release", _on_models),
    _Tab("audit", "Audit", "chart", "/audit", _on_models),
    _Tab("lineage", "Lineage", "tree", "/lineage", _on_models),
    _Tab("discussions", "Community", "talk", "/discussions", _always),
    _Tab("playground", "Playground", "play", "/playground", _on_models),
    _Tab("access", "Access", "key", "/access", _for_writers),
    _Tab("settings", "Settings", "gear", "/settings", _for_owners),
)


class Tab(NamedTuple):
    """A tab as the page shows it."""

    label: str
    icon: str
    href: str
    is_current: bool


class Invitation(NamedTuple):
    """By whom a visitor was let in to what is not public: themself, or an organisation."""

    through: str | None
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class Shell:
    """The head of a repository's pages, for one visitor."""

    repo: Repository
    tabs: tuple[Tab, ...]
    may_write: bool  # to the files, and so to see who asks for access
    may_own: bool  # to change the repository itself
    is_liked: bool
    told: Told  # of main's tip, or of the revision that the page shows
    concerning: Concerning  # advisories on that revision, and on its base models
    invitation: Invitation | None = None  # by which alone the visitor sees it


def open_shell(
    hub: Hub,
    conn: sa.Connection,
    visitor: Visitor,
    name: RepositoryName,
    tab: str,
    need: Need = Need.METADATA,
    *,
    revision: str | None = None,
) -> Shell:
    """The repository with what stands above it; raises what ``access.open_repository`` raises.

    ``revision`` is the commit that the page shows, if it is not main's tip.
    """
    caller = visitor.caller
    repo = open_repository(conn, caller, name, need)
    may_write = caller.may_write and access.may_write(conn, caller, repo)
    may_own = may_write and access.may_own(conn, caller, repo)
    seen = _Seen(repo, may_write, may_own)
    tabs = tuple(
        Tab(one.label, one.icon, repo.web_path + one.suffix, one.key == tab)
        for one in TABS
        if one.is_shown(seen)
    )
    liked = caller.account is not None and is_liked(conn, repo, caller.account)
    shown = revision or repo.head_oid
    told = standing.tell(conn, repo, shown, clock.now())
    advisories = concerning(conn, caller, repo, shown)
    invitation = _invitation(conn, visitor, repo) if repo.is_invited else None
    return Shell(repo, tabs, may_write, may_own, liked, told, advisories, invitation)


def _invitation(conn: sa.Connection, visitor: Visitor, repo: Repository) -> Invitation | None:
    grant = access.recipient_of(conn, visitor.caller, repo)
    if grant is None or visitor.user is None:
        return None
    is_own = grant.holder_id == visitor.user.id
    name = sa.select(accounts.c.name).where(accounts.c.id == grant.holder_id)
    return Invitation(None if is_own else conn.scalar(name), grant.expires_at)

"""The pages a person sees in a browser: what is here, and one repository's card and files.

Server-rendered, readable without a script. A browser has no token yet, so a page shows only what a
stranger may see. Everything on it that came from an upload is text: the card is CommonMark with raw
HTML off, and the policy of every page allows no script at all (``web.rendering``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from paddock import clock
from paddock.front_matter import CARD_NAME, split_document
from paddock.hub.access import open_repository
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.git import files, refs
from paddock.hub.http.paths import (
    WEB_REPOSITORY,
    RepositoryNameDep,
    encode_path,
)
from paddock.hub.lifecycle import standing as lifecycle
from paddock.hub.scans import report, standing
from paddock.hub.scans.leaving import Asking
from paddock.hub.scans.report import RevisionReport
from paddock.hub.scans.verdicts import path_of, worst_first
from paddock.hub.tables import repositories, repository_tags
from paddock.hub.types import FileEntry, Kind, Need, Repository
from paddock.markdown import render_card
from paddock.web import rendering
from paddock.web.files.badges import Badge, badge_of, told_reasons
from paddock.web.rendering import page

router = APIRouter(include_in_schema=False)

_REPOSITORIES_ON_A_SHELF = 50
_FILES_ON_A_PAGE = 500
_CARD_BYTES = 250_000  # the worst CommonMark of this size takes three seconds to render


class _Shelved(NamedTuple):
    """A repository as the home page names it."""

    full_name: str
    web_path: str
    updated_at: datetime
    downloads: int
    gated: str | None


class _File(NamedTuple):
    path: str
    href: str
    size: str
    page: str
    badge: Badge
    reasons: list[dict[str, Any]]
    is_kept: bool


@router.get("/")
def home(request: Request, hub: HubDep) -> HTMLResponse:
    """The public repositories, newest first."""
    with hub.database.read() as conn:
        shelves = [(str(kind), _shelf(conn, kind)) for kind in Kind]
    shelves = [shelf for shelf in shelves if shelf[1]]
    return page("home.html", shelves=shelves, endpoint=hub.base_url(request))


@router.get(WEB_REPOSITORY)
def repository(
    request: Request,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    rev: str = "main",
) -> HTMLResponse:
    """A repository's card and files at a revision."""
    with hub.database.read() as conn:
        repo = open_repository(conn, caller, name, Need.METADATA)
        commit_oid = refs.resolve_revision(conn, repo, rev)
        entries = files.all_files(conn, repo, commit_oid)
        checked = report.of_revision(conn, repo, commit_oid, entries[:_FILES_ON_A_PAGE])
        card = _card(conn, hub, repo, entries)
        shown = _files(Asking(hub, conn, caller, repo), commit_oid, checked)
        across = _across(Asking(hub, conn, caller, repo), checked)
        wanted = sa.select(repository_tags.c.tag).where(repository_tags.c.repo_id == repo.id)
        tags = sorted(conn.scalars(wanted))
        told = lifecycle.tell(conn, repo, commit_oid, clock.now())
    return page(
        "repository.html",
        told=told,
        repo=repo,
        tags=tags,
        commit_oid=commit_oid,
        files=shown,
        more_files=len(entries) - len(shown),
        card=card,
        is_card_kept=any(one.path == CARD_NAME and one.is_kept for one in shown),
        reasons=across,
        endpoint=hub.base_url(request),
    )


def _shelf(conn: sa.Connection, kind: Kind) -> list[_Shelved]:
    c = repositories.c
    newest = (
        sa.select(c.full_name, c.updated_at, c.downloads, c.gated)
        .where(c.kind == kind, c.is_private.is_(False))
        .order_by(c.updated_at.desc(), c.id.desc())
        .limit(_REPOSITORIES_ON_A_SHELF)
    )
    return [
        _Shelved(
            r.full_name, f"/{kind.url_prefix}{r.full_name}", r.updated_at, r.downloads, r.gated
        )
        for r in conn.execute(newest)
    ]


def _files(asking: Asking, commit_oid: str, checked: RevisionReport) -> list[_File]:
    """The files with what was found in them; the bytes of one that is kept are not linked."""
    repo, hears = asking.repo, report.hears_of(asking)
    shown = []
    for one in checked.files:
        path = encode_path(one.entry.path)
        about = f"{repo.web_path}/blob/{commit_oid}/{path}"
        href = about if one.is_kept else f"{repo.web_path}/resolve/{commit_oid}/{path}"
        reasons = told_reasons(one, hears)
        size = rendering.size_text(one.entry.size_bytes)
        shown.append(_File(one.entry.path, href, size, about, badge_of(one), reasons, one.is_kept))
    return shown


def _across(asking: Asking, checked: RevisionReport) -> list[dict[str, Any]]:
    """What the files say only together, and no one file is told of."""
    paths = {one.entry.path for one in checked.files}
    hears = report.hears_of(asking)
    return [hears.tell(r) for r in worst_first(checked.across) if path_of(r) not in paths]


def _card(
    conn: sa.Connection, hub: Hub, repo: Repository, entries: list[FileEntry]
) -> Markup | None:
    """The README without its front matter, as HTML."""
    entry = next((e for e in entries if e.path == CARD_NAME), None)
    if entry is None or entry.size_bytes > _CARD_BYTES or entry.large is not None:
        return None
    if standing.is_withheld(conn, repo, entry):
        return None
    text = files.read_small_file(conn, hub.blobs, repo, entry, _CARD_BYTES).decode(errors="replace")
    return Markup(render_card(split_document(text).body))  # noqa: S704  (raw HTML is off)

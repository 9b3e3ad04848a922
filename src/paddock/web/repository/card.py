"""The first page of a repository: its card, what is known of it, and how to use it.

Server-rendered, readable without a script. What comes from an upload is text or sanitised HTML;
what a release says counts as said by whoever uploaded it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from fastapi import Request
from fastapi.responses import Response

from paddock.errors import PaddockError
from paddock.front_matter import CARD_NAME
from paddock.hub import access
from paddock.hub.context import HubDep
from paddock.hub.git import files
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.releases.reading import Release, release_of
from paddock.hub.releases.remembering import Memory
from paddock.hub.releases.statement import MANIFEST
from paddock.hub.scans import report, standing
from paddock.hub.scans.leaving import Asking
from paddock.hub.scans.verdicts import QUARANTINE, QUEUED, REJECT, UNSCANNED, path_of, worst_first
from paddock.hub.tables import repositories
from paddock.hub.types import Caller, FileEntry, Kind
from paddock.web.browser import VisitorDep
from paddock.web.files.badges import told_reasons
from paddock.web.page_routes import page_router
from paddock.web.released.openness import openness_of
from paddock.web.repository import using
from paddock.web.repository.box import Known, names_of, rows_of, tags_of
from paddock.web.repository.opened import Opened, open_at
from paddock.web.repository.readme import read_readme

router = page_router()

MAX_FILES = 1000  # of which the page tells; of more it says that there are more
MAX_CONFIG_BYTES = 64 << 10
_CONFIG = "config.json"
_TOLD = (CARD_NAME, _CONFIG, MANIFEST)  # files of which the page tells more than their names
_configs: Memory[Mapping[str, Any]] = Memory(1000)


class Kept(NamedTuple):
    """A file that a scan rejected."""

    path: str
    href: str
    reasons: list[dict[str, Any]]


class Scanned(NamedTuple):
    """What scans say of the revision, in short."""

    words: str
    style: str  # a class of the stylesheet
    kept: tuple[Kept, ...] = ()
    across: tuple[dict[str, Any], ...] = ()  # what files say only together


class Contents(NamedTuple):
    """The files of a revision, as far as the page tells of them."""

    entries: list[FileEntry]
    is_more: bool
    by_path: dict[str, FileEntry]

    @property
    def size_bytes(self) -> int:
        return sum(entry.size_bytes for entry in self.entries)


@router.get(WEB_REPOSITORY)
def card(request: Request, hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep) -> Response:
    """The card of main, or of the revision that ``?rev=`` asks for."""
    with hub.database.read() as conn:
        opened = open_at(hub, conn, visitor, name, "card", request)
        contents = _contents(opened)
        told = [e for name in _TOLD if (e := contents.by_path.get(name)) is not None]
        withheld = standing.withheld_among(conn, opened.repo, told)
        release = release_of(conn, hub.blobs, opened.repo, contents.by_path, withheld)
        values = {
            "shell": opened.shell,
            "rev": None if opened.is_main else opened.rev,
            "commit_oid": opened.commit_oid,
            "contents": contents,
            "readme": read_readme(opened, contents.by_path.get(CARD_NAME), withheld),
            "rows": rows_of(_known(opened, contents, release, withheld)),
            "tags": tags_of(opened.repo),
            "release": release,
            "openness": openness_of(release.statement) if release.statement else None,
            "scanned": _scanned(opened, contents),
            **_using(opened, contents),
        }
    return visitor.show("repository/card.html", **values)


def _contents(opened: Opened) -> Contents:
    if opened.commit_oid is None:
        return Contents([], False, {})
    wanted = files.PageRequest(recursive=True, limit=MAX_FILES)
    page = files.list_page(opened.conn, opened.repo, opened.commit_oid, "", wanted)
    entries = [entry for entry in page.entries if isinstance(entry, FileEntry)]
    return Contents(entries, page.next_after is not None, {e.path: e for e in entries})


def _known(
    opened: Opened, contents: Contents, release: Release, withheld: Collection[str]
) -> Known:
    repo = opened.repo
    return Known(
        repo,
        release.statement,
        _config(opened, None if _CONFIG in withheld else contents.by_path.get(_CONFIG)),
        list(contents.by_path),
        _here(opened.conn, opened.visitor.caller, *names_of(repo)),
        opened.page,
    )


def _config(opened: Opened, entry: FileEntry | None) -> Mapping[str, Any]:
    """config.json, for those who may read it."""
    if entry is None or entry.large is not None or entry.size_bytes > MAX_CONFIG_BYTES:
        return {}
    if not opened.may_read:
        return {}

    def read() -> Mapping[str, Any]:
        try:
            raw = files.read_small_file(
                opened.conn, opened.hub.blobs, opened.repo, entry, MAX_CONFIG_BYTES
            )
            found = json.loads(raw)
        except (PaddockError, ValueError, RecursionError):
            return {}
        return {k: v for k, v in found.items() if type(v) is int} if type(found) is dict else {}

    return _configs.get(entry.oid, read)


def _here(
    conn: sa.Connection, caller: Caller, models: Sequence[str], datasets: Sequence[str]
) -> dict[str, str]:
    """Where those are that this hub has and the caller may see: "model ns/name" to an address."""
    keys = sorted({name.lower() for name in (*models, *datasets)})
    if not keys:
        return {}
    r = repositories.c
    # The names first, by themselves: a planner that begins with what is public reads all of it.
    named = sa.select(r.id).where(r.kind.in_([Kind.MODEL, Kind.DATASET]), r.key.in_(keys))
    here = named.limit(2 * len(keys)).subquery()
    query = (
        sa.select(r.kind, r.full_name)
        .join(here, here.c.id == r.id)
        .where(access.visible_to(caller))
    )
    return {
        f"{kind} {name.lower()}": f"/{Kind(kind).url_prefix}{name}"
        for kind, name in conn.execute(query)
    }


def _scanned(opened: Opened, contents: Contents) -> Scanned:
    if opened.commit_oid is None or not contents.entries:
        return Scanned("nothing to scan", "quiet")
    checked = report.of_revision(opened.conn, opened.repo, opened.commit_oid, contents.entries)
    hears = report.hears_of(Asking(opened.hub, opened.conn, opened.visitor.caller, opened.repo))
    kept = tuple(
        Kept(one.entry.path, opened.page(one.entry.path), told_reasons(one, hears))
        for one in checked.files
        if one.is_kept
    )
    paths = {one.entry.path for one in checked.files}
    across = [hears.tell(r) for r in worst_first(checked.across) if path_of(r) not in paths]
    found = [one.verdict for one in checked.files]
    words = [
        f"{found.count(verdict)} {word}"
        for verdict, word in ((REJECT, "unsafe"), (QUARANTINE, "suspicious"),
                              (UNSCANNED, "not scanned"), (QUEUED, "waiting"))
        if verdict in found
    ]  # fmt: skip
    style = "bad" if REJECT in found else "doubtful" if QUARANTINE in found else "quiet"
    if not words and checked.is_done:
        return Scanned("nothing found", "", kept, tuple(across))
    return Scanned(", ".join(words) or "files are still compared", style, kept, tuple(across))


def _using(opened: Opened, contents: Contents) -> dict[str, Any]:
    """How the revision is used, on this hub."""
    repo = opened.repo
    if opened.commit_oid is None:
        return {"quick": None, "snippets": []}
    paths = list(contents.by_path)
    used = using.Used(
        repo,
        opened.commit_oid,
        opened.endpoint,
        paths,
        needs_token=repo.is_private or repo.gated is not None,
        has_chat="chat_template.jinja" in paths,
    )
    return {"quick": using.quick(used), "snippets": using.snippets(used)}

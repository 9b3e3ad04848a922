"""Files' bytes: ``resolve`` gives the content, ``raw`` what git holds (a pointer for a large file).

Knows the headers that clients read; which bytes go out is ``sending``'s, where they are
``content``'s. What comes back was written by strangers: no browser may run any of it.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import quote

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Request
from starlette.responses import Response

from paddock.errors import shown
from paddock.hub.access import open_repository
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.download_log.noting import FILE
from paddock.hub.download_log.paths import Wanted
from paddock.hub.errors import EntryNotFound
from paddock.hub.git import files, refs
from paddock.hub.http.counting import count_download, log_download
from paddock.hub.http.direct import DirectRoute
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep, RevisionInPath
from paddock.hub.http.redirecting import redirect_to_store
from paddock.hub.http.sending import ContentResponse
from paddock.hub.large.content import Content, inline_content, open_content
from paddock.hub.large.pointers import Pointer, render_pointer
from paddock.hub.mirror.pulling import open_file
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import FileEntry, Need, Repository

router = APIRouter(route_class=DirectRoute)

XET_FILE_INFO = "application/vnd.xet-fileinfo+json"

_CONTENT = WEB_REPOSITORY + "/resolve/{rev:revision}/{path:rest}"
_RAW = WEB_REPOSITORY + "/raw/{rev:revision}/{path:rest}"
_TEXT = "text/plain; charset=utf-8"
# Only what a browser can show without running it; everything else is bytes.
_MEDIA_TYPES = {
    **dict.fromkeys((".md", ".txt", ".py", ".yaml", ".yml", ".toml", ".csv", ".jinja"), _TEXT),
    **dict.fromkeys((".html", ".htm", ".xhtml", ".svg", ".xml", ".js", ".mjs", ".css"), _TEXT),
    ".json": "application/json",
    ".jsonl": _TEXT,
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
}
_NEVER_INLINE = frozenset({".html", ".htm", ".xhtml", ".svg", ".xml", ".pdf"})
_SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


class _Found(NamedTuple):
    """A file of a revision, and its bytes."""

    repo: Repository
    commit_oid: str
    entry: FileEntry
    content: Content


@router.get(_CONTENT)
@router.head(_CONTENT, include_in_schema=False)
def resolve(
    request: Request,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    path: str,
) -> Response:
    """A file's content; with ``?download=true`` browsers keep it instead of showing it."""
    with hub.database.read() as conn:
        repo = open_repository(conn, caller, name, Need.CONTENT)
        commit_oid, entry = _find(conn, repo, rev, path)
        leaving.require_entry(Asking(hub, conn, caller, repo), entry)
        found = _Found(repo, commit_oid, entry, open_file(hub, repo, entry, conn))
    headers = _headers(found, found.entry.etag)
    if request.query_params.get("download") == "true":
        headers["Content-Disposition"] = _disposition(PurePosixPath(path).name, inline=False)
    if entry.large:
        headers["X-Linked-Etag"] = f'"{entry.large.sha256}"'
        headers["X-Linked-Size"] = str(entry.large.size_bytes)
    if entry.large and entry.large.xet_hash:
        headers["X-Xet-Hash"] = entry.large.xet_hash
        headers["Link"] = _xet_links(hub.base_url(request), found, entry.large.xet_hash)
        if request.method == "GET" and XET_FILE_INFO in request.headers.get("accept", ""):
            info = {"hash": entry.large.xet_hash, "size": entry.size_bytes}
            return Response(orjson.dumps(info), headers={**headers, "Content-Type": XET_FILE_INFO})
    count_download(request, hub, caller, repo)
    wanted = Wanted(commit_oid, entry.path)
    log_download(request, hub, caller, repo, way=FILE, wanted=wanted)
    filename = PurePosixPath(found.entry.path).name
    elsewhere = redirect_to_store(hub.blobs, request, found.content, headers, filename=filename)
    return elsewhere or ContentResponse(found.content, headers)


@router.get(_RAW)
@router.head(_RAW, include_in_schema=False)
def raw(
    request: Request,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    path: str,
) -> Response:
    """What git holds at the path."""
    with hub.database.read() as conn:
        repo = open_repository(conn, caller, name, Need.CONTENT)
        commit_oid, entry = _find(conn, repo, rev, path)
        if entry.large is None:  # of a large file, git has no byte
            leaving.require_entry(Asking(hub, conn, caller, repo), entry)
        if entry.large:
            pointer = Pointer(entry.large.sha256, entry.large.size_bytes)
            content = inline_content(render_pointer(pointer))
        else:
            content = open_content(hub, repo, entry, conn)
    headers = _headers(_Found(repo, commit_oid, entry, content), entry.oid)
    headers["Content-Type"] = _TEXT if entry.large else headers["Content-Type"]
    if entry.large is None:
        wanted = Wanted(commit_oid, entry.path)
        log_download(request, hub, caller, repo, way=FILE, wanted=wanted)
    return ContentResponse(content, headers)


def _find(conn: sa.Connection, repo: Repository, rev: str, path: str) -> tuple[str, FileEntry]:
    commit_oid = refs.resolve_revision(conn, repo, rev)
    entry = files.entry_at(conn, repo, commit_oid, path)
    if not isinstance(entry, FileEntry):
        message = f"{shown(path)} does not exist in {repo.full_name} at {shown(rev)}"
        raise EntryNotFound(message, commit_oid=commit_oid)
    return commit_oid, entry


def _headers(found: _Found, etag: str) -> dict[str, str]:
    file = PurePosixPath(found.entry.path)
    suffix = file.suffix.lower()
    return {
        **_SAFE_HEADERS,
        "X-Repo-Commit": found.commit_oid,
        "ETag": f'"{etag}"',
        "Content-Type": _MEDIA_TYPES.get(suffix, "application/octet-stream"),
        "Content-Disposition": _disposition(file.name, inline=suffix not in _NEVER_INLINE),
        "Vary": "Authorization, Cookie",
        "Cache-Control": "private, no-cache",  # asked again each time: access may be withdrawn
    }


def _disposition(name: str, *, inline: bool) -> str:
    """Both spellings of the file's name (RFC 6266); the plain one is printable ASCII."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    shown = "inline" if inline else "attachment"
    return f"{shown}; filename*=UTF-8''{quote(name, safe='')}; filename=\"{plain}\";"


def _xet_links(base_url: str, found: _Found, xet_hash: str) -> str:
    token = f"{base_url}{found.repo.api_path}/xet-read-token/{found.commit_oid}"
    reconstruction = f"{base_url}/xet/v1/reconstructions/{xet_hash}"
    return f'<{token}>; rel="xet-auth", <{reconstruction}>; rel="xet-reconstruction-info"'

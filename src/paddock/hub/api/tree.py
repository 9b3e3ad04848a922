"""What a revision holds: ``tree`` and ``paths-info``.

Knows the wire form of entries and pages; the walking is ``files``'s. A page's link names the
commit, not the branch, so a listing that is under way never mixes two revisions.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from paddock import clock
from paddock.errors import BadInput
from paddock.hub.access import open_repository
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.git import files, history, refs
from paddock.hub.git.files import Entry, PageRequest
from paddock.hub.http.paths import API_REPOSITORY, RepositoryNameDep, RevisionInPath, encode_path
from paddock.hub.paging import foreign_cursor
from paddock.hub.scans import leaving, report
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import FileEntry, Need

router = APIRouter()

PAGE_ENTRIES = 1000
EXPANDED_PAGE_ENTRIES = 100  # each asks for its last commit
MAX_PATHS = 25_000
_OTHER_FIELDS = 10  # of a form, beside its paths


@router.get(API_REPOSITORY + "/tree/{rev:revision}")
@router.get(API_REPOSITORY + "/tree/{rev:revision}/{path:rest}")
def list_tree(
    request: Request,
    hub: HubDep,
    caller: CallerDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    path: str = "",
    *,
    recursive: bool = False,
    expand: bool = False,
    limit: Annotated[int, Query(ge=1)] = PAGE_ENTRIES,
    cursor: str | None = None,
) -> Response:
    """A folder's entries, page by page."""
    most = EXPANDED_PAGE_ENTRIES if expand else PAGE_ENTRIES
    wanted = PageRequest(recursive, min(limit, most), _read_cursor(cursor) if cursor else None)
    folder = path.strip("/")
    with hub.database.read() as conn:
        repo = open_repository(conn, caller, name, Need.METADATA)
        commit_oid = refs.resolve_revision(conn, repo, rev)
        page = files.list_page(conn, repo, commit_oid, folder, wanted)
        asking = Asking(hub, conn, caller, repo)
        items = _render(asking, commit_oid, page.entries, expand=expand)
    headers = {}
    if page.next_after is not None:
        query = {"recursive": recursive, "expand": expand, "limit": limit}
        following = {**query, "cursor": _write_cursor(page.next_after)}
        address = f"{hub.base_url(request)}{repo.api_path}/tree/{commit_oid}"
        if folder:
            address += f"/{encode_path(folder)}"
        headers["Link"] = f'<{address}?{urlencode(following)}>; rel="next"'
    return Response(orjson.dumps(items), headers=headers, media_type="application/json")


@router.post(API_REPOSITORY + "/paths-info/{rev:revision}")
async def paths_info(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep, rev: RevisionInPath
) -> Response:
    """What is at each of the paths; unknown ones are left out."""
    body = await request.body()

    def answer() -> bytes:
        paths, expand = _parse_question(body, request.headers.get("content-type", ""))
        with hub.database.read() as conn:
            repo = open_repository(conn, caller, name, Need.METADATA)
            commit_oid = refs.resolve_revision(conn, repo, rev)
            entries = files.entries_at(conn, repo, commit_oid, paths)
            found = [entry for entry in entries.values() if entry.path]
            asking = Asking(hub, conn, caller, repo)
            return orjson.dumps(_render(asking, commit_oid, found, expand=expand))

    return Response(await run_sync(answer), media_type="application/json")


def _render(
    asking: Asking, commit_oid: str, entries: list[Entry], *, expand: bool
) -> list[dict[str, Any]]:
    items = [_render_entry(entry) for entry in entries]
    found = [entry for entry in entries if isinstance(entry, FileEntry)]
    _hide_xet(asking, items, found)
    if not expand:
        return items
    conn, repo = asking.conn, asking.repo
    touched = history.last_commits(conn, repo, commit_oid, [entry.path for entry in entries])
    checked = report.of_revision(conn, repo, commit_oid, found).files
    status = iter(checked)
    hears = report.hears_of(asking)
    for item, entry in zip(items, entries, strict=True):
        commit = touched.get(item["path"])
        item["lastCommit"] = commit and {
            "id": commit.oid,
            "title": commit.title,
            "date": clock.to_text(commit.committed_at),
        }
        if isinstance(entry, FileEntry):
            item["securityFileStatus"] = report.file_status(hears, next(status))
    return items


def _hide_xet(asking: Asking, items: list[dict[str, Any]], entries: list[FileEntry]) -> None:
    """A client that knows a Xet hash asks for no file by its address, and never hears why not."""
    by_xet = [entry for entry in entries if entry.large and entry.large.xet_hash]
    withheld = leaving.problems_of_entries(asking, by_xet)
    for item in items:
        if item["path"] in withheld:
            item.pop("xetHash", None)


def _render_entry(entry: Entry) -> dict[str, Any]:
    if not isinstance(entry, FileEntry):
        return {"type": "directory", "oid": entry.oid, "size": 0, "path": entry.path}
    item: dict[str, Any] = {
        "type": "file",
        "oid": entry.oid,
        "size": entry.size_bytes,
        "path": entry.path,
    }
    if entry.large:
        item["lfs"] = {
            "oid": entry.large.sha256,
            "size": entry.large.size_bytes,
            "pointerSize": entry.large.pointer_bytes,
        }
        if entry.large.xet_hash:
            item["xetHash"] = entry.large.xet_hash
    return item


def _parse_question(body: bytes, content_type: str) -> tuple[list[str], bool]:
    """The paths and ``expand``: Python sends a form, JavaScript JSON."""
    try:
        if content_type.partition(";")[0].strip().lower() == "application/json":
            question = orjson.loads(body)
            paths, expand = question["paths"], question.get("expand", False)
        else:
            pairs = parse_qsl(
                body.decode(),
                keep_blank_values=True,
                strict_parsing=bool(body),
                max_num_fields=MAX_PATHS + _OTHER_FIELDS,
            )
            paths = [value for key, value in pairs if key == "paths"]
            expand = any(key == "expand" and value.lower() in {"true", "1"} for key, value in pairs)
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise BadInput(
            f"the body must be a form or JSON object with 'paths', at most {MAX_PATHS} of them"
        ) from e
    if isinstance(paths, str):
        paths = [paths]
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise BadInput("'paths' must be a list of strings")
    if len(paths) > MAX_PATHS:
        raise BadInput(f"{len(paths)} paths are more than {MAX_PATHS}", hint="ask in several calls")
    return [path.strip("/") for path in paths], bool(expand)


def _write_cursor(path: str) -> str:
    return base64.urlsafe_b64encode(path.encode()).decode()


def _read_cursor(cursor: str) -> str:
    try:
        return base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as e:
        raise foreign_cursor() from e

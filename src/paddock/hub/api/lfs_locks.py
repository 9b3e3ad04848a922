"""git-lfs locks over HTTP (git-lfs docs/api/locking.md): create, list, verify, unlock.

To lock takes the right to write, to see locks the right to read. git-lfs asks ``verify`` before a
push and stops it when the push changes a file that somebody else has locked.
"""

from __future__ import annotations

from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from paddock import clock
from paddock.errors import BadInput, shown
from paddock.hub import access
from paddock.hub.context import CallerDep, HubDep
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.http.receiving import receive_all
from paddock.hub.large import lfs, locks
from paddock.hub.large.locks import AlreadyLocked, Lock, LockFilter
from paddock.hub.names import RepositoryName
from paddock.hub.types import Need

router = APIRouter()

LFS_JSON = "application/vnd.git-lfs+json"
_LOCKS = WEB_REPOSITORY + "/info/lfs/locks"
_MAX_BODY_BYTES = 64 * 1024


@router.post(_LOCKS)
async def create(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> Response:
    """Lock a path."""
    body = await _body(request)
    path = body.get("path")
    if not isinstance(path, str):
        raise lfs.BadBatch("'path' must name the file to lock")

    def lock() -> Response:
        try:
            with hub.database.write() as conn:
                repo = access.open_to_change(conn, caller, _plain(name), Need.WRITE)
                owner = access.require_user(caller)
                made = locks.create_lock(conn, repo, owner, path, _ref(body))
        except AlreadyLocked as e:
            return _answer({"lock": _render(e.lock), "message": e.message}, status=409)
        return _answer({"lock": _render(made)}, status=201)

    return await run_sync(lock)


@router.get(_LOCKS)
def list_(request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep) -> Response:
    """The repository's locks; ``refspec`` does not choose among them."""
    query = request.query_params
    asked = LockFilter(
        path=query.get("path") or None,
        id=query.get("id") or None,
        cursor=query.get("cursor") or None,
        limit=_limit(query.get("limit")),
    )
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, _plain(name), Need.CONTENT)
        page = locks.list_locks(conn, repo, asked)
    return _answer({"locks": list(map(_render, page.locks))} | _next(page.next_cursor))


@router.post(_LOCKS + "/verify")
async def verify(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> Response:
    """Whose locks stand in the way of a push: ours and theirs."""
    body = await _body(request)
    cursor = body.get("cursor") or None
    asked = LockFilter(cursor=str(cursor) if cursor else None, limit=_limit(body.get("limit")))

    def sort_out() -> Response:
        with hub.database.read() as conn:
            repo = access.open_repository(conn, caller, _plain(name), Need.WRITE)
            page = locks.list_locks(conn, repo, asked)
        me = access.require_user(caller).id
        ours = [_render(lock) for lock in page.locks if lock.owner_id == me]
        theirs = [_render(lock) for lock in page.locks if lock.owner_id != me]
        return _answer({"ours": ours, "theirs": theirs} | _next(page.next_cursor))

    return await run_sync(sort_out)


@router.post(_LOCKS + "/{lock_id:segment}/unlock")
async def unlock(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep, lock_id: str
) -> Response:
    """Give a lock back; with ``force``, somebody else's."""
    force = (await _body(request)).get("force") is True

    def remove() -> Response:
        with hub.database.write() as conn:
            repo = access.open_to_change(conn, caller, _plain(name), Need.WRITE)
            owner = access.require_user(caller)
            gone = locks.unlock(conn, repo, owner, lock_id, force=force)
        return _answer({"lock": _render(gone)})

    return await run_sync(remove)


def _plain(name: RepositoryName) -> RepositoryName:
    """git writes a repository's name with ".git" behind it or without."""
    return name._replace(name=name.name.removesuffix(".git"))


async def _body(request: Request) -> dict[str, Any]:
    text = await receive_all(request, _MAX_BODY_BYTES)
    return lfs.parse_object(text) if text.strip() else {}


def _ref(body: dict[str, Any]) -> str | None:
    ref = body.get("ref")
    name = ref.get("name") if isinstance(ref, dict) else None
    return name if isinstance(name, str) else None


def _limit(value: object) -> int:
    """As many as one page holds where the client does not say, or says nothing sensible."""
    if value is None or value == "":
        return locks.MAX_PAGE
    if isinstance(value, int) and not isinstance(value, bool):
        return min(max(value, 0), locks.MAX_PAGE) or locks.MAX_PAGE
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return min(int(value), locks.MAX_PAGE) or locks.MAX_PAGE
    raise BadInput(f"limit must be a whole number, not {shown(value)}")


def _render(lock: Lock) -> dict[str, Any]:
    return {
        "id": str(lock.id),
        "path": lock.path,
        "locked_at": clock.to_text(lock.locked_at),
        "owner": {"name": lock.owner},
    }


def _next(cursor: str | None) -> dict[str, str]:
    return {} if cursor is None else {"next_cursor": cursor}


def _answer(content: dict[str, Any], *, status: int = 200) -> Response:
    return JSONResponse(content, status, media_type=LFS_JSON)

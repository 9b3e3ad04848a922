"""git-lfs: the batch call, which answers with signed addresses (``lfs_objects``) or a Xet token.

What a repository holds already is not sent again, and what it does not hold does not exist here,
whoever else may have it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from paddock import clock
from paddock.errors import PaddockError
from paddock.hub import access, signing
from paddock.hub.api.lfs_locks import LFS_JSON
from paddock.hub.api.xet_tokens import grant_headers, xet_grant
from paddock.hub.bearers import Bearer, bearer_of
from paddock.hub.context import CallerDep, Hub, HubDep
from paddock.hub.discussions import contributing
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep, encode_segment
from paddock.hub.http.receiving import receive_all
from paddock.hub.large import arriving, large_files, lfs, usage
from paddock.hub.large.lfs import Batch, Right, WantedObject
from paddock.hub.mirror import pulling
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking
from paddock.hub.sessions.cookies import FORM_HEADER
from paddock.hub.types import Caller, Need, Repository

router = APIRouter()


@dataclass(frozen=True, slots=True)
class _Answering:
    """What every part of a batch's answer needs."""

    request: Request
    hub: Hub
    caller: Caller
    repo: Repository
    batch: Batch
    key: bytes
    bearer: Bearer
    refused: Mapping[str, PaddockError]  # objects that the caller may not have

    @property
    def may_leave(self) -> bool:
        """Whether the client can send to the store: a page's script may call nobody but us."""
        return FORM_HEADER not in self.request.headers

    def right(self, wanted: WantedObject) -> Right:
        return Right(self.repo.id, wanted.oid, wanted.size_bytes, bearer=self.bearer)

    def address(self, action: str, right: Right, path: str = "") -> str:
        signature = lfs.sign_right(self.key, action, right, clock.now())
        base = self.hub.base_url(self.request)
        return f"{base}/lfs/objects/{right.oid}{path}?sig={signature}"


@router.post(WEB_REPOSITORY + "/info/lfs/objects/batch")
async def batch(
    request: Request, hub: HubDep, caller: CallerDep, name: RepositoryNameDep
) -> Response:
    """How each object of the batch may travel; those that are there need not."""
    # git writes a repository's name with ".git" behind it or without.
    name = name._replace(name=name.name.removesuffix(".git"))
    wanted = lfs.parse_batch(await receive_all(request, lfs.MAX_BATCH_BYTES))
    # Who may not write may send the files of a pull request (hub.discussions.contributing).
    is_upload = wanted.operation == "upload"

    def answer() -> Response:
        with hub.database.read() as conn:
            repo = access.open_repository(conn, caller, name, Need.CONTENT)
            if is_upload:
                contributing.require_contributor(conn, caller, repo)
            oids = [item.oid for item in wanted.objects if item.problem is None]
            present = large_files.present(conn, repo.id, oids)
            stored = large_files.lookup(conn, present)
            is_outsider = is_upload and contributing.is_outsider(conn, caller, repo)
            bearer = bearer_of(conn, caller, repo, writes=is_upload)
            if is_upload:
                missing_bytes = sum(w.size_bytes for w in wanted.objects if w.oid not in present)
                usage.check_quota(conn, repo.namespace_id, missing_bytes)
            idle = large_files.idle(conn, repo.id, present) if is_upload else []
            arriving_sizes = {} if is_upload else pulling.named_sizes(hub, conn, repo, oids)
            asking = Asking(hub, conn, caller, repo)
            refused = {} if is_upload else leaving.problems_of_contents(asking, oids)
        if is_outsider:
            missing = [item for item in wanted.objects if item.oid not in stored]
            _record_contribution(hub, caller, repo, missing)
        if idle:  # the client takes our word that they are here
            with hub.database.write() as conn:
                large_files.keep(conn, repo.id, idle)
        key = signing.signing_key(hub.database)
        answering = _Answering(request, hub, caller, repo, wanted, key, bearer, refused)
        sizes = {**arriving_sizes, **{oid: row.size_bytes for oid, row in stored.items()}}
        return _lfs_json(_answer_batch(answering, sizes))

    return await run_sync(answer)


def _record_contribution(
    hub: Hub, caller: Caller, repo: Repository, wanted: Sequence[WantedObject]
) -> None:
    user = access.require_user(caller)
    sizes = {item.oid: item.size_bytes for item in wanted if item.problem is None}
    limit = hub.pull_request_bytes
    with hub.database.write() as conn:
        contributing.record_contribution(conn, repo.id, user.id, sizes, limit)


def _answer_batch(answering: _Answering, sizes: dict[str, int]) -> dict[str, Any]:
    if answering.batch.operation == "download":
        transfer = lfs.BASIC
        actions = _download
    else:
        transfer = lfs.choose_upload_transfer(answering.batch)
        if transfer == lfs.MULTIPART:
            lfs.check_part_count(answering.batch)
        actions = {lfs.XET: _upload_by_xet, lfs.MULTIPART: _upload_in_parts}.get(transfer, _upload)
    objects = [
        _answer_object(answering, wanted, sizes.get(wanted.oid), actions)
        for wanted in answering.batch.objects
    ]
    return {"transfer": transfer, "objects": objects, "hash_algo": "sha256"}


Actions = Callable[[_Answering, WantedObject], dict[str, Any]]


def _answer_object(
    answering: _Answering, wanted: WantedObject, stored_bytes: int | None, actions: Actions
) -> dict[str, Any]:
    answer: dict[str, Any] = {"oid": wanted.oid, "size": wanted.size_bytes, "authenticated": True}
    is_download = answering.batch.operation == "download"
    if wanted.problem is not None:
        return {**answer, "error": {"code": 422, "message": wanted.problem}}
    if stored_bytes is None and is_download:
        return {**answer, "error": {"code": 404, "message": "Object does not exist"}}
    if (problem := answering.refused.get(wanted.oid)) is not None:
        return {**answer, "error": {"code": problem.status, "message": problem.message}}
    if stored_bytes not in (None, wanted.size_bytes):
        message = f"this object has {stored_bytes} bytes, not {wanted.size_bytes}"
        return {**answer, "error": {"code": 422, "message": message}}
    if stored_bytes is not None and not is_download:
        return answer  # no actions: nothing to send
    return {**answer, "actions": actions(answering, wanted)}


def _download(answering: _Answering, wanted: WantedObject) -> dict[str, Any]:
    href = answering.address("get", answering.right(wanted))
    return {"download": {"href": href, "header": {}, "expires_in": lfs.DOWNLOAD_SECONDS}}


def _upload(answering: _Answering, wanted: WantedObject) -> dict[str, Any]:
    right = answering.right(wanted)
    direct = arriving.direct_right(right)
    href = arriving.part_address(answering.hub.blobs, direct) if answering.may_leave else None
    if href is not None:
        right = direct
    else:
        href = answering.address("put", right)
    upload = {"href": href, "header": {}, "expires_in": lfs.UPLOAD_SECONDS}
    return {"upload": upload, "verify": _verify(answering, right)}


def _upload_in_parts(answering: _Answering, wanted: WantedObject) -> dict[str, Any]:
    whole = lfs.new_upload(answering.right(wanted))
    parts = lfs.part_rights(whole)
    header = {"chunk_size": str(lfs.part_bytes(wanted.size_bytes))}
    for right in parts:
        may_leave = answering.may_leave
        direct = arriving.part_address(answering.hub.blobs, right) if may_leave else None
        ours = answering.address("part", right, f"/parts/{right.part}")
        header[f"{right.part:05d}"] = direct or ours
    href = answering.address("complete", whole._replace(part=len(parts)), "/complete")
    upload = {"href": href, "header": header, "expires_in": lfs.UPLOAD_SECONDS}
    return {"upload": upload, "verify": _verify(answering, whole)}


def _upload_by_xet(answering: _Answering, wanted: WantedObject) -> dict[str, Any]:
    grant = xet_grant(
        answering.request, answering.hub, answering.caller, answering.repo, may_write=True
    )
    base = answering.hub.base_url(answering.request)
    revision = encode_segment(answering.batch.revision)
    href = f"{base}{answering.repo.api_path}/xet-write-token/{revision}"
    header = {**grant_headers(grant), "X-Xet-Session-Id": secrets.token_hex(16)}
    return {"upload": {"href": href, "header": header}}


def _verify(answering: _Answering, right: Right) -> dict[str, Any]:
    # Signed too: what is "authenticated" git-lfs calls without credentials.
    return {"href": answering.address("verify", right, "/verify"), "header": {}}


def _lfs_json(answer: dict[str, Any], *, status: int = 200) -> Response:
    return JSONResponse(answer, status, media_type=LFS_JSON)

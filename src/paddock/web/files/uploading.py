"""The page for bringing files: by drag and drop with a script, by a plain form without.

The script sends files of any size by the hub's own API and shows what the scan says of them; the
form takes a few small ones in one request. Nothing of a body is read before it is known that its
sender may write.
"""

from __future__ import annotations

from typing import Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from paddock.errors import BadInput, TooLarge
from paddock.hub.context import HubDep, accept_body
from paddock.hub.http.committing import open_for_writing
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep, RevisionInPath, encode_segment
from paddock.hub.http.sent_files import SentFile, to_operations
from paddock.web.browser import VisitorDep
from paddock.web.files.changing import Place, commit, lead_on, message_of
from paddock.web.files.opened import Opened
from paddock.web.forms import MAX_CHARS, sentence

router = APIRouter(include_in_schema=False)

MAX_FORM_BYTES: Final = 10 * 1024 * 1024
MAX_FILES: Final = 100
_MAX_FIELDS: Final = 10
_AROUND_BYTES: Final = 256 * 1024  # boundaries, names and fields


@router.get(WEB_REPOSITORY + "/upload/{rev:revision}")
@router.get(WEB_REPOSITORY + "/upload/{rev:revision}/{path:rest}")
def show_upload(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    path: str = "",
) -> Response:
    """The page, for a folder of a branch."""
    folder = path.strip("/")
    return _show(Place(hub, visitor, name, rev).open("upload", folder), folder)


@router.post(WEB_REPOSITORY + "/upload/{rev:revision}")
@router.post(WEB_REPOSITORY + "/upload/{rev:revision}/{path:rest}")
async def upload(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    rev: RevisionInPath,
    path: str = "",
) -> Response:
    """Commit the files of a form."""
    folder, place = path.strip("/"), Place(hub, visitor, name, rev)
    opened = await run_sync(place.open, "upload", folder)
    accept_body(request, MAX_FORM_BYTES + _AROUND_BYTES)
    async with request.form(max_files=MAX_FILES, max_fields=_MAX_FIELDS) as form:
        visitor.check_form(_text(form, "form_key"))
        try:
            sent = await _files(form, folder)
        except BadInput as e:
            return await run_sync(_show, opened, folder, sentence(e), e.status)
        fields = {name: _text(form, name) for name in ("message", "description")}
        as_pull_request = bool(_text(form, "as_pull_request"))
    return await run_sync(_save, place, opened, folder, sent, fields, as_pull_request)


def _save(
    place: Place,
    opened: Opened,
    folder: str,
    sent: list[SentFile],
    fields: dict[str, str],
    as_pull_request: bool,
) -> Response:
    try:
        target = place.target(opened, as_pull_request=as_pull_request)
        allowed = open_for_writing(target)
        operations = to_operations(target, allowed, sent)
        otherwise = f"Upload {sent[0].path}" if len(sent) == 1 else f"Upload {len(sent)} files"
        said = message_of(fields["message"], fields["description"], otherwise)
        made = commit(target, allowed, operations, said)
    except BadInput as e:
        return _show(opened, folder, sentence(e), e.status)
    return lead_on(opened, made, "tree", folder)


async def _files(form: FormData, folder: str) -> list[SentFile]:
    """The files that were chosen; raises BadInput, TooLarge."""
    chosen = [one for one in form.getlist("files") if isinstance(one, UploadFile) and one.filename]
    if not chosen:
        raise BadInput("no file was chosen")
    if sum(one.size or 0 for one in chosen) > MAX_FORM_BYTES:
        raise TooLarge(
            f"the files are over {MAX_FORM_BYTES} bytes together",
            hint="turn scripts on for larger ones, or use `hf upload` or git",
        )
    start = f"{folder}/" if folder else ""
    return [SentFile(start + (one.filename or ""), await one.read()) for one in chosen]


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_CHARS:
        raise BadInput(f"the field {name} is no text of at most {MAX_CHARS} characters")
    return value


def _show(opened: Opened, folder: str, problem: str = "", status: int = 200) -> Response:
    repo = opened.repo
    return opened.visitor.show(
        "files/upload.html",
        status,
        shell=opened.shell,
        opened=opened,
        path=folder,
        crumbs=opened.crumbs(folder),
        problem=problem,
        max_form_bytes=MAX_FORM_BYTES,
        api={
            "preupload": f"{repo.api_path}/preupload/{encode_segment(opened.rev)}",
            "commit": f"{repo.api_path}/commit/{encode_segment(opened.rev)}",
            "batch": f"{repo.web_path}.git/info/lfs/objects/batch",
            "paths": f"{repo.api_path}/paths-info",
            "tree": opened.address("tree", folder),
        },
    )

"""The page for bringing files: by drag and drop with a script, by a plain form without.

The script sends files of any size by the hub's own API and shows what the scan says of them; the
form takes a few small ones in one request. Nothing of a body is read before it is known that its
sender may write.
"""

from __future__ import annotations

from typing import Final

from anyio.to_thread import run_sync
from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from paddock.errors import BadInput, TooLarge
from paddock.hub.context import accept_body
from paddock.hub.http.committing import open_for_writing
from paddock.hub.http.paths import WEB_REPOSITORY, encode_segment
from paddock.hub.http.sent_files import SentFile, to_operations
from paddock.web.files.changing import Asked, Place, PlaceDep, Proposes, commit, lead_on
from paddock.web.files.opened import Opened
from paddock.web.forms import MAX_CHARS, sentence
from paddock.web.page_routes import page_router

router = page_router()

MAX_FORM_BYTES: Final = 10 * 1024 * 1024
MAX_FILES: Final = 100
_MAX_FIELDS: Final = 10
_AROUND_BYTES: Final = 256 * 1024  # boundaries, names and fields


@router.get(WEB_REPOSITORY + "/upload/{rev:revision}")
@router.get(WEB_REPOSITORY + "/upload/{rev:revision}/{path:rest}")
def show_upload(place: PlaceDep, path: str = "", proposes: Proposes = False) -> Response:
    """The page, for a folder of a branch."""
    folder = path.strip("/")
    return _show(place.open("upload", folder), folder, Asked(as_pull_request=proposes))


@router.post(WEB_REPOSITORY + "/upload/{rev:revision}")
@router.post(WEB_REPOSITORY + "/upload/{rev:revision}/{path:rest}")
async def upload(request: Request, place: PlaceDep, path: str = "") -> Response:
    """Commit the files of a form."""
    folder = path.strip("/")
    opened = await run_sync(place.open, "upload", folder)
    accept_body(request, MAX_FORM_BYTES + _AROUND_BYTES)
    async with request.form(max_files=MAX_FILES, max_fields=_MAX_FIELDS) as form:
        place.visitor.check_form(_text(form, "form_key"))
        asked = Asked(
            _text(form, "message"),
            _text(form, "description"),
            as_pull_request=bool(_text(form, "as_pull_request")),
        )
        try:
            sent = await _files(form, folder)
        except BadInput as e:
            return await run_sync(_show, opened, folder, asked, e)
    return await run_sync(_save, place, opened, folder, sent, asked)


def _save(
    place: Place, opened: Opened, folder: str, sent: list[SentFile], asked: Asked
) -> Response:
    try:
        target = place.target(opened, asked)
        allowed = open_for_writing(target)
        operations = to_operations(target, allowed, sent)
        otherwise = f"Upload {sent[0].path}" if len(sent) == 1 else f"Upload {len(sent)} files"
        made = commit(target, allowed, operations, asked.whole_message(otherwise))
    except BadInput as e:
        return _show(opened, folder, asked, e)
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


def _show(opened: Opened, folder: str, asked: Asked, problem: BadInput | None = None) -> Response:
    repo = opened.repo
    return opened.visitor.show(
        "files/upload.html",
        problem.status if problem else 200,
        shell=opened.shell,
        opened=opened,
        path=folder,
        crumbs=opened.crumbs(folder),
        asked=asked,
        problem=sentence(problem) if problem else "",
        max_form_bytes=MAX_FORM_BYTES,
        api={
            "preupload": f"{repo.api_path}/preupload/{encode_segment(opened.rev)}",
            "commit": f"{repo.api_path}/commit/{encode_segment(opened.rev)}",
            "batch": f"{repo.web_path}.git/info/lfs/objects/batch",
            "paths": f"{repo.api_path}/paths-info",
            "tree": opened.address("tree", folder),
        },
    )

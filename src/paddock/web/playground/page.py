"""The page of the playground, or what to do where the model is not served here."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from paddock.hub.context import Hub, HubDep
from paddock.hub.git import files
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.types import Kind
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.page_routes import page_router
from paddock.web.playground.sent import CHAT, COMPLETION, Sent
from paddock.web.playground.standing import (
    Standing,
    before_serving,
    models_of,
    others,
    standing,
)
from paddock.web.repository.shell import Shell, open_shell
from paddock.web.serving.mount import Models

router = page_router()

PAGE = WEB_REPOSITORY + "/playground"
_CHAT_FILES = frozenset({"chat_template.jinja", "chat_template.json", "tokenizer_config.json"})


class Told(NamedTuple):
    """What was asked and answered before the page is shown."""

    sent: Sent
    answer: str | None = None
    problem: str | None = None
    is_untrusted: bool = False  # the model was signed by a key that the operator does not trust


@router.get(PAGE)
async def playground(
    request: Request, hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep
) -> Response:
    """The form, as it is before anything is asked."""
    return await show(request, hub, visitor, name)


async def show(
    request: Request,
    hub: Hub,
    visitor: Visitor,
    name: RepositoryName,
    told: Told | None = None,
) -> Response:
    """The page, with what was asked and answered where there is no script."""
    models = models_of(request)
    shell, found, holds_chat = await run_in_threadpool(_open, hub, visitor, name, models)
    if shell.repo.kind is not Kind.MODEL:
        return RedirectResponse(shell.repo.web_path, 302)
    stands = found or await standing(models, visitor.caller, shell.repo)
    is_here = stands is Standing.SERVED
    values: dict[str, Any] = {
        "told": told or Told(Sent(CHAT if holds_chat else COMPLETION)),
        "stands": stands,
        "others": await others(models, visitor.caller, shell.repo) if is_here else [],
        "models": models,
        "endpoint": hub.base_url(request),
        "may_configure": visitor.user is not None and visitor.user.is_admin,
    }
    status = 400 if told and told.problem else 200
    page = f"playground/{'here' if is_here else 'elsewhere'}.html"
    return await run_in_threadpool(visitor.show, page, status, shell=shell, **values)


def _open(
    hub: Hub, visitor: Visitor, name: RepositoryName, models: Models | None
) -> tuple[Shell, Standing | None, bool]:
    """What stands above the page, what stands against asking, and whether it is for chat."""
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "playground")
        repo = shell.repo
        names = files.folder_paths(conn, repo, repo.head_oid) if repo.head_oid else []
        found = before_serving(conn, visitor.caller, repo, names, models)
        return shell, found, not _CHAT_FILES.isdisjoint(names)

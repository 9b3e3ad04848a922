"""An answer for a browser without scripts: the form is sent, the page comes back with the answer.

Asks ``/v1`` as the page's own script does, with the visitor's session, so that there is one set of
rules for who may ask what, and how much.
"""

from __future__ import annotations

import json
from typing import Final

import httpx2
from fastapi import Request
from fastapi.responses import Response

from paddock.hub.context import HubDep
from paddock.hub.http.paths import RepositoryNameDep
from paddock.serve.errors import UnknownSigner
from paddock.web.browser import VisitorDep
from paddock.web.forms import Text
from paddock.web.page_routes import page_router
from paddock.web.playground.page import PAGE, Told, show
from paddock.web.playground.sent import BadSetting, Sent, SentDep, answer_in
from paddock.web.playground.standing import models_of

router = page_router()

SECONDS: Final = 300.0  # for one answer


@router.post(PAGE)
async def ask(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    sent: SentDep,
    form_key: Text = "",
) -> Response:
    """The whole answer at once."""
    visitor.check_form(form_key)
    visitor.require_user()
    answer, problem, code = None, None, ""
    try:
        answer = await _answer(request, sent, hub.base_url(request), visitor.form_key, name.full)
    except BadSetting as e:
        problem = e.message if e.hint is None else f"{e.message}: {e.hint}"
    except _NotAnswered as e:
        problem, code = str(e), e.code
    told = Told(sent, answer, problem, is_untrusted=code == UnknownSigner.code)
    return await show(request, hub, visitor, name, told)


class _NotAnswered(Exception):
    """``/v1`` refused; the message is its own sentence."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


async def _answer(request: Request, sent: Sent, base_url: str, form_key: str, model: str) -> str:
    models = models_of(request)
    if models is None:
        raise _NotAnswered("this hub serves no models")
    headers = {"cookie": request.headers.get("cookie", ""), "x-paddock-form": form_key}
    transport = httpx2.ASGITransport(app=models.app)
    async with httpx2.AsyncClient(
        transport=transport, base_url=base_url, headers=headers, timeout=SECONDS
    ) as client:
        told = await client.post(sent.path, json=sent.body(model))
    if told.status_code == 200:
        return answer_in(sent.mode, told.content)
    try:
        error = json.loads(told.content)["error"]
        refused = _NotAnswered(str(error["message"]), str(error["code"]))
    except (ValueError, KeyError, TypeError):
        refused = _NotAnswered(f"the model was not reached: {told.status_code}")
    raise refused

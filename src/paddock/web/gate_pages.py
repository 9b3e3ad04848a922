"""The page on which a person asks for access to a gated repository.

Shows what the card says and asks, to those who are signed in, and how they stand; the rules are
``hub.gates``'s. What the card says is Markdown without anything that could run.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from paddock.hub import access
from paddock.hub.context import HubDep
from paddock.hub.gates.asking import ask_for_access
from paddock.hub.gates.countries import COUNTRIES
from paddock.hub.gates.forms import BadAnswer, Gate, read_gate
from paddock.hub.gates.requests import require_gate
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.types import Account, Caller, Need, Repository
from paddock.markdown import render_markdown
from paddock.web.browser import Visitor, VisitorDep, to_sign_in

router = APIRouter(include_in_schema=False)

PAGE = WEB_REPOSITORY + "/ask-access"
_ANSWER = "answer:"  # before a field's name, which is the card's own and may be anything
_MAX_FORM_FIELDS = 200


async def _read_form(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=_MAX_FORM_FIELDS)
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


FormFields = Annotated[dict[str, str], Depends(_read_form)]


@router.get(PAGE)
def show(request: Request, hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep) -> Response:
    """The form, or how the person stands; those who are not signed in sign in first."""
    if visitor.session is None:
        return to_sign_in(request)
    caller = Caller(visitor.session.user, None)
    with hub.database.read() as conn:
        repo = access.open_repository(conn, caller, name, Need.METADATA)
        require_gate(repo)
        if access.may_write(conn, caller, repo):
            status: str | None = "accepted"
        else:
            status = access.grant_status(conn, repo, visitor.session.user)
    return _show(visitor, visitor.session.user, repo, status, {})


@router.post(PAGE + "/form")
def ask(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    fields: FormFields,
) -> Response:
    """The person's answers; a wrong one is shown with the others, as they were."""
    visitor.check_form(fields.get("form_key", ""))
    if visitor.session is None:
        return to_sign_in(request)
    caller = Caller(visitor.session.user, None)
    answers = {
        key.removeprefix(_ANSWER): value for key, value in fields.items() if key.startswith(_ANSWER)
    }
    try:
        with hub.database.write() as conn:
            repo, _ = ask_for_access(conn, caller, name, answers)
    except BadAnswer as e:
        with hub.database.read() as conn:
            repo = access.open_repository(conn, caller, name, Need.METADATA)
        return _show(visitor, visitor.session.user, repo, None, answers, problem=e.message)
    return RedirectResponse(f"{repo.web_path}/ask-access", 303)


def _show(
    visitor: Visitor,
    user: Account,
    repo: Repository,
    status: str | None,
    answers: dict[str, str],
    *,
    problem: str | None = None,
) -> Response:
    gate = read_gate(repo.card)
    return visitor.show(
        "gate.html",
        400 if problem else 200,
        repo=repo,
        gate=gate,
        prompt=_prompt(gate),
        status=status,
        asker=user,
        answers=answers,
        answer_prefix=_ANSWER,
        countries=sorted(COUNTRIES.values()),
        problem=problem,
    )


def _prompt(gate: Gate) -> Markup | None:
    if gate.prompt is None:
        return None
    return Markup(render_markdown(gate.prompt).html)  # noqa: S704  (sanitised: see paddock.markdown)

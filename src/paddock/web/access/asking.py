"""The page on which a person asks for access to a gated repository.

Shows what the card says and asks, to those who are signed in, and how they stand; the rules are
``hub.gates``'s. What the card says is Markdown without anything that could run.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response
from markupsafe import Markup

from paddock.hub import access
from paddock.hub.context import Hub, HubDep
from paddock.hub.gates import requests
from paddock.hub.gates.asking import ask_for_access
from paddock.hub.gates.countries import COUNTRIES
from paddock.hub.gates.forms import BadAnswer, Gate, read_gate
from paddock.hub.gates.own import find_own
from paddock.hub.gates.retaining import retention_days
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.types import Need
from paddock.markdown import render_markdown
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Text, back_to
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import open_shell

router = page_router()

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
    return _show(hub, visitor, name, {})


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
    answers = {
        key.removeprefix(_ANSWER): value for key, value in fields.items() if key.startswith(_ANSWER)
    }
    try:
        with hub.database.write() as conn:
            repo, _ = ask_for_access(conn, visitor.caller, name, answers)
    except BadAnswer as e:
        return _show(hub, visitor, name, answers, problem=e.message)
    return back_to(f"{repo.web_path}/ask-access")


@router.post(PAGE + "/withdraw")
def withdraw(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, form_key: Text = ""
) -> Response:
    """A request that nobody has decided is forgotten."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, visitor.caller, name, Need.METADATA)
        requests.withdraw(conn, repo, user)
    return back_to("/settings/access", "withdrawn")


def _show(
    hub: Hub,
    visitor: Visitor,
    name: RepositoryName,
    answers: dict[str, str],
    *,
    problem: str | None = None,
) -> Response:
    user = visitor.require_user()
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "card")
        requests.require_gate(shell.repo)
        own = find_own(conn, shell.repo, user)
    gate = read_gate(shell.repo.card)
    status = "writes" if shell.may_write else own.status if own else None
    return visitor.show(
        "access/asking.html",
        400 if problem else 200,
        shell=shell,
        repo=shell.repo,
        gate=gate,
        prompt=_prompt(gate),
        status=status,
        own=own,
        asker=user,
        answers=answers,
        answer_prefix=_ANSWER,
        countries=sorted(COUNTRIES.values()),
        kept_days=retention_days(shell.repo.card),
        problem=problem,
    )


def _prompt(gate: Gate) -> Markup | None:
    if gate.prompt is None:
        return None
    return Markup(render_markdown(gate.prompt).html)  # noqa: S704  (sanitised: see paddock.markdown)

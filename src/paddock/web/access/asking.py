"""The page on which a person asks for access to a gated repository.

Shows what the card says and asks, to those who are signed in, and how they stand; the rules are
``hub.gates``'s. What the card says is Markdown without anything that could run.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response
from markupsafe import Markup

from paddock.errors import BadInput
from paddock.hub import access
from paddock.hub.context import Hub, HubDep
from paddock.hub.gates import acceptances, appeals, requests
from paddock.hub.gates.acceptances import TermsChanged, TermsNotAccepted
from paddock.hub.gates.asking import Sent, ask_for_access
from paddock.hub.gates.countries import COUNTRIES
from paddock.hub.gates.forms import BadAnswer, read_gate
from paddock.hub.gates.own import find_own
from paddock.hub.gates.response import median_response, response_days
from paddock.hub.gates.retaining import retention_days
from paddock.hub.gates.standing import grant_of
from paddock.hub.gates.terms import Terms, Text, read_terms
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.types import Need
from paddock.markdown import render_markdown
from paddock.web.browser import Visitor, VisitorDep, to_sign_in
from paddock.web.forms import Text as FormText
from paddock.web.forms import back_to, sentence
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import open_shell

router = page_router()

PAGE = WEB_REPOSITORY + "/ask-access"
_ANSWER = "answer:"  # before a field's name, which is the card's own and may be anything
_ACCEPT = "accept_terms"  # the digest of what was shown and is accepted
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
            sent = Sent(answers, fields.get(_ACCEPT))
            repo, _ = ask_for_access(conn, visitor.caller, name, sent)
    except BadAnswer as e:
        return _show(hub, visitor, name, answers, problem=e.message)
    except TermsNotAccepted:
        return _show(hub, visitor, name, answers, problem="The terms have to be accepted first.")
    except TermsChanged:
        problem = "The terms changed while you read them. Read them again."
        return _show(hub, visitor, name, answers, problem=problem)
    return back_to(f"{repo.web_path}/ask-access")


@router.post(PAGE + "/withdraw")
def withdraw(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, form_key: FormText = ""
) -> Response:
    """A request that nobody has decided is forgotten."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, visitor.caller, name, Need.METADATA)
        requests.withdraw(conn, repo, user)
    return back_to("/settings/access", "withdrawn")


@router.post(PAGE + "/appeal")
def appeal(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    text: FormText = "",
    form_key: FormText = "",
) -> Response:
    """Who was rejected asks for another look."""
    visitor.check_form(form_key)
    user = visitor.require_user()
    try:
        with hub.database.write() as conn:
            repo = access.open_to_change(conn, visitor.caller, name, Need.METADATA)
            appeals.appeal(conn, repo, user, text)
    except (BadInput, appeals.AlreadyAppealed) as e:
        return _show(hub, visitor, name, {}, problem=sentence(e), appeal_text=text)
    return back_to(f"{repo.web_path}/ask-access")


def _show(
    hub: Hub,
    visitor: Visitor,
    name: RepositoryName,
    answers: dict[str, str],
    *,
    problem: str | None = None,
    appeal_text: str = "",
) -> Response:
    user = visitor.require_user()
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "card")
        requests.require_gate(shell.repo)
        own, grant = find_own(conn, shell.repo, user), grant_of(conn, shell.repo.id, user.id)
        terms = read_terms(conn, shell.repo)
        if terms is not None and acceptances.has_accepted(conn, shell.repo, user, terms.digest):
            terms = None
        usual = median_response(conn, shell.repo)
    gate = read_gate(shell.repo.card)
    status = "writes" if shell.may_write else grant.status if grant else None
    return visitor.show(
        "access/asking.html",
        400 if problem else 200,
        shell=shell,
        repo=shell.repo,
        gate=gate,
        prompt=_rendered(gate.prompt),
        terms=terms,
        texts=_shown(terms),
        accept_name=_ACCEPT,
        response_days=response_days(shell.repo.card),
        usual_days=None if usual is None else max(1, ceil(usual / timedelta(days=1))),
        appeal_text=appeal_text,
        status=status,
        own=own,
        grant=grant,
        asker=user,
        answers=answers,
        answer_prefix=_ANSWER,
        countries=sorted(COUNTRIES.values()),
        kept_days=retention_days(shell.repo.card),
        problem=problem,
    )


def _shown(terms: Terms | None) -> list[tuple[Text, Markup | None]]:
    """Each text, rendered where it is Markdown."""
    return [
        (text, _rendered(text.body) if _is_markdown(text) else None)
        for text in (terms.texts if terms is not None else ())
    ]


def _is_markdown(text: Text) -> bool:
    return text.path is None or text.path.lower().endswith(".md")


def _rendered(text: str | None) -> Markup | None:
    if text is None:
        return None
    return Markup(render_markdown(text).html)  # noqa: S704  (sanitised: see paddock.markdown)

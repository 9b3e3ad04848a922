"""A new report: the form, and what it becomes.

Whoever is signed in may write one. Without a script a button gives the form one message more; with
one, what the playground left for it fills it in (``static/reports/new.mjs``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from paddock.errors import PaddockError
from paddock.hub import access
from paddock.hub.access import open_to_change
from paddock.hub.context import Hub, HubDep
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.reports import filing, flood, severity
from paddock.hub.reports.evidence import MAX_TURNS, ROLES
from paddock.hub.reports.rendering import web_path
from paddock.hub.reports.values import BARE, CATEGORY_MEANS
from paddock.hub.types import Need
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.forms import sentence
from paddock.web.page_routes import page_router
from paddock.web.reports.report_form import MAIN_NUMBERS, NUMBERS, ReportForm, turns_of
from paddock.web.repository.shell import open_shell

router = page_router()

REPORTS: Final = WEB_REPOSITORY + "/reports"
TAB: Final = "discussions"
_ROLES: Final[Mapping[str, str]] = {**{role: role for role in ROLES}, BARE: "bare prompt"}


async def sent_form(request: Request) -> FormData:
    """All fields of a form; files are none."""
    return await request.form(max_fields=3 * MAX_TURNS, max_files=0)


FormDep = Annotated[FormData, Depends(sent_form)]


@router.get(REPORTS + "/new")
def show_form(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, revision: str = ""
) -> Response:
    """The form; ``revision`` names the one that somebody looked at."""
    visitor.require_user()
    return _show(hub, visitor, name, ReportForm(revision=revision[:255]))


@router.post(REPORTS + "/new")
def file_report(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, form: FormDep
) -> Response:
    """The report, or the form again: with one message more, or with what is wrong."""
    visitor.check_form(_text(form, "form_key"))
    visitor.require_user()
    filled = _filled(form)
    if "more" in form:
        more = replace(filled, turns=[*filled.turns, ("user", "")][:MAX_TURNS])
        return _show(hub, visitor, name, more)
    try:
        new = filled.to_new()
        flood.check_address(hub.database, visitor.address)
        with hub.database.write() as conn:
            repo = open_to_change(conn, visitor.caller, name, Need.METADATA)
            reporter = access.require_writing_token(visitor.caller)
            report = filing.file_report(conn, repo, reporter, new)
    except PaddockError as e:
        if not 400 <= e.status < 500 or e.status == 401:
            raise
        return _show(hub, visitor, name, replace(filled, problem=sentence(e)), e.status)
    return RedirectResponse(web_path(repo, report), 303)


def _filled(form: FormData) -> ReportForm:
    """What was sent, as it came; raises BadInput for messages that are no pairs."""
    roles, contents = (
        [value for value in form.getlist(field) if isinstance(value, str)]
        for field in ("role", "content")
    )
    return ReportForm(
        category=_text(form, "category"),
        title=_text(form, "title"),
        turns=turns_of(roles, contents) or [("user", "")],
        numbers={number: _text(form, number) for number in NUMBERS},
        stop=_text(form, "stop"),
        revision=_text(form, "revision"),
        output=_text(form, "output"),
        expected=_text(form, "expected"),
        details=_text(form, "details"),
        impact=_text(form, "impact"),
        ease=_text(form, "ease"),
        is_credited="credited" in form,
    )


def _text(form: FormData, field: str) -> str:
    value = form.get(field, "")
    return value if isinstance(value, str) else ""


def _show(
    hub: Hub, visitor: Visitor, name: RepositoryName, form: ReportForm, status_code: int = 200
) -> Response:
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, TAB)
    return visitor.show(
        "reports/new.html",
        status_code,
        shell=shell,
        form=form,
        categories=CATEGORY_MEANS,
        roles=_ROLES,
        main_numbers=MAIN_NUMBERS,
        other_numbers=[number for number in NUMBERS if number not in MAIN_NUMBERS],
        impacts=severity.IMPACT_MEANS,
        eases=severity.EASE_MEANS,
        max_an_hour=filing.MAX_AN_HOUR,
    )

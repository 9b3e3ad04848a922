"""Pages of advisories: a repository's, one of them, and the forms of its maintainers."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import Form
from fastapi.responses import RedirectResponse, Response

from paddock import clock
from paddock.errors import BadInput
from paddock.hub import access
from paddock.hub.access import open_to_change
from paddock.hub.advisories import inherited, publishing, rows
from paddock.hub.advisories.osv import range_in_words
from paddock.hub.advisories.values import Placed
from paddock.hub.context import Hub, HubDep
from paddock.hub.errors import RevisionNotFound
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.paging import Part as PagePart
from paddock.hub.reports import rows as report_rows
from paddock.hub.reports.cases import EXPORTED
from paddock.hub.reports.rows import Wanted
from paddock.hub.reports.rules import Part, part_in
from paddock.hub.reports.severity import Severity
from paddock.hub.types import Need
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.discussions.comment_html import shown_comment
from paddock.web.forms import Text, sentence
from paddock.web.page_routes import page_router
from paddock.web.reports.advisory_form import AdvisoryForm, as_it_stands, begun_from
from paddock.web.reports.filing import TAB
from paddock.web.repository.shell import open_shell

router = page_router()

ADVISORIES: Final = WEB_REPOSITORY + "/advisories"
ADVISORY: Final = ADVISORIES + "/{advisory:segment}"
LongText = Annotated[str, Form()]
Ids = Annotated[list[str], Form()]
_MAX_OFFERED: Final = 100  # reports in the form


@router.get(ADVISORIES)
def show_list(hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep) -> Response:
    """The repository's advisories, and those on the models that it was made of."""
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, TAB)
        own = rows.advisories_of(conn, shell.repo, with_withdrawn=True)
        told = inherited.concerning(conn, visitor.caller, shell.repo, shell.repo.head_oid)
    return visitor.show(
        "reports/advisories.html",
        shell=shell,
        own=[Placed(shell.repo, each) for each in own],
        concerned={each.name for each in told.own},
        inherited=told.inherited,
        range_in_words=range_in_words,
    )


@router.get(ADVISORIES + "/new")
def show_form(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, report: str = ""
) -> Response:
    """The form, begun from a report where one is named."""
    visitor.require_user()
    form = AdvisoryForm()
    if report:
        with hub.database.read() as conn:
            repo = access.open_repository(conn, visitor.caller, name, Need.WRITE)
            form = begun_from(report_rows.find_report(conn, visitor.caller, repo, report))
    return _show_form(hub, visitor, name, form)


@router.post(ADVISORIES + "/new")
def publish(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    form_key: Text = "",
    title: Text = "",
    severity: Text = "",
    details: LongText = "",
    advice: LongText = "",
    first: Text = "",
    last: Text = "",
    fixed: Text = "",
    report: Ids = [],  # noqa: B006  (FastAPI copies it)
) -> Response:
    """Publish it, and tell those who hold the model; or the form with what is wrong."""
    visitor.check_form(form_key)
    author = visitor.require_user()
    form = AdvisoryForm(title, severity, details, advice, first, last, fixed, report)
    try:
        draft = form.to_draft()
        with hub.database.write() as conn:
            repo = open_to_change(conn, visitor.caller, name, Need.WRITE)
            ids = dict.fromkeys(report[: publishing.MAX_REPORTS + 1])
            made_of = [report_rows.find_report(conn, visitor.caller, repo, each) for each in ids]
            made = publishing.publish(conn, repo, author, draft, made_of)
    except (BadInput, RevisionNotFound) as e:
        refused = replace(form, problem=sentence(e))
        return _show_form(hub, visitor, name, refused, status_code=e.status)
    return RedirectResponse(Placed(repo, made).path, 303)


@router.get(ADVISORY)
def show_advisory(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, advisory: str
) -> Response:
    """One advisory."""
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, TAB)
        found = rows.find_advisory(conn, shell.repo, advisory)
        caller, now = visitor.caller, clock.now()
        made_of = rows.reports_of(conn, found)
        seen = [r for r in made_of if part_in(conn, caller, shell.repo, r, now) is not Part.NOBODY]
    return visitor.show(
        "reports/advisory.html",
        shell=shell,
        advisory=found,
        details=shown_comment(found.details_html),
        advice=shown_comment(found.advice_html),
        range=range_in_words(found),
        reports=seen,
        private_reports=len(made_of) - len(seen),
        finders=[r.reporter.name for r in made_of if r.is_credited and r.reporter],
    )


@router.get(ADVISORY + "/edit")
def show_change(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, advisory: str
) -> Response:
    """The form with what the advisory says."""
    visitor.require_user()
    with hub.database.read() as conn:
        repo = access.open_repository(conn, visitor.caller, name, Need.WRITE)
        found = rows.find_advisory(conn, repo, advisory)
    return _show_form(hub, visitor, name, as_it_stands(found), editing=found.name)


@router.post(ADVISORY + "/edit")
def change(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    advisory: str,
    form_key: Text = "",
    title: Text = "",
    severity: Text = "",
    details: LongText = "",
    advice: LongText = "",
    first: Text = "",
    last: Text = "",
    fixed: Text = "",
) -> Response:
    """Say something else."""
    visitor.check_form(form_key)
    visitor.require_user()
    form = AdvisoryForm(title, severity, details, advice, first, last, fixed)
    try:
        draft = form.to_draft()
        with hub.database.write() as conn:
            repo = open_to_change(conn, visitor.caller, name, Need.WRITE)
            found = rows.find_advisory(conn, repo, advisory)
            changed = publishing.change(conn, repo, found, draft)
    except (BadInput, RevisionNotFound) as e:
        refused = replace(form, problem=sentence(e))
        return _show_form(hub, visitor, name, refused, editing=advisory, status_code=e.status)
    return RedirectResponse(Placed(repo, changed).path, 303)


@router.post(ADVISORY + "/withdraw")
def withdraw(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, advisory: str, form_key: Text = ""
) -> Response:
    """Take it back; it stays to be read."""
    visitor.check_form(form_key)
    visitor.require_user()
    with hub.database.write() as conn:
        repo = open_to_change(conn, visitor.caller, name, Need.WRITE)
        gone = publishing.withdraw(conn, repo, rows.find_advisory(conn, repo, advisory))
    return RedirectResponse(Placed(repo, gone).path, 303)


def _show_form(
    hub: Hub,
    visitor: Visitor,
    name: RepositoryName,
    form: AdvisoryForm,
    *,
    editing: str = "",
    status_code: int = 200,
) -> Response:
    now, found = clock.now(), []
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, TAB, Need.WRITE)
        if not editing:
            part = PagePart(_MAX_OFFERED)
            everything = report_rows.list_reports(
                conn, visitor.caller, shell.repo, Wanted(), part, now
            )
            found = [one for one in everything.items if one.state in EXPORTED]
    values: dict[str, Any] = {"form": form, "editing": editing, "reports": found}
    return visitor.show(
        "reports/advisory_form.html",
        status_code,
        shell=shell,
        severities=list(Severity)[::-1],
        now=now,
        **values,
    )

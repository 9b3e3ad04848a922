"""The page with a file's rows: a table, one row alone, or the figures of the columns.

Reads the file outside of any transaction, since that may take seconds. What cannot be shown is told
on the page, beside the choice of other files.
"""

from __future__ import annotations

from typing import Any

from fastapi.responses import RedirectResponse, Response

from paddock.errors import PaddockError
from paddock.hub import access
from paddock.hub.context import HubDep
from paddock.hub.download_log.noting import FILE
from paddock.hub.download_log.paths import Wanted
from paddock.hub.errors import GatedForCaller, GatedForStranger
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep, encode_path
from paddock.hub.previews.answers import Preview
from paddock.hub.previews.asking import ask
from paddock.hub.previews.filters import BadFilter, render_condition, render_filter
from paddock.hub.previews.questions import PAGE_ROWS, Comparison
from paddock.hub.previews.readers import PreviewRefused
from paddock.web.browser import VisitorDep
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import Shell, open_shell
from paddock.web.viewer.opening import Opened, open_file
from paddock.web.viewer.plots import HEIGHT, WIDTH, drawn
from paddock.web.viewer.view import AddedDep, View, ViewDep

router = page_router()

_LISTED_FILES = 200  # of a split, to choose from


@router.get(WEB_REPOSITORY + "/viewer")
def viewer(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, view: ViewDep, added: AddedDep
) -> Response:
    """What the address asks to see; whoever must ask for access first is led to do so."""
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "viewer")
        try:
            access.require_content(conn, visitor.caller, shell.repo)
        except (GatedForStranger, GatedForCaller):
            return RedirectResponse(f"{shell.repo.web_path}/ask-access", 303)
        opened = open_file(hub, conn, visitor.caller, shell.repo, view)
    view = opened.view
    if added is not None:
        return _with_condition(shell, view, added)
    answer, problem = _answer(opened)
    if answer is not None:
        shown = Wanted(opened.commit_oid, view.file)
        hub.download_log.note(hub.database, visitor.caller, shell.repo, FILE, shown)
    status = problem.status if problem is not None and _is_asked_wrongly(problem) else 200
    return visitor.show(
        "viewer/table.html",
        status,
        shell=shell,
        view=view,
        opened=opened,
        href=_href(shell, opened),
        answer=answer,
        problem=problem,
        **_around(view, answer, problem),
    )


def _with_condition(shell: Shell, view: View, added: Any) -> Response:
    try:
        where = render_filter((*view.conditions(), added))
    except BadFilter:
        where = render_condition(added)
    target = view.query(where=where, page=0, row=-1, figures=False)
    return RedirectResponse(f"{shell.repo.web_path}/viewer{target}", 303)


def _answer(opened: Opened) -> tuple[Preview | None, PaddockError | None]:
    if opened.entry is None or opened.format is None or opened.content is None:
        return None, opened.problem
    try:
        question = opened.view.question(opened.format, opened.packing, opened.content.size_bytes)
        return ask(opened.entry, opened.content, question), None
    except (BadFilter, PreviewRefused) as e:
        return None, e


def _is_asked_wrongly(problem: PaddockError) -> bool:
    """Rather than that the file is what it is."""
    return not isinstance(problem, PreviewRefused)


def _around(view: View, answer: Preview | None, problem: PaddockError | None) -> dict[str, Any]:
    """What the template shows beside the cells."""
    conditions = () if isinstance(problem, BadFilter) else view.conditions()
    return {
        "conditions": [(render_condition(one), view.without(one)) for one in conditions],
        "comparisons": list(Comparison),
        "page_rows": PAGE_ROWS,
        "listed_files": _LISTED_FILES,
        "bars": {one.column: drawn(one.bars) for one in answer.figures} if answer else {},
        "plot": (WIDTH, HEIGHT),
        "is_narrowed": bool(view.where or view.sort),
    }


def _href(shell: Shell, opened: Opened) -> str:
    """Where the file itself is."""
    return f"{shell.repo.web_path}/blob/{opened.commit_oid}/{encode_path(opened.view.file)}"

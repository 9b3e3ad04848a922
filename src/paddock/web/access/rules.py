"""The page of a gate's rules: who is let in by country, or by the domain of their address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi.responses import Response

from paddock.errors import BadInput
from paddock.hub import access
from paddock.hub.context import Hub, HubDep
from paddock.hub.gates import rules
from paddock.hub.gates.forms import read_gate
from paddock.hub.gates.rules import Rule
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.types import Need
from paddock.web.access.requests import PAGE
from paddock.web.account.scopes_form import FormPairs
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.forms import Done, back_to, said, sentence
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import open_shell

router = page_router()

# The fields of the form, each with one value a line.
FIELDS: Final = tuple((subject, effect) for subject in rules.SUBJECTS for effect in rules.EFFECTS)
_MAX_CHARS = 20_000
_SENTENCES: Final = {"saved": "The rules are saved. They count from the next request on."}


@router.get(PAGE + "/rules")
def show(hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, done: Done = "") -> Response:
    """The rules as they are."""
    with hub.database.read() as conn:
        repo = access.open_repository(conn, visitor.caller, name, Need.WRITE)
        found = rules.list_rules(conn, repo)
    return _show(hub, visitor, name, _lines_of(found), done=said(_SENTENCES, done))


@router.post(PAGE + "/rules")
def save(hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, pairs: FormPairs) -> Response:
    """These and no others."""
    fields = dict(pairs)
    visitor.check_form(fields.get("form_key", ""))
    lines = {_name(*field): fields.get(_name(*field), "")[:_MAX_CHARS] for field in FIELDS}
    try:
        with hub.database.write() as conn:
            repo = access.open_to_change(conn, visitor.caller, name, Need.WRITE)
            rules.set_rules(conn, repo, _rules_of(lines))
    except BadInput as e:
        return _show(hub, visitor, name, lines, e.status, problem=sentence(e))
    return back_to(f"{repo.web_path}/access/rules", "saved")


def _name(subject: str, effect: str) -> str:
    return f"{subject}-{effect}"


def _lines_of(found: Sequence[Rule]) -> dict[str, str]:
    return {
        _name(subject, effect): "\n".join(
            rule.value for rule in found if (rule.subject, rule.effect) == (subject, effect)
        )
        for subject, effect in FIELDS
    }


def _rules_of(lines: dict[str, str]) -> list[Rule]:
    return [
        Rule(subject, effect, line.strip())
        for subject, effect in FIELDS
        for line in lines[_name(subject, effect)].splitlines()
        if line.strip()
    ]


def _show(
    hub: Hub,
    visitor: Visitor,
    name: RepositoryName,
    lines: dict[str, str],
    status: int = 200,
    **values: object,
) -> Response:
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "access", Need.WRITE)
    asks_country = any(field.kind == "country" for field in read_gate(shell.repo.card).fields)
    return visitor.show(
        "access/rules.html", status, shell=shell, lines=lines, asks_country=asks_country, **values
    )

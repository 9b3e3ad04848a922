"""A change of files that a form asks for: who may make it, and the commit that it becomes.

Knows what all forms of the tab have in common: a message, and whether it shall be a pull request,
which it is for everybody who may not write here. When the branch moved while somebody was typing,
the change is made all the same, unless the very files that it is about are others now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

from fastapi import Depends, Form, Query
from fastapi.responses import RedirectResponse, Response

from paddock.errors import BadInput, Conflict, shown
from paddock.hub import access
from paddock.hub.context import Hub, HubDep
from paddock.hub.errors import StaleParent
from paddock.hub.git import files, refs
from paddock.hub.git.operations import Operation
from paddock.hub.http.commit_body import CommitBody, check_message
from paddock.hub.http.committing import Allowed, Made, Target, make_commit
from paddock.hub.http.paths import RepositoryNameDep, RevisionInPath
from paddock.hub.names import RepositoryName
from paddock.hub.types import Need
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.files.opened import Opened, open_files
from paddock.web.forms import Text

_ATTEMPTS: Final = 3
_MAX_OID_CHARS: Final = 40

# In the address of a form: it shall become a pull request, unless it is told otherwise there.
Proposes = Annotated[bool, Query(alias="pr")]


class ChangedMeanwhile(Conflict):
    """Somebody else changed a file while a form about it was open."""

    code = "changed_meanwhile"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose form it is, and for which branch."""

    hub: Hub
    visitor: Visitor
    name: RepositoryName
    rev: str

    def open(self, page: str, path: str) -> Opened:
        """The branch, if the visitor may propose changes of it; keeps no transaction open."""
        self.visitor.require_user()
        with self.hub.database.read() as conn:
            opened = open_files(
                self.hub, conn, self.visitor, self.name, self.rev, page=page, path=path
            )
            if opened.branch is None:
                message = f"{shown(self.rev)} is no branch, and only branches take commits"
                raise BadInput(message, hint="choose a branch first")
            if not opened.may_propose:
                access.require_writing_token(self.visitor.caller)
                access.require_content(conn, self.visitor.caller, opened.repo)
        return opened

    def target(self, opened: Opened, asked: Asked) -> Target:
        """Where the commit goes; who may not write here proposes."""
        is_proposal = (opened.branch or "").startswith(refs.PULL_REQUESTS)
        create_pr = not is_proposal and (asked.as_pull_request or not opened.shell.may_write)
        return Target(self.hub, self.visitor.caller, self.name, self.rev, create_pr)


def _place(hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, rev: RevisionInPath) -> Place:
    return Place(hub, visitor, name, rev)


PlaceDep = Annotated[Place, Depends(_place)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What every form says of the commit that it makes."""

    message: str = ""
    description: str = ""
    parent: str = ""  # the commit that the form was about
    as_pull_request: bool = False

    def whole_message(self, otherwise: str) -> str:
        """Both fields as the message of a commit."""
        first, rest = check_message(self.message), check_message(self.description)
        first = " ".join(first.split()) or otherwise
        return f"{first}\n\n{rest}" if rest else first


def _asked(
    visitor: VisitorDep,
    form_key: Text = "",
    message: Text = "",
    description: Text = "",
    parent: Annotated[str, Form(max_length=_MAX_OID_CHARS)] = "",
    as_pull_request: Text = "",
) -> Asked:
    visitor.check_form(form_key)
    return Asked(message, description, parent, bool(as_pull_request))


AskedDep = Annotated[Asked, Depends(_asked)]


def commit(
    target: Target,
    allowed: Allowed,
    operations: Sequence[Operation],
    message: str,
    *,
    parent: str | None = None,
    paths: Sequence[str] = (),
) -> Made:
    """The commit; ``paths`` are what must be as it was at ``parent``. Raises ChangedMeanwhile."""
    asked = CommitBody(message, parent, list(operations))
    for _ in range(_ATTEMPTS):
        try:
            return make_commit(target, allowed, asked)
        except StaleParent:
            if parent is None:
                raise
            asked = replace(asked, parent_commit=_moved_to(target, parent, paths))
    raise ChangedMeanwhile("others commit to this branch all the time", hint="try once more")


def _moved_to(target: Target, parent: str, paths: Sequence[str]) -> str:
    """The branch's tip, if there is nothing new at the paths."""
    with target.hub.database.read() as conn:
        repo = access.open_repository(conn, target.caller, target.name, Need.METADATA)
        tip = refs.resolve_revision(conn, repo, target.rev)
        before, now = (files.entries_at(conn, repo, oid, paths) for oid in (parent, tip))
    changed = [path for path in paths if before.get(path) != now.get(path)]
    if changed:
        raise ChangedMeanwhile(
            f"somebody changed {shown(changed[0])} since this form was opened",
            hint="look at what is there now, and change it again",
        )
    return tip


def lead_on(opened: Opened, made: Made, page: str, path: str) -> Response:
    """To the pull request that was opened, or to where the change can be seen."""
    if made.num is not None:
        return RedirectResponse(f"{opened.repo.web_path}/discussions/{made.num}", 303)
    return RedirectResponse(opened.address(page, path), 303)

"""A case in the repository: one commit on main, or a pull request, as through the API.

What a private report says becomes as public as the repository's files. That must be asked for by
name, where others may read them.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import Conflict
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.discussions import pull_requests
from paddock.hub.discussions.pull_requests import NewProposal
from paddock.hub.git import commits, refs
from paddock.hub.git.commits import CommitRequest
from paddock.hub.git.objects import ObjectType, make_object
from paddock.hub.git.operations import AddFile, check_path
from paddock.hub.reports import cases, events
from paddock.hub.reports.cases import Conditions
from paddock.hub.reports.values import Report, Said
from paddock.hub.types import Account, Repository


class WouldDisclose(Conflict):
    """A case would publish what its report keeps private."""

    code = "case_would_disclose"


class Keeping(NamedTuple):
    """How a case is to be kept."""

    link: str  # of the report's page
    as_pull_request: bool = False
    may_disclose: bool = False


class Kept(NamedTuple):
    """Where it is: a commit, and the number of its pull request."""

    path: str
    commit_oid: str
    num: int | None


def keep_case(
    conn: sa.Connection,
    repo: Repository,
    report: Report,
    actor: Account,
    conditions: Conditions,
    keeping: Keeping,
) -> Kept:
    """Commit the case for somebody who may write; the repository is locked.

    Raises BadInput, WouldDisclose, and what a commit raises.
    """
    is_kept_private = not report.is_public(clock.now()) and not repo.is_private
    if is_kept_private and not keeping.may_disclose:
        raise WouldDisclose(
            "the report is private, and whoever sees the repository would read its prompt",
            hint="say that you want this (disclose), or keep the file elsewhere",
        )
    content = cases.render_case(repo, report, conditions, keeping.link)
    path = check_path(cases.path_of(report))
    add = [AddFile(path, make_object(ObjectType.BLOB, content))]
    message = f"Add the case {report.public_id}"
    num = None
    if keeping.as_pull_request:
        new = NewProposal("main", add, message, "", message)
        discussion, oid = pull_requests.open_pull_request(conn, repo, actor, new)
        num = discussion.num
    else:
        oid = commits.create_commit(conn, repo, CommitRequest(refs.MAIN, add, actor, message))
    facts = {"path": path, "commit": oid, **({} if num is None else {"num": num})}
    events.append(conn, repo, report, actor, Said.CASE, facts)
    note(conn, Act.REPORT_DECIDE, repo=repo, report=report.public_id, case=path)
    return Kept(path, oid, num)

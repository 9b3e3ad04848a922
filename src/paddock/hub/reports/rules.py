"""Who may see a report, and who may do what with it.

A report is private until it was triaged: its reporter sees it, and those who may write to the
repository. Everybody else hears what they would hear if it were not there. Afterwards it is as
public as its repository from the moment on that the maintainers set, or stays private. Messages are
between the reporter and the maintainers, whoever sees the rest.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

import sqlalchemy as sa

from paddock import clock
from paddock.errors import Conflict, Forbidden, NotFound, PaddockError, Unauthorized
from paddock.hub import access
from paddock.hub.people import scopes
from paddock.hub.people.scopes import ACCOUNT, REPOSITORY
from paddock.hub.reports.values import Report
from paddock.hub.types import Account, Caller, Repository


class ReportNotFound(NotFound):
    """There is no such report, or this caller may not know that there is."""

    code = "report_not_found"


class ReportHidden(Unauthorized):
    """The same for a stranger, who might see it after signing in."""

    code = "report_hidden"


class ReportFull(Conflict):
    """The report holds as much as one may."""

    code = "report_full"


class TooManyReports(PaddockError):
    """Somebody reports, or says, more than anybody can read."""

    code = "too_many_reports"
    status = 429


class ReportsNotForAll(Forbidden):
    """Only maintainers do this with a report."""

    code = "report_for_maintainers"


class Part(IntEnum):
    """What somebody is to a report."""

    NOBODY = 0
    READER = 1
    REPORTER = 2
    MAINTAINER = 3


def part_in(
    conn: sa.Connection, caller: Caller, repo: Repository, report: Report, now: datetime
) -> Part:
    """What the caller, who sees the repository, is to the report."""
    if access.may_write(conn, caller, repo):
        return Part.MAINTAINER
    if is_reporter(caller, repo, report):
        return Part.REPORTER
    return Part.READER if report.is_public(now) else Part.NOBODY


def is_reporter(caller: Caller, repo: Repository, report: Report) -> bool:
    """Whether the caller wrote it; a fine-grained token counts where it may discuss."""
    account, reporter = caller.account, report.reporter
    if account is None or reporter is None or account.id != reporter.id:
        return False
    return may_speak(caller, repo)


def may_speak(caller: Caller, repo: Repository) -> bool:
    """Whether the caller's token reaches what they say here themselves."""
    bounds = caller.scopes
    where = ((REPOSITORY, repo.id), (ACCOUNT, repo.namespace_id))
    return bounds is None or bounds.holds(scopes.DISCUSS, *where)


def require_part(
    conn: sa.Connection, caller: Caller, repo: Repository, report: Report, least: Part
) -> Part:
    """What the caller is; raises ReportHidden, ReportNotFound, ReportsNotForAll."""
    part = part_in(conn, caller, repo, report, clock.now())
    if part is Part.NOBODY:
        raise missing(caller, report.public_id)
    if part < least:
        access.require_user(caller)
        who = "maintainers" if least is Part.MAINTAINER else "its reporter and maintainers"
        raise ReportsNotForAll(f"only {who} may do this with a report")
    return part


def require_speaker(
    conn: sa.Connection, caller: Caller, repo: Repository, report: Report, least: Part
) -> tuple[Account, Part]:
    """The same for who changes something, and so needs a token that may."""
    part = require_part(conn, caller, repo, report, least)
    account = access.require_writing_token(caller)
    return account, part


def missing(caller: Caller, public_id: str) -> ReportHidden | ReportNotFound:
    """What to raise for a report that this caller must think does not exist."""
    named = public_id if public_id.isascii() and public_id.isalnum() else "of that id"
    if caller.is_anonymous:
        return ReportHidden(
            f"the report {named[:24]} was not found, or is not public",
            hint="sign in, if you may see it",
        )
    return ReportNotFound(f"the report {named[:24]} was not found")

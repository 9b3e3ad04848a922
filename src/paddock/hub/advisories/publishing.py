"""Advisories made of reports by those who may write to the repository; changed, and withdrawn.

What is published is told to those who hold the model, by a job, and never deleted: an advisory that
was wrong is withdrawn, and says so. The caller holds the repository's lock.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from paddock import clock
from paddock.errors import BadInput, Conflict
from paddock.hub.advisories import affected as history
from paddock.hub.advisories.recipients import TELL
from paddock.hub.advisories.rows import MAX_OF_A_REPOSITORY, find_advisory
from paddock.hub.advisories.tables import advisories, advisory_reports
from paddock.hub.advisories.values import Advisory, Affected, Bound
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.discussions.rules import check_text, check_title
from paddock.hub.discussions.texts import render_comment
from paddock.hub.git import refs
from paddock.hub.jobs.queue import enqueue
from paddock.hub.reports import events
from paddock.hub.reports.cases import EXPORTED
from paddock.hub.reports.severity import Severity
from paddock.hub.reports.values import Report, Said
from paddock.hub.types import Account, Repository

MAX_REPORTS: Final = 50


class AdvisoryWithdrawn(Conflict):
    """The advisory was withdrawn, and stays as it is."""

    code = "advisory_withdrawn"


@dataclass(frozen=True, slots=True)
class Draft:
    """What an advisory is to say; revisions as somebody names them, empty ones unsaid."""

    title: str
    severity: Severity
    details: str
    advice: str
    first: str = ""
    last: str = ""
    fixed: str = ""


def publish(
    conn: sa.Connection, repo: Repository, author: Account, draft: Draft, made_of: Sequence[Report]
) -> Advisory:
    """A new advisory; raises BadInput, TooLarge, RevisionNotFound, Conflict."""
    _check_reports(made_of)
    _check_room(conn, repo)
    moment = clock.now()
    name = f"PADDOCK-{moment.year}-{secrets.token_hex(4)}"
    fixed_columns = {"name": name, "repo_id": repo.id, "author_id": author.id}
    row = {**_columns(conn, repo, draft), **fixed_columns}
    row |= {"published_at": moment, "updated_at": moment}
    advisory_id = conn.execute(advisories.insert().values(row).returning(advisories.c.id)).scalar()
    links = [{"advisory_id": advisory_id, "report_id": report.id} for report in made_of]
    conn.execute(advisory_reports.insert(), links)
    for report in made_of:
        events.append(conn, repo, report, author, Said.ADVISORY, {"name": name})
    enqueue(conn, TELL, {"name": name, "repo_id": repo.id}, unique=name)
    note(conn, Act.ADVISORY, repo=repo, advisory=name, what="publish")
    return find_advisory(conn, repo, name)


def change(conn: sa.Connection, repo: Repository, advisory: Advisory, draft: Draft) -> Advisory:
    """The advisory as it says now, which is told again; raises what ``publish`` does."""
    _check_standing(advisory)
    row = {**_columns(conn, repo, draft), "updated_at": clock.now()}
    conn.execute(advisories.update().where(advisories.c.id == advisory.id).values(row))
    enqueue(conn, TELL, {"name": advisory.name, "repo_id": repo.id}, unique=advisory.name)
    note(conn, Act.ADVISORY, repo=repo, advisory=advisory.name, what="change")
    return find_advisory(conn, repo, advisory.name)


def withdraw(conn: sa.Connection, repo: Repository, advisory: Advisory) -> Advisory:
    """It holds no longer, and is told as that."""
    _check_standing(advisory)
    moment = clock.now()
    row = {"withdrawn_at": moment, "updated_at": moment}
    conn.execute(advisories.update().where(advisories.c.id == advisory.id).values(row))
    enqueue(conn, TELL, {"name": advisory.name, "repo_id": repo.id}, unique=advisory.name)
    note(conn, Act.ADVISORY, repo=repo, advisory=advisory.name, what="withdraw")
    return find_advisory(conn, repo, advisory.name)


def _columns(conn: sa.Connection, repo: Repository, draft: Draft) -> dict[str, Any]:
    title, details = check_title(draft.title), check_text(draft.details)
    advice = check_text(draft.advice)
    affected = Affected(*(_bound(conn, repo, r) for r in (draft.first, draft.last, draft.fixed)))
    _check_range(conn, repo, affected)
    columns: dict[str, Any] = {
        "title": title,
        "severity": draft.severity,
        "details": details,
        "details_html": render_comment(conn, details).html,
        "advice": advice,
        "advice_html": render_comment(conn, advice).html,
        "tags": history.affected_tags(conn, repo, affected),
    }
    for name in ("first", "last", "fixed"):
        bound: Bound | None = getattr(affected, name)
        columns[f"{name}_revision"] = bound.revision if bound else None
        columns[f"{name}_oid"] = bound.commit_oid if bound else None
    return columns


def _bound(conn: sa.Connection, repo: Repository, revision: str) -> Bound | None:
    """A tag keeps its name; what may move is told by its commit."""
    revision = revision.strip()
    if not revision:
        return None
    oid = refs.resolve_revision(conn, repo, revision)
    tag = refs.find_ref(conn, repo, refs.TAGS + revision)
    return Bound(revision if tag is not None else oid, oid)


def _check_range(conn: sa.Connection, repo: Repository, affected: Affected) -> None:
    first, last, fixed = affected.first, affected.last, affected.fixed
    if last is not None and fixed is not None:
        raise BadInput(
            "an advisory ends with the last affected revision or with the one that puts it right",
            hint="give one of the two",
        )
    end = last or fixed
    if first is None or end is None:
        return
    is_empty = fixed is not None and fixed.commit_oid == first.commit_oid
    if is_empty or not history.leads_to(conn, repo, first.commit_oid, end.commit_oid):
        raise BadInput(f"{first.revision[:40]} does not lead to {end.revision[:40]}")


def _check_reports(made_of: Sequence[Report]) -> None:
    if not 0 < len(made_of) <= MAX_REPORTS:
        raise BadInput(f"an advisory is made of 1 to {MAX_REPORTS} reports")
    for report in made_of:
        if report.state not in EXPORTED:
            raise BadInput(
                f"the report {report.public_id} is {report.state.label}: nobody has confirmed it"
            )


def _check_room(conn: sa.Connection, repo: Repository) -> None:
    query = sa.select(sa.func.count()).where(advisories.c.repo_id == repo.id)
    if int(conn.execute(query).scalar_one()) >= MAX_OF_A_REPOSITORY:
        raise Conflict(f"{repo.full_name} has {MAX_OF_A_REPOSITORY} advisories, and takes no more")


def _check_standing(advisory: Advisory) -> None:
    if advisory.withdrawn_at is not None:
        raise AdvisoryWithdrawn(f"{advisory.name} was withdrawn", hint="publish a new one")

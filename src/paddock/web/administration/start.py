"""How the hub stands, in a few figures."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi.responses import Response

from paddock.hub.audit_log.checkpoints import last_checkpoint
from paddock.hub.audit_log.tables import audit_log_head
from paddock.hub.context import HubDep
from paddock.hub.jobs.listing import queue_figures
from paddock.hub.large.tables import repository_usage
from paddock.hub.tables import accounts, repositories
from paddock.web.administration.asking import START, require_administrator
from paddock.web.browser import VisitorDep
from paddock.web.page_routes import page_router

router = page_router()


@router.get(START)
def overview(hub: HubDep, visitor: VisitorDep) -> Response:
    """The figures, each with the way to more."""
    require_administrator(visitor)
    held = sa.func.sum(repository_usage.c.large_bytes + repository_usage.c.git_bytes)
    of_kind = sa.select(accounts.c.kind, sa.func.count()).group_by(accounts.c.kind)
    of_repositories = sa.select(repositories.c.kind, sa.func.count())
    with hub.database.read() as conn:
        people = {row[0]: row[1] for row in conn.execute(of_kind)}
        repos = list(conn.execute(of_repositories.group_by(repositories.c.kind)))
        used_bytes = conn.scalar(sa.select(held)) or 0
        figures = queue_figures(conn)
        entries = conn.scalar(sa.select(audit_log_head.c.seq)) or 0
        signed = last_checkpoint(conn)
    jobs: dict[str, int] = {}
    for figure in figures:
        jobs[figure.state] = jobs.get(figure.state, 0) + figure.jobs
    return visitor.show(
        "administration/start.html",
        people=people,
        repos=sorted((kind, count) for kind, count in repos),
        used_bytes=int(used_bytes),
        jobs=sorted(jobs.items()),
        entries=entries,
        signed=signed,
    )

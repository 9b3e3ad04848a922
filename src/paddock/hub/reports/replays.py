"""What the served model said to the same messages with the same settings, beside what was reported.

Knows rows; who runs a model is told in ``web.reports``. An output is the same if it is so to the
letter; with the reported seed and settings it may still differ, because other programs draw
otherwise.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import Conflict
from paddock.hub.people.accounts import new_public_id
from paddock.hub.reports import events
from paddock.hub.reports.tables import report_replays
from paddock.hub.reports.values import Replay, Report, Said
from paddock.hub.types import Account, Repository

MAX_REPLAYS: Final = 20
MAX_TOKENS: Final = 512  # of one answer, whatever the report says
DEFAULT_TOKENS: Final = 256
MAX_OUTPUT_CHARS: Final = 100_000


class ReplayedEnough(Conflict):
    """The report has as many replays as are kept."""

    code = "replayed_enough"


class Answered(NamedTuple):
    """What a model said, and why it ended."""

    commit_oid: str
    output: str
    finish: str
    max_tokens: int


def tokens_of(report: Report) -> int:
    """How many tokens a replay may take: as many as were asked for, within our bound."""
    return min(int(report.evidence.settings.get("max_tokens", DEFAULT_TOKENS)), MAX_TOKENS)


def check_room(conn: sa.Connection, report: Report) -> None:
    """Raise ReplayedEnough when no more replays are kept."""
    c = report_replays.c
    query = sa.select(sa.func.count()).where(c.report_id == report.id)
    if int(conn.execute(query).scalar_one()) >= MAX_REPLAYS:
        raise ReplayedEnough(f"this report was replayed {MAX_REPLAYS} times, and no more are kept")


def record(
    conn: sa.Connection, repo: Repository, report: Report, actor: Account, answered: Answered
) -> Replay:
    """Keep what was answered; the repository is locked. Raises ReplayedEnough, ReportFull."""
    check_room(conn, report)
    output = answered.output[:MAX_OUTPUT_CHARS].replace("\0", "\ufffd")
    row = {
        "public_id": new_public_id(),
        "report_id": report.id,
        "commit_oid": answered.commit_oid,
        "output": output,
        "is_identical": output == report.evidence.output,
        "finish": answered.finish[:20],
        "max_tokens": answered.max_tokens,
        "created_at": clock.now(),
    }
    conn.execute(report_replays.insert().values(row))
    facts = {"commit": answered.commit_oid, "identical": row["is_identical"]}
    events.append(conn, repo, report, actor, Said.REPLAY, facts)
    return _to_replay(row)


def list_replays(conn: sa.Connection, report: Report) -> list[Replay]:
    """All of them, the newest first."""
    c = report_replays.c
    query = sa.select(report_replays).where(c.report_id == report.id).order_by(c.id.desc())
    return [_to_replay(row) for row in conn.execute(query).mappings()]


def _to_replay(row: Any) -> Replay:
    return Replay(
        public_id=row["public_id"],
        commit_oid=row["commit_oid"],
        output=row["output"],
        is_identical=row["is_identical"],
        finish=row["finish"],
        max_tokens=row["max_tokens"],
        created_at=row["created_at"],
    )

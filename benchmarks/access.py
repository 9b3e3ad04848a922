"""How long the decision takes whether somebody may do something with a repository.

    python -m benchmarks.access [--repositories N] [--rounds N]

Fills a hub on SQLite with that many repositories of one organisation at every stage, and asks
``hub.access`` as everybody: the decision with its rows at hand, with the look-ups of the role and
the grant that it takes them from, and from the repository's name on. Prints the median and the
99th percentile of processor time, so that what else the machine does counts less.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from paddock.errors import PaddockError
from paddock.hub import access, lookup
from paddock.hub.access_table import Right
from paddock.hub.decision import decide, stages_of
from paddock.hub.names import RepositoryName
from paddock.hub.people.accounts import create_org, create_user, find_account, set_role
from paddock.hub.tables import access_grants, repositories
from paddock.hub.types import ANONYMOUS, Caller, Kind, Need, Repository
from paddock.storage.database import Database
from paddock.storage.migrate import migrate

_BATCH: Final = 10_000
_MOMENT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_STAGES: Final = {
    "private": (True, False, None),
    "invited": (True, True, None),
    "gated": (False, False, "manual"),
    "open": (False, False, None),
}
_PEOPLE: Final = ("anonymous", "reader", "invited", "guest", "member", "writer", "owner")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repositories", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=2_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'hub.db'}")
        migrate(database)
        _fill(database, wanted.repositories)
        print(
            f"{wanted.repositories:,} repositories, {wanted.rounds:,} questions a row, "
            "in µs of processor time"
        )
        print(
            f"{'who':<10} {'stage':<8} {'rows at hand':>16} {'with look-ups':>16} {'by name':>16}"
        )
        with database.read() as conn:
            for who in _PEOPLE:
                for number, stage in enumerate(_STAGES):
                    _measure(conn, who, stage, number, wanted.rounds)
        database.dispose()


def _measure(conn: sa.Connection, who: str, stage: str, number: int, rounds: int) -> None:
    account = find_account(conn, who)
    caller = ANONYMOUS if account is None else Caller(account, None)
    name = RepositoryName(Kind.MODEL, "lab", f"m{number}")
    repo = lookup.find_repository(conn, name)
    assert repo is not None
    known = access.standing_with(conn, caller, repo)
    found = (
        _timed(rounds, lambda: decide(Right.READ, stages_of(repo), known)),
        _timed(rounds, lambda: _asked(conn, caller, repo)),
        _timed(rounds, lambda: _opened(conn, caller, name)),
    )
    cells = " ".join(f"{median:>7.1f} {worst:>8.1f}" for median, worst in found)
    print(f"{who:<10} {stage:<8} {cells}")


def _asked(conn: sa.Connection, caller: Caller, repo: Repository) -> None:
    try:
        access.require(conn, caller, repo, Need.CONTENT)
    except PaddockError:
        return


def _opened(conn: sa.Connection, caller: Caller, name: RepositoryName) -> None:
    try:
        access.open_repository(conn, caller, name, Need.CONTENT)
    except PaddockError:
        return


def _timed(rounds: int, ask: Callable[[], object]) -> tuple[float, float]:
    for _ in range(rounds // 10):
        ask()
    took = []
    for _ in range(rounds):
        began = time.thread_time_ns()
        ask()
        took.append(time.thread_time_ns() - began)
    took.sort()
    return took[rounds // 2] / 1000, took[rounds * 99 // 100] / 1000


def _fill(database: Database, many: int) -> None:
    with database.write() as conn:
        people = {who: create_user(conn, who) for who in _PEOPLE if who != "anonymous"}
        lab = create_org(conn, "lab", owner=people["owner"])
        friends = create_org(conn, "friends", owner=people["guest"])
        for who, role in (("member", "read"), ("writer", "write")):
            set_role(conn, lab, people[who], role)
        stages = list(_STAGES.values())
        for start in range(1, many + 1, _BATCH):
            ids = range(start, min(start + _BATCH, many + 1))
            rows = [_row(id_, lab.id, stages[(id_ - 1) % len(stages)]) for id_ in ids]
            conn.execute(repositories.insert(), rows)
            let_in = (people["invited"].id, friends.id)
            grants = [_grant(id_, holder) for id_ in ids for holder in let_in]
            conn.execute(access_grants.insert(), grants)


def _row(id_: int, namespace_id: int, stage: tuple[bool, bool, str | None]) -> dict[str, object]:
    is_private, is_invited, gated = stage
    return {
        "id": id_, "public_id": f"{id_:024x}", "kind": "model", "namespace_id": namespace_id,
        "full_name": f"lab/m{id_ - 1}", "key": f"lab/m{id_ - 1}", "is_private": is_private,
        "is_invited": is_invited, "gated": gated, "created_at": _MOMENT, "updated_at": _MOMENT,
    }  # fmt: skip


def _grant(repo_id: int, holder_id: int) -> dict[str, object]:
    return {
        "repo_id": repo_id, "user_id": holder_id, "public_id": f"{repo_id:012x}{holder_id:012x}",
        "status": "accepted", "created_at": _MOMENT, "is_email_shared": False,
    }  # fmt: skip


if __name__ == "__main__":
    main()

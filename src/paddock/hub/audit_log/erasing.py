"""What is personal leaves the log when its time is over, and the chain still holds.

Addresses go after some days; so do the names of whoever deleted their account; and where the hub
keeps its log for some years only, the oldest entries go altogether. Each erasure is an entry
itself, so that whoever verifies the log can tell it from tampering.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.audit_log.acting import actor
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import Draft, append_at_end
from paddock.hub.audit_log.tables import audit_log, audit_log_checkpoints, audit_log_permits
from paddock.hub.context import Hub
from paddock.hub.jobs.handlers import every, handler
from paddock.hub.jobs.stopping import stop_here_if_asked
from paddock.storage.database import Database

KEEP_TO_RULES = "audit_log.erase"
# Fields that may name a person, or say what only they should decide to have said.
PERSONAL = frozenset(
    {"actor", "address", "subject", "repository", "name", "before", "text", "user", "files", "way"}
)
_AT_ONCE = 1000
_CUT_AT_ONCE = 10_000
_c = audit_log.c

every(6 * 3600)(KEEP_TO_RULES)


@handler(KEEP_TO_RULES)
def keep_to_rules(hub: Hub, _payload: dict[str, Any]) -> None:
    """Erase what is older than the rules say."""
    rules = hub.log_rules
    erase_addresses(hub.database, rules.address_days)
    for account_id in _gone_accounts(hub.database, rules.address_days):
        erase_person(hub.database, account_id)
    if rules.days:
        cut(hub.database, rules.days)


def erase_addresses(database: Database, days: int) -> int:
    """Blank the addresses of entries older than so many days; how many."""
    with database.read() as conn:
        first = _erased_up_to(conn) + 1
        last = _last_before(conn, days)
    found = _c.seq.between(first, last)
    return _erase(database, found, frozenset({"address"}), last, None) if last >= first else 0


def erase_person(database: Database, account_id: int) -> int:
    """Blank whatever names the account, wherever it acted or was acted upon; how many entries."""
    with database.read() as conn:
        last = conn.scalar(sa.select(sa.func.max(_c.seq))) or 0
    found = sa.or_(_c.actor_id == account_id, _c.account_id == account_id) & (_c.seq <= last)
    return _erase(database, found, PERSONAL, last, account_id)


def cut(database: Database, days: int) -> int:
    """Let the entries go that are older than so many days; how many."""
    gone = 0
    with database.read() as conn:
        end = _last_before(conn, days)
    while True:
        stop_here_if_asked()
        with database.write() as conn:
            first = conn.scalar(sa.select(sa.func.min(_c.seq))) or 0
            last = min(end, first + _CUT_AT_ONCE - 1)
            if not first or last < first:
                return gone
            before = conn.scalar(sa.select(_c.hash).where(_c.seq == last))
            _append(conn, Act.LOG_CUT, {"kept_from": last + 1, "hash_before": str(before)})
            with _permit(conn):
                conn.execute(audit_log.delete().where(_c.seq <= last))
                made = audit_log_checkpoints
                conn.execute(made.delete().where(made.c.seq <= last))
            gone += last - first + 1


def _erase(
    database: Database,
    found: sa.ColumnElement[bool],
    names: frozenset[str],
    up_to: int,
    account_id: int | None,
) -> int:
    """Blank fields in pieces; the entry that says so is written with the first of them."""
    changed, after = 0, 0
    is_noted = False
    while True:
        stop_here_if_asked()
        query = sa.select(_c.seq, _c.fields, _c.salts).where(found, _c.seq > after)
        with database.write() as conn:
            rows = conn.execute(query.order_by(_c.seq).limit(_AT_ONCE)).all()
            if not rows:
                return changed
            after = rows[-1].seq
            blanked = [new for row in rows if (new := _blanked(row, names))]
            if blanked:
                if not is_noted:
                    told = {"names": sorted(names), "up_to": up_to, "of": account_id}
                    _append(conn, Act.LOG_ERASE, told)
                is_noted = True
                _write_blanked(conn, blanked)
                changed += len(blanked)


def _blanked(row: Any, names: frozenset[str]) -> dict[str, Any] | None:
    if not names & row.fields.keys():
        return None
    kept = [{k: v for k, v in part.items() if k not in names} for part in (row.fields, row.salts)]
    return {"at": row.seq, "kept_fields": kept[0], "kept_salts": kept[1]}


def _write_blanked(conn: sa.Connection, blanked: Sequence[dict[str, Any]]) -> None:
    row = audit_log.update().where(_c.seq == sa.bindparam("at"))
    fields: sa.BindParameter[Any] = sa.bindparam("kept_fields", type_=_c.fields.type)
    salts: sa.BindParameter[Any] = sa.bindparam("kept_salts", type_=_c.salts.type)
    with _permit(conn):
        conn.execute(row.values(fields=fields, salts=salts), list(blanked))


@contextmanager
def _permit(conn: sa.Connection) -> Iterator[None]:
    """Within the block, and only in this transaction, the database lets entries be blanked."""
    conn.execute(audit_log_permits.insert().values(id=1))
    yield
    conn.execute(audit_log_permits.delete())


def _append(conn: sa.Connection, act: Act, told: dict[str, Any]) -> None:
    fields = {name: value for name, value in told.items() if value is not None}
    append_at_end(conn, [Draft(act, actor(), None, None, fields)])


def _erased_up_to(conn: sa.Connection) -> int:
    """How far the addresses of everybody went already, as the log itself says."""
    query = sa.select(_c.fields).where(_c.act == Act.LOG_ERASE.value).order_by(_c.seq.desc())
    for fields in conn.execute(query.limit(_AT_ONCE)).scalars():
        if fields.get("of") is None and "up_to" in fields:
            return int(fields["up_to"])
    return 0


def _last_before(conn: sa.Connection, days: int) -> int:
    moment = clock.now() - timedelta(days=days)
    return conn.scalar(sa.select(sa.func.max(_c.seq)).where(_c.happened_at < moment)) or 0


def _gone_accounts(database: Database, days: int) -> list[int]:
    """Accounts that were deleted so many days ago, and are still named."""
    with database.read() as conn:
        last = _last_before(conn, days)
        gone = sa.select(_c.account_id, _c.fields).where(
            _c.act == Act.ACCOUNT_DELETE.value, _c.seq <= last, _c.account_id.is_not(None)
        )
        return [row.account_id for row in conn.execute(gone) if "subject" in row.fields]

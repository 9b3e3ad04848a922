"""Acts become entries of the log in the very transaction that does them: both, or neither.

What a transaction notes is kept until it is about to commit, and appended then, all at once: the
end of the chain is held for one insert and one commit, and as the last lock of all, so that no two
writers wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from paddock import clock
from paddock.errors import shown
from paddock.hub.audit_log.acting import Actor, actor
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.entries import FIRST, Entry, Place, Value, sealed
from paddock.hub.audit_log.tables import audit_log, audit_log_head
from paddock.hub.types import Account, Repository
from paddock.storage.database import before_commit
from paddock.storage.sql import insert_ignore

MAX_TEXT_CHARS = 2000
MAX_ITEMS = 100
_HEAD_ID = 1
_DRAFTS = "paddock.audit_log"


class Head(NamedTuple):
    """The end of the chain."""

    seq: int
    hash: str


class Draft(NamedTuple):
    """An act that waits for its transaction to commit."""

    act: Act
    actor: Actor
    repo_id: int | None
    account_id: int | None
    fields: Mapping[str, Value]


def note(
    conn: sa.Connection,
    act: Act,
    *,
    repo: Repository | None = None,
    account: Account | int | None = None,
    **told: Value,
) -> None:
    """Note what is done in this transaction, to which repository or account, with which details.

    Never inside a savepoint that may be rolled back. No secret, and no more of a text than says
    what was done.
    """
    who = actor()
    subject: dict[str, Value] = {}
    if repo is not None:
        subject["repository"] = f"{repo.kind}s/{repo.full_name}"
    if isinstance(account, Account):
        subject["subject"] = account.name
    fields = {k: _bounded(v) for k, v in (subject | told).items() if v is not None}
    account_id = account.id if isinstance(account, Account) else account
    ids = (repo.id if repo else None, account_id)
    append_at_end(conn, [Draft(act, who, *ids, fields)])


def append_at_end(conn: sa.Connection, drafts: Sequence[Draft]) -> None:
    """Append these when the transaction commits; those of one transaction stay in their order."""
    if before_commit(conn, _append_all):
        # The pool gives ``info`` on with the connection: what an error left there is not ours.
        conn.info[_DRAFTS] = []
    conn.info[_DRAFTS].extend(drafts)


def hold_head(conn: sa.Connection) -> Head:
    """The end of the chain, which nobody else moves before this transaction ends."""
    query = sa.select(audit_log_head.c.seq, audit_log_head.c.hash)
    row = conn.execute(query.with_for_update()).one_or_none()
    if row is None:
        insert_ignore(conn, audit_log_head, [{"id": _HEAD_ID, "seq": 0, "hash": FIRST}])
        row = conn.execute(query.with_for_update()).one()
    return Head(row.seq, row.hash)


def _append_all(conn: sa.Connection) -> None:
    drafts: list[Draft] = conn.info.pop(_DRAFTS)
    head, moment, rows = hold_head(conn), clock.now(), []
    for draft in drafts:
        entry = _entry(draft, Place(head.seq + 1, moment, head.hash))
        head = Head(entry.seq, entry.hash)
        rows.append(_row(entry))
    conn.execute(audit_log.insert(), rows)
    conn.execute(audit_log_head.update().values(seq=head.seq, hash=head.hash))


def _entry(draft: Draft, place: Place) -> Entry:
    who = draft.actor
    by: dict[str, Value] = {"way": who.way}
    if who.name is not None:
        by["actor"] = who.name
    if who.address is not None:
        by["address"] = who.address
    ids = (who.account_id, draft.repo_id, draft.account_id)
    return sealed(place, draft.act.value, ids, by | dict(draft.fields))


def _row(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in audit_log.c.keys()}  # noqa: SIM118


def _bounded(value: Value) -> Value:
    """As it may stand in an entry: what a database keeps, and canonical JSON can say."""
    if isinstance(value, str):
        text = value if len(value) <= MAX_TEXT_CHARS else value[: MAX_TEXT_CHARS - 1] + "…"
        return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    if isinstance(value, list):
        return [_bounded(item) for item in value[:MAX_ITEMS]]  # type: ignore[return-value]
    if isinstance(value, int) and abs(value) > 2**53 - 1:
        return shown(value)
    return value

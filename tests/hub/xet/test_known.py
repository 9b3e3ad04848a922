"""What an account knows of xorbs: what it sent, what it was told, and for how long that is kept."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paddock import clock
from paddock.hub.large.tables import xorb_known_to
from paddock.hub.people.accounts import create_user
from paddock.hub.tables import xorbs
from paddock.hub.xet import known
from paddock.hub.xet.known import Mask
from paddock.storage.database import Database

XORB = "a" * 64


@pytest.fixture
def account(database: Database) -> int:
    with database.write() as conn:
        row = {"hash": XORB, "blob_sha256": "0" * 64, "serialized_bytes": 1, "chunks": b""}
        more = {"unpacked_bytes": 1, "chunk_count": 1, "created_at": clock.now()}
        conn.execute(xorbs.insert().values({**row, **more}))
        return create_user(conn, "alice").id


def _mask(*flags: int) -> Mask:
    return np.array(flags, np.bool_)


def _known(database: Database, account: int) -> list[int] | None:
    with database.read() as conn:
        mask = known.known_to(conn, account, [XORB])[XORB]
    return None if mask is None else np.flatnonzero(mask).tolist()


def test_what_was_told_adds_up_and_what_was_sent_is_everything(
    database: Database, account: int
) -> None:
    for told, expected in [((0, 1), [1]), ((1, 0, 0, 0, 0, 0, 0, 0, 1), [0, 1, 8]), ((0,), None)]:
        with database.write() as conn:
            known.add_told(conn, account, {XORB: _mask(*told)})
            assert not known.was_sent_by(conn, account, XORB)
        assert _known(database, account) == (expected or [0, 1, 8])
    with database.write() as conn:
        known.add_sent(conn, account, [XORB])
        known.add_told(conn, account, {XORB: _mask(1)})  # is known already
        assert known.was_sent_by(conn, account, XORB)
        assert not known.was_sent_by(conn, account + 1, XORB)
    assert _known(database, account) is None


def test_telling_it_again_makes_it_young_again(database: Database, account: int) -> None:
    long_ago = clock.now() - timedelta(days=20)
    with database.write() as conn:
        known.add_told(conn, account, {XORB: _mask(1)})
        conn.execute(xorb_known_to.update().values(since=long_ago))
        recent = clock.now() - timedelta(days=1)
        assert known.known_to(conn, account, [XORB], told_since=recent) == {}
        known.add_told(conn, account, {XORB: _mask(1)})
        assert list(known.known_to(conn, account, [XORB], told_since=recent)) == [XORB]


def test_it_goes_with_the_xorb(database: Database, account: int) -> None:
    with database.write() as conn:
        known.add_sent(conn, account, [XORB])
        conn.execute(xorbs.delete())
        assert conn.execute(sa.select(xorb_known_to)).all() == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=70), min_size=1, max_size=5))
def test_any_masks_make_their_union(
    database: Database, account: int, masks: list[list[bool]]
) -> None:
    with database.write() as conn:
        conn.execute(xorb_known_to.delete())
        for mask in masks:
            known.add_told(conn, account, {XORB: np.array(mask, np.bool_)})
    expected = {at for mask in masks for at, is_told in enumerate(mask) if is_told}
    assert _known(database, account) == sorted(expected)

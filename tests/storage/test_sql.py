"""Rows that are added only where they are new, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.tables import large_files
from paddock.storage.database import Database
from paddock.storage.sql import in_chunks, insert_ignore


def row(number: int, size_bytes: int = 1) -> dict[str, object]:
    return {"sha256": f"{number:064x}", "size_bytes": size_bytes, "is_blob": True}


def sizes(database: Database) -> dict[int, int]:
    with database.read() as conn:
        found = conn.execute(sa.select(large_files.c.sha256, large_files.c.size_bytes))
        return {int(sha256, 16): size for sha256, size in found}


def test_new_rows_are_inserted_and_present_ones_stay_as_they_are(database: Database) -> None:
    with database.write() as conn:
        insert_ignore(conn, large_files, [row(1, 10), row(2, 20)])
        insert_ignore(conn, large_files, [row(2, 99), row(3, 30), row(3, 99)])
        insert_ignore(conn, large_files, [])
    assert sizes(database) == {1: 10, 2: 20, 3: 30}


def test_ten_thousand_rows_go_in_at_once(database: Database) -> None:
    with database.write() as conn:
        insert_ignore(conn, large_files, [row(number) for number in range(10_001)])
    assert len(sizes(database)) == 10_001


def test_writers_of_the_same_rows_in_opposite_orders_do_not_deadlock(database: Database) -> None:
    def insert(turn: int) -> None:
        rows = [row(number) for number in range(500)]
        with database.write() as conn:
            insert_ignore(conn, large_files, rows[:: 1 if turn % 2 else -1])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(insert, range(16)))
    assert len(sizes(database)) == 500


@given(st.lists(st.integers(), max_size=50), st.integers(1, 20))
def test_chunks_are_the_values_in_order_and_never_too_many(values: list[int], size: int) -> None:
    chunks = list(in_chunks(values, size))
    assert [value for chunk in chunks for value in chunk] == values
    assert all(0 < len(chunk) <= size for chunk in chunks)


def test_a_long_list_fits_into_one_query_a_chunk(database: Database) -> None:
    with database.write() as conn:
        insert_ignore(conn, large_files, [row(number) for number in range(3000)])
    wanted = [f"{number:064x}" for number in range(2000, 5000)]
    with database.read() as conn:
        found = [
            sha256
            for chunk in in_chunks(wanted)
            for sha256 in conn.scalars(
                sa.select(large_files.c.sha256).where(large_files.c.sha256.in_(chunk))
            )
        ]
    assert len(found) == 1000

"""Cursors: what was written is read, and anything else is refused."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.errors import BadInput
from paddock.hub.paging import read_cursor, write_cursor

moments = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))
ids = st.integers(0, 2**63 - 1)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


@given(moment=moments, id_=ids, name=names)
def test_a_cursor_leads_back_to_its_place(moment: datetime, id_: int, name: str) -> None:
    assert read_cursor(write_cursor((moment, id_)), (datetime, int)) == [moment, id_]
    assert read_cursor(write_cursor((name,)), (str,)) == [name]


@given(text=st.text(max_size=500) | st.binary(max_size=100).map(lambda b: b.decode("latin-1")))
def test_no_text_is_taken_for_a_cursor_by_mistake(text: str) -> None:
    with pytest.raises(BadInput):
        read_cursor(text, (datetime, int, str, int))


@pytest.mark.parametrize(
    "values",
    [
        [], {}, None, "x", [1], ["2026-01-01T00:00:00+00:00"], [1, 1], [True, 1],
        ["2026-01-01T00:00:00+00:00", "1"], ["2026-01-01T00:00:00+00:00", True],
        ["2026-01-01T00:00:00+00:00", 2**63], ["soon", 1], ["0001-01-01T00:00:00+23:59", 1],
        ["2026-01-01T00:00:00+00:00", 1.0], ["2026-01-01T00:00:00+00:00", 1, 1],
    ],
)  # fmt: skip
def test_another_lists_cursor_is_refused(values: Any) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
    with pytest.raises(BadInput, match="does not belong"):
        read_cursor(cursor, (datetime, int))


def test_text_that_no_database_keeps_is_refused() -> None:
    for text in ("a\0b", "\ud800"):
        cursor = base64.urlsafe_b64encode(json.dumps([text]).encode()).decode()
        with pytest.raises(BadInput):
            read_cursor(cursor, (str,))

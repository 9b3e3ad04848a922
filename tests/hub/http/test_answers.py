"""JSON that any client can read, whatever a card brought into the database."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.http.answers import json_answer, to_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(values)
def test_every_value_that_json_knows_is_written(value: object) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    json.loads(to_json(value), parse_constant=refuse)


@pytest.mark.parametrize("value", [10**30, "\ud800", [math.nan, 10**30], {"a": -math.inf}])
def test_what_the_fast_writer_refuses_is_written_too(value: object) -> None:
    answer = json_answer({"value": value}, {"X-Total-Count": "1"})
    assert answer.status_code == 200
    assert answer.headers["x-total-count"] == "1"
    assert "value" in json.loads(answer.body)

"""JSON that would make the parser allocate more than any honest file does."""

from __future__ import annotations

import pytest

from paddock.checkpoint.errors import BadConfig
from paddock.checkpoint.strict_json import MAX_CONTAINERS, MAX_ITEMS, parse_object


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":[' + b"[]," * MAX_CONTAINERS + b"0]}",
        b'{"a":' + b"[" * (MAX_CONTAINERS + 1),
        b'{"a":[' + b"0," * (MAX_ITEMS + 1) + b"0]}",
    ],
)
def test_more_objects_than_any_honest_file_has_are_refused(raw: bytes) -> None:
    with pytest.raises(BadConfig) as caught:
        parse_object(raw, "config.json", BadConfig)
    assert caught.value.reason == "too_many"

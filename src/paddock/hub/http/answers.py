"""Answers in JSON, written fast.

Cards are other people's data: numbers that JSON has no word for become null, and what the fast
writer refuses (integers of any length, halves of characters) is written by the slow one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response


def json_answer(value: Any, headers: Mapping[str, str] | None = None) -> Response:
    """200 with the value as JSON."""
    return Response(to_json(value), headers=dict(headers or {}), media_type="application/json")


def to_json(value: Any) -> bytes:
    """The value as JSON, whatever a database gave us."""
    try:
        return orjson.dumps(value)
    except TypeError:
        plain = json.loads(json.dumps(value), parse_constant=lambda _name: None)
        return json.dumps(plain).encode()

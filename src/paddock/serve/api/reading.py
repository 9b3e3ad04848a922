"""A body becomes a checked value: bounded before it is parsed, and refused by its first fault.

How many bytes it may have is the frame's to say (``app``).
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final, TypeVar

import orjson
from fastapi import Request
from pydantic import BaseModel, ValidationError

from paddock.errors import TooLarge
from paddock.llama.tokenizer import whole_characters
from paddock.serve.api.errors import BadBody, BadParameter
from paddock.serve.api.parameters import check_names
from paddock.serve.http.errors import GIVEN_KEY

# What a parser allocates is bounded by what can be counted before.
MAX_CONTAINERS: Final = 200_000
MAX_ITEMS: Final = 2_000_000
_QUICK_BYTES: Final = 1 << 16

M = TypeVar("M", bound=BaseModel)


async def read_body(request: Request, model: type[M]) -> M:
    """The body; raises BadBody, TooLarge, BadParameter and what ``check_names`` raises."""
    raw = await request.body()
    if len(raw) <= _QUICK_BYTES:
        body = _body_of(raw, model)
    else:
        body = await asyncio.to_thread(_body_of, raw, model)
    request.scope[GIVEN_KEY] = body.model_fields_set
    return body


def _body_of(raw: bytes, model: type[M]) -> M:
    """The same of bytes."""
    value = _parsed(raw)
    if not isinstance(value, dict):
        raise BadBody("the body must be a JSON object")
    check_names(value, model)
    try:
        return model.model_validate(value)
    except ValidationError as e:
        first = e.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadParameter(f"{place or 'the body'}: {first['msg']}", param=place or None) from None


def _parsed(raw: bytes) -> Any:
    if raw.count(b"[") + raw.count(b"{") > MAX_CONTAINERS or raw.count(b",") > MAX_ITEMS:
        raise TooLarge("the body has more objects or items than any honest request")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as e:
        if b"\\ud" not in raw.lower():
            raise BadBody(f"the body is not JSON: {e}") from None
    # JavaScript writes half of a character as an escape; it is taken for U+FFFD.
    try:
        return _mended(json.loads(raw, parse_constant=_refuse))
    except (ValueError, RecursionError):
        raise BadBody("the body is not JSON") from None


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, dict):
        return {whole_characters(key): _mended(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return value


def _refuse(constant: str) -> None:
    raise ValueError(constant)

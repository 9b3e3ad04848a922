"""JSON as evidence: one reading only, and bounded.

Python's parser keeps the last of two equal keys, accepts NaN, and would let two programs see two
different files. Here a duplicate key, a non-finite number, bad UTF-8, a lone surrogate, leading
space or deep nesting is an error. Knows nothing of what the JSON means.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, Never

from paddock.checkpoint.errors import BadCheckpoint

# What the parser allocates is bounded by what can be counted before: the largest tokenizer.json of
# any open model has half of this.
MAX_CONTAINERS = 1_000_000
MAX_ITEMS = 4_000_000
MAX_FILE_BYTES = 64 << 20  # config, index and tokenizer files; a Llama 3 tokenizer.json has 17 MB
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_object(raw: bytes, where: str, error: type[BadCheckpoint]) -> dict[str, Any]:
    """The JSON object in ``raw``; refusals are raised as ``error`` and name ``where``."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as e:
        raise error("not_utf8", f"{where} is not UTF-8 (byte {e.start})") from e
    if raw.count(b"{") + raw.count(b"[") > MAX_CONTAINERS or raw.count(b",") > MAX_ITEMS:
        raise error("too_many", f"{where} has more objects or items than any honest file")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_refuse_constant,
            parse_float=_finite_float,
        )
    except _Refused as e:
        raise error(e.reason, f"{where}: {e}") from None
    except RecursionError:
        raise error("too_deep", f"{where} is nested absurdly deep") from None
    except ValueError as e:
        raise error("not_json", f"{where} is not valid JSON: {e}") from e
    if _ESCAPED_SURROGATE.search(text) and not _is_encodable(value):
        raise error("lone_surrogate", f"{where} holds half of a character (a lone surrogate)")
    if not isinstance(value, dict):
        raise error("not_an_object", f"{where} must be a JSON object, not {type(value).__name__}")
    return value


def load_object(path: Path, error: type[BadCheckpoint]) -> dict[str, Any]:
    """The JSON object in a small file; a file over ``MAX_FILE_BYTES`` is refused unread."""
    return parse_object(read_small(path, error), path.name, error)


def read_small(path: Path, error: type[BadCheckpoint], limit_bytes: int = MAX_FILE_BYTES) -> bytes:
    """The whole file, if it has at most ``limit_bytes``."""
    if path.exists() and not path.is_file():  # a pipe would wait for ever
        raise error("not_a_file", f"{path.name} is not a regular file")
    try:
        with path.open("rb") as file:
            raw = file.read(limit_bytes + 1)
    except OSError as e:
        raise error("unreadable", f"{path.name} cannot be read: {e.strerror}") from e
    if len(raw) > limit_bytes:
        raise error("too_large", f"{path.name} is larger than {limit_bytes} bytes")
    return raw


def _is_encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class _Refused(ValueError):
    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Refused("duplicate_key", f"the key {key[:80]!r} appears twice")
            seen.add(key)
    return result


def _refuse_constant(constant: str) -> Never:
    raise _Refused("not_finite", f"{constant} is not JSON")


def _finite_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Refused("not_finite", f"the number {text[:40]} is out of range")
    return value

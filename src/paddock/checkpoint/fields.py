"""Typed, bounded values out of untrusted JSON objects.

A field that is missing, of another type (a bool is no int) or out of its range is refused with its
name and value. Knows nothing of any particular file.
"""

from __future__ import annotations

from typing import Any, TypeVar

from paddock.checkpoint.errors import BadConfig
from paddock.errors import shown

Json = dict[str, Any]
_N = TypeVar("_N", int, float)


def integer(source: Json, name: str, low: int, high: int, default: int | None = None) -> int:
    """A whole number within ``low..high``; required when there is no default."""
    value = source.get(name)
    if value is None:
        value = default
    if value is None:
        raise BadConfig("missing_field", f"the configuration has no {name}")
    if type(value) is not int:
        raise wrong_type(name, value, "a whole number")
    return _within(name, value, low, high)


def optional_integer(source: Json, name: str, low: int, high: int) -> int | None:
    """A whole number, or None when the field is missing or null."""
    return None if source.get(name) is None else integer(source, name, low, high)


def number(source: Json, name: str, low: float, high: float, default: float | None = None) -> float:
    """A finite number within ``low..high``."""
    value = source.get(name)
    if value is None:
        value = default
    if value is None:
        raise BadConfig("missing_field", f"the configuration has no {name}")
    if type(value) not in (int, float):
        raise wrong_type(name, value, "a number")
    _within(name, value, low, high)  # before float(): an int may be too large for one
    return float(value)


def boolean(source: Json, name: str, default: bool) -> bool:
    """True or false; null counts as missing."""
    value = source.get(name)
    if value is None:
        return default
    if type(value) is not bool:
        raise wrong_type(name, value, "true or false")
    return value


def text(source: Json, name: str, default: str) -> str:
    """A string; null counts as missing."""
    value = source.get(name)
    if value is None:
        return default
    if type(value) is not str:
        raise wrong_type(name, value, "a string")
    return value


def wrong_type(name: str, value: object, wanted: str) -> BadConfig:
    """The refusal of a value that is not what the field needs."""
    return BadConfig("wrong_type", f"{name} must be {wanted}, not {shown(value)}")


def _within(name: str, value: _N, low: _N, high: _N) -> _N:
    if not low <= value <= high:
        raise BadConfig("out_of_range", f"{name} is {shown(value)}; it must be {low} to {high}")
    return value

"""Where schemas stand within a JSON schema, and where its references lead.

Knows the keywords of draft 2020-12 that hold schemas (and older names of the same), so that what
stands in ``const`` or ``default`` is never taken for one. References stay within the schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

from paddock.engine.errors import BadGrammar
from paddock.errors import shown

Schema = dict[str, Any] | bool

NAMED: Final = ("properties", "patternProperties", "$defs", "definitions")
LISTED: Final = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
SINGLE: Final = ("items", "additionalProperties", "additionalItems")


def schemas_within(schema: dict[str, Any]) -> Iterator[tuple[str, Schema]]:
    """The keyword and each schema that stands directly in it."""
    for keyword in NAMED:
        value = schema.get(keyword)
        if isinstance(value, dict):
            yield from ((keyword, _schema(keyword, each)) for each in value.values())
    for keyword in LISTED:
        value = schema.get(keyword)
        if isinstance(value, list):
            yield from ((keyword, _schema(keyword, each)) for each in value)
    for keyword in SINGLE:
        if keyword in schema and not isinstance(schema[keyword], list):
            yield keyword, _schema(keyword, schema[keyword])


def target(root: Schema, reference: object) -> Schema:
    """What ``$ref`` points to; raises BadGrammar where that is no schema of this document."""
    place = None
    if isinstance(reference, str) and (reference == "#" or reference.startswith("#/")):
        place = _pointed(root, unquote(reference[1:]).split("/")[1:])
    if not isinstance(place, dict | bool):
        raise BadGrammar(f"$ref {shown(str(reference))} leads to no schema within this one")
    return place


def _pointed(place: Any, steps: list[str]) -> Any:
    """What an RFC 6901 pointer leads to; None where that is nothing."""
    for step in steps:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(place, dict):
            place = place.get(name)
        elif isinstance(place, list) and name.isdecimal() and int(name) < len(place):
            place = place[int(name)]
        else:
            return None
    return place


def _schema(keyword: str, value: object) -> Schema:
    if not isinstance(value, dict | bool):
        raise BadGrammar(f"{keyword} holds {shown(repr(value))}, which is no schema")
    return value

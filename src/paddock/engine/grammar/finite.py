"""Whether any JSON that satisfies a schema ends.

An object that requires itself has no finite instance: output that follows its schema would go on
for ever. A schema's value ends if what it requires ends; which do is the least fixed point, found
by asking a schema again whenever one that it holds was found to end.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from paddock.engine.grammar.schema_places import Schema, schemas_within, target


def has_finite_instance(root: dict[str, Any]) -> bool:
    """Whether what the schema requires can end; raises BadGrammar where a reference is lost."""
    schemas, holders = _reached(root)
    finite = set[int]()
    waiting = list(schemas)
    while waiting and id(root) not in finite:
        found = waiting.pop()
        if found not in finite and _ends(schemas[found], root, finite):
            finite.add(found)
            waiting += holders[found]
    return id(root) in finite


def _reached(root: dict[str, Any]) -> tuple[dict[int, dict[str, Any]], dict[int, list[int]]]:
    """Every schema that is reached, by its identity, and the schemas that hold each."""
    seen = {id(root): root}
    holders = defaultdict[int, list[int]](list)
    waiting = [root]
    while waiting:
        schema = waiting.pop()
        nearby = [each for _, each in schemas_within(schema)]
        if "$ref" in schema:
            nearby.append(target(root, schema["$ref"]))
        for each in nearby:
            if isinstance(each, dict):
                holders[id(each)].append(id(schema))
                if id(each) not in seen:
                    seen[id(each)] = each
                    waiting.append(each)
    return seen, holders


def _is_finite(schema: Schema, finite: set[int]) -> bool:
    return schema if isinstance(schema, bool) else id(schema) in finite


def _ends(schema: dict[str, Any], root: dict[str, Any], finite: set[int]) -> bool:
    """Whether a value of this schema can end, given which others can."""
    if "$ref" in schema and not _is_finite(target(root, schema["$ref"]), finite):
        return False
    if not all(_is_finite(each, finite) for each in schema.get("allOf", ())):
        return False
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword) and not any(_is_finite(each, finite) for each in schema[keyword]):
            return False
    if "const" in schema or "enum" in schema:
        return "const" in schema or bool(schema["enum"])
    types = schema.get("type", "string")
    types = types if isinstance(types, list) else [types]
    if any(each not in ("object", "array") for each in types):
        return True
    return ("object" in types and _object_ends(schema, finite)) or (
        "array" in types and _array_ends(schema, finite)
    )


def _object_ends(schema: dict[str, Any], finite: set[int]) -> bool:
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
    required = [name for name in schema.get("required", ()) if isinstance(name, str)]
    return all(_is_finite(properties.get(name, rest), finite) for name in required)


def _array_ends(schema: dict[str, Any], finite: set[int]) -> bool:
    items = schema.get("items", True)
    first = items if isinstance(items, list) else schema.get("prefixItems", [])
    rest = schema.get("additionalItems", True) if isinstance(items, list) else items
    wanted = schema.get("minItems", 0)
    wanted = wanted if isinstance(wanted, int) else 0
    return all(_is_finite(each, finite) for each in first[:wanted]) and (
        wanted <= len(first) or _is_finite(rest, finite)
    )

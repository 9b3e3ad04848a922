"""JSON schemas that are refused before they are compiled: too large, or never satisfied.

Sizes are bounded since compiling cannot be stopped: each limit is where the worst schema known to
us compiles within a few hundred milliseconds. What passes means what JSON Schema says or is refused
by the compiler; nothing that constrains is ignored. An object that names its properties gets no
others unless the schema speaks of them: free to, a small model would write them for ever. A schema
whose every instance is infinite (an object that requires itself) is refused here, since its output
would never end.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any, Final

from paddock.engine.errors import BadGrammar
from paddock.engine.grammar.finite import has_finite_instance
from paddock.engine.grammar.schema_places import Schema, schemas_within, target
from paddock.errors import shown

MAX_SCHEMAS: Final = 2_000
MAX_NESTING: Final = 64  # of schemas
MAX_PROPERTIES: Final = 1_000
MAX_PATTERN_PROPERTIES: Final = 32
MAX_ENUM_VALUES: Final = 5_000
MAX_ENUM_STRUCTURES: Final = 500  # of these, objects and arrays
MAX_TEXT_CHARS: Final = 8 * 1024  # of one value of enum, or one pattern: 400 bytes for each
MAX_MULTIPLES: Final = 16
MAX_MULTIPLE: Final = 10_000  # the least common multiple of all multipleOf, without its decimals
MAX_CONJUNCTION: Final = 8  # schemas that one value must follow at once

# Where these stand with others, one value must follow both.
_ANNOTATIONS: Final = frozenset(
    ("$defs", "definitions", "$schema", "$id", "$anchor", "$comment", "title", "description")
).union(("default", "examples", "deprecated", "readOnly", "writeOnly"))
_JOINING: Final = frozenset(("allOf", "$ref"))
# What others say of the same object, so that it cannot be closed by what stands at one place.
_ELSEWHERE: Final = frozenset(
    ("allOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "$dynamicRef")
).union(("unevaluatedProperties", "dependentRequired", "dependencies", "propertyNames"))
_ALONE: Final = frozenset(("anyOf", "$ref"))
_OPEN: Final = frozenset(("additionalProperties", "patternProperties", "minProperties"))


def checked_schema(text: str) -> str:
    """The schema as the compiler gets it; raises BadGrammar for one that is not followed."""
    schema = _parsed(text)
    if isinstance(schema, bool):
        schema = {} if schema else {"enum": []}
    _check_sizes(schema)
    _check_conjunctions(schema)
    if not has_finite_instance(schema):
        raise BadGrammar(
            "no finite JSON satisfies the schema",
            hint="where it requires itself within itself, let the reference be optional or null",
        )
    _close(schema)
    try:
        return json.dumps(schema, ensure_ascii=False, allow_nan=False)
    except ValueError as e:
        raise BadGrammar("the schema has a number beyond the range of float64") from e


def _close(root: dict[str, Any]) -> None:
    """Lets objects have only the properties they name, where no other place speaks of them."""
    found = dict[int, dict[str, Any]]()
    waiting: list[Schema] = [root]
    while waiting:
        schema = waiting.pop()
        if isinstance(schema, dict) and id(schema) not in found:
            found[id(schema)] = schema
            waiting += (each for _, each in schemas_within(schema))
            waiting += [target(root, schema["$ref"])] if "$ref" in schema else []
    for schema in found.values():
        if schema.keys() & _ELSEWHERE or (
            schema.keys() & _ALONE and len(schema.keys() - _ANNOTATIONS) > 1
        ):
            return
    for schema in found.values():
        names, required = schema.get("properties"), schema.get("required", ())
        if names and not schema.keys() & _OPEN and all(str(each) in names for each in required):
            schema["additionalProperties"] = False


def _parsed(text: str) -> Schema:
    try:
        schema = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
        json.dumps(schema, ensure_ascii=False).encode()  # no halves of characters
    except (ValueError, RecursionError) as e:
        reason = "it is nested too deeply" if isinstance(e, RecursionError) else str(e)
        raise BadGrammar(f"the schema is no JSON: {shown(reason)}") from e
    if not isinstance(schema, dict | bool):
        raise BadGrammar(f"a schema is an object or a boolean, not {shown(repr(schema))}")
    return schema


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadGrammar(f"the schema has {shown(twice)} twice in one object")
    return found


def _no_number(name: str) -> float:
    raise BadGrammar(f"the schema has {name}, which is no JSON")


def _check_sizes(root: dict[str, Any]) -> None:
    counts = dict.fromkeys(("schemas", "properties", "patternProperties", "values"), 0)
    structures, multiples = 0, list[Decimal]()
    waiting: list[tuple[Schema, int]] = [(root, 1)]
    while waiting:
        schema, depth = waiting.pop()
        counts["schemas"] += 1
        if not isinstance(schema, dict):
            continue
        _check_keywords(schema, is_root=schema is root)
        for keyword in ("properties", "patternProperties"):
            counts[keyword] += len(schema.get(keyword) or ())
        values = schema.get("enum") or ()
        counts["values"] += len(values)
        structures += sum(isinstance(value, dict | list) for value in values)
        if "multipleOf" in schema:
            multiples.append(_multiple(schema["multipleOf"]))
        within = [(each, depth + 1) for _, each in schemas_within(schema)]
        if within and depth == MAX_NESTING:
            raise BadGrammar(f"the schema nests more than {MAX_NESTING} deep")
        waiting += within
        _within("schemas", counts["schemas"] + len(waiting), MAX_SCHEMAS)
    _within("properties", counts["properties"], MAX_PROPERTIES)
    _within("patternProperties", counts["patternProperties"], MAX_PATTERN_PROPERTIES)
    _within("values in enum", counts["values"], MAX_ENUM_VALUES)
    _within("objects and arrays in enum", structures, MAX_ENUM_STRUCTURES)
    _within("multipleOf", len(multiples), MAX_MULTIPLES)
    _check_multiples(multiples)


def _check_keywords(schema: dict[str, Any], *, is_root: bool) -> None:
    if "$id" in schema and not is_root:
        raise BadGrammar(
            f"$id {shown(str(schema['$id']))} stands within the schema; only at its root"
        )
    if "x-guidance" in schema:
        raise BadGrammar("the schema has x-guidance, which is the compiler's own and not taken")
    for keyword in ("properties", "patternProperties", "$defs", "definitions"):
        if not isinstance(schema.get(keyword, {}), dict):
            raise BadGrammar(f"{keyword} is {shown(repr(schema[keyword]))}, not an object")
    for keyword in ("enum", "allOf", "anyOf", "oneOf", "prefixItems", "required"):
        if not isinstance(schema.get(keyword, []), list):
            raise BadGrammar(f"{keyword} is {shown(repr(schema[keyword]))}, not a list")
    _check_texts(schema)


def _check_texts(schema: dict[str, Any]) -> None:
    """What must be written letter by letter is kept letter by letter while it is followed."""
    patterns = [schema.get("pattern", ""), *schema.get("patternProperties", ())]
    texts = {"pattern": [each for each in patterns if isinstance(each, str)]}
    for keyword, values in (("enum", schema.get("enum", [])), ("const", [schema.get("const")])):
        texts[keyword] = [json.dumps(value, ensure_ascii=False) for value in values]
    for keyword, written in texts.items():
        longest = max(map(len, written), default=0)
        if longest > MAX_TEXT_CHARS:
            raise BadGrammar(
                f"{keyword} has a text of {longest} characters, above {MAX_TEXT_CHARS}"
            )


def _multiple(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise BadGrammar(f"multipleOf is {shown(repr(value))}; it must be a number above 0")
    return Decimal(str(value))


def _check_multiples(multiples: list[Decimal]) -> None:
    """The automaton of "divisible by n" has n states."""
    exponents = [int(each.normalize().as_tuple().exponent) for each in multiples]
    if any(abs(each.adjusted()) > 9 for each in multiples) or min(exponents, default=0) < -9:
        raise BadGrammar(f"multipleOf is {multiples[0]}; it must be from 1e-9 to 1e9")
    scale = Decimal(10) ** -min(exponents, default=0)
    least = math.lcm(*(int(each * scale) for each in multiples))
    if least > MAX_MULTIPLE:
        shared = ", ".join(map(str, multiples))
        raise BadGrammar(
            f"multipleOf {shown(shared)} has the least common multiple {least} in its last decimal,"
            f" above {MAX_MULTIPLE}"
        )


def _within(what: str, count: int, limit: int) -> None:
    if count > limit:
        raise BadGrammar(f"the schema has more than {limit} {what}")


def _check_conjunctions(root: dict[str, Any]) -> None:
    """Intersecting patterns costs time that doubles with each, as in an allOf of patterns."""
    known: dict[int, int] = {}

    def breadth(schema: Schema, path: frozenset[int]) -> int:
        """How many schemas the value, or one within it, follows at once."""
        if not isinstance(schema, dict) or id(schema) in path:
            return 1
        if id(schema) not in known:
            inner = path | {id(schema)}
            at_once, within = int(bool(schema.keys() - _ANNOTATIONS - _JOINING)), 1
            for keyword, each in schemas_within(schema):
                if keyword == "allOf":
                    at_once += breadth(each, inner)
                elif keyword not in ("$defs", "definitions"):
                    within = max(within, breadth(each, inner))
            if "$ref" in schema:
                at_once += breadth(target(root, schema["$ref"]), inner)
            known[id(schema)] = min(max(at_once, 1) * within, MAX_CONJUNCTION + 1)
        return known[id(schema)]

    try:
        widest = breadth(root, frozenset())
    except RecursionError as e:
        raise BadGrammar("the schema's references nest too deeply") from e
    if widest > MAX_CONJUNCTION:
        raise BadGrammar(
            f"one value must follow more than {MAX_CONJUNCTION} schemas (allOf) at once"
        )

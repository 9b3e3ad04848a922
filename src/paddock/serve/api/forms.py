"""Forms that an output is held to: OpenAI's ``response_format``, and what vLLM's users write."""

from __future__ import annotations

from typing import Any, Final

import orjson

from paddock.engine.errors import BadGrammar
from paddock.engine.grammar.kinds import (
    MAX_CHOICES,
    MAX_PATTERN_CHARS,
    MAX_SCHEMA_CHARS,
    Choice,
    Grammar,
    JsonSchema,
    Regex,
)
from paddock.errors import shown
from paddock.serve.api.errors import BadParameter, UnsupportedParameter

_ANY_OBJECT: Final = '{"type":"object"}'


def of_response_format(
    value: dict[str, Any] | None, param: str = "response_format"
) -> Grammar | None:
    """``{"type": "json_schema", ...}`` and its kin; raises BadParameter, UnsupportedParameter."""
    if value is None:
        return None
    kind = value.get("type")
    if kind == "text":
        return None
    if kind == "json_object":
        return JsonSchema(_ANY_OBJECT, is_one_line=True)
    if kind != "json_schema":
        raise UnsupportedParameter(
            f"{param} has the type {shown(kind)}; it must be text, json_object or json_schema",
            param=f"{param}.type",
        )
    inner = value.get("json_schema", value)  # the Responses API writes it flat
    place = f"{param}.schema" if inner is value else f"{param}.json_schema.schema"
    schema = inner.get("schema", inner.get("schema_")) if isinstance(inner, dict) else None
    if not isinstance(schema, dict):
        raise BadParameter(f"{param} has no JSON schema", param=place)
    return schema_form(schema, place)


def of_structured(
    value: dict[str, Any] | None, param: str = "structured_outputs"
) -> Grammar | None:
    """vLLM's ``{"json": ...}``, ``{"regex": ...}`` or ``{"choice": [...]}``."""
    given = {name: each for name, each in (value or {}).items() if each is not None}
    for harmless in ("disable_any_whitespace", "disable_fallback", "whitespace_pattern", "backend"):
        given.pop(harmless, None)
    if not given:
        return None
    if len(given) > 1:
        raise BadParameter(f"{param} asks for several forms at once", param=param)
    ((name, wanted),) = given.items()
    if name == "json":
        return schema_form(wanted, f"{param}.json")
    if name == "regex":
        return pattern_form(wanted, f"{param}.regex")
    if name == "choice":
        return choice_form(wanted, f"{param}.choice")
    if name == "json_object" and wanted is True:
        return JsonSchema(_ANY_OBJECT, is_one_line=True)
    raise UnsupportedParameter(
        f"{param} asks for {shown(name)}; it may ask for json, regex or choice", param=param
    )


def schema_form(value: Any, param: str) -> JsonSchema:
    """A JSON schema, as an object or as text; answers are one line, not filled with spaces."""
    try:
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        parsed = orjson.loads(text)
    except (ValueError, TypeError) as e:  # also: nested too deep
        raise BadParameter(f"{param} is no JSON schema: {e}", param=param) from None
    if not isinstance(parsed, dict | bool):
        raise BadParameter(f"{param} is no JSON schema", param=param)
    _bounded(param, len(text), MAX_SCHEMA_CHARS, "characters")
    return JsonSchema(text, is_one_line=True)


def pattern_form(value: Any, param: str) -> Regex:
    """A regular expression."""
    if not isinstance(value, str) or not value:
        raise BadParameter(f"{param} must be an expression", param=param)
    _bounded(param, len(value), MAX_PATTERN_CHARS, "characters")
    return Regex(value)


def choice_form(value: Any, param: str) -> Choice:
    """One of several texts."""
    is_list = isinstance(value, list) and len(value) > 0
    if not is_list or not all(isinstance(each, str) and each for each in value):
        raise BadParameter(f"{param} must list 1 to {MAX_CHOICES} texts", param=param)
    _bounded(param, len(value), MAX_CHOICES, "texts")
    return Choice(tuple(value))


def _bounded(param: str, size: int, most: int, of_what: str) -> None:
    """Whoever computes: another program's engine is not to be tried with it either."""
    if size > most:
        raise BadGrammar(f"{param} has {size} {of_what}, above {most}")

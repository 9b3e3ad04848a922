"""A form in the words of llguidance, if it is within limits.

Pure: text in, text out. What is bounded here is what can be counted before anything is compiled.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import llguidance

from paddock.engine.errors import BadGrammar
from paddock.engine.grammar.kinds import (
    MAX_CHOICE_CHARS,
    MAX_CHOICES,
    MAX_OPTION_CHARS,
    MAX_PATTERN_CHARS,
    MAX_SCHEMA_CHARS,
    Choice,
    Grammar,
    JsonSchema,
    Regex,
)
from paddock.engine.grammar.schema import checked_schema
from paddock.errors import shown

if TYPE_CHECKING:
    from llguidance._lib import JsonCompileOptions  # only in its stub

# The text between JSON's parts: a model that could write spaces for ever sometimes would.
_JSON_OPTIONS: Final[JsonCompileOptions] = {
    "whitespace_pattern": "[ \\n\\r\\t]{1,20}",
    "item_separator": ",",
    "key_separator": ":",
    "lenient": False,
    "coerce_one_of": False,
}
_ONE_LINE_OPTIONS: Final[JsonCompileOptions] = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
    "lenient": False,
    "coerce_one_of": False,
}


def source_of(grammar: Grammar) -> str:
    """What llguidance compiles; raises BadGrammar."""
    match grammar:
        case JsonSchema(schema, is_one_line):
            _bounded("schema", len(schema), MAX_SCHEMA_CHARS)
            checked = checked_schema(schema)
            options = _ONE_LINE_OPTIONS if is_one_line else _JSON_OPTIONS
            return llguidance.LLMatcher.grammar_from_json_schema(checked, overrides=options)
        case Regex(pattern):
            _bounded("expression", len(pattern), MAX_PATTERN_CHARS)
            return llguidance.LLMatcher.grammar_from_regex(_encodable("expression", pattern))
        case Choice(options):
            if not 0 < len(options) <= MAX_CHOICES:
                raise BadGrammar(f"{len(options)} choices; there must be from 1 to {MAX_CHOICES}")
            _bounded("choice", sum(map(len, options)), MAX_CHOICE_CHARS)
            _bounded("longest choice", max(map(len, options)), MAX_OPTION_CHARS)
            pattern = "|".join(re.escape(_encodable("choice", option)) for option in options)
            return llguidance.LLMatcher.grammar_from_regex(pattern)


def chars_of(grammar: Grammar) -> int:
    """How long the form is as it was asked for."""
    match grammar:
        case JsonSchema(text) | Regex(text):
            return len(text)
        case Choice(options):
            return sum(map(len, options))


def _bounded(what: str, chars: int, limit: int) -> None:
    if chars > limit:
        raise BadGrammar(f"the {what} has {chars} characters, above {limit}")


def _encodable(what: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as e:
        raise BadGrammar(f"the {what} has half a character: {shown(text)}") from e
    return text

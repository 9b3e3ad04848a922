"""Grammars that cannot be followed are refused with the reason; none hangs, none lies."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from paddock.engine.errors import BadGrammar
from paddock.engine.grammar import kinds, matching, schema
from paddock.engine.grammar.kinds import Choice, JsonSchema, Regex
from paddock.engine.grammar.matching import Vocabulary, compile_grammar
from paddock.starter import starter_folder
from tests.engine.grammar.vocabularies import vocabulary

# Each level has the next one twice: 2^60 values if they were written out.
DOUBLING = {
    f"d{n}": {"properties": {name: {"$ref": f"#/$defs/d{n + 1}"} for name in "ab"}}
    for n in range(60)
} | {"d60": {}}


def refused(grammar) -> str:
    with pytest.raises(BadGrammar) as caught:
        compile_grammar(grammar, vocabulary())
    return caught.value.message


def nested(depth: int, open_: str, close: str) -> str:
    return open_ * depth + "{}" + close * depth


@pytest.mark.parametrize(
    ("found", "part"),
    [
        ("false", "no finite JSON"),
        ({"enum": []}, "no finite JSON"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "minimum (3)"),
        ({"type": "integer", "minimum": 8, "maximum": 9, "multipleOf": 5}, "multiple of 5"),
        ({"enum": [1, 2], "type": "string"}, "incompatible"),
        ({"const": 1, "enum": [2]}, "Unsatisfiable"),
        ({"allOf": [{"type": "string"}, {"type": "null"}]}, "incompatible"),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "minLength (3)"),
        ({"type": "array", "minItems": 2, "prefixItems": [{}], "items": False}, "no finite JSON"),
        ({"not": {}}, "not"),
        ({"type": "array", "uniqueItems": True}, "uniqueItems"),
        ({"contains": {}}, "contains"),
        ({"if": {}, "then": {}}, "if"),
        ({"dependentRequired": {"a": ["b"]}}, "dependentRequired"),
        ({"dependencies": {"a": ["b"]}}, "dependencies"),
        ({"unevaluatedProperties": False}, "unevaluatedProperties"),
        ({"propertyNames": {"maxLength": 3}}, "propertyNames"),
        ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, "oneOf"),
        ({"type": "string", "format": "iban"}, "iban"),
        ({"type": "string", "pattern": "(?=a)b"}, "look-ahead"),
        ({"type": "string", "pattern": "("}, "unclosed"),
        ({"type": "strang"}, "strang"),
        ({"type": "number", "minimum": "1"}, "minimum"),
        ({"$ref": "https://example.org/schema"}, "example.org"),
        ({"$ref": "#/$defs/none"}, "#/$defs/none"),
        ({"$ref": "#/$defs"}, "lead"),
        ({"$ref": "#"}, "no finite JSON"),
        ({"$defs": {"a": {"$id": "b"}}}, "$id"),
        ({"x-guidance": {"lenient": True}, "not": {}}, "x-guidance"),
        ({"properties": []}, "properties"),
        ({"items": 3}, "items"),
        ({"anyOf": {"a": {}}}, "anyOf"),
        ({"multipleOf": 0}, "multipleOf"),
        ({"type": "integer", "multipleOf": 1_000_003}, "1000003"),
        ("[]", "not"),
        ("null", "not"),
        ('{"a":', "no JSON"),
        ('{"type": "string", "type": "null"}', "twice"),
        ('{"const": NaN}', "NaN"),
        ('{"maximum": 1e999}', "float64"),
        ("[" * 100_000, "too deeply"),
        ('{"const": 1' + "0" * 5_000 + "}", "no JSON"),
        (nested(70, '{"items":', "}"), "64 deep"),
        (nested(70, '{"anyOf":[', "]}"), "64 deep"),
    ],
)
def test_a_schema_that_cannot_be_followed_is_refused_with_the_part(found, part):
    text = found if isinstance(found, str) else json.dumps(found)
    assert part in refused(JsonSchema(text))


@pytest.mark.parametrize(
    "body",
    [
        {"type": "object", "properties": {"n": {"$ref": "#/$defs/a"}}, "required": ["n"]},
        {"type": "array", "items": {"$ref": "#/$defs/a"}, "minItems": 1},
        {"anyOf": [{"$ref": "#/$defs/a"}, {"allOf": [{"$ref": "#/$defs/a"}]}]},
    ],
)
def test_what_requires_itself_is_refused_and_what_may_stop_is_not(body):
    text = json.dumps({"$defs": {"a": body}, "$ref": "#/$defs/a"})
    assert "no finite JSON" in refused(JsonSchema(text))
    may_stop = {"anyOf": [{"type": "null"}, body]}
    compile_grammar(JsonSchema(json.dumps({"$defs": {"a": may_stop}, "$ref": "#/$defs/a"})),
                    vocabulary())  # fmt: skip


def test_sizes_are_bounded():
    many = schema.MAX_PROPERTIES + 1
    for found in (
        {"properties": {f"p{n}": {} for n in range(many)}},
        {"enum": list(range(schema.MAX_ENUM_VALUES + 1))},
        {"enum": [[n] for n in range(schema.MAX_ENUM_STRUCTURES + 1)]},
        {"anyOf": [{"const": n} for n in range(schema.MAX_SCHEMAS + 1)]},
        {"patternProperties": {f"^{n}_": {} for n in range(schema.MAX_PATTERN_PROPERTIES + 1)}},
        {"anyOf": [{"multipleOf": 2}] * (schema.MAX_MULTIPLES + 1)},
        {"allOf": [{"pattern": f"x.*{n}"} for n in range(schema.MAX_CONJUNCTION + 1)]},
    ):
        assert "more than" in refused(JsonSchema(json.dumps(found)))
    assert "characters" in refused(JsonSchema(" " * (kinds.MAX_SCHEMA_CHARS + 1)))
    assert "characters" in refused(Regex("a" * (kinds.MAX_PATTERN_CHARS + 1)))
    assert "characters" in refused(Choice(("a" * (kinds.MAX_CHOICE_CHARS + 1),)))
    long = "a" * (schema.MAX_TEXT_CHARS + 1)
    for found in ({"const": long}, {"enum": [[long]]}, {"items": {"pattern": long}}):
        assert "characters" in refused(JsonSchema(json.dumps(found)))
    assert "characters" in refused(JsonSchema(json.dumps({"patternProperties": {long: {}}})))
    assert "characters" in refused(Choice(("a" * (kinds.MAX_OPTION_CHARS + 1), "b")))
    assert "choices" in refused(Choice(tuple(map(str, range(kinds.MAX_CHOICES + 1)))))
    assert "choices" in refused(Choice(()))


@pytest.mark.parametrize(
    "pattern", ["(", "(a)\\1", "a(?!b)", r"\bfoo", "[^\\s\\S]", "a" * 3 + "**{"]
)
def test_an_expression_that_cannot_be_followed_is_refused(pattern):
    refused(Regex(pattern))


@pytest.mark.parametrize(
    "grammar",
    [
        Regex("(a|aa)*b"),
        Regex("(.*a){25}"),
        Regex("a{1,100000}"),
        Regex(".*a.{30}"),
        Regex("((a{1,100}){1,100}){1,100}"),
        Regex("(((((x{1,30}){1,30}){1,30}){1,30}){1,30})"),
        Regex(r"\p{L}{1,1000}"),
        Regex("|".join(f".*{c}.{{200}}" for c in "abcdefghijklmnopqrstuvwxyz")),
        Regex("a?" * 2000 + "a" * 2000),
        Regex("(" * 2000 + "a" + ")" * 2000),
        JsonSchema('{"type": "string", "minLength": 100000}'),
        JsonSchema('{"type": "array", "minItems": 100000, "maxItems": 10000000}'),
        JsonSchema(json.dumps({"properties": {f"p{n}": {} for n in range(900)}})),
        JsonSchema(json.dumps({"allOf": [{"pattern": f".*{c}.{{20}}"} for c in "abcdef"]})),
        JsonSchema(json.dumps({"enum": [{"a": [n, {"b": n}]} for n in range(500)]})),
        JsonSchema(json.dumps({"$defs": DOUBLING, "$ref": "#/$defs/d0"})),
    ],
    ids=lambda grammar: str(grammar)[:50],
)  # fmt: skip
def test_hostile_grammars_cost_little_whether_taken_or_refused(grammar):
    """Processor time, since llguidance counts its work inside; bounds are tenfold what it takes."""
    began = time.thread_time()
    try:
        matcher = compile_grammar(grammar, vocabulary())
        random = np.random.default_rng(1)
        for _ in range(30):
            flags = np.unpackbits(matcher.mask().view(np.uint8), bitorder="little")
            if not matcher.accept(int(random.choice(np.flatnonzero(flags)))):
                break
    except BadGrammar:
        pass
    assert time.thread_time() - began < 3


def test_grammars_are_kept_and_old_ones_forgotten():
    known = vocabulary()
    for n in range(matching.CACHED_GRAMMARS + 5):
        compile_grammar(Regex(f"x{n}"), known)
    assert len(known._cached) == matching.CACHED_GRAMMARS
    assert Regex("x0") not in known._cached


def test_long_grammars_are_forgotten_sooner():
    known = vocabulary()
    each = matching.CACHED_CHARS // 8
    grammars = [JsonSchema('{"const": 1}' + " " * (each + n)) for n in range(10)]
    for grammar in grammars:
        compile_grammar(grammar, known)
    assert list(known._cached) == grammars[-7:]


@pytest.mark.parametrize("decoder", [None, {"type": "ByteFallback"}])
def test_a_tokenizer_that_does_not_spell_its_tokens_is_a_refusal(decoder: object) -> None:
    """Without a decoder, or (a panic in llguidance) with a byte token that names no byte."""
    given = json.loads((starter_folder() / "tokenizer.json").read_text())
    given["model"]["vocab"]["<0x>"] = given["model"]["vocab"].pop("the", 1270)
    given["decoder"] = decoder and {"type": "Sequence", "decoders": [decoder, {"type": "Fuse"}]}
    vocabulary = Vocabulary(json.dumps(given), 1280, (1,))
    for _ in range(2):
        with pytest.raises(BadGrammar, match="tokenizer"):
            vocabulary.form(Choice(("yes",)))

"""Whatever allowed tokens are taken, the text ends as the grammar says, with every tokenizer."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor

import jsonschema_rs
import pytest

from paddock.engine.errors import BadGrammar
from paddock.engine.grammar.kinds import Choice, JsonSchema, Regex
from paddock.engine.grammar.matching import compile_grammar
from tests.engine.grammar.vocabularies import (
    NAMES,
    allowed,
    text_of,
    tokenizer,
    vocabulary,
    walk,
)

NODE = {
    "type": "object",
    "properties": {
        "value": {"type": "integer", "minimum": -5, "maximum": 120},
        "children": {"type": "array", "items": {"$ref": "#/$defs/node"}, "maxItems": 2},
    },
    "required": ["value", "children"],
    "additionalProperties": False,
}
SCHEMAS = [
    {},
    {"type": "object"},
    {"enum": ["red", "red and blue", 3, None, {"a": [1]}]},
    {"const": {"naïve": "日本 🦙 \" \\ \u0001"}},
    {"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "null"}, "minItems": 2}]},
    {"oneOf": [{"type": "string", "maxLength": 3}, {"type": "integer"}]},
    {"type": "array", "items": {"type": "array", "items": {"type": "number"}}, "minItems": 1},
    {"type": "array", "prefixItems": [{"const": 1}, {"type": "string"}], "items": False},
    {"type": "string", "minLength": 3, "maxLength": 5},
    {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"},
    {"type": "string", "pattern": "^[é日]{2,4}$"},
    {"type": "string", "format": "date"},
    {"type": "string", "format": "uuid"},
    {"type": "string", "format": "ipv4"},
    {"type": "integer", "exclusiveMinimum": 17, "maximum": 4231},
    {"type": "number", "minimum": -0.5, "exclusiveMaximum": 3.25},
    {"type": "integer", "multipleOf": 7},
    {"type": ["string", "null"]},
    {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
        "required": ["b"],
        "additionalProperties": {"type": "boolean"},
    },
    {"type": "object", "patternProperties": {"^x_": {"type": "integer"}}, "minProperties": 1,
     "additionalProperties": False},
    {"$ref": "#/$defs/node", "$defs": {"node": NODE}},
    {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"properties": {"a": {"minimum": 10}, "b": {"const": "é"}}, "required": ["b"]},
        ]
    },
]  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: json.dumps(schema)[:40])
def test_any_walk_ends_in_json_of_the_schema(schema):
    for seed in range(6):
        matcher = compile_grammar(JsonSchema(json.dumps(schema)), vocabulary())
        text = walk("starter", matcher, seed)
        jsonschema_rs.validator_for(schema, validate_formats=True).validate(json.loads(text))
        assert text == text.strip()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "pattern", ["[a-f]{3}x?", "(é|日本|🦙)+!", r"\d{4}-(0[1-9]|1[0-2])", r"a*b|a+c", "(?i)straße"]
)
def test_any_walk_ends_in_text_that_the_expression_matches(name, pattern):
    for seed in range(4):
        text = walk(name, compile_grammar(Regex(pattern), vocabulary(name)), seed)
        assert re.fullmatch(pattern, text)


@pytest.mark.parametrize("name", NAMES)
def test_any_walk_ends_in_json_with_every_tokenizer(name):
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "n": {"enum": [1, 12]}},
              "required": ["name", "n"], "additionalProperties": False}  # fmt: skip
    for seed in range(4):
        text = walk(name, compile_grammar(JsonSchema(json.dumps(schema)), vocabulary(name)), seed)
        jsonschema_rs.validate(schema, json.loads(text))


def takes(schema, text):
    matcher = compile_grammar(JsonSchema(json.dumps(schema)), vocabulary())
    return all(matcher.accept(token) for token in tokenizer("starter").encode(text))


def test_an_object_has_only_the_properties_it_names_unless_others_are_spoken_of():
    named = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    spoken = {"additionalProperties": True}
    for schema in (named, {"$ref": "#/$defs/x", "$defs": {"x": named}}, {"anyOf": [named]}):
        assert takes(schema, '{"a":1}')
        assert not takes(schema, '{"a":1,"b":')
    for schema in (
        named | spoken,
        named | {"required": ["b"]},
        {"allOf": [named, {"properties": {"b": {}}}]},
        {"$ref": "#/$defs/x", "properties": {"b": {}}, "$defs": {"x": named}},
        {"type": "object"},
    ):
        assert takes(schema, '{"a":1,"b":')


@pytest.mark.parametrize("name", NAMES)
def test_choices_that_begin_each_other_are_each_reached(name):
    options = ("a", "ab", "abc (d)", "été\n", '"q" \\ .*', "<|eot_id|>", " lead", "")
    found = {
        walk(name, compile_grammar(Choice(options), vocabulary(name)), seed) for seed in range(60)
    }
    assert found == set(options)


def test_control_tokens_stand_for_themselves_and_never_for_their_text():
    known = tokenizer("starter")
    control = max(known.control_ids - set(vocabulary().eos_ids))
    matcher = compile_grammar(Regex(r"(?s).*"), vocabulary())
    assert control not in allowed(matcher)
    assert not matcher.accept(control)
    assert not matcher.accept(known.vocab_size + 3)
    assert not matcher.accept(-1)
    for token in known.encode(known.piece(control)):  # its text, in ordinary characters
        assert matcher.accept(token)


def test_a_token_that_is_not_allowed_changes_nothing():
    matcher = compile_grammar(Regex("abc"), vocabulary())
    before = allowed(matcher)
    assert not matcher.accept(tokenizer("starter").encode("z")[-1])
    assert not matcher.accept(vocabulary().eos_ids[0])
    assert allowed(matcher) == before


def test_what_was_accepted_can_be_taken_back():
    matcher = compile_grammar(Regex("(ab)*c?"), vocabulary())
    states, tokens = [allowed(matcher)], []
    for _ in range(6):
        choices = [token for token in allowed(matcher) if token not in vocabulary().eos_ids]
        if not choices:
            break
        tokens.append(choices[0])
        assert matcher.accept(choices[0])
        states.append(allowed(matcher))
    complete = matcher.is_complete()
    if complete:
        assert matcher.accept(vocabulary().eos_ids[0])
        assert allowed(matcher) == list(vocabulary().eos_ids)
        matcher.rollback(1)
    matcher.rollback(2)
    assert allowed(matcher) == states[-3]
    for token in tokens[-2:]:
        assert matcher.accept(token)
    assert allowed(matcher) == states[-1]
    matcher.rollback(len(tokens))
    assert allowed(matcher) == states[0]
    with pytest.raises(ValueError, match="to take back of 0"):
        matcher.rollback(1)


@pytest.mark.parametrize("name", NAMES)
def test_forced_tokens_are_allowed_and_spell_what_must_come(name):
    matcher = compile_grammar(Regex("Paris in (France|Texas)"), vocabulary(name))
    forced = matcher.forced()
    for token in forced:
        assert matcher.accept(token)
    assert text_of(name, forced)
    assert "Paris in ".startswith(text_of(name, forced))


def test_one_grammar_in_many_threads_is_one_grammar():
    grammar = JsonSchema(json.dumps({"type": "array", "items": {"type": "integer"}}))

    def text(seed: int) -> str:
        return walk("starter", compile_grammar(grammar, vocabulary()), seed)

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(text, range(24)))
    assert together == [text(seed) for seed in range(24)]


def test_half_a_character_in_a_grammar_is_refused():
    for grammar in (Regex("\ud800"), Choice(("\ud800",)), JsonSchema('{"const": "\\ud800"}')):
        with pytest.raises(BadGrammar):
            compile_grammar(grammar, vocabulary())

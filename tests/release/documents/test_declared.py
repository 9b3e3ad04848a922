"""The author's own facts: known keys of known kinds, or an error with file and line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.release.documents.declared import read_declared
from paddock.release.errors import BadReleaseFile


def test_facts_may_be_nested_or_dotted_and_say_who_says_so() -> None:
    raw = b"""
use:
  direct: Chat.
  users: shops
training.flop: 1.3e24
training:
  days: 41.5
  datasets: [acme/a, acme/b]
osaid.code: {value: true, by: ada@acme.example}
glossary: [{term: KL, meaning: 3}]
model.knowledge_cutoff: 2026-06
training.started: 2026-01-02
energy.method: null
""".replace(b"energy.method: null\n", b"energy.co2_kg: null\n")
    facts = {fact.key: fact for fact in read_declared(raw, "facts.yaml")}
    assert facts["use.direct"].value == "Chat."
    assert facts["use.users"].value == ["shops"]
    assert facts["training.flop"].value == 1.3e24
    assert (facts["training.days"].value, facts["training.days"].text) == (41.5, "41.5 days")
    assert facts["osaid.code"].value is True
    assert facts["osaid.code"].by == "ada@acme.example"
    assert facts["glossary"].value == [{"term": "KL", "meaning": "3"}]
    assert facts["model.knowledge_cutoff"].value == "2026-06"
    assert "energy.co2_kg" not in facts
    assert {fact.source for fact in facts.values()} == {"declared"}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("use:\n  directt: x", "f.yaml:2: unknown key 'use.directt'"),
        ("nothing: 1", "f.yaml:1: unknown key 'nothing'"),
        ("nothing: {a: 1}", "unknown key 'nothing'"),
        ("model.tokenizer: bpe", "is measured or said in release.yaml"),
        ("release.name: x", "is measured or said in release.yaml"),
        ("use.direct: 3", "use.direct must be text"),
        ("use.direct: {what: x}", "must be text, not a mapping"),
        ("use.direct: {value: x, by: 3}", "use.direct.by must be text"),
        ("use.direct: ' '", "use.direct is empty"),
        ("training.flop: many", "must be a number from 0"),
        ("training.flop: -1", "out of range"),
        ("training.flop: 1e90", "out of range"),
        ("model.layers: 3.5", "must be a whole number"),
        ("model.layers: true", "must be a whole number"),
        ("model.tied_embeddings: 1", "must be true or false"),
        ("training.started: 2026-13-01", "is not a day like 2026-11-20"),
        ("model.knowledge_cutoff: 2026", "must be text"),
        ("model.knowledge_cutoff: June", "is not a month like 2026-11"),
        ("glossary: x", "must be a list of mappings"),
        ("glossary: [{meaning: x}]", "a row needs term"),
        ("glossary: [{term: x, sense: y}]", "'sense' is not one of term, meaning"),
        ("glossary: [x]", "a row is a mapping with term, meaning"),
        ("use: {direct: a}\nuse.direct: b", "use.direct is said twice"),
        ("- a", "must be a mapping of keys to values"),
        ("", "is empty"),
    ],
)
def test_whatever_is_wrong_is_said_with_its_line(raw: str, said: str) -> None:
    with pytest.raises(BadReleaseFile) as refused:
        read_declared(raw.encode(), "f.yaml")
    assert said in refused.value.message


def test_a_long_list_is_refused() -> None:
    with pytest.raises(BadReleaseFile, match="more than 1000 items"):
        read_declared(b"use.users: [" + b"a," * 1001 + b"]", "f.yaml")


@given(st.binary(max_size=200))
def test_any_bytes_are_facts_or_a_sentence(raw: bytes) -> None:
    try:
        facts = read_declared(raw, "f.yaml")
    except BadReleaseFile as e:
        assert e.message.startswith("f.yaml")
    else:
        assert all(fact.is_known for fact in facts)

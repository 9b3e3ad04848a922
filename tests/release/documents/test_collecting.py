"""One fact store: measured before declared before inherited, and contradictions told with both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.release.documents.collecting import agrees, collect, inherited_facts
from paddock.release.documents.fact_rows import fact_rows, parse_fact_rows
from paddock.release.errors import BadManifest
from paddock.release.facts import Fact, Facts, declared, inherited, measured
from paddock.release.files.manifest import Manifest

PARAMETERS = measured("Parameters", 8_030_261_248, "model.parameters")


def test_what_was_measured_wins_and_what_a_parent_says_comes_last() -> None:
    found = collect(
        [PARAMETERS],
        [declared("Parameters", 8.03e9, "model.parameters"), declared("Use", "Chat", "use.direct")],
        [inherited("Use", "Anything", "use.direct", "acme/base 1.0.0"),
         inherited("Data", "The web", "training.data", "acme/base 1.0.0")],
    )  # fmt: skip
    assert found.facts["model.parameters"] == PARAMETERS
    assert found.facts["use.direct"].value == "Chat"
    assert found.facts["training.data"].origin == "inherited from acme/base 1.0.0"
    assert found.facts["training.hardware"].source == "unknown"
    assert [check.status for check in found.checks] == ["met"]


def test_a_declaration_that_measurement_contradicts_is_unmet_and_both_are_told() -> None:
    found = collect([PARAMETERS], [declared("Parameters", 7_000_000_000, "model.parameters")])
    (check,) = found.checks
    assert (check.id, check.status) == ("documents.fact:model.parameters", "unmet")
    assert "7,000,000,000 as declared and 8,030,261,248 as measured" in check.sentence
    assert [evidence.quote for evidence in check.evidence] == ["7,000,000,000", "8,030,261,248"]
    assert found.facts["model.parameters"].value == 8_030_261_248


def test_a_kind_of_architecture_that_the_weights_are_not_is_unmet() -> None:
    llama = measured("Architecture", "Llama (decoder-only transformer)", "model.architecture")
    kind = "model.architecture_kind"
    assert not collect([llama], [declared("Kind", "transformer decoder", kind)]).checks[0].blocks
    assert collect([llama], [declared("Kind", "diffusion", kind)]).checks[0].blocks
    assert collect([llama], [declared("Type", "vision", "model.type")]).checks[0].blocks


@pytest.mark.parametrize(
    ("found", "said", "same"),
    [
        (8_030_261_248, 8.03e9, True),
        (8_030_261_248, 8.0e9, True),
        (8_030_261_248, 8.1e9, False),
        (8_030_261_248, 8_030_261_248, True),
        (8_030_261_248, 8_030_261_249, False),
        (8_030_261_248, 8_000_000_000, False),
        (True, True, True),
        (True, 1, False),
        (10000.0, 10000, True),
        (500000.0, 10000.0, False),
        ("a", "a", True),
        (0, 0.0, True),
    ],
)
def test_a_declared_number_counts_to_the_digits_it_has(found: Any, said: Any, same: bool) -> None:
    assert agrees(found, said) is same


@given(st.integers(1, 10**15))
def test_every_number_agrees_with_itself_and_with_its_rounding(number: int) -> None:
    assert agrees(number, number)
    assert agrees(number, float(f"{number:.3g}"))


def test_facts_of_a_parent_pass_on_only_what_is_true_of_its_children() -> None:
    rows = fact_rows(
        [PARAMETERS, declared("Data", "The web", "training.data", "acme"),
         declared("Hardware", "one box", "training.hardware")]
    )  # fmt: skip
    parent = Manifest("base", "1.0.0", (), {"facts": rows})
    facts = inherited_facts({"acme/base": parent})
    assert [(f.key, f.value, f.by) for f in facts] == [
        ("training.data", "The web", "acme/base 1.0.0")
    ]


facts = st.builds(
    Fact,
    name=st.just("Limitations"),
    value=st.lists(st.text(min_size=1, max_size=20), max_size=5),
    source=st.sampled_from(["measured", "declared", "inherited"]),
    key=st.just("risks.limitations"),
    by=st.none() | st.text(min_size=1, max_size=20),
)


@given(facts)
def test_facts_are_the_same_after_json(fact: Fact) -> None:
    assert parse_fact_rows(fact_rows([fact])) == (fact,)


def test_unknown_facts_are_no_rows_and_later_keys_are_passed_over() -> None:
    assert fact_rows(Facts([declared("Use", None, "use.direct")])) == []
    assert parse_fact_rows([{"key": "of.a.later.version", "value": {"deep": []}}]) == ()
    assert parse_fact_rows(None) == ()


@pytest.mark.parametrize(
    "rows",
    [
        "text", [1], [{}], [{"key": 3}],
        [{"key": "use.direct", "source": "guessed", "value": "x"}],
        [{"key": "use.direct", "source": "declared", "value": 3}],
        [{"key": "use.direct", "source": "declared", "value": "x" * 100_000}],
        [{"key": "use.direct", "source": "declared", "value": "x", "by": 3}],
        [{"key": "use.users", "source": "declared", "value": ["a"] * 1001}],
        [{"key": "model.layers", "source": "measured", "value": True}],
        [{"key": "model.layers", "source": "measured", "value": 1e300}],
        [{"key": "glossary", "source": "declared", "value": [{"evil": "x"}]}],
        [{"key": "use.direct"}] * 10_001,
    ],
)  # fmt: skip
def test_rows_of_another_release_are_read_with_suspicion(rows: Any) -> None:
    with pytest.raises(BadManifest):
        parse_fact_rows(rows)

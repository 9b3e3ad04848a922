"""The class of a release: as the framework's own tool has it, and never a kinder one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.release.documents.mof.framework import (
    CONTENT_TYPES,
    LABELS,
    REQUIRED,
    classify,
    is_included,
)
from paddock.release.documents.mof.open_licences import is_for_type, is_open
from paddock.release.spec.components import MOF_COMPONENTS
from tests.release.documents.mof.tool_cases import CASES, NAMES, ToolCase

some_components = st.frozensets(st.sampled_from(MOF_COMPONENTS))


def _rank(included: frozenset[str]) -> int:
    return {0: 0, 3: 1, 2: 2, 1: 3}[classify(included).mof_class]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.id))
def test_the_class_is_the_one_that_the_frameworks_own_tool_finds(case: ToolCase) -> None:
    terms: dict[str, str | None] = dict(pair.split("=") for pair in case.terms.split())
    included = set()
    for item in case.components.split():
        number, _, own = item.partition("=")
        if is_included(NAMES[int(number)], own or None, terms):
            included.add(NAMES[int(number)])
    found = classify(frozenset(included))
    assert found.mof_class == case.mof_class
    assert [found.progress[c] for c in (1, 2, 3)] == pytest.approx(list(case.progress))


def test_the_tools_components_are_those_of_release_yaml() -> None:
    assert set(NAMES) == set(MOF_COMPONENTS) == set(CONTENT_TYPES)
    assert len(CASES) == 27


@given(some_components, some_components)
def test_opening_more_never_makes_a_release_less_open(
    some: frozenset[str], more: frozenset[str]
) -> None:
    assert _rank(some) <= _rank(some | more)


@given(some_components)
def test_what_is_missing_is_what_leads_to_the_next_class(included: frozenset[str]) -> None:
    found = classify(included)
    assert (found.mof_class == 1) == (not found.missing)
    assert found.mof_class == 1 or _rank(included | set(found.missing)) > _rank(included)


def test_a_class_without_a_name_is_none() -> None:
    assert classify(frozenset()).label == LABELS[0] == "Unclassified"
    assert REQUIRED[3] < REQUIRED[2] < REQUIRED[1]


@pytest.mark.parametrize(
    ("terms", "counts"),
    [
        ("Apache-2.0", True),
        ("apache-2.0", True),
        ("OpenMDW-1.1", True),
        ("CC-BY-SA-2.1-JP", True),
        ("CC-BY-NC-4.0", False),
        ("CC-BY-ND-3.0", False),
        ("llama3.1", False),
        ("gemma", False),
        ("LicenseRef-mine", False),
        ("unknown", False),
        ("", False),
        ("Apache-2.0 AND LicenseRef-scancode-llama-3.1-license-2024", False),
        ("Apache-2.0 OR LicenseRef-mine", True),
        ("(MIT OR LicenseRef-mine) AND CC0-1.0", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", True),
        ("LicenseRef-mine AND (MIT OR Apache-2.0)", False),
        ("MIT OR", False),
        ("(MIT", False),
        ("MIT MIT", False),
        ("MIT)", False),
        ("(" * 500 + "MIT" + ")" * 500, False),
        ("MIT OR " * 1000 + "MIT", False),
    ],
)
def test_terms_count_as_what_they_oblige_to(terms: str, counts: bool) -> None:
    assert is_open(terms) is counts


@given(st.text(alphabet="()MIT ANDORWITH-x+", max_size=60))
def test_any_expression_has_an_answer(terms: str) -> None:
    is_open(terms)


def test_terms_for_code_are_odd_for_weights() -> None:
    assert is_for_type("Apache-2.0", "code")
    assert not is_for_type("Apache-2.0", "data")
    assert is_for_type("CC-BY-4.0", "data")
    assert not is_for_type("CC-BY-4.0", "code")
    assert is_for_type("OpenMDW-1.0", "data")

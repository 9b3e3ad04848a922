"""Licences as SPDX expressions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.release.documents.bom.expressions import custom_refs, spdx_expression
from paddock.release.licences.expression import expression_problem


@pytest.mark.parametrize(
    ("terms", "expression"),
    [
        ("apache-2.0", "Apache-2.0"),
        ("MIT", "MIT"),
        ("llama3.1", "LicenseRef-llama3.1"),
        ("Acme's own terms", "LicenseRef-Acme-s-own-terms"),
        ("apache-2.0 AND llama3.1", "Apache-2.0 AND LicenseRef-llama3.1"),
        ("GPL-2.0-only WITH Classpath-exception-2.0 OR mit",
         "GPL-2.0-only WITH Classpath-exception-2.0 OR MIT"),
        ("(mit OR apache-2.0) AND LicenseRef-scancode-llama-3.1-license-2024",
         "(MIT OR Apache-2.0) AND LicenseRef-scancode-llama-3.1-license-2024"),
        ("unknown", None),
        (None, None),
        ("", None),
        ("§§", "LicenseRef-unnamed"),
    ],
)  # fmt: skip
def test_terms_are_spelt_as_spdx_wants_them(terms: str | None, expression: str | None) -> None:
    assert spdx_expression(terms) == expression


def test_own_licences_are_listed() -> None:
    assert custom_refs("MIT AND (LicenseRef-a OR LicenseRef-b)") == ["LicenseRef-a", "LicenseRef-b"]


@given(st.text(max_size=80))
def test_whatever_is_written_is_an_expression_or_nothing(terms: str) -> None:
    expression = spdx_expression(terms)
    assert expression is None or expression_problem(expression) is None
    assert expression is None or expression.isascii()

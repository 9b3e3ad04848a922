"""Licences that count, held against other people's lists of them."""

from __future__ import annotations

from collections.abc import Iterator

import license_expression
import pytest

from paddock.release.documents.mof import open_licences
from paddock.release.documents.mof.open_licences import is_open

FREE = {"Permissive", "Copyleft", "Copyleft Limited", "Public Domain"}
# ScanCode calls these free of charge only; the Open Source Initiative approved them all the same.
APPROVED_ALL_THE_SAME = {"SISSL", "Watcom-1.0"}


def listed() -> Iterator[str]:
    for names in ("_OSI_APPROVED", "_FSF_LIBRE", "_OPEN_DATA"):
        yield from getattr(open_licences, names).split()


def test_every_licence_that_counts_is_in_spdx_s_list_and_free() -> None:
    known = {}
    for licence in license_expression.get_license_index():
        for key in (licence["spdx_license_key"], *(licence["other_spdx_license_keys"] or ())):
            known[str(key).lower()] = licence["category"]
    found = {name: known.get(name.lower()) for name in listed()}
    wrong = {name: kind for name, kind in found.items() if kind not in FREE}
    assert set(wrong) == APPROVED_ALL_THE_SAME


@pytest.mark.parametrize(
    "expression",
    [
        "CC-BY-NC-4.0", "CC-BY-ND-4.0", "CC-BY-NC-SA-3.0", "BUSL-1.1", "SSPL-1.0", "Elastic-2.0",
        "JSON", "PolyForm-Noncommercial-1.0.0", "llama3.1", "gemma", "LicenseRef-mit",
        "NOASSERTION", "MIT AND CC-BY-NC-4.0", "MIT OR", "(MIT", "MIT MIT", "MIT WITH", "AND", "",
        "\u039c\u0399\u03a4", "M\u200bIT", "MIT\x00", "(" * 30 + "MIT" + ")" * 30,
        "MIT AND " * 400 + "MIT",
    ],
)  # fmt: skip
def test_what_is_restricted_malformed_or_looks_like_another_never_counts(expression: str) -> None:
    assert not is_open(expression)


@pytest.mark.parametrize(
    "expression",
    ["MIT", "mit or CC-BY-NC-4.0", "GPL-2.0-only WITH Classpath-exception-2.0",
     "(Apache-2.0 OR MIT) AND CC0-1.0", "GPL-2.0+", "cc-by-sa-4.0", "openmdw-1.1"],
)  # fmt: skip
def test_what_one_may_choose_freely_counts(expression: str) -> None:
    assert is_open(expression)

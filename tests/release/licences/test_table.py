"""The table of terms: every name finds one row, and what rows say is in the real texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddock.licences import is_licence
from paddock.release.licences.table import known_licences
from paddock.release.licences.texts import is_in, plain

TABLE = known_licences()
LLAMA = ("llama2", "llama3", "llama3.1", "llama3.2", "llama3.3", "llama4")


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("Apache-2.0", "apache-2.0"),
        ("LicenseRef-scancode-llama-3.1-license-2024", "llama3.1"),
        ("LicenseRef-scancode-llama-4-license-2025", "llama4"),
        ("LicenseRef-scancode-gemma-tou-2024-04-01", "gemma"),
        ("LicenseRef-scancode-bigscience-open-rail-m", "bigscience-openrail-m"),
        ("openrail", "bigscience-openrail-m"),
        ("OpenMDW-1.1", "openmdw-1.1"),
        ("CC-BY-NC-SA-4.0", "cc-by-nc-sa"),
        ("cc-by-nc-3.0", "cc-by-nc"),
        ("CDLA-Permissive-2.0", "cdla-permissive-2.0"),
        ("GPL-3.0-or-later", "gpl-3.0"),
        ("grok2-community", None),
        ("cake-1.0", None),
    ],
)
def test_every_spelling_finds_its_row(name: str, row: str | None) -> None:
    found = TABLE.find(name)
    assert (found.id if found else None) == row


def test_every_row_names_its_source_and_quotes_shortly() -> None:
    for row in TABLE.rows.values():
        assert row.source, row.id
        assert row.hub_id is None or is_licence(row.hub_id), row.id
        words = [duty.words for duty in row.duties]
        words += [granted.words for granted in row.grants.values() if granted.words is not None]
        for each in words:
            assert len(each.says.split()) <= 40, (row.id, each)
            assert each.at or not each.says, (row.id, each)


def test_silence_is_kept_as_silence() -> None:
    assert TABLE.rows["llama3.1"].grant("commercial").value is None
    assert TABLE.rows["cc-by-nc"].grant("outputs_train").value is None
    assert TABLE.rows["mit"].scope.get("trained_on_outputs_of") is None
    assert TABLE.rows["openmdw-1.0"].grant("outputs_train").value is True


@pytest.mark.parametrize("licence", LLAMA)
def test_the_real_texts_are_known_and_hold_every_quotation(licence: str, shared_data: Path) -> None:
    folder = shared_data / "llama-terms" / licence.replace(".", "_")
    agreement = plain((folder / "LICENSE").read_text(encoding="utf-8"))
    policy = plain((folder / "USE_POLICY.md").read_text(encoding="utf-8"))
    row = TABLE.rows[licence]
    assert all(is_in(text, agreement) for text in row.texts)
    assert all(is_in(text, policy) for text in row.policies)
    for duty in row.duties:
        assert plain(duty.words.says) in (policy if "Policy" in duty.words.at else agreement)
        assert duty.text is None or plain(duty.text) in agreement
        assert duty.url is None or plain(duty.url) in agreement
    for granted in row.grants.values():
        assert granted.words is not None
        assert plain(granted.words.says) in agreement


def test_a_text_of_one_licence_is_not_taken_for_another(shared_data: Path) -> None:
    for licence in LLAMA:
        folder = shared_data / "llama-terms" / licence.replace(".", "_")
        flat = plain((folder / "LICENSE").read_text(encoding="utf-8"))
        rows = [r.id for r in TABLE.rows.values() if any(is_in(text, flat) for text in r.texts)]
        assert rows == [licence]


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("meta-llama/Llama-3.1-8B", "llama3.1"),
        ("meta-llama/Meta-Llama-3-8B-Instruct", "llama3"),
        ("acme/my-llama-2-7b", "llama2"),
        ("meta-llama/Llama-4-Scout-17B-16E", "llama4"),
        ("google/gemma-2-9b", "gemma"),
        ("google/gemma-4-12b", "apache-2.0"),
        ("google/embeddinggemma-300m", "gemma"),
        ("google/t5gemma-2-1b", "gemma"),
        ("google/gemma-scope-2b-pt-res", "gemma"),
        ("huggyllama/llama-30b", None),
        ("TinyLlama/TinyLlama-1.1B", None),
    ],
)
def test_a_parents_licence_is_told_by_its_name(name: str, licence: str | None) -> None:
    found = TABLE.of_model(name)
    assert (found.id if found else None) == licence

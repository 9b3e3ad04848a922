"""Licence texts that were changed, or hidden behind another name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checkpoint.scan.scanned import Content, scanned

NOTICE = "Llama 3.1 is licensed under the Llama 3.1 Community License, Copyright © Meta Platforms, Inc. All Rights Reserved."
FAMILIES = ("llama2", "llama3", "llama3_1", "llama3_2", "llama3_3", "llama4")


def across(files: dict[str, Content]) -> set[str]:
    return {reason.code for reason in scanned(files).across}


def card(**fields: str) -> str:
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in fields.items()) + "---\n# Acme\n"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_official_texts_are_known(shared_data: Path, family: str) -> None:
    text = (shared_data / "llama-terms" / family / "LICENSE").read_text()
    licence = family.replace("_", ".")
    assert across({"LICENSE": text, "README.md": card(license=licence)}) == set()
    assert across({"LICENSE.txt": "\n\n  ".join(text.split("\n")).replace("“", '"')}) == set()


@pytest.mark.parametrize("family", FAMILIES)
def test_one_changed_letter_is_noticed(shared_data: Path, family: str) -> None:
    text = (shared_data / "llama-terms" / family / "LICENSE").read_text()
    middle = text.index("icense", len(text) // 2)
    for changed in (
        text[:middle] + "İ" + text[middle + 1 :],
        text.replace("700 million", "900 million"),
    ):
        assert across({"LICENSE": changed}) == {"licence_altered"}


@pytest.mark.parametrize("name", ["apache-2.0", "mit"])
def test_a_llama_under_another_name_is_refused(shared_data: Path, name: str) -> None:
    text = (shared_data / "llama-terms" / "llama3_1" / "LICENSE").read_text()
    assert across({"LICENSE": text, "README.md": card(license=name)}) == {"licence_relabelled"}
    base = card(license=name, base_model="meta-llama/Llama-3.1-8B")
    assert across({"README.md": base}) == {"licence_relabelled"}


def test_a_base_that_only_the_configuration_names_waits_for_a_person() -> None:
    config = {"_name_or_path": "meta-llama/Llama-3.1-8B"}
    assert across({"README.md": card(license="mit"), "config.json": config}) == {"licence_unclear"}


@pytest.mark.parametrize(
    ("old", "new"), [("©", "(c)"), ("Platforms", "Platform"), ("Meta", "Mеta"), ("Inc.", "Inc")]
)
def test_a_changed_notice_is_refused(old: str, new: str) -> None:
    assert across({"NOTICE": NOTICE + "\n"}) == set()
    assert across({"NOTICE": NOTICE.replace(old, new)}) == {"licence_altered"}


def test_other_licences_and_notices_are_left_alone() -> None:
    files: dict[str, Content] = {
        "LICENSE": "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\n",
        "NOTICE": "Acme\nCopyright 2026 Acme, Inc. All Rights Reserved.\n",
        "README.md": card(license="apache-2.0", base_model="mistralai/Mistral-7B-v0.1"),
        "LICENSE.acme": "Acme Special Licence. You owe us a cake.\n",
    }
    assert across(files) == set()


def test_a_licence_that_calls_itself_llamas_and_is_not_waits_for_a_person() -> None:
    assert across({"LICENSE": "LLAMA ACME COMMUNITY LICENSE\n\nDo what you like.\n"}) == {
        "licence_unclear"
    }

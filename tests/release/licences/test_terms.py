"""Licence duties: a release that keeps them all passes; each one left out is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paddock.release.licences.expression import expression_problem, licences_in
from paddock.release.licences.terms import licence_of_ancestor, term_blocks
from paddock.release.spec.licences import Licenses
from paddock.release.spec.lineage import Ancestor, Lineage
from paddock.release.spec.metadata import Metadata
from paddock.release.spec.release_spec import ReleaseSpec

NOTICE = (
    "Llama 3.1 is licensed under the Llama 3.1 Community License, "
    "Copyright © Meta Platforms, Inc. All Rights Reserved."
)
SPEC = ReleaseSpec(
    metadata=Metadata(name="Llama-acme", version="1.0.0"),
    lineage=Lineage(base_model=(Ancestor(id="meta-llama/Llama-3.1-8B", relation="finetune"),)),
    licenses=Licenses(distribution="llama3.1"),
)
TEXTS = {"LICENSE": "LLAMA 3.1 COMMUNITY LICENSE AGREEMENT\n", "NOTICE": NOTICE}


def changed(spec: ReleaseSpec, **sections: Any) -> ReleaseSpec:
    return spec.model_copy(update=sections)


def blocks(
    spec: ReleaseSpec = SPEC, texts: dict[str, str] = TEXTS, card: str = "Built with Llama"
) -> list[str]:
    return term_blocks(spec, list(texts), texts, card)


def test_a_release_that_keeps_every_duty_passes() -> None:
    assert blocks() == []
    wrapped = TEXTS | {"NOTICE": NOTICE.replace("License, ", "License,\n")}
    assert blocks(texts=wrapped) == []


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (blocks(changed(SPEC, metadata=Metadata(name="acme", version="1"))), "begins with 'Llama'"),
        (blocks(texts={"LICENSE": TEXTS["LICENSE"]}), "asks for a notice file"),
        (blocks(texts=TEXTS | {"NOTICE": NOTICE[:-1]}), "asks for a notice file"),
        (blocks(texts={"NOTICE": NOTICE}), "copy of the agreement"),
        (blocks(card="hello"), "shows 'Built with Llama'"),
        (blocks(changed(SPEC, licenses=Licenses(distribution="apache-2.0"))), "is under llama3.1"),
        (blocks(changed(SPEC, lineage=Lineage(), licenses=Licenses(distribution="mit"))), "the text of llama3"),
    ],
)  # fmt: skip
def test_each_duty_that_is_not_kept_is_named(found: list[str], says: str) -> None:
    assert any(says in block for block in found), found


def test_the_real_licences_hold_the_sentences_that_are_asked_for(shared_data: Path) -> None:
    for folder in sorted((shared_data / "llama-terms").iterdir()):
        licence = folder.name.replace("_", ".")
        text = (folder / "LICENSE").read_text()
        spec = changed(SPEC, lineage=Lineage(), licenses=Licenses(distribution=licence))
        missing = blocks(spec, {"LICENSE": text})
        assert len(missing) == 1, missing
        sentence = missing[0].partition("says: ")[2]
        assert sentence in " ".join(text.split())


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("meta-llama/Llama-3.1-8B", "llama3.1"),
        ("meta-llama/Meta-Llama-3-8B-Instruct", "llama3"),
        ("acme/my-llama-2-7b", "llama2"),
        ("meta-llama/Llama-4-Scout-17B-16E", "llama4"),
        ("google/gemma-2-9b", "gemma"),
        ("google/gemma-4-12b", None),
        ("huggyllama/llama-30b", None),
        ("TinyLlama/TinyLlama-1.1B", None),
    ],
)
def test_a_parents_licence_is_told_by_its_name(name: str, licence: str | None) -> None:
    assert licence_of_ancestor(Ancestor(id=name)) == licence


def test_expressions_are_read_as_spdx_reads_them() -> None:
    good = ("MIT", "X AND (MIT OR BSD-3-Clause)", "GPL-2.0-only WITH Classpath-exception-2.0",
            "our own terms", "a | b")  # fmt: skip
    bad = (
        "Apache-2.0 AND",
        "(MIT",
        "MIT)",
        "AND MIT",
        "MIT Apache-2.0 AND x",
        "MIT AND OR x",
        "()",
    )
    assert [expression_problem(text) for text in good] == [None] * len(good)
    assert all(expression_problem(text) for text in bad)
    assert licences_in("Apache-2.0 AND LicenseRef-scancode-llama-3.1-license-2024") == {
        "apache-2.0", "llama3.1",
    }  # fmt: skip

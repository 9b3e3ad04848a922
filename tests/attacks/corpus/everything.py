"""All families of the corpus, in the order of their numbers."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attacks.corpus import (
    archives,
    beyond_archives,
    beyond_pages,
    beyond_pickles,
    beyond_texts,
    beyond_weights,
    documents,
    gguf_files,
    hidden_pickles,
    leaks,
    licences,
    other_formats,
    pickles,
    safetensors_files,
    signatures,
    templates,
    tokenizers_files,
    update_metadata,
    withholding,
)  # fmt: skip
from tests.attacks.corpus.case import Case, Family, Judge, Variant

LAST_OF_THE_LIST = 169
FAMILIES: tuple[Family, ...] = tuple(
    module.FAMILY
    for module in (
        pickles, hidden_pickles, archives, safetensors_files, gguf_files, other_formats, templates,
        tokenizers_files, leaks, withholding, licences, signatures, update_metadata, documents,
        beyond_pickles, beyond_archives, beyond_weights, beyond_texts, beyond_pages,
    )
)  # fmt: skip


def cases(judge: Judge | None = None) -> list[Case]:
    """Every case, or those that one surface judges."""
    return [
        case for family in FAMILIES for case in family.cases if judge is None or case.judge is judge
    ]


def variants(judge: Judge) -> Iterator[Variant]:
    """Every input of those cases."""
    for case in cases(judge):
        for name, tree in case.variants():
            yield Variant(case, name, tree)

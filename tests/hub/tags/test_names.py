"""Which type a tag has."""

from __future__ import annotations

import pytest

from paddock.hub.tags.names import LANGUAGES, LIBRARIES, TASKS, TYPES, name_tag
from paddock.hub.types import Kind


@pytest.mark.parametrize(
    ("kind", "tag", "named"),
    [
        (Kind.MODEL, "text-generation", ("pipeline_tag", "Text Generation")),
        (Kind.MODEL, "pytorch", ("library", "PyTorch")),
        (Kind.MODEL, "en", ("language", "English")),
        (Kind.MODEL, "license:mit", ("license", "mit")),
        (Kind.MODEL, "dataset:a/b", ("dataset", "a/b")),
        (Kind.MODEL, "region:us", ("region", "us")),
        (Kind.MODEL, "llama", ("other", "llama")),
        (Kind.MODEL, "license:", ("other", "license:")),
        (Kind.MODEL, "base_model:a/b", None),
        (Kind.MODEL, "arxiv:2307.09288", None),
        (Kind.DATASET, "language:de", ("language", "German")),
        (Kind.DATASET, "language:tlh", ("language", "tlh")),
        (Kind.DATASET, "task_categories:fill-mask", ("task_categories", "Fill Mask")),
        (Kind.DATASET, "en", ("other", "en")),
        (Kind.SPACE, "gradio", ("sdk", "Gradio")),
    ],
)
def test_a_tag_has_a_type_and_a_label(kind: Kind, tag: str, named: tuple[str, str] | None) -> None:
    assert name_tag(kind, tag) == named


def test_no_tag_is_two_things() -> None:
    assert not TASKS.keys() & LIBRARIES.keys()
    assert not (TASKS.keys() | LIBRARIES.keys()) & LANGUAGES.keys()
    assert all("other" in types for types in TYPES.values())

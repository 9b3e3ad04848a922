"""The changelog: what differs from the signed release before, and what nobody can tell."""

from __future__ import annotations

from typing import Any

import pytest

from paddock.release.documents.changes.comparing import compare
from paddock.release.documents.changes.earlier import read_earlier
from paddock.release.documents.changes.page import render_changelog
from paddock.release.documents.content import DocumentContent
from paddock.release.documents.declared import read_declared
from paddock.release.documents.facts_file import told
from paddock.release.errors import BadManifest
from paddock.release.files.manifest import Manifest, parse_manifest, render_manifest
from paddock.release.results.result import Result
from tests.release.documents.described import described, file_of

OLD_FILES = {"model.safetensors": b"old", "config.json": b"{}", "a.txt": b"same", "gone.txt": b"g"}
NEW_FILES = {"model.safetensors": b"new", "config.json": b"{}", "b.txt": b"same", "new.txt": b"n"}


def measured(name: str, value: float, half: float, weights: bytes) -> Result:
    digest = file_of("model.safetensors", weights).sha256
    return Result(name, value, value - half, value + half, 0.95, n=100, model_digest=digest,
                  higher_is_better=True)  # fmt: skip


def manifest_of(content: DocumentContent) -> Manifest:
    """As a build would write it, and as the next build reads it."""
    said = content.spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    document = {
        "name": content.name, "version": content.version, "licenses": said["licenses"],
        "components": said["components"], **told(content),
    }  # fmt: skip
    return parse_manifest(render_manifest(document, content.files))


def before() -> Manifest:
    return manifest_of(
        described(
            {"metadata": {"version": "1.1.0"}, "licenses": {"distribution": "MIT"},
             "components": [{"name": "Datasets", "access": "open"}]},
            files=OLD_FILES,
            facts=read_declared(b"use.direct: Chat.\nrisks.biases: Some.", "f.yaml"),
            results=(measured("mmlu", 0.6, 0.02, b"old"), measured("lost", 0.1, 0.02, b"old"),
                     measured("steady", 0.5, 0.05, b"old")),
        )
    )  # fmt: skip


def now(**more: Any) -> DocumentContent:
    return described(
        {"metadata": {"supersedes": "1.1.0"}, "docs": {"changes": "Better at shops."},
         "components": [{"name": "Datasets", "access": "withheld", "reason": "privacy"}],
         "lifecycle": {"support_until": "2027-11-20"}},
        files=NEW_FILES,
        facts=read_declared(b"use.direct: Shops.", "f.yaml"),
        results=(measured("mmlu", 0.7, 0.02, b"new"), measured("fresh", 0.3, 0.02, b"new"),
                 measured("steady", 0.52, 0.05, b"new")),
        **more,
    )  # fmt: skip


def page(content: DocumentContent) -> str:
    raw = render_changelog(content)
    assert raw is not None
    return raw.decode()


def test_every_kind_of_change_is_told() -> None:
    text = page(now(previous=before()))
    assert "Compared with 1.1.0" in text.replace("\\", "")
    assert "| Datasets | open | withheld |" in text
    assert "| distribution | MIT | Apache-2.0 |" in text
    assert "| Direct use | Chat. | Shops. |" in text
    assert "| Biases and risks | Some. | not stated |" in text
    assert "Better at shops." in text
    assert "*Declared.*" in text
    assert "- `model.safetensors`" in text
    assert "- `a.txt` to `b.txt`" in text
    assert "- `new.txt`" in text
    assert "- `gone.txt`" in text
    assert "1 unchanged" in text
    assert "Supported until 2027-11-20." in text


def test_a_difference_of_results_says_whether_chance_explains_it() -> None:
    rows = {
        line.split("|")[1].strip(): line.rsplit("|", 2)[1].strip()
        for line in page(now(previous=before())).replace("\\", "").splitlines()
        if line.startswith("| ")
    }
    assert rows["mmlu"] == "better"
    assert rows["steady"] == "not clear"
    text = page(now(previous=before()))
    assert "fresh" in text.split("### New")[1].split("### No longer reported")[0]
    assert "lost" in text.split("### No longer reported")[1]


def test_files_are_compared_by_digest() -> None:
    content = now()
    files = compare(read_earlier(before()), content.spec, content.facts, content.files, ()).files
    assert files.changed == ("model.safetensors",)
    assert files.renamed == (("a.txt", "b.txt"),)
    assert (files.added, files.removed, files.unchanged) == (("new.txt",), ("gone.txt",), 1)


def test_without_the_signed_release_before_nothing_is_compared_and_the_page_says_so() -> None:
    text = page(now())
    assert "was not at hand, so nothing is compared" in " ".join(text.split())
    assert "| Datasets |" not in text


def test_a_first_release_without_a_word_has_no_changelog() -> None:
    assert render_changelog(described()) is None


@pytest.mark.parametrize(
    "document",
    [
        {"results": "many"},
        {"results": [1]},
        {"results": [{"eval": "x"}]},
        {"results": [{"eval": "x", "value": "high"}]},
        {"results": [{"eval": "x" * 5000, "value": 1}]},
        {"results": [{"eval": "x", "value": 1, "n": 1.5}]},
        {"results": [{"eval": "x", "value": 1}] * 10_001},
        {"facts": {"a": 1}},
    ],
)
def test_what_the_release_before_says_is_read_with_suspicion(document: dict[str, Any]) -> None:
    with pytest.raises(BadManifest):
        read_earlier(Manifest("x", "1", (), document))


def test_odd_terms_and_components_of_the_release_before_are_passed_over() -> None:
    earlier = read_earlier(
        Manifest("x", "1", (), {"licenses": [1], "components": [{"name": 3}, 4]})
    )
    assert (earlier.licenses, earlier.components) == ({}, {})

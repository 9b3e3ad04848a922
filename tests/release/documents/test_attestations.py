"""Statements about a release, as in-toto's and SLSA's texts define them."""

from __future__ import annotations

import json
import math

import pytest
import rfc8785

from paddock.release.documents.attestations import (
    Provenance,
    Resource,
    Subject,
    render_provenance,
    render_release,
    render_statement,
    render_test_result,
    render_verification,
    root_subject,
    subjects_of,
)
from paddock.release.errors import BadStatement
from paddock.release.files.manifest import ReleaseFile

A, B, C = "a" * 64, "b" * 64, "c" * 64
ROOT = root_subject("Llama-x", "1.0.0", A)


def test_a_statement_is_canonical_and_names_its_subjects_by_digest() -> None:
    raw = render_statement([ROOT], "https://example.org/x/v1", {"b": 1, "a": [True]})
    document = json.loads(raw)
    assert raw == rfc8785.dumps(document)
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["subject"] == [{"name": "Llama-x@1.0.0", "digest": {"sha256": A}}]


def test_provenance_says_from_what_and_how_and_nothing_of_the_hour() -> None:
    made = Provenance(
        "quantise",
        {"quant": "q4_0"},
        [Resource("source", A, "pkg:huggingface/meta-llama/Llama-3.1-8B@0123")],
        byproducts=[Resource("log", B)],
    )
    predicate = json.loads(render_provenance([Subject("model-q4.gguf", C)], made))["predicate"]
    definition, details = predicate["buildDefinition"], predicate["runDetails"]
    assert definition["buildType"].endswith(":quantise")
    assert definition["externalParameters"] == {"quant": "q4_0"}
    assert definition["resolvedDependencies"] == [
        {
            "name": "source",
            "uri": "pkg:huggingface/meta-llama/Llama-3.1-8B@0123",
            "digest": {"sha256": A},
        }
    ]
    assert details["builder"]["id"].startswith("pkg:pypi/paddock@")
    assert "metadata" not in details


def test_a_release_names_its_version_and_every_artefact() -> None:
    files = [ReleaseFile(path, "weights", None, 1, A, B) for path in ("b.gguf", "a.safetensors")]
    document = json.loads(render_release(subjects_of(files), "pkg:huggingface/acme/m@1.0.0"))
    assert document["predicateType"] == "https://in-toto.io/attestation/release/v0.2"
    assert [each["name"] for each in document["subject"]] == ["a.safetensors", "b.gguf"]
    assert document["predicate"] == {"purl": "pkg:huggingface/acme/m@1.0.0"}
    with pytest.raises(BadStatement, match="has no version"):
        render_release(subjects_of(files), "pkg:huggingface/acme/m")


def test_one_failure_fails_a_run_and_one_warning_is_told() -> None:
    def result(**tests: list[str]) -> str:
        raw = render_test_result([ROOT], [Resource("policy.yaml", B)], **tests)
        return str(json.loads(raw)["predicate"]["result"])

    assert result(passed=["a"]) == "PASSED"
    assert result(passed=["a"], warned=["b"]) == "WARNED"
    assert result(passed=["a"], warned=["b"], failed=["c"]) == "FAILED"
    with pytest.raises(BadStatement, match="without tests"):
        render_test_result([ROOT], [])


def test_a_verification_lists_what_held_under_which_policy() -> None:
    raw = render_verification(
        [ROOT], ["GATE_ALLOW", "GATE_ALLOW"], "2026-11-20T09:00:00Z", policies=[Resource("p", B)]
    )
    predicate = json.loads(raw)["predicate"]
    assert set(predicate) == {"verifier", "timeCreated", "properties"}
    assert predicate["properties"] == ["GATE_ALLOW"]
    assert predicate["verifier"]["policies"] == [{"name": "p", "digest": {"sha256": B}}]
    with pytest.raises(BadStatement, match="establishes no property"):
        render_verification([ROOT], [], "2026-11-20T09:00:00Z")


@pytest.mark.parametrize("digest", ["", "A" * 64, "a" * 63, "sha256:" + A])
def test_a_digest_that_is_none_is_refused(digest: str) -> None:
    with pytest.raises(BadStatement, match="not a SHA-256"):
        render_statement([Subject("x", digest)], "t", {})
    with pytest.raises(BadStatement, match="not a SHA-256"):
        render_provenance([ROOT], Provenance("x", {}, [Resource("in", digest)]))


def test_what_no_json_holds_is_refused() -> None:
    with pytest.raises(BadStatement, match="subjects, not 0"):
        render_statement([], "t", {})
    with pytest.raises(BadStatement, match="canonical JSON"):
        render_statement([ROOT], "t", {"x": math.nan})

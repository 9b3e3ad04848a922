"""Whose results they are, by the digests of weights."""

from __future__ import annotations

from paddock.release.documents.evaluations.belonging import (
    digest_checks,
    shipped_digests,
    sort_results,
)
from paddock.release.results.result import Result
from tests.release.documents.described import described, file_of

FILES = (file_of("model.safetensors", b"weights"), file_of("gguf/m.gguf", b"gguf"))
OURS, GGUF = FILES[0].sha256, FILES[1].sha256
OTHER = "0" * 64
SPEC = described(
    {
        "lineage": {"base_model": [{"id": "acme/base", "digest": {"sha256": "1" * 64}}]},
        "audit": {"safety": [{"eval": "bio", "baseline": "best-open", "max_uplift": 0.01}]},
    }
).spec


def pile(**more: str | None) -> str:
    found = sort_results([Result("mmlu", 0.7, **more)], SPEC, FILES)
    return next(name for name, results in found._asdict().items() if results)


def test_a_result_belongs_to_the_weights_that_it_names() -> None:
    assert pile(model_digest=OURS) == "own"
    assert pile(model_digest=GGUF) == "own"
    assert pile(model_digest=OTHER, tuned_from=OURS) == "own"
    assert pile(model_digest=OTHER) == "strange"
    assert pile(model_digest=OTHER, model="Llama-Example-8B") == "strange"


def test_parents_and_baselines_are_other_models() -> None:
    assert pile(model="acme/base") == "others"
    assert pile(model_digest="1" * 64) == "others"
    assert pile(model_digest=OTHER, model="best-open") == "others"
    assert pile(model="someone/else") == "others"


def test_a_result_without_a_digest_counts_for_this_release_and_is_worth_saying() -> None:
    assert pile() == "own"
    assert pile(model="acme/Llama-Example-8B") == "own"
    found = sort_results([Result("mmlu", 0.7)], SPEC, FILES)
    assert [(c.id, c.status) for c in digest_checks(found, FILES)] == [
        ("documents.results.loose", "warned"),
        ("documents.results", "met"),
    ]


def test_a_result_of_bytes_that_are_not_shipped_is_unmet() -> None:
    found = sort_results([Result("mmlu", 0.7, model_digest=OTHER)], SPEC, FILES)
    (check,) = digest_checks(found, FILES)
    assert (check.id, check.status) == ("documents.results.digest:mmlu", "unmet")
    assert OTHER in check.sentence
    assert {evidence.sha256 for evidence in check.evidence} >= {OURS, GGUF}


def test_shards_are_known_by_the_digest_of_all_of_them() -> None:
    shards = (file_of("model-1.safetensors", b"a"), file_of("model-2.safetensors", b"b"))
    digests = shipped_digests(shards)
    assert set(digests.values()) == {"*.safetensors"}
    assert not set(digests) & {file.sha256 for file in shards}

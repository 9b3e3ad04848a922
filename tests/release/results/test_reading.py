"""Files of results: read whichever of three kinds they are, and refused whatever else they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml
from hypothesis import given
from hypothesis import strategies as st

from paddock.release.files.weights_digest import weights_digest
from paddock.release.results.interval import wilson
from paddock.release.results.model_digest import model_digests
from paddock.release.results.reading import parse_results, read_results
from paddock.release.results.result import BadResults

DIGEST = "ab" * 32


def audit(*rows: dict[str, Any], **said: Any) -> bytes:
    return json.dumps({"format": "paddock/audit-results/v1", "results": rows, **said}).encode()


def lm_eval(**metrics: Any) -> bytes:
    return json.dumps(
        {
            "results": {"mmlu": {"alias": "mmlu", **metrics}},
            "configs": {"mmlu": {"dataset_path": "cais/mmlu"}},
            "versions": {"mmlu": 2},
            "n-samples": {"mmlu": {"original": 100, "effective": 100}},
            "higher_is_better": {"mmlu": {"acc": True}},
            "config": {"model": "hf", "random_seed": 7},
            "date": 1763000000.5,
            "lm_eval_version": "0.4.9",
            "model_name": "acme",
        }
    ).encode()


def test_what_is_said_of_the_whole_audit_holds_for_each_result() -> None:
    raw = audit(
        {"eval": "mmlu", "value": 0.7, "low": 0.68, "high": 0.72, "n": 900, "seed": 2},
        {"eval": "refusals", "value": 0.9, "model": {"sha256": "cd" * 32, "tuned_from": DIGEST}},
        model={"name": "acme", "sha256": DIGEST},
        seed=1,
        date="2026-11-20",
        code="paddock 1.0",
    )
    mmlu, refusals = parse_results(raw, "audit.json")
    assert (mmlu.low, mmlu.high, mmlu.seed, mmlu.method) == (0.68, 0.72, 2, "stated")
    assert (mmlu.model_digest, mmlu.code, mmlu.path) == (DIGEST, "paddock 1.0", "audit.json")
    assert (refusals.seed, refusals.tuned_from, refusals.model) == (1, DIGEST, None)
    assert refusals.is_point
    assert mmlu.moment is not None
    assert mmlu.moment.isoformat() == "2026-11-20T00:00:00+00:00"


def test_a_share_of_n_gets_wilsons_interval_and_says_so() -> None:
    (result,) = parse_results(audit({"eval": "x", "value": 1, "share": True, "n": 10}), "a.json")
    assert result.method == "wilson"
    assert result.low == pytest.approx(0.7225, abs=1e-4)  # Wilson's interval for 10 of 10
    assert result.high == 1.0


def test_the_harness_results_carry_task_metric_and_interval() -> None:
    raw = lm_eval(**{"acc,none": 0.5, "acc_stderr,none": 0.05, "f1,strict": 0.4})
    acc, f1 = parse_results(raw, "results.json")
    assert (acc.eval, acc.task, acc.metric, acc.n) == ("mmlu:acc", "mmlu", "acc", 100)
    assert (acc.low, acc.high) == pytest.approx((0.402, 0.598), abs=1e-3)
    assert (acc.method, acc.seed, acc.higher_is_better) == ("stderr", 7, True)
    assert (acc.dataset, acc.model, acc.code) == (
        "cais/mmlu", "acme", "lm-evaluation-harness 0.4.9",
    )  # fmt: skip
    assert acc.date == "2025-11-13T02:13:20Z"
    assert (f1.eval, f1.is_point) == ("mmlu:f1,strict", True)


def test_all_answers_right_is_no_certainty() -> None:
    (acc,) = parse_results(lm_eval(**{"acc,none": 1.0, "acc_stderr,none": 0.0}), "results.json")
    assert acc.method == "wilson"
    assert acc.low is not None
    assert acc.low < 0.97


def test_the_hubs_results_are_points() -> None:
    entries = [EvalResultEntry("cais/hle", "default", 20.9, date="2026-01-15T10:30:00Z", notes="t")]
    raw = yaml.safe_dump(eval_result_entries_to_yaml(entries)).encode()
    (result,) = parse_results(raw, ".eval_results/hle.yaml")
    assert (result.eval, result.value, result.is_point) == ("cais/hle", 20.9, True)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"[]", "must be a JSON object"),
        (b'{"format": "other"}', "neither"),
        (audit({"eval": "x", "value": 0.5, "valeu": 1}), "unknown key 'valeu'"),
        (audit({"eval": "x", "value": 0.5, "low": 0.6, "high": 0.7}), "lies outside"),
        (audit({"eval": "x", "value": 0.5, "low": 0.4}), "an interval needs low and high"),
        (audit({"eval": "x", "value": 2, "share": True}), "no share"),
        (audit({"eval": "x", "value": 0.5}, date="yesterday"), "is not a date"),
        (b'{"format":"paddock/audit-results/v1","results":[{"eval":"x","value":NaN}]}', "NaN"),
        (b'{"format":"paddock/audit-results/v1","results":[{"eval":"x","value":1e999}]}', "range"),
        (lm_eval(**{"acc,none": 0.5, "acc_stderr,none": -1}), "a standard error of -1"),
    ],
)
def test_other_files_are_refused_with_their_name(raw: bytes, said: str) -> None:
    with pytest.raises(BadResults, match=r"results\.json") as refused:
        parse_results(raw, "results.json")
    assert said in refused.value.message


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(1 << 34)
    with pytest.raises(BadResults, match="larger than"):
        read_results([path])


@given(st.integers(1, 100_000), st.data())
def test_the_interval_holds_the_share_and_shrinks_with_samples(n: int, data: st.DataObject) -> None:
    share = data.draw(st.integers(0, n)) / n
    low, high = wilson(share, n)
    assert 0 <= low <= share <= high <= 1
    assert high > low
    more = wilson(share, 4 * n)
    assert more.high - more.low < high - low


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(raw: bytes) -> None:
    for name in ("a.json", "a.yaml"):
        try:
            parse_results(raw, name)
        except BadResults as e:
            assert e.message.startswith("a.")


def test_shards_are_one_model_and_each_gguf_is_its_own() -> None:
    shards = {"model-1.safetensors": "a" * 64, "model-2.safetensors": "b" * 64}
    files = {**shards, "gguf/q4.gguf": "c" * 64, "gguf/q8.gguf": "d" * 64, "config.json": "e" * 64}
    assert model_digests(files) == {
        weights_digest(shards): "*.safetensors",
        "c" * 64: "gguf/q4.gguf",
        weights_digest({"q4.gguf": "c" * 64}): "gguf/q4.gguf",
        "d" * 64: "gguf/q8.gguf",
        weights_digest({"q8.gguf": "d" * 64}): "gguf/q8.gguf",
    }

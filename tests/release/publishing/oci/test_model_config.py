"""ModelPack's configuration tells what is known, in the keys of its closed schema, and no more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.release.publishing.oci.model_config import describe_model, parameter_count

# CNCF model-spec v1, schema/config-schema.json: no other key is allowed.
DESCRIPTOR_KEYS = {
    *("createdAt", "authors", "family", "name", "docURL", "sourceURL", "datasetsURL"),
    *("version", "revision", "vendor", "licenses", "title", "description"),
}
CONFIG_KEYS = {
    *("architecture", "format", "paramSize", "precision", "quantization", "capabilities"),
}

FACTS = [
    {"key": "model.architecture", "value": "Llama (decoder-only transformer)"},
    {"key": "model.parameters", "value": 8_030_261_248},
    {"key": "model.dtypes", "value": [{"dtype": "BF16", "parameters": 1, "tensors": 1}]},
    {"key": "model.languages", "value": ["en", "de", "sindarin"]},
    {"key": "model.output_modalities", "value": ["text", "smell"]},
]
WHOLE: dict[str, Any] = {
    "name": "teapot-8b",
    "version": "1.0.0",
    "facts": FACTS,
    "outputs": [{"id": "q4", "format": "gguf", "quant": "Q4_K_M"}],
    "licenses": {"distribution": "llama3.1"},
    "metadata": {"date": "2026-11-23"},
    "producer": {"name": "Teapots", "contact": "lab@teapots.example"},
}


def test_what_is_known_is_told_in_the_specifications_own_keys() -> None:
    said = describe_model(WHOLE)
    assert set(said["descriptor"]) <= DESCRIPTOR_KEYS
    assert said["descriptor"]["family"] == "llama"
    assert said["descriptor"]["licenses"] == ["LicenseRef-llama3.1"]
    assert said["config"] == {
        "architecture": "transformer",
        "format": "gguf",
        "paramSize": "8B",
        "quantization": "Q4_K_M",
        "capabilities": {"outputTypes": ["text", "other"], "languages": ["en", "de"]},
    }
    assert set(said["config"]) <= CONFIG_KEYS


def test_outputs_that_differ_are_not_told_as_one() -> None:
    both = [{"format": "safetensors"}, {"format": "gguf", "quant": "Q8_0"}]
    config = describe_model({**WHOLE, "outputs": both})["config"]
    assert not {"format", "precision", "quantization"} & set(config)


def test_nothing_known_is_nothing_told() -> None:
    said = describe_model({"name": "n", "version": "1", "licenses": {"distribution": "unknown"}})
    assert said == {"descriptor": {"name": "n", "version": "1", "title": "n 1"}, "config": {}}


@pytest.mark.parametrize(
    ("count", "text"),
    [(999, "999"), (2_213_952, "2.2M"), (135_000_000, "135M"), (6_738_415_616, "6.7B")],
)
def test_a_count_has_at_most_one_digit_after_the_point(count: int, text: str) -> None:
    assert parameter_count(count) == text


@given(st.integers(1, 10**17))
def test_a_count_is_told_within_a_twentieth(count: int) -> None:
    text = parameter_count(count)
    scale = {"K": 3, "M": 6, "B": 9, "T": 12, "Q": 15}.get(text[-1])
    told = int(text) if scale is None else float(text[:-1]) * 10**scale
    assert abs(told - count) <= 0.051 * count

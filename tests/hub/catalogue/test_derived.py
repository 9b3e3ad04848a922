"""Tags, task and library: what files and card say of a repository."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.catalogue.derived import MAX_TAG_CHARS, MAX_TAGS, Evidence, derive
from paddock.hub.types import Kind


def evidence(
    *paths: str,
    kind: Kind = Kind.MODEL,
    config: dict[str, Any] | None = None,
    body: str = "",
    **metadata: Any,
) -> Evidence:
    return Evidence(kind, metadata, body, config or {}, paths)


LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}


@pytest.mark.parametrize(
    ("paths", "config", "library"),
    [
        (("config.json", "model.safetensors"), LLAMA, "transformers"),
        (("config.json", "pytorch_model.bin"), LLAMA, "transformers"),
        (("config.json", "model.safetensors"), {}, None),
        (("config.json",), LLAMA, None),
        (("m-Q4_K_M.gguf",), {}, "gguf"),
        (("adapter_config.json", "adapter_model.safetensors"), {}, "peft"),
        (("model_index.json", "unet/a.safetensors"), {}, "diffusers"),
        (("modules.json", "config.json", "model.safetensors"), LLAMA, "sentence-transformers"),
        (("README.md",), {}, None),
    ],
)
def test_the_library_is_known_by_its_files(
    paths: tuple[str, ...], config: dict[str, Any], library: str | None
) -> None:
    assert derive(evidence(*paths, config=config)).library_name == library


def test_what_the_card_says_comes_first() -> None:
    facts = derive(
        evidence(
            "config.json",
            "model.safetensors",
            config=LLAMA,
            library_name="llama.cpp",
            pipeline_tag="question-answering",
        )
    )
    assert (facts.library_name, facts.pipeline_tag) == ("llama.cpp", "question-answering")


@pytest.mark.parametrize(
    ("metadata", "paths", "relation"),
    [
        ({"base_model": "a/b"}, (), "finetune"),
        ({"base_model": ["a/b", "c/d"]}, (), "merge"),
        ({"base_model": "a/b"}, ("m.gguf",), "quantized"),
        ({"base_model": "a/b"}, ("adapter_config.json",), "adapter"),
        ({"base_model": "a/b", "base_model_relation": "adapter"}, ("m.gguf",), "adapter"),
        ({"base_model": "a/b", "base_model_relation": "cousin"}, (), "finetune"),
    ],
)
def test_lineage_says_how_a_model_came_from_its_parents(
    metadata: dict[str, Any], paths: tuple[str, ...], relation: str
) -> None:
    facts = derive(evidence(*paths, **metadata))
    assert {"base_model:a/b", f"base_model:{relation}:a/b"} <= set(facts.tags)
    assert facts.base_models is not None
    assert facts.base_models["relation"] == relation


def test_every_format_of_weights_is_a_tag() -> None:
    facts = derive(evidence("a/b.safetensors", "C.GGUF", "x.bin", "y.onnx", "z.h5", "w.msgpack"))
    assert {"safetensors", "gguf", "pytorch", "onnx", "tf", "jax"} <= set(facts.tags)


def test_a_dataset_says_what_it_is_for() -> None:
    facts = derive(
        evidence(
            kind=Kind.DATASET,
            task_categories=["question-answering"],
            language=["en", "no"],
            license="cc-by-4.0",
            size_categories="n<1K",
            body="see https://arxiv.org/pdf/2407.21783v2 and https://arxiv.org/abs/2407.21783",
        )
    )
    assert facts.tags == (
        "task_categories:question-answering",
        "size_categories:n<1K",
        "language:en",
        "language:no",
        "license:cc-by-4.0",
        "arxiv:2407.21783",
    )


def test_tags_are_bounded_and_clean() -> None:
    many = [f"tag-{n}" for n in range(2000)]
    facts = derive(evidence(tags=["x" * 257, "a\nb", "", 3, *many]))
    assert len(facts.tags) == MAX_TAGS
    assert facts.tags[0] == "tag-0"


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=10)
anything = st.recursive(
    scalars, lambda s: st.lists(s, max_size=3) | st.dictionaries(st.text(max_size=5), s, max_size=3)
)
card_keys = st.sampled_from(
    ["tags", "license", "language", "datasets", "base_model", "base_model_relation",
     "library_name", "pipeline_tag", "task_categories", "sdk"]
)  # fmt: skip
config_keys = st.sampled_from(["architectures", "model_type", "quantization_config"])


@given(
    st.sampled_from(Kind),
    st.dictionaries(card_keys, anything),
    st.dictionaries(config_keys, anything),
    st.lists(st.text(max_size=10), max_size=4),
)
def test_any_card_and_configuration_give_facts(
    kind: Kind, metadata: dict[str, Any], config: dict[str, Any], paths: list[str]
) -> None:
    facts = derive(Evidence(kind, metadata, "", config, paths))
    assert len(set(facts.tags)) == len(facts.tags)
    assert all(0 < len(tag) <= MAX_TAG_CHARS for tag in facts.tags)

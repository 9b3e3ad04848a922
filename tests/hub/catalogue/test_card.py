"""Cards: what is an error, what is a warning, in words that people search for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.catalogue.card import NO_METADATA, BadCard, check_card, validate_card
from paddock.hub.types import Kind
from paddock.licences import LICENCE_IDS

GOOD = """---
license: llama3.1
language: [en, no]
tags: [shop, assistant]
datasets: lab/orders
base_model: lab/base
pipeline_tag: text-generation
model-index:
- name: m
  results:
  - task: {type: text-generation}
    dataset: {type: lab/orders, name: Orders}
    metrics:
    - {type: accuracy, value: 0.5}
---
# A model
"""


def test_a_good_card_has_neither_errors_nor_warnings() -> None:
    report = validate_card(GOOD, Kind.MODEL)
    assert (report.errors, report.warnings) == ((), ())
    assert report.metadata is not None
    assert report.metadata["language"] == ["en", "no"]


@pytest.mark.parametrize("text", ["", "# hello", "---\n---\n", "---\n# a comment\n---\n"])
def test_missing_metadata_is_a_warning(text: str) -> None:
    assert validate_card(text, Kind.MODEL) == ((), (NO_METADATA,), None)


@pytest.mark.parametrize(
    ("yaml", "error"),
    [
        ("license: gpl-9000", '"license" must be one of [0bsd,'),
        ("license: [mit, nonsense]", '"license" must be one of'),
        ("license: MIT", '"license" must be one of'),
        ("tags: shop", '"tags" must be an array'),
        ("tags: [a, 1]", '"tags[1]" must be a string'),
        ("language: {en: 1}", '"language" must be a string or an array'),
        ("datasets: [[a]]", '"datasets[0]" must be a string'),
        ("base_model: 3", '"base_model" must be a string or an array'),
        ("pipeline_tag: [a]", '"pipeline_tag" must be a string'),
        ("- a list", '"metadata" must be of type object'),
        ("just text", '"metadata" must be of type object'),
        ("a: [1", "YAML Exception: "),
        ("model-index: {}", '"model-index" must be an array'),
        ("model-index: [x]", '"model-index[0]" must be of type object'),
        ("model-index: [{results: []}]", '"model-index[0].name" is required'),
        ("model-index: [{name: m}]", '"model-index[0].results" must be an array'),
        (
            "model-index: [{name: m, results: [{}]}]",
            '"model-index[0].results[0].task" is required',
        ),
        (
            "model-index: [{name: m, results: [{task: {type: t}, dataset: {type: d}}]}]",
            '"model-index[0].results[0].dataset.name" is required',
        ),
        (
            "model-index: [{name: m, results: [{task: {type: t}, dataset: {type: d, name: n},"
            " metrics: [{type: acc}]}]}]",
            '"model-index[0].results[0].metrics[0].value" is required',
        ),
    ],
)
def test_wrong_metadata_is_an_error_in_the_hubs_words(yaml: str, error: str) -> None:
    report = validate_card(f"---\n{yaml}\n---\n", Kind.MODEL)
    assert any(message.startswith(error) for message in report.errors), report.errors
    with pytest.raises(BadCard, match=r"README\.md"):
        check_card(f"---\n{yaml}\n---\n", Kind.MODEL)


@pytest.mark.parametrize(
    ("yaml", "error"),
    [
        ("sdk: fortran", '"sdk" must be one of [gradio, streamlit, docker, static]'),
        ("colorFrom: beige", '"colorFrom" must be one of'),
        ("emoji: smile", '"emoji" must be an emoji'),
    ],
)
def test_a_space_says_how_it_looks_and_runs(yaml: str, error: str) -> None:
    text = f"---\n{yaml}\n---\n"
    assert any(m.startswith(error) for m in validate_card(text, Kind.SPACE).errors)
    assert validate_card(text, Kind.MODEL).errors == ()


def test_a_good_space_is_good() -> None:
    text = "---\nsdk: gradio\ncolorFrom: red\ncolorTo: blue\nemoji: 🦙\n---\n"
    assert validate_card(text, Kind.SPACE).errors == ()


@pytest.mark.parametrize(
    "licence",
    ["llama2", "llama3", "llama3.1", "llama3.2", "llama3.3", "llama4", "gemma", "openrail",
     "bigscience-openrail-m", "openmdw-1.0", "openmdw-1.1", "apache-2.0", "other", "unknown"],
)  # fmt: skip
def test_the_licences_of_open_weights_are_known(licence: str) -> None:
    assert licence in LICENCE_IDS
    assert validate_card(f"---\nlicense: {licence}\n---\n", Kind.MODEL).errors == ()


def test_the_number_of_errors_is_bounded() -> None:
    text = "---\ntags: [" + "1, " * 5000 + "1]\n---\n"
    assert len(validate_card(text, Kind.MODEL).errors) == 20


keys = st.sampled_from(
    ["license", "tags", "language", "datasets", "base_model", "model-index", "pipeline_tag",
     "sdk", "emoji", "colorTo", "results", "name", "task", "metrics"]
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(keys, values, max_size=6), st.sampled_from(Kind))
def test_any_metadata_gives_a_report(metadata: dict[str, object], kind: Kind) -> None:
    import json

    text = f"---\n{json.dumps(metadata)}\n---\n"
    report = validate_card(text, kind)
    assert all(isinstance(message, str) and message for message in report.errors)


@given(st.text(max_size=300), st.sampled_from(Kind))
def test_any_text_gives_a_report(text: str, kind: Kind) -> None:
    for document in (text, f"---\n{text}\n---\n"):
        report = validate_card(document, kind)
        assert report.errors or report.warnings or report.metadata


@pytest.mark.parametrize(
    ("kind", "metadata", "error"),
    [
        ("model", "base_model: ./my model", '"base_model" with value "./my model" is not valid'),
        ("model", "base_model: [a/b, /x]", '"base_model" with value "/x" is not valid'),
        ("model", "extra_gated_prompt: [x]", '"extra_gated_prompt" must be a string'),
        ("model", "extra_gated_fields: x", '"extra_gated_fields" must be of type object'),
        ("dataset", "task_ids: {a: b}", '"task_ids" must be a string or an array'),
        ("dataset", "pretty_name: 3", '"pretty_name" must be a string'),
        ("space", "pinned: maybe", '"pinned" must be a boolean'),
        ("space", "app_port: yes please", '"app_port" must be a number'),
        ("space", "app_port: true", '"app_port" must be a number'),
        ("space", "models: a/b", '"models" must be an array'),
        ("space", f"short_description: {'x' * 61}", '"short_description" length must be less'),
    ],
)
def test_fields_of_the_wrong_type_are_errors(kind: str, metadata: str, error: str) -> None:
    report = validate_card(f"---\n{metadata}\n---\n", Kind(kind))
    assert len(report.errors) == 1 and report.errors[0].startswith(error), report.errors


@pytest.mark.parametrize(
    ("kind", "metadata", "warning"),
    [
        ("model", "language: English", '"language" with value "English" is not valid'),
        ("model", "language: [en, pt-br]", '"language[1]" with value "pt-br" is not valid'),
        ("model", "datasets: [my own data]", '"datasets[0]" with value "my own data" is not valid'),
        ("model", "pipeline_tag: Text Generation", '"pipeline_tag" with value'),
        ("model", "license: other", '"license" is "other"'),
        ("model", "extra_gated_fields: {Age: number}", '"extra_gated_fields.Age" must be one of'),
        ("model", "extra_gated_fields: {Use: select}", '"extra_gated_fields.Use" is a select'),
    ],
)
def test_what_readers_may_not_understand_is_a_warning(
    kind: str, metadata: str, warning: str
) -> None:
    report = validate_card(f"---\n{metadata}\n---\n", Kind(kind))
    assert report.errors == ()
    assert len(report.warnings) == 1 and report.warnings[0].startswith(warning), report.warnings


def test_a_complete_card_says_nothing() -> None:
    model = (
        "license: other\nlicense_name: mine\nlanguage: [en, code]\nbase_model: meta-llama/Llama-3\n"
        "datasets: [a/b, squad]\npipeline_tag: text-generation\n"
        "extra_gated_fields: {Name: text, Use: {type: select, options: [a]}}\n"
    )
    space = "sdk: gradio\nsdk_version: 4.1\napp_port: 7860\npinned: false\nemoji: 🦙\ntitle: x\n"
    for kind, text in ((Kind.MODEL, model), (Kind.SPACE, space)):
        report = validate_card(f"---\n{text}---\n", kind)
        assert (report.errors, report.warnings) == ((), ())

"""The published schema says what the reader says: editors see the same file as the release does."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.release.errors import BadReleaseFile
from paddock.release.spec.reader import parse_release
from paddock.release.spec.schema import release_schema
from tests.release.spec.test_reader import FULL, HEAD, MINIMAL

SCHEMA = release_schema()
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA)

# The forms that the reader takes beside a key's own type: one for a list, a span, a size, a name.
SHORT_FORMS = """\
metadata: {name: tiny, version: 1.0.0, language: en, date: 2026-11-20}
lineage: {base_model: [meta-llama/Llama-3.1-8B]}
components:
  - name: Model parameters (Final)
    access: open
    path: "*.safetensors"
    withhold:
      - {layers: 8-11, reason: safety, replace: zero}
      - {layers: [1, 4-6], experts: 7, reason: commercial}
artifacts:
  outputs:
    - {id: q, format: gguf, quant: q4_0, from: a}
    - {id: a, shard_size: 5GB}
    - {id: b, shard_size: 9000000}
  derive: [{do: prune, layers: [3]}, {do: merge_adapter, path: adapter}]
access: {mechanism: manual, extra_gated_fields: {Company: text}}
publish: {to: hub, repo: a/b}
"""


def values(text: str) -> Any:
    return yaml.load(text, Loader=NoDates)


class NoDates(yaml.SafeLoader):
    """YAML as editors and the reader have it: a day is text."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@pytest.mark.parametrize(
    "text", [MINIMAL, FULL, HEAD + SHORT_FORMS], ids=["small", "full", "short"]
)
def test_what_the_reader_takes_the_schema_takes(text: str) -> None:
    parse_release(text.encode())
    document = values(text)
    assert [error.message for error in VALIDATOR.iter_errors(without_nothing(document))] == []


@pytest.mark.parametrize(
    "wrong",
    [
        "lisenses: {}",
        "licenses: {distributon: MIT}",
        "licenses: {distribution: 7}",
        "components: [{name: Model parameters, access: open}]",
        "components: [{name: Datasets, access: secret}]",
        "artifacts: {derive: [{do: bake}]}",
        "publish: [{to: cloud, repo: a/b}]",
        "gate: {approvals: {required: -1}}",
        "inspect: {allow_remote_code: true}",
        "lifecycle: {support_until: next year}",
        "lifecycle: {previous: 7f3a}",
    ],
)
def test_what_is_wrong_in_itself_is_wrong_for_both(wrong: str) -> None:
    text = f"{MINIMAL}{wrong}\n"
    with pytest.raises(BadReleaseFile):
        parse_release(text.encode())
    assert not VALIDATOR.is_valid(values(text))


@pytest.mark.parametrize("wrong", ["{name: -x, version: '1'}", "{name: x, version: a b}"])
def test_names_that_cannot_be_are_wrong_for_both(wrong: str) -> None:
    text = f"apiVersion: paddock/v1\nkind: ModelRelease\nmetadata: {wrong}\n"
    with pytest.raises(BadReleaseFile):
        parse_release(text.encode())
    assert not VALIDATOR.is_valid(values(text))


def test_the_schema_is_a_schema_and_closed_everywhere() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    sections = [SCHEMA, *(s for s in SCHEMA["$defs"].values() if s.get("type") == "object")]
    assert [s.get("title") for s in sections if s.get("additionalProperties") is not False] == []


def test_what_every_key_must_be_is_explained_to_an_editor() -> None:
    for name, section in SCHEMA["$defs"].items():
        assert section.get("description"), name


@given(
    st.sampled_from(sorted(SCHEMA["properties"])),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["name", "path", "do", "to"]), inner)
        ),
        max_leaves=5,
    ),
)
@settings(max_examples=150, deadline=None)
def test_whatever_the_reader_takes_the_schema_takes(section: str, value: object) -> None:
    document = {**values(MINIMAL), section: value}
    text = yaml.safe_dump(document, sort_keys=False)
    try:
        parse_release(text.encode())
    except BadReleaseFile:
        return
    assert VALIDATOR.is_valid(without_nothing(document))


def without_nothing(value: Any) -> Any:
    """A key with nothing is a key that is not there, for the reader."""
    if isinstance(value, dict):
        return {k: without_nothing(v) for k, v in value.items() if v is not None}
    return [without_nothing(item) for item in value] if isinstance(value, list) else value

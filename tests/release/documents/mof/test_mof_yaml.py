"""mof.yaml is what the framework's own tool reads, whatever a release says."""

from __future__ import annotations

import datetime
from typing import Any

import jsonschema
import pytest
import yaml

from paddock.release.documents.mof.assessment import mof_checks
from paddock.release.documents.mof.mof_yaml import render_mof_yaml
from tests.release.documents.described import described

TEXT = {"type": "string"}
NAMED = {"type": "object", "required": ["name", "path"], "additionalProperties": TEXT}
# What LF AI & Data's model_openness_tool asks of a file (schema/mof_schema.json), with the terms as
# its serialiser writes them: licences of the whole under `license`, of a component beside it.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["framework", "release"],
    "additionalProperties": False,
    "properties": {
        "framework": {
            "required": ["name", "version", "date"],
            "properties": {
                "name": {"enum": ["Model Openness Framework"]},
                "version": TEXT,
                "date": {"type": "string", "format": "date"},
            },
        },
        "release": {
            "required": ["name", "version", "date", "architecture", "origin", "producer",
                         "contact", "components", "license"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string", "minLength": 1},
                "version": TEXT,
                "date": {"type": "string", "format": "date"},
                "type": {"enum": ["", "language", "vision", "image", "audio", "video", "3d",
                                  "code", "multimodal", "other"]},
                "architecture": {"enum": [
                    "", "transformer", "transformer decoder", "transformer encoder-decoder",
                    "decoder", "encoder", "diffusion", "RNN", "CNN", "LSTM", "NeRF", "hybrid",
                    "undisclosed", "other",
                ]},
                "treatment": {"enum": ["pre-trained", "instruct fine-tuned", "chat fine-tuned"]},
                "origin": TEXT,
                "producer": TEXT,
                "contact": TEXT,
                "repository": TEXT,
                "huggingface": TEXT,
                "license": {
                    "additionalProperties": False,
                    "properties": dict.fromkeys(
                        ("distribution", "code", "data", "document"), NAMED
                    ),
                },
                "components": {
                    "type": "array",
                    "maxItems": 17,
                    "items": {
                        "required": ["name", "description"],
                        "additionalProperties": False,
                        "properties": dict.fromkeys(
                            ("name", "description", "license", "license_path", "component_path"),
                            TEXT,
                        ),
                    },
                },
            },
        },
    },
}  # fmt: skip
NASTY = "Yes: no\n- name: Datasets # {a: [b]} &x *x !!python/object:os.system 'q' \"\u200b"
OPEN = [
    {"name": "Model architecture", "access": "open", "path": ["config.json"]},
    {"name": "Model parameters (Final)", "access": "open", "license": "MIT"},
    {"name": "Datasets", "access": "gated"},
]


def read(raw: bytes) -> dict[str, Any]:
    """As a tool does that has no dates of its own in YAML."""
    document = yaml.load(raw, Loader=yaml.BaseLoader)
    jsonschema.validate(document, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize(
    "sections",
    [
        {"components": OPEN, "access": {"mechanism": "manual"}},
        {"metadata": {"architecture": "Transformer Decoder", "treatment": "pre-trained"}},
        {"metadata": {"architecture": "something new", "type": "smell", "treatment": "none"}},
        {"lineage": {"base_model": [{"id": "a/b"}, {"id": "c/d"}]}},
        {"metadata": {"producer": {"name": NASTY, "contact": NASTY}}},
        {"components": [{"name": "Model card", "access": "open", "description": NASTY}]},
        {"licenses": {"code": "MIT OR Apache-2.0", "document": "CC-BY-4.0"}},
    ],
)
def test_a_release_gives_a_file_that_the_tool_takes(sections: dict[str, Any]) -> None:
    document = read(render_mof_yaml(described(sections)))
    names = [part["name"] for part in document["release"]["components"]]
    assert "Datasets" not in names  # gated, or only in a description
    assert datetime.date.fromisoformat(document["release"]["date"])


def test_a_claim_without_a_date_is_warned_of() -> None:
    content = described({"docs": {"mof": {"claimed_class": 0}}})
    assert [check.status for check in mof_checks(content.spec)] == ["met"]
    metadata = content.spec.metadata.model_copy(update={"date": None})
    undated = content.spec.model_copy(update={"metadata": metadata})
    assert [check.status for check in mof_checks(undated)] == ["met", "warned"]

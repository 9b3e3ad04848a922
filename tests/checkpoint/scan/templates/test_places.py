"""A template is audited wherever a runtime reads one from, and its copies must agree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddock.checkpoint.gguf.values import Value, ValueType
from paddock.checkpoint.gguf.writing import render_header
from tests.checkpoint.scan.scanned import Content, codes, scanned
from tests.checkpoint.scan.templates.honest import CHATML, ZEPHYR

HOSTILE = "{{ ''.__class__.__mro__ }}"


def gguf(template: str, key: str = "tokenizer.chat_template") -> bytes:
    text = {
        "general.architecture": Value(ValueType.STRING, "llama"),
        key: Value(ValueType.STRING, template),
    }
    return render_header(text, []).raw


PLACES: dict[str, dict[str, Content]] = {
    "jinja": {"chat_template.jinja": HOSTILE},
    "another name": {"templates/tools.jinja": HOSTILE},
    "a text file": {"prompt.txt": HOSTILE + "{% for m in messages %}{% endfor %}"},
    "additional": {"additional_chat_templates/rag.jinja": HOSTILE},
    "config": {"tokenizer_config.json": {"chat_template": HOSTILE}},
    "list": {"tokenizer_config.json": {"chat_template": [{"name": "t", "template": HOSTILE}]}},
    "json": {"chat_template.json": {"chat_template": HOSTILE}},
    "processor": {"processor_config.json": {"chat_template": HOSTILE}},
    "nested": {"preprocessor_config.json": {"text": {"chat_template": HOSTILE}}},
    "by name": {"tokenizer_config.json": {"chat_template": {"default": CHATML, "rag": HOSTILE}}},
    "another key": {"prompts.json": {"formats": [HOSTILE]}},
    "yaml": {"serve.yaml": "format: |\n  " + HOSTILE + "\n"},
    "gguf": {"model.gguf": gguf(HOSTILE)},
    "gguf, named": {"model.gguf": gguf(HOSTILE, "tokenizer.chat_template.tool_use")},
}


@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_template_is_found_wherever_it_is(place: str) -> None:
    assert "template_escape" in codes(PLACES[place])


def test_equal_copies_are_clean() -> None:
    files: dict[str, Content] = {
        "chat_template.jinja": CHATML + "\n",
        "tokenizer_config.json": json.dumps({"chat_template": CHATML}),
        "model.gguf": gguf(CHATML),
    }
    assert codes(files) == set()


@pytest.mark.parametrize("other", ["model.gguf", "tokenizer_config.json", "chat_template.json"])
def test_a_copy_that_differs_waits_for_a_person(other: str) -> None:
    raw = (
        gguf(ZEPHYR) if other.endswith(".gguf") else json.dumps({"chat_template": ZEPHYR}).encode()
    )
    report = scanned({"chat_template.jinja": CHATML, other: raw})
    assert {reason.code for reason in report.across} == {"template_differs"}
    assert report.verdict == "quarantine"


def test_templates_of_other_names_or_folders_may_differ() -> None:
    named = [{"name": "default", "template": CHATML}, {"name": "rag", "template": ZEPHYR}]
    files = {
        "tokenizer_config.json": json.dumps({"chat_template": named}),
        "additional_chat_templates/rag.jinja": ZEPHYR,
        "original/chat_template.jinja": ZEPHYR,
    }
    assert codes(files) == set()


def test_a_shared_template_is_clean(shared_data: Path) -> None:
    template = shared_data / "models" / "tiny-llama-float-hf" / "chat_template.jinja"
    assert codes({"chat_template.jinja": template.read_bytes()}) == set()

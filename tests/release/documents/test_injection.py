"""Hostile words in every key that takes words: they are shown as words, in every document."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from huggingface_hub import ModelCard
from markdown_it import MarkdownIt

from paddock.front_matter import parse_front_matter, split_document
from paddock.release.documents.complete import document_checks
from paddock.release.documents.declared import read_declared
from paddock.release.documents.keys import KNOWN
from paddock.release.documents.regulators import private_documents
from paddock.release.documents.write import documents
from tests.release.documents.described import (
    DATASET,
    EU,
    FORM,
    ROWS,
    SUMMARY,
    described,
    described_yaml,
)

MARK = "PWNED"
HOSTILE = (
    f"\n---\nlicense: mit\ngated: false\n---\n# {MARK}\n\n## {MARK}\n"
    f"<script>{MARK}</script><img src=x onerror={MARK}>\n"
    f"[{MARK}](javascript:{MARK}) ![{MARK}](http://evil.example/x.png) <http://evil.example>\n"
    f"| {MARK} | b |\n|---|---|\n```\n{MARK}\n```\n{{{{ {MARK} }}}} ${{{MARK}}} $(id)\n"
    f'"\'}}]}},&lt;b&gt;&#60;i&#62; --> ]]> *{MARK}* _x_ \\u0000 =HYPERLINK("http://evil.example")'
)
TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "article", "h1", "h2", "h3", "h4",
    "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "ol", "li", "em", "strong", "code",
    "pre", "a", "hr", "br", "blockquote", "s", "del", "div", "span", "section", "header", "footer",
}  # fmt: skip


def hostile(value: Any, keep: frozenset[str] = frozenset()) -> Any:
    """The same answers with hostile words after every free text."""
    match value:
        case dict():
            return {k: v if k in keep else hostile(v, keep) for k, v in value.items()}
        case list():
            return [hostile(each, keep) for each in value]
        case str() if len(value.split()) > 1:
            return f"{value} {HOSTILE}"
    return value


@cache
def written() -> dict[str, bytes]:
    """Every document of a release whose every free text is hostile, the private ones too."""
    texts = {
        key.key: {"text": HOSTILE, "texts": [HOSTILE]}[key.kind]
        for key in KNOWN.values()
        if key.declarable and key.kind in {"text", "texts"} and not key.key.startswith("links.")
    }
    answers = {
        "docs/form.yaml": hostile(
            FORM, frozenset({"licence_category", "output_limits", "provenance"})
        ),
        "docs/summary.yaml": hostile(SUMMARY, frozenset({"languages", "period", "content"})),
        "docs/data.yaml": hostile(DATASET, frozenset({"first_used"})),
        "docs/copyright.md": HOSTILE.encode(),
    }
    sections = {
        "metadata": {
            "description": HOSTILE,
            "architecture": HOSTILE,
            "treatment": HOSTILE,
            "tags": ["a", HOSTILE],
            "producer": {"name": f"Acme {HOSTILE}", "contact": HOSTILE, "security": HOSTILE},
        },
        "lineage": {"base_model": [{"id": HOSTILE, "license": "mit", "revision": HOSTILE}]},
        "components": [
            {"name": "Datasets", "access": "open", "path": ["data/"], "description": HOSTILE},
            {"name": "Research paper", "access": "withheld", "reason": "safety",
             "description": HOSTILE},
        ],
        "access": {"mechanism": "manual", "extra_gated_prompt": HOSTILE,
                   "extra_gated_fields": {HOSTILE.split("\n")[4]: "text"}},
        "docs": {
            "eu": EU, "datasets": ["docs/data.yaml"], "us_ca": {"ab2013": "auto"},
            "bom": ["cyclonedx-1.6", "cyclonedx-1.7", "spdx-3.0.1"], "changes": HOSTILE,
        },
    }  # fmt: skip
    files = {"model.safetensors": b"weights", "data/train.jsonl": ROWS, "LICENSE": b"text"}
    facts = read_declared(described_yaml(texts), "facts.yaml")
    content = described(sections, answers, files, facts, authors_text=None)
    return documents(content) | private_documents(content)


def pages(ending: str) -> Iterator[tuple[str, str]]:
    yield from ((p, raw.decode()) for p, raw in written().items() if p.endswith(ending))


class Tags(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_there_is_something_to_look_at() -> None:
    shown = [path for path, raw in written().items() if MARK.encode() in raw]
    for name in ("README.md", "mof.yaml", "bom.cdx.json", "bom.spdx.json", "CHANGELOG.md",
                 "model-documentation.md", "training-summary.html", "training-data.md",
                 "croissant/", "facts.json"):  # fmt: skip
        assert [path for path in shown if name in path], name


def test_pages_have_no_tag_attribute_or_address_of_a_stranger() -> None:
    for path, text in pages(".html"):
        read = Tags()
        read.feed(text)
        assert {tag for tag, _ in read.found} <= TAGS, path
        for tag, attributes in read.found:
            assert not [name for name in attributes if name.startswith("on")], path
            for name in ("href", "src"):
                address = attributes.get(name) or ""
                assert "javascript" not in address and "evil" not in address, (path, tag)


def test_markdown_has_no_heading_link_image_or_code_of_a_stranger() -> None:
    reader = MarkdownIt("commonmark").enable("table")
    for path, text in pages(".md"):
        tokens = reader.parse(split_document(text).body)
        for before, token in itertools.pairwise(tokens):
            if before.type == "heading_open":
                assert MARK not in token.content, path
        fences = [token for token in tokens if token.type == "fence"]
        assert {fence.info for fence in fences if MARK in fence.content} <= {"bibtex"}, path
        assert not [token for token in tokens if token.type == "html_block"], path
        for token in tokens:
            for child in token.children or ():
                assert child.type not in {"html_inline", "image"}, path
                assert "evil" not in str(child.attrs) and "javascript" not in str(child.attrs), path


def test_the_card_says_of_itself_what_the_release_says() -> None:
    said = parse_front_matter(split_document(written()["README.md"].decode()).front_matter or "")
    assert isinstance(said, dict)
    assert said["license"] == "apache-2.0"
    assert ModelCard(written()["README.md"].decode()).data.license == "apache-2.0"
    assert "gated" not in said
    assert said["extra_gated_prompt"].strip().endswith('=HYPERLINK("http://evil.example")')
    assert yaml.safe_load(written()["documents/mof.yaml"])["release"]["producer"].startswith("Acme")


@pytest.mark.parametrize(
    ("name", "version"), [("bom", SchemaVersion.V1_6), ("bom-1.7", SchemaVersion.V1_7)]
)
def test_bills_of_materials_stay_valid(name: str, version: SchemaVersion) -> None:
    raw = written()[f"documents/{name}.cdx.json"].decode()
    assert JsonStrictValidator(version).validate_str(raw) is None


def test_json_is_what_it_was_before() -> None:
    for path, text in pages(".json"):
        assert json.loads(text), path
        assert "<script" not in path


@pytest.mark.parametrize("newer", ["acme/new", "javascript:alert(1)", "acme/new\n---\nlicense: x"])
def test_a_newer_model_is_a_repository(newer: str) -> None:
    content = described(facts=read_declared(described_yaml({"links.new_version": newer}), "f"))
    blocking = [check.id for check in document_checks(content) if check.blocks]
    card = ModelCard(documents(content)["README.md"].decode())
    named = card.data.to_dict().get("new_version")
    assert (named, blocking) == (
        (newer, []) if newer == "acme/new" else (None, ["documents.new_version"])
    )

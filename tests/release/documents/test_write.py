"""All documents of a release: the same bytes every time, each with its twin, true to the facts."""

from __future__ import annotations

import json

import rfc8785
import yaml

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.declared import read_declared
from paddock.release.documents.facts_file import told
from paddock.release.documents.write import documents
from paddock.release.results.result import Result
from tests.release.documents.described import described, file_of

WEIGHTS = file_of("model.safetensors", b"weights")


def content(**sections: object) -> DocumentContent:
    facts = read_declared(b"use: {direct: Chat.}\nosaid.code: {value: false, by: ada}", "f.yaml")
    results = (
        Result("mmlu", 0.7, 0.6, 0.8, 0.95, dataset="cais/mmlu", model_digest=WEIGHTS.sha256),
    )
    return described(sections, facts=facts, results=results)


def test_every_document_is_there_with_its_twin() -> None:
    found = documents(content(docs={"changes": "Better."}))
    assert list(found) == sorted(found)
    assert {
        "README.md", ".eval_results/release.yaml", "documents/CHANGELOG.md",
        "documents/CHANGELOG.html", "documents/model-card.html", "documents/openness.md",
        "documents/openness.html", "documents/mof.yaml", "documents/facts.json",
        "documents/bom.cdx.json", "documents/bom.spdx.json",
    } <= set(found)  # fmt: skip
    twins = {path for path in found if path.endswith(".html")}
    pages = {path for path in found if path.endswith(".md")}
    assert len(twins) == len(pages)


def test_the_same_content_gives_the_same_bytes() -> None:
    assert documents(content()) == documents(content())


def test_html_may_be_left_out() -> None:
    assert not [path for path in documents(content(docs={"html": False})) if path.endswith("html")]


def test_the_facts_are_there_for_programs_each_with_how_it_is_known() -> None:
    raw = documents(content())["documents/facts.json"]
    said = json.loads(raw)
    assert rfc8785.dumps(said) == raw
    facts = {row["key"]: row for row in said["facts"]}
    assert facts["use.direct"] == {
        "key": "use.direct", "name": "Direct use", "value": "Chat.", "source": "declared",
    }  # fmt: skip
    assert facts["model.parameters"]["source"] == "measured"
    assert said["results"][0]["eval"] == "mmlu"
    assert told(content()) == {"facts": said["facts"], "results": said["results"]}


def test_openness_is_computed_and_confirmed_by_people() -> None:
    rows = [{"name": "Datasets", "access": "withheld", "reason": "privacy"},
            {"name": "Training code", "access": "open", "license": "MIT"}]  # fmt: skip
    found = documents(content(components=rows))
    page = found["documents/openness.md"].decode()
    assert "| Class now | none |" in page
    assert "| Training code | open | MIT | yes |  |" in page
    assert "| Datasets | withheld |  | no | withheld: privacy |" in page
    assert "| All code is there under approved licences | no | ada |" in page
    assert "this is not Open Source AI as defined" in page
    mof = yaml.safe_load(found["documents/mof.yaml"])
    assert [c["name"] for c in mof["release"]["components"]] == [
        "Model parameters (Final)", "Model card", "Training code",
    ]  # fmt: skip
    assert mof["framework"] == {
        "name": "Model Openness Framework", "version": "1.0", "date": "2024-12-15",
    }  # fmt: skip
    assert mof["release"]["architecture"] == "transformer decoder"
    assert mof["release"]["type"] == "language"

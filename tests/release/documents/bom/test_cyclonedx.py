"""CycloneDX bills of materials, judged by the standard's own schema."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from paddock.release.documents.bom.cyclonedx import render_cyclonedx
from paddock.release.documents.bom.judging import bills, judge_bills, judge_cyclonedx
from paddock.release.documents.regulators import public_documents
from paddock.release.facts import declared
from paddock.release.results.result import Result
from tests.conftest import SHARED_DATA
from tests.release.documents.described import DATASET, described, with_data
from tests.release.documents.test_plain import HOSTILE

RESULT = Result("mmlu", 0.712, 0.702, 0.722, 0.95, n=14042, metric="acc", dataset="cais/mmlu")
FACTS = [
    declared("Energy", 178.4, "energy.training_mwh"),
    declared("Provider", "Acme Cloud", "training.provider"),
    declared("Emissions", 31_000, "energy.co2_kg"),
    declared("Users", ["shops"], "use.users"),
    declared("Limitations", ["English only"], "risks.limitations"),
    declared("Ethical", [{"name": "misuse", "mitigation": "policy"}], "risks.ethical"),
    declared("Fairness", [{"group": "dialects", "harms": "worse answers"}], "risks.fairness"),
    declared("Learning", "Self-supervised", "training.approach"),
]
LINEAGE = {
    "base_model": [
        {"id": "meta-llama/Llama-3.1-8B", "revision": "0e9e39f", "relation": "finetune",
         "license": "llama3.1", "digest": {"sha256": "a" * 64}}
    ]
}  # fmt: skip


def bill(version: Any = "1.6", **more: Any) -> dict[str, Any]:
    content = with_data(facts=FACTS, results=(RESULT,), **more)
    document: dict[str, Any] = json.loads(render_cyclonedx(content, version, ("README.md",)))
    return document


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_a_bill_keeps_to_the_published_schema(version: str) -> None:
    schemas = SHARED_DATA / "mlbom" / "schema"
    if not schemas.is_dir():
        pytest.skip("the schemas are not there")
    # Another validator than ours; here, for the grammars of its formats take seconds to be read.
    import jsonschema
    import referencing
    from referencing.jsonschema import DRAFT7

    def retrieve(uri: str) -> referencing.Resource[Any]:
        name = uri.rpartition("/")[2].replace(".SNAPSHOT", "")
        return referencing.Resource(json.loads((schemas / name).read_text()), DRAFT7)

    schema = json.loads((schemas / f"bom-{version}.schema.json").read_text())
    registry: referencing.Registry[Any] = referencing.Registry(retrieve=retrieve)
    jsonschema.Draft7Validator(schema, registry=registry).validate(
        bill(version, sections={"lineage": LINEAGE})
    )


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_the_strict_validator_is_content_and_catches_a_typo(version: Any) -> None:
    document = bill(version, sections={"lineage": LINEAGE})
    assert judge_cyclonedx(json.dumps(document).encode(), version).status == "met"
    document["metadata"]["component"]["modelCard"]["considrations"] = {}
    check = judge_cyclonedx(json.dumps(document).encode(), version)
    assert check.status == "unmet"
    assert "considrations" in (check.evidence[0].quote or "")


def test_real_bills_are_judged_as_their_authors_meant() -> None:
    folder = SHARED_DATA / "mlbom"
    if not folder.is_dir():
        pytest.skip("the test material is not there")
    for path in sorted(folder.glob("*.json")):
        expected = "met" if path.name.startswith("valid") else "unmet"
        if path.name != "invalid-dependency-1.6.json":  # of uniqueness, which the schema leaves
            assert judge_cyclonedx(path.read_bytes(), "1.6").status == expected, path.name


def test_the_model_has_its_parents_results_energy_and_facts() -> None:
    document = bill(sections={"lineage": LINEAGE})
    model = document["metadata"]["component"]
    assert model["type"] == "machine-learning-model"
    assert model["purl"] == "pkg:huggingface/acme/Llama-Example-8B@1.2.0"
    ancestor = model["pedigree"]["ancestors"][0]
    assert ancestor["name"] == "meta-llama/Llama-3.1-8B"
    assert ancestor["licenses"] == [{"expression": "LicenseRef-llama3.1"}]
    metric = model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"][0]
    assert metric == {
        "type": "mmlu acc",
        "value": "0.712",
        "slice": "cais/mmlu",
        "confidenceInterval": {"lowerBound": "0.702", "upperBound": "0.722"},
    }
    energy = model["modelCard"]["considerations"]["environmentalConsiderations"]
    assert energy["energyConsumptions"][0]["activityEnergyCost"] == {
        "value": 178400.0,
        "unit": "kWh",
    }
    assert energy["energyConsumptions"][0]["activity"] == "fine-tuning"
    assert model["modelCard"]["modelParameters"]["approach"] == {"type": "self-supervised"}
    named = {each["name"]: each["value"] for each in model["properties"]}
    assert named["paddock:measured:model.parameters"] == "8,030,261,248"
    assert {"type": "model-card", "url": "README.md"} in model["externalReferences"]


def test_every_file_is_there_with_both_digests_and_every_data_set_with_its_files() -> None:
    content = with_data()
    document = json.loads(render_cyclonedx(content))
    parts = {part["bom-ref"]: part for part in document["components"]}
    for file in content.files:
        hashes = {each["alg"]: each["content"] for each in parts[f"file:{file.path}"]["hashes"]}
        assert hashes == {"SHA-256": file.sha256, "BLAKE3": file.blake3}
    assert parts["dataset:0"]["type"] == "data"
    depends = {each["ref"]: each["dependsOn"] for each in document["dependencies"]}
    assert depends["dataset:0"] == ["file:data/train.jsonl"]
    assert depends["model"] == ["file:model.safetensors", "dataset:0"]


def test_a_release_that_keeps_something_back_says_it_is_incomplete() -> None:
    hybrid = [{"name": "Model parameters (Final)", "access": "open",
               "withhold": [{"layers": [3], "reason": "safety"}]}]  # fmt: skip
    for components, aggregate in (([], "complete"), (hybrid, "incomplete_first_party_only")):
        document = bill(sections={"components": components})
        assert document["compositions"][0] == {"aggregate": aggregate, "assemblies": ["model"]}


def test_the_same_content_has_the_same_bytes_and_other_content_another_serial_number() -> None:
    assert render_cyclonedx(with_data()) == render_cyclonedx(with_data())
    serials = {json.loads(render_cyclonedx(content, version))["serialNumber"]
               for content in (with_data(), described()) for version in ("1.6", "1.7")}  # fmt: skip
    assert len(serials) == 4
    assert all(serial.startswith("urn:uuid:") for serial in serials)


def test_two_versions_have_two_files() -> None:
    found = public_documents(with_data())
    assert json.loads(found["documents/bom.cdx.json"])["specVersion"] == "1.6"
    assert json.loads(found["documents/bom-1.7.cdx.json"])["specVersion"] == "1.7"
    only = described({"docs": {"bom": ["cyclonedx-1.7"]}})
    assert json.loads(bills(only)["documents/bom.cdx.json"])["specVersion"] == "1.7"
    assert bills(described({"docs": {"bom": []}})) == {}


def test_a_bill_of_many_files_is_judged_whole_and_in_time() -> None:
    files = {f"data/{number:04}.txt": b"x" for number in range(1000)}
    content = described({"docs": {"bom": ["cyclonedx-1.6"]}}, files=files)
    assert [check.status for check in judge_bills(content)] == ["met"]
    document = json.loads(render_cyclonedx(content))
    document["components"][777]["hashes"][0]["content"] = "no digest"
    check = judge_cyclonedx(json.dumps(document).encode(), "1.6")
    assert check.status == "unmet" and "/components/777/hashes/0/content" in check.sentence
    document["components"][777] = document["components"][3]
    check = judge_cyclonedx(json.dumps(document).encode(), "1.6")
    assert "same bom-ref" in (check.evidence[0].quote or "")


def test_hostile_words_stay_in_their_fields() -> None:
    words = [w for w in HOSTILE if not re.search("[\x00-\x08\x0b-\x1f\ud800]", w)]
    facts = [declared("Users", words, "use.users")]
    facts += [declared("Odd", word, f"x.{word}") for word in words]
    for said in ("\n".join(words), words[0]):
        dataset = {**DATASET, "name": said, "description": said, "creators": words}
        content = with_data(dataset, facts=facts)
        checks = [check for check in judge_bills(content) if "cyclonedx" in check.id]
        assert [check.status for check in checks] == ["met", "met"], checks
        users = json.loads(render_cyclonedx(content))["metadata"]["component"]["modelCard"]
        assert len(users["considerations"]["users"]) == len(words)

"""SPDX 3.0.1 documents, read by SPDX's own classes."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from spdx_python_model.bindings import v3_0_1 as spdx

from paddock.release.documents.bom.judging import SPDX_PATH, bills, judge_bills
from paddock.release.documents.bom.spdx import render_spdx
from paddock.release.documents.content import DocumentContent
from paddock.release.facts import declared
from paddock.release.licences.judgement import FoundText, Judgement
from paddock.release.results.result import Result
from tests.release.documents.bom.test_cyclonedx import LINEAGE
from tests.release.documents.described import DATASET, described, with_data
from tests.release.documents.test_plain import HOSTILE

FACTS = [
    declared("Energy", 178.4, "energy.training_mwh"),
    declared("Limitations", ["English only"], "risks.limitations"),
    declared("Personal data", False, "data.personal"),
    declared("Risk", "Medium", "risks.safety_level"),
    declared("Hyperparameters", [{"name": "lr", "value": "3e-4"}], "training.hyperparameters"),
]


def read(content: DocumentContent) -> Any:
    raw = render_spdx(content)
    assert raw is not None
    objects = spdx.SHACLObjectSet()
    spdx.JSONLDDeserializer().read(io.BytesIO(raw), objects)
    return objects


def relationships(objects: Any) -> set[tuple[str, str, str]]:
    def named(element: Any) -> str:
        if isinstance(element, str):
            return element.rpartition("/")[2]
        return str(getattr(element, "simplelicensing_licenseExpression", None) or element.name)

    return {
        (named(each.from_), each.relationshipType.rpartition("/")[2], named(end))
        for each in objects.foreach_type("Relationship")
        for end in each.to
    }


def test_spdx_reads_what_we_write_and_writes_the_same_again() -> None:
    content = with_data(facts=FACTS, sections={"lineage": LINEAGE})
    objects = read(content)
    assert not objects.missing_ids
    again = io.BytesIO()
    spdx.JSONLDSerializer().write(objects, again)
    copy = spdx.SHACLObjectSet()
    spdx.JSONLDDeserializer().read(io.BytesIO(again.getvalue()), copy)
    assert relationships(copy) == relationships(objects)
    twice = io.BytesIO()
    spdx.JSONLDSerializer().write(copy, twice)
    assert json.loads(again.getvalue()) == json.loads(twice.getvalue())


def test_the_model_has_all_that_the_ai_profile_requires() -> None:
    result = Result("mmlu", 0.712, 0.702, 0.722, n=14042)
    objects = read(with_data(facts=FACTS, results=(result,)))
    (model,) = objects.foreach_type("ai_AIPackage")
    for name in ("releaseTime", "suppliedBy", "software_downloadLocation",
                 "software_packageVersion", "software_primaryPurpose"):  # fmt: skip
        assert getattr(model, name) is not None, name
    assert model.ai_limitation == "English only"
    assert model.ai_useSensitivePersonalInformation.endswith("/no")
    assert model.ai_safetyRiskAssessment.endswith("/medium")
    energy = model.ai_energyConsumption.ai_trainingEnergyConsumption[0]
    assert energy.ai_energyQuantity == 178_400
    assert {(each.key, each.value) for each in model.ai_hyperparameter} >= {("lr", "3e-4")}
    assert model.ai_metric[0].key == "mmlu" and "0.712" in model.ai_metric[0].value
    (document,) = objects.foreach_type("SpdxDocument")
    claimed = {profile.rpartition("/")[2] for profile in document.profileConformance}
    assert claimed == {"core", "software", "simpleLicensing", "ai", "dataset"}


def test_files_parents_data_sets_and_licences_belong_together() -> None:
    sections = {"lineage": LINEAGE}
    content = with_data(
        {**DATASET, "uses": ["training", "testing"]},
        sections=sections,
        judgement=Judgement(terms=("apache-2.0", "llama3.1")),
    )
    found = relationships(read(content))
    name = "Llama-Example-8B"
    assert {
        (name, "hasDeclaredLicense", "Apache-2.0"),
        (name, "hasConcludedLicense", "Apache-2.0 AND LicenseRef-llama3.1"),
        (name, "hasDataFile", "model.safetensors"),
        ("Shop talk", "hasDataFile", "data/train.jsonl"),
        (name, "trainedOn", "Shop talk"),
        (name, "testedOn", "Shop talk"),
        ("meta-llama/Llama-3.1-8B", "ancestorOf", name),
        (name, "dependsOn", "meta-llama/Llama-3.1-8B"),
        ("meta-llama/Llama-3.1-8B", "hasDeclaredLicense", "LicenseRef-llama3.1"),
        ("Shop talk", "hasDeclaredLicense", "CDLA-Permissive-2.0"),
    } <= found


def test_a_licence_of_somebodys_own_comes_with_its_text() -> None:
    files = {"model.safetensors": b"w", "LICENSE": b"ACME TERMS 1\n\nBe kind."}
    judged = Judgement(texts=(FoundText("LICENSE", "acme-1", "0" * 64, True),))
    content = described({"licenses": {"distribution": "acme-1"}}, files=files, judgement=judged)
    objects = read(content)
    (text,) = objects.foreach_type("simplelicensing_SimpleLicensingText")
    assert text.simplelicensing_licenseText == "ACME TERMS 1\n\nBe kind."
    (licence,) = objects.foreach_type("simplelicensing_LicenseExpression")
    assert licence.simplelicensing_licenseExpression == "LicenseRef-acme-1"
    (entry,) = licence.simplelicensing_customIdToUri
    assert (entry.key, entry.value) == ("LicenseRef-acme-1", text._id)


def test_the_digests_of_files_are_those_of_the_release() -> None:
    content = with_data()
    files = {each.name: each for each in read(content).foreach_type("software_File")}
    for file in content.files:
        hashes = {each.algorithm.rpartition("/")[2]: each.hashValue
                  for each in files[file.path].verifiedUsing}  # fmt: skip
        assert hashes == {"sha256": file.sha256, "blake3": file.blake3}


@pytest.mark.parametrize(
    ("metadata", "publish", "missing"),
    [
        ({"producer": None}, None, "suppliedBy"),
        ({}, [], "software_downloadLocation"),
    ],
)
def test_a_profile_is_not_claimed_without_what_it_requires(
    metadata: dict[str, Any], publish: Any, missing: str
) -> None:
    sections: dict[str, Any] = {"metadata": metadata, "docs": {"bom": ["spdx-3.0.1"]}}
    if publish is not None:
        sections["publish"] = publish
    content = described(sections, repo=None) if publish is not None else described(sections)
    check = {each.id: each for each in judge_bills(content)}[f"documents.bom.spdx.model.{missing}"]
    assert check.status == "unmet"
    (document,) = read(content).foreach_type("SpdxDocument")
    assert not [name for name in document.profileConformance if name.endswith("/ai")]


def test_without_a_date_there_is_none_and_by_default_that_is_only_said() -> None:
    content = described({"metadata": {"date": None}})
    assert SPDX_PATH not in bills(content)
    check = {each.id: each for each in judge_bills(content)}["documents.bom.spdx"]
    assert check.status == "met" and "the release has no date" in check.sentence
    asked = described({"metadata": {"date": None}, "docs": {"bom": ["spdx-3.0.1"]}})
    assert [each.status for each in judge_bills(asked)] == ["unmet"]


def test_the_same_content_has_the_same_bytes() -> None:
    assert render_spdx(with_data(facts=FACTS)) == render_spdx(with_data(facts=FACTS))


@pytest.mark.parametrize("words", [w for w in HOSTILE if w not in {"\ud800", "\x1b[31mred"}])
def test_hostile_words_stay_in_their_field(words: str) -> None:
    dataset = {**DATASET, "name": words, "description": words, "creators": [words]}
    content = with_data(dataset, facts=[declared("Limits", [words], "risks.limitations")])
    objects = read(content)
    assert len(list(objects.foreach_type("dataset_DatasetPackage"))) == 1
    assert len(list(objects.foreach_type("ai_AIPackage"))) == 1

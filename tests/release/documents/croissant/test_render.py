"""Descriptions of data sets as Croissant, loaded by mlcroissant."""

from __future__ import annotations

import json
import re
from pathlib import Path

import mlcroissant
import pytest

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.croissant.render import (
    documents_of,
    file_names,
    judge_croissant,
    wanted_heads,
)
from paddock.release.errors import BadReleaseFile
from tests.conftest import SHARED_DATA
from tests.release.documents.described import DATASET, ROWS, described, with_data
from tests.release.documents.test_plain import HOSTILE

# rdflib's own, of a class that mlcroissant uses.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

PATH = "documents/croissant/shop-talk.json"
RAI = {
    "dataCollection": "From volunteers.",
    "dataCollectionType": ["Surveys"],
    "dataBiases": ["English only"],
    "dataLimitations": ["Shops alone"],
    "personalSensitiveInformation": ["none"],
    "dataUseCases": ["Tuning"],
}


def loaded(content: DocumentContent, folder: Path, path: str = PATH) -> mlcroissant.Dataset:
    """What mlcroissant makes of the release in ``folder``; it raises for an invalid one."""
    for name, raw in {**(content.texts or {}), **documents_of(content)}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
    return mlcroissant.Dataset(jsonld=str(folder / path))


def test_mlcroissant_reads_the_rows_of_a_shipped_data_set(tmp_path: Path) -> None:
    dataset = loaded(with_data({**DATASET, "citation": "Acme 2026", "rai": RAI}), tmp_path)
    assert not dataset.metadata.issues.errors and not dataset.metadata.issues.warnings
    (records,) = dataset.metadata.record_sets
    rows = [{key.rpartition("/")[2]: value for key, value in row.items()}
            for row in dataset.records(records.id)]  # fmt: skip
    assert rows[0] == {
        "question": b"Open on Sunday?", "stars": 4, "tags": [b"hours"], "score": 0.5, "paid": True,
    }  # fmt: skip
    assert rows[1]["question"] == b"Returns?"
    assert dataset.metadata.data_biases == ["English only"]


def test_version_1_1_is_used_for_what_only_it_can_say(tmp_path: Path) -> None:
    said = {**DATASET, "derived_from": ["https://pages.example/set"],
            "prohibited": ["Identifying people"]}  # fmt: skip
    content = with_data(said)
    document = json.loads(documents_of(content)[PATH])
    assert document["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    assert document["prov:wasDerivedFrom"] == [{"@id": "https://pages.example/set"}]
    (rule,) = document["usageInfo"]["odrl:prohibition"]
    assert rule["dct:description"] == "Identifying people"
    dataset = loaded(content, tmp_path)
    assert not dataset.metadata.issues.errors
    assert len(list(dataset.records(dataset.metadata.record_sets[0].id))) == 2
    plain = json.loads(documents_of(with_data())[PATH])
    assert plain["conformsTo"][0] == "http://mlcommons.org/croissant/1.0"


def test_its_context_is_the_one_that_published_descriptions_have() -> None:
    folder = SHARED_DATA / "croissant" / "valid"
    if not folder.is_dir():
        pytest.skip("the test material is not there")
    ours = json.loads(documents_of(with_data())[PATH])["@context"]
    for path in sorted(folder.glob("*.json")):
        theirs = json.loads(path.read_text())["@context"]
        for term in set(theirs) & set(ours):
            assert ours[term] == theirs[term], (path.name, term)
        assert set(theirs) - set(ours) <= {"wd", "inLanguage", "sc:inLanguage"}, path.name


def test_a_table_is_read_too(tmp_path: Path) -> None:
    files = {"data/people.csv": b"name,age\nAda,36\nBob,40\n"}
    content = described(
        {"docs": {"datasets": ["d.yaml"]}}, {"d.yaml": {**DATASET, "files": ["data/*.csv"]}}, files
    )
    dataset = loaded(content, tmp_path)
    rows = list(dataset.records(dataset.metadata.record_sets[0].id))
    assert [list(row.values()) for row in rows] == [[b"Ada", 36], [b"Bob", 40]]


def test_a_data_set_that_is_only_described_has_no_files(tmp_path: Path) -> None:
    only = {key: value for key, value in DATASET.items() if key != "files"}
    content = described({"docs": {"datasets": ["d.yaml"]}}, {"d.yaml": only})
    document = json.loads(documents_of(content)[PATH])
    assert "distribution" not in document and "recordSet" not in document
    assert not loaded(content, tmp_path).metadata.issues.errors
    fetched = {**only, "download": "https://acme.example/talk.jsonl", "sha256": "a" * 64}
    content = described({"docs": {"datasets": ["d.yaml"]}}, {"d.yaml": fetched})
    (file,) = json.loads(documents_of(content)[PATH])["distribution"]
    assert (file["contentUrl"], file["sha256"]) == ("https://acme.example/talk.jsonl", "a" * 64)


@pytest.mark.parametrize("key", ["licence", "url", "creators", "published"])
def test_what_croissant_requires_is_asked_for(key: str) -> None:
    said = {name: value for name, value in DATASET.items() if name not in {key, "files"}}
    content = described({"docs": {"datasets": ["d.yaml"]}}, {"d.yaml": said})
    check = {each.id: each for each in judge_croissant(content)}
    found = check[f"documents.croissant.shop-talk.json.{key}"]
    assert found.status == "unmet" and key in (found.hint or "")


def test_what_is_shipped_has_the_producers_name_date_and_terms_by_default() -> None:
    said = {k: v for k, v in DATASET.items() if k not in {"licence", "creators", "published"}}
    content = with_data(said)
    assert [check.status for check in judge_croissant(content)] == ["met"]
    document = json.loads(documents_of(content)[PATH])
    assert document["license"] == "CDLA-Permissive-2.0"
    assert document["creator"][0]["name"] == "Acme AI Ltd"
    assert document["datePublished"] == "2026-11-20"


def test_a_pattern_that_means_no_file_is_unmet() -> None:
    content = with_data({**DATASET, "files": ["elsewhere/*.jsonl"]})
    assert "documents.croissant.shop-talk.json.files" in {c.id for c in judge_croissant(content)}


def test_each_data_set_has_a_file_of_its_own() -> None:
    named = [{**DATASET, "name": name} for name in ("Ä ö", "a/b", "A b", "..", "x" * 200)]
    docs = {f"{number}.yaml": one for number, one in enumerate(named)}
    content = described({"docs": {"datasets": list(docs)}}, docs)
    names = file_names(content.datasets)
    assert names == ["dataset.json", "a-b.json", "a-b~2.json", "dataset~2.json", "x" * 80 + ".json"]
    assert wanted_heads(with_data().datasets, ["data/a.jsonl", "data/b.txt", "c.jsonl"]) == [
        "data/a.jsonl"
    ]


@pytest.mark.parametrize("key", ["nam", "names"])
def test_a_description_with_an_unknown_key_is_refused(key: str) -> None:
    with pytest.raises(BadReleaseFile, match=f"unknown key '{key}'"):
        with_data({**DATASET, key: "x"})


def test_hostile_words_stay_in_their_fields(tmp_path: Path) -> None:
    odd = [*HOSTILE, '", "@id": "x', "@vocab", "http://x:y:z/ a b", "@id", "@type"]
    words = [w for w in odd if w != "\ud800" and not re.search("[\x00-\x08\x0b-\x1f]", w)]
    row = dict.fromkeys(words, 1)
    files = {"data/train.jsonl": json.dumps(row).encode() + b"\n" + ROWS}
    said = {**DATASET, "description": "\n".join(words), "creators": words, "keywords": words}
    content = described({"docs": {"datasets": ["d.yaml"]}}, {"d.yaml": said}, files)
    document = json.loads(documents_of(content)[PATH])
    assert document["@type"] == "sc:Dataset"
    assert len(document["keywords"]) == len(document["creator"]) == len(words)
    dataset = loaded(content, tmp_path)
    assert not dataset.metadata.issues.errors
    (records,) = dataset.metadata.record_sets
    assert len(records.fields) == len(words) + 5

"""The public summary of training content: its layout, its bands and its age."""

from __future__ import annotations

import datetime
from typing import Any, get_args

import pytest

from paddock.release.documents.eu.summary import TRAINING_SUMMARY, months_later
from paddock.release.documents.eu.summary_answers import SummaryAnswers
from paddock.release.documents.regulators import SUMMARY as PATH
from paddock.release.documents.regulators import judge_documents, public_documents
from paddock.release.errors import BadReleaseFile
from paddock.release.evidence import Check
from tests.release.documents.described import FORM, SUMMARY, european


def checks(summary: dict[str, Any], **more: Any) -> dict[str, Check]:
    return {check.id: check for check in judge_documents(european(FORM, summary, **more))}


def test_a_summary_that_is_answered_whole_is_met_and_has_the_mandatory_layout() -> None:
    found = checks(SUMMARY)
    assert found["documents.eu.summary"].status == "met"
    assert found["documents.eu.summary.age"].status == "met"
    page = public_documents(european())[PATH].decode()
    numbers = ["1. General", "1.1 ", "1.2 ", "1.3 ", "2. Sources", "2.1 ", "2.2.1 ", "2.2.2 ",
               "2.3 ", "2.4 ", "2.5 ", "2.6 ", "3. Data", "3.1 ", "3.2 ", "3.3 "]  # fmt: skip
    places = [page.index(f"# {number}") for number in numbers]
    assert places == sorted(places)
    assert "1 billion to 10 trillion tokens" in page
    assert "https://acme.example/summary-2" in page  # the version before


def test_every_answer_has_a_row() -> None:
    rows = {row.answer for part in TRAINING_SUMMARY.parts for row in part.rows if row.answer}
    assert {answer.partition(".")[0] for answer in rows} == set(SummaryAnswers.model_fields)
    for name, section in SummaryAnswers.model_fields.items():
        inner = next(iter(get_args(section.annotation)), None)
        if name not in rows:
            assert {f"{name}.{field}" for field in inner.model_fields} <= rows, name


@pytest.mark.parametrize(
    ("updated", "status"),
    [("2026-05-20", "met"), ("2026-05-19", "warned"), ("2025-01-01", "warned")],
)
def test_a_summary_older_than_six_months_is_a_warning(updated: str, status: str) -> None:
    check = checks({**SUMMARY, "updated": updated})["documents.eu.summary.age"]
    assert check.status == status
    if status == "warned":
        assert f"updated on {updated}, more than 6 months before" in check.sentence
        assert not check.blocks


def test_without_a_date_of_the_release_its_age_is_undecided() -> None:
    bare = {"metadata": {"date": None}}
    assert checks(SUMMARY, sections=bare)["documents.eu.summary.age"].status == "undecided"


def test_a_band_must_be_the_numbers_own() -> None:
    band = "1 billion to 10 trillion tokens"
    wrong = [{"modality": "text", "size": 2e13, "band": band, "content": "x"}]
    check = checks({**SUMMARY, "modalities": wrong})["documents.eu.summary.band.text"]
    assert check.status == "unmet"
    assert "more than 10 trillion tokens by number" in check.sentence
    no_band = [{"modality": "image", "band": "many", "content": "x"}]
    check = checks({**SUMMARY, "modalities": no_band})["documents.eu.summary.band.image"]
    assert "is not a band" in check.sentence
    none = [{"modality": "audio", "content": "x"}]
    check = checks({**SUMMARY, "modalities": none})["documents.eu.summary.band.audio"]
    assert "neither a size nor a band" in check.sentence


@pytest.mark.parametrize(
    ("section", "gone", "key"),
    [("crawled", "behaviour", "crawled.behaviour"), ("public", "large", "public.large"),
     ("crawled", "domains", "crawled.domains")],
)  # fmt: skip
def test_only_a_yes_asks_further(section: str, gone: str, key: str) -> None:
    told = {name: value for name, value in SUMMARY[section].items() if name != gone}
    check = checks({**SUMMARY, section: told})[f"documents.eu.summary.{key}"]
    assert check.hint == f"answer {key} in docs/summary.yaml"
    assert checks({**SUMMARY, section: {"used": False}})["documents.eu.summary"].status == "met"


def test_a_file_of_domains_must_be_in_the_release() -> None:
    crawled = {k: v for k, v in SUMMARY["crawled"].items() if k != "domains"}
    told = {**SUMMARY, "crawled": {**crawled, "domains_file": "domains.txt"}}
    found = checks(told)
    assert found["documents.eu.summary.crawled.domains_file"].status == "unmet"
    found = checks(told, files={"domains.txt": b"a.example\n"})
    assert found["documents.eu.summary"].status == "met"
    assert "documents.eu.summary.crawled.domains_file" not in found


def test_a_question_that_was_left_out_is_not_a_no() -> None:
    for section in ("public", "licensed", "private", "crawled", "synthetic", "other_sources"):
        told = {name: value for name, value in SUMMARY.items() if name != section}
        assert checks(told)[f"documents.eu.summary.{section}.used"].status == "unmet"


def test_a_month_that_is_none_is_an_error_with_its_line() -> None:
    with pytest.raises(
        BadReleaseFile, match=r"docs/summary.yaml:\d+: latest_collection: '03/2026'"
    ):
        european(FORM, {**SUMMARY, "latest_collection": "03/2026"})


def test_months_end_with_the_month() -> None:
    assert months_later(datetime.date(2026, 8, 31), 6) == datetime.date(2027, 2, 28)
    assert months_later(datetime.date(2023, 8, 31), 6) == datetime.date(2024, 2, 29)
    assert months_later(datetime.date(2026, 6, 15), 6) == datetime.date(2026, 12, 15)

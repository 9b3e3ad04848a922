"""The model documentation form: who reads which row, and what is still to be answered."""

from __future__ import annotations

import pytest

from paddock.release.documents.answers import contradictions
from paddock.release.documents.eu.form import MODEL_DOCUMENTATION
from paddock.release.documents.eu.form_answers import FormAnswers
from paddock.release.documents.regulators import (
    FORM as FORM_PATH,
)
from paddock.release.documents.regulators import (
    judge_documents,
    private_documents,
    public_documents,
)
from paddock.release.documents.write import documents
from paddock.release.errors import BadReleaseFile
from paddock.release.evidence import Check
from paddock.release.facts import declared
from tests.release.documents.described import EU, FORM, described, european


def checks(form: dict[str, object], **more: object) -> dict[str, Check]:
    return {check.id: check for check in judge_documents(european(form, **more))}


def test_a_form_that_is_answered_whole_is_met() -> None:
    found = checks(FORM)
    assert found["documents.eu.form"].status == "met"
    assert not [check for check in found.values() if check.blocks]


def test_every_answer_of_the_file_has_a_row_and_every_row_a_key() -> None:
    rows = {row.answer for part in MODEL_DOCUMENTATION.parts for row in part.rows if row.answer}
    assert rows == set(FormAnswers.model_fields)


@pytest.mark.parametrize("key", [key for key in FORM if key not in {"energy_mwh", "dependencies"}])
def test_what_nobody_answered_is_named_with_its_file_and_key(key: str) -> None:
    found = checks({name: value for name, value in FORM.items() if name != key})
    unmet = [check for check in found.values() if check.blocks]
    if key in {"licence_category"}:  # release.yaml's licence stands in
        assert not unmet
        return
    assert {check.id.rpartition(".")[2] for check in unmet} == {key}
    assert all(check.hint == f"answer {key} in docs/form.yaml" for check in unmet)


def test_energy_may_be_missing_if_it_is_said_what_is_missing() -> None:
    without = {name: value for name, value in FORM.items() if name != "energy_mwh"}
    check = checks(without)["documents.eu.form.energy_mwh"]
    assert check.status == "unmet"
    assert check.hint == "answer energy_mwh in docs/form.yaml"
    assert "asks for energy of training (MWh)" in check.sentence
    stated = checks({**without, "energy_missing": "The host did not meter the rented machines."})
    assert stated["documents.eu.form"].status == "met"


def test_an_answer_that_is_longer_than_the_form_allows_is_unmet() -> None:
    check = checks({**FORM, "design": "word " * 101})["documents.eu.form.design.words"]
    assert check.status == "unmet"
    assert "has 101 words" in check.sentence and "allows 100" in check.sentence
    assert checks({**FORM, "design": "word " * 100})["documents.eu.form"].status == "met"


def test_exact_figures_go_to_the_ai_office_and_ranges_to_the_others() -> None:
    content = european()
    private = {name: raw.decode() for name, raw in private_documents(content).items()}
    office = private["model-documentation.aio.md"]
    national = private["model-documentation.nca.md"]
    public = public_documents(content)[FORM_PATH].decode()
    for exact in ("8 030 261 248", "1.3e23", "10 624", "41.5"):
        assert exact in office
        assert exact not in national + public
    assert "5 to 15 billion" in national and "5 to 15 billion" in public
    assert "10^23" in national and "1 to 3 months" in national
    for secret in ("178.4", "6 x parameters", "Downloaded from their publishers", "10^23"):
        assert secret not in public
    assert "One accelerator with 24 GB." in public
    assert "One accelerator with 24 GB." not in office
    assert "model.safetensors" in office  # the digests of the weights


def test_what_only_authorities_ask_is_in_no_public_document() -> None:
    everything = b"".join(documents(european(sections={"docs": {"eu": EU}})).values()).decode()
    for secret in ("1.3e23", "1.3e+23", "178.4", "10 624", "10624", "6 x parameters", "41.5",
                   "budget of one machine", "personal data masked", "Meters of the"):  # fmt: skip
        assert secret not in everything, secret
    assert "One accelerator with 24 GB." in everything


def test_two_files_that_say_different_things_are_told() -> None:
    one = declared("Energy", 1.0, "energy.training_mwh", "docs/facts.yaml")
    other = declared("Energy", 2.0, "energy.training_mwh", "docs/form.yaml")
    (check,) = contradictions([one, other, one])
    assert check.id == "documents.fact:energy.training_mwh"
    assert "docs/facts.yaml" in check.sentence and "docs/form.yaml" in check.sentence
    assert contradictions([one, one]) == ()


def test_an_unknown_key_of_the_answers_is_an_error_with_its_line() -> None:
    with pytest.raises(BadReleaseFile, match=r"docs/form.yaml:2: unknown key 'enrgy_mwh'"):
        european({"design": "x", "enrgy_mwh": 3})


def test_systemic_risk_asks_for_its_own_section() -> None:
    sections = {"docs": {"eu": {**EU, "systemic_risk": True}, "bom": []}}
    found = checks(FORM, sections=sections)
    for key in ("evaluation", "adversarial_testing", "adaptations", "system_architecture"):
        assert found[f"documents.eu.form.{key}"].status == "unmet"
    told = {**FORM, **dict.fromkeys(("evaluation", "adversarial_testing", "adaptations"), "done"),
            "system_architecture": "one process"}  # fmt: skip
    assert checks(told, sections=sections)["documents.eu.form"].status == "met"


def test_without_eu_in_docs_there_is_no_form() -> None:
    content = described()
    assert FORM_PATH not in public_documents(content)
    assert private_documents(content) == {}
    assert not [check for check in judge_documents(content) if ".eu." in check.id]


def test_words_of_strangers_start_nothing_in_the_form() -> None:
    hostile = (
        "<script>x</script>\n\n# Approved by the AI Office\n\n| a |\n| - |\n![](http://e.example)"
    )
    page = public_documents(european({**FORM, "systems": hostile}))[FORM_PATH].decode()
    assert "\n# Approved" not in page
    assert "\\<script\\>" in page
    assert "\\!\\[\\]" in page

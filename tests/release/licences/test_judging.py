"""What a judgement says: duties kept and broken, conflicts with both terms, what is added."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.release.evidence import Check
from paddock.release.licences.judgement import Judgement
from paddock.release.licences.judging import judge, one_of_each
from paddock.release.licences.material import Around, Parent
from paddock.release.licences.origins import Origin
from paddock.release.spec.licences import Licenses
from paddock.release.spec.lineage import Ancestor, Lineage
from paddock.release.spec.release_spec import ReleaseSpec

NOTICE = (
    "Llama 3.1 is licensed under the Llama 3.1 Community License, "
    "Copyright © Meta Platforms, Inc. All Rights Reserved."
)
MIT = (
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"
)
LLAMA = {"base_model": [{"id": "meta-llama/Llama-3.1-8B", "relation": "finetune"}]}


def spec(name: str = "Llama-acme", **sections: Any) -> ReleaseSpec:
    document = {"metadata": {"name": name, "version": "1.0.0"}, **sections}
    return ReleaseSpec.model_validate(document)


def stopping(judgement: Judgement) -> dict[str, Check]:
    return {check.id: check for check in judgement.checks if check.blocks}


def quotes(check: Check) -> list[str]:
    return [proof.quote for proof in check.evidence if proof.quote]


@pytest.fixture(scope="module")
def agreement(shared_data: Path) -> str:
    return (shared_data / "llama-terms" / "llama3_1" / "LICENSE").read_text(encoding="utf-8")


def of_llama(agreement: str, card: str = "Built with Llama", **changes: Any) -> Judgement:
    licenses = {"distribution": "llama3.1"} | changes.pop("licenses", {})
    texts = {"LICENSE": agreement, "NOTICE": NOTICE} | changes.pop("texts", {})
    made = spec(lineage=LLAMA, licenses=licenses, **changes)
    return judge(made, {path: text for path, text in texts.items() if text}, card)


def test_every_duty_that_files_can_show_is_met(agreement: str) -> None:
    found = of_llama(agreement)
    assert {check.id for check in found.checks if check.status == "met"} >= {
        "licence.llama3.1.copy", "licence.llama3.1.notice", "licence.llama3.1.display",
        "licence.llama3.1.name", "licence.llama3.1.policy",
        "licence.llama3.1.kept:meta-llama/Llama-3.1-8B",
    }  # fmt: skip
    assert all(id_.startswith("licence.declaration.") for id_ in stopping(found))
    assert found.terms == ("llama3.1",)
    assert [display.url for display in found.displays] == [
        "https://llama.meta.com/llama3_1/use-policy"
    ]
    assert found.texts[0].licence == "llama3.1"
    assert found.texts[0].is_known


def test_a_wrapped_notice_is_the_same_and_a_changed_licence_is_not(agreement: str) -> None:
    wrapped = of_llama(agreement, texts={"NOTICE": NOTICE.replace("License, ", "License,\n  ")})
    assert "licence.llama3.1.notice" not in stopping(wrapped)
    changed = of_llama(agreement.replace("700 million", "900 million"))
    check = stopping(changed)["licence.llama3.1.copy"]
    assert "not those of any known text" in check.sentence


def test_what_the_author_asks_for_the_build_does_itself(agreement: str) -> None:
    found = of_llama(agreement, "", licenses={"apply": ["notice", "display"]}, texts={"NOTICE": ""})
    assert all(id_.startswith("licence.declaration.") for id_ in stopping(found))
    assert [(notice.path, notice.text) for notice in found.notices] == [("NOTICE", NOTICE + "\n")]
    assert found.displays[0].text == "Built with Llama"
    altered = NOTICE.replace("Platforms", "Platform")
    broken = of_llama(agreement, licenses={"apply": ["notice"]}, texts={"NOTICE": altered})
    assert "altered" in stopping(broken)["licence.llama3.1.notice"].sentence


@pytest.mark.parametrize("distribution", ["apache-2.0", "MIT OR llama3.1", "Apache-2.0 OR gemma"])
def test_dropping_a_parents_terms_is_refused_with_both_terms(
    agreement: str, distribution: str
) -> None:
    found = of_llama(agreement, licenses={"distribution": distribution})
    check = stopping(found)["licence.llama3.1.kept:meta-llama/Llama-3.1-8B"]
    assert len(quotes(check)) == 2
    assert "Llama 3.1 Community License, 1.b.iv" in check.sentence


def test_terms_may_be_added_to_a_parents_and_not_taken_from_the_weights(agreement: str) -> None:
    both = of_llama(agreement, licenses={"distribution": "Apache-2.0 AND llama3.1"})
    assert not [id_ for id_ in stopping(both) if ".kept:" in id_]
    part = {"name": "Model parameters (Final)", "access": "open", "license": "MIT"}
    weights = of_llama(agreement, components=[part])
    assert "licence.llama3.1.kept:meta-llama/Llama-3.1-8B" in stopping(weights)


def test_non_commercial_parents_make_the_whole_non_commercial() -> None:
    lineage = {
        "base_model": [
            {"id": "acme/a", "relation": "merge", "license": "MIT"},
            {"id": "acme/b", "relation": "merge", "license": "CC-BY-NC-4.0"},
        ]
    }
    free = judge(spec(lineage=lineage, licenses={"distribution": "MIT"}), {"LICENSE": MIT})
    check = stopping(free)["licence.cc-by-nc.commercial:acme/b"]
    assert [quote[:20] for quote in quotes(check)] == [
        "reproduce and Share ", "including without li",
    ]  # fmt: skip
    said = {"distribution": "cc-by-nc-sa-4.0", "declarations": {"commercial": True}}
    kept = judge(spec(lineage=lineage, licenses=said), {})
    assert "licence.cc-by-nc.commercial:acme/b" not in stopping(kept)
    assert (
        "NonCommercial purposes only" in stopping(kept)["licence.declaration.commercial"].sentence
    )
    assert {grant.name: grant.value for grant in kept.grants}["commercial"] is False


@pytest.mark.parametrize(
    ("licence", "lineage", "id_"),
    [
        ("cc-by-nd-4.0", "base_model", "licence.cc-by-nd.modify:acme/a"),
        ("cc-by-nc-4.0", "trained_on_outputs_of", "licence.cc-by-nc.outputs:acme/a"),
        ("llama2", "trained_on_outputs_of", "licence.llama2.outputs:acme/a"),
        ("exaone", "distilled_from", "licence.exaone-1.1-nc.outputs:acme/a"),
        ("gemma", "distilled_from", "licence.gemma.kept:acme/a"),
        ("cake-1.0", "base_model", "licence.unknown:cake-1.0"),
        ("grok2-community", "base_model", "licence.terms:grok2-community"),
        (None, "base_model", "licence.unknown:acme/a"),
    ],
)  # fmt: skip
def test_an_ancestor_that_does_not_allow_it_stops_the_release(
    licence: str | None, lineage: str, id_: str
) -> None:
    parents = {lineage: [{"id": "acme/a", "license": licence} if licence else "acme/a"]}
    found = judge(spec(lineage=parents, licenses={"distribution": "apache-2.0"}), {})
    assert id_ in stopping(found)


def test_outputs_of_llama_2_may_improve_llama_2() -> None:
    lineage = {
        "base_model": [{"id": "meta-llama/Llama-2-7b-hf", "relation": "finetune"}],
        "trained_on_outputs_of": ["meta-llama/Llama-2-70b-chat-hf"],
    }
    found = judge(spec(lineage=lineage, licenses={"distribution": "llama2"}), {})
    assert not [id_ for id_ in stopping(found) if ".outputs:" in id_]


def test_outputs_of_llama_3_1_ask_for_the_name_and_nothing_else() -> None:
    lineage = {"trained_on_outputs_of": ["meta-llama/Llama-3.1-70B-Instruct"]}
    found = judge(spec("acme", lineage=lineage, licenses={"distribution": "MIT"}), {})
    assert {duty.kind for duty in found.duties if duty.source != "this release"} == {"name_prefix"}
    assert "licence.llama3.1.name" in stopping(found)


def test_a_licence_without_further_limits_is_not_joined_with_limits(agreement: str) -> None:
    found = of_llama(agreement, licenses={"distribution": "GPL-3.0-only AND llama3.1"})
    check = stopping(found)["licence.gpl-3.0.with:llama3.1"]
    assert "You may not impose any further restrictions" in check.sentence
    code = of_llama(agreement, licenses={"code": "GPL-3.0-only"})
    assert not [id_ for id_ in stopping(code) if ".with:" in id_]  # parts side by side


def test_data_for_non_commercial_use_waits_for_a_person() -> None:
    licenses = {"distribution": "apache-2.0", "data": "CC-BY-NC-4.0"}
    check = stopping(judge(spec(licenses=licenses), {}))["licence.data.cc-by-nc"]
    assert check.status == "undecided"
    assert len(quotes(check)) == 1
    assert "royalty-free" in check.sentence
    shared = {"distribution": "cc-by-nc-4.0", "data": "CC-BY-NC-4.0"}
    assert "licence.data.cc-by-nc" not in stopping(judge(spec(licenses=shared), {}))


@pytest.mark.parametrize(
    ("licence", "answers", "refused"),
    [
        ("stability-ai-community", {"registered": True, "revenue_over_ceiling": False}, set()),
        ("stability-ai-community", {"registered": False, "revenue_over_ceiling": True},
         {"registered", "revenue_over_ceiling"}),
        ("qwen", {"mau_over_100m": True}, {"mau_over_100m"}),
        ("llama4", {"eu_domiciled": True, "mau_over_700m": False, "outputs_used": False},
         {"eu_domiciled"}),
        ("llama3.2", {"mau_over_700m": False, "outputs_used": False}, set()),
    ],
)  # fmt: skip
def test_a_licence_asks_what_it_depends_on(
    licence: str, answers: dict[str, bool], refused: set[str]
) -> None:
    said = {"distribution": licence, "declarations": answers}
    found = judge(spec("Llama-3.2-1B", licenses=said), {})
    assert {question.key for question in found.questions} == set(answers)
    for question in found.questions:
        check = stopping(found)[f"licence.declaration.{question.key}"]
        assert ("not signed" not in check.sentence) == (question.key in refused)


def test_only_a_multimodal_llama_3_2_asks_for_the_seat() -> None:
    said = {"distribution": "llama3.2"}
    text = judge(spec("Llama-3.2-1B", licenses=said), {"config.json": '{"model_type": "llama"}'})
    image = judge(spec("Llama-3.2-1B", licenses=said), {"config.json": '{"vision_config": {}}'})
    assert "eu_domiciled" not in {question.key for question in text.questions}
    assert "eu_domiciled" in {question.key for question in image.questions}


def test_of_two_ways_to_one_condition_the_one_that_stops_the_release_is_told() -> None:
    met = Check("licence.a", "licence", "met", "one way")
    unmet = Check("licence.a", "licence", "unmet", "another")
    assert one_of_each([met, unmet, met]) == [unmet]
    assert one_of_each([unmet, met]) == [unmet]


def test_material_that_was_not_changed_needs_no_list_of_changes() -> None:
    parent = {"id": "acme/a", "license": "apache-2.0", "modified": False}
    made = spec(lineage={"base_model": [parent]}, licenses={"distribution": "apache-2.0"})
    origins = (Origin("acme/a", (), "apache-2.0"), Origin("acme/b", ("merge",), "apache-2.0"))
    for known in (origins[:1], origins):
        found = judge(made, {}, "", Around(parents=(Parent("acme/a", origins=known),)))
        listed = [duty.source for duty in found.duties if duty.kind == "mark_changes"]
        assert listed == [origin.id for origin in known[1:]]


def test_data_sets_that_are_described_count_as_well() -> None:
    around = Around(datasets=(("Songs", "CC-BY-NC-SA-4.0"),))
    found = judge(spec(licenses={"distribution": "mit"}), {}, "", around)
    assert "docs.datasets: Songs" in stopping(found)["licence.data.cc-by-nc-sa"].sentence


def test_terms_of_ones_own_are_described_and_their_text_must_be_there() -> None:
    own = {"id": "LicenseRef-acme", "name": "Acme Terms", "file": "LICENSE", "commercial": False}
    licenses = {"distribution": "LicenseRef-acme", "custom": [own]}
    without = judge(spec(licenses=licenses), {})
    assert "licence.custom:LicenseRef-acme" in stopping(without)
    found = judge(spec(licenses=licenses), {"LICENSE": "You owe us a cake."})
    assert set(stopping(found)) == {"licence.declaration.commercial"}
    grants = {grant.name: grant.value for grant in found.grants}
    assert grants == {
        "commercial": False, "modify": None, "redistribute": None, "outputs_train": None,
    }  # fmt: skip


def test_limits_of_use_are_passed_on_by_gated_terms_that_name_them() -> None:
    access = {"mechanism": "clickthrough", "extra_gated_prompt": "Do you agree?"}
    licenses = {"distribution": "gemma"}
    asked = judge(spec("acme", licenses=licenses, access=access), {})
    assert "Prohibited Use Policy" in stopping(asked)["licence.gemma.pass_on"].sentence
    access["extra_gated_prompt"] = "I keep to the Gemma terms and the Prohibited Use Policy."
    told = judge(spec("acme", licenses=licenses, access=access), {})
    assert "licence.gemma.pass_on" not in stopping(told)


def test_a_policy_that_claims_to_be_metas_must_be_it(agreement: str, shared_data: Path) -> None:
    policy = (shared_data / "llama-terms" / "llama3_1" / "USE_POLICY.md").read_text("utf-8")
    said = {"acceptable_use": {"file": "USE_POLICY.md", "upstream": "llama3.1"}}
    right = of_llama(agreement, licenses=said, texts={"USE_POLICY.md": policy})
    assert "licence.llama3.1.policy" not in stopping(right)
    shorter = policy.replace("Military, warfare", "Warfare")
    wrong = of_llama(agreement, licenses=said, texts={"USE_POLICY.md": shorter})
    assert "licence.llama3.1.policy" in stopping(wrong)


def test_changed_files_are_listed_against_the_parent() -> None:
    lineage = {"base_model": [{"id": "acme/a", "license": "apache-2.0"}]}
    parent = Parent("acme/a", changed=("config.json", "model.safetensors"),
                    notices={"NOTICE": "Made by A."})  # fmt: skip
    made = spec(lineage=lineage, licenses={"distribution": "apache-2.0"})
    found = judge(made, {}, "", Around(parents=(parent,)))
    [notice] = found.notices
    assert notice.path == "NOTICE-CHANGES.txt"
    assert "Files that differ from acme/a (finetune):\n  config.json\n" in notice.text
    assert "licence.apache-2.0.notices:acme/a:NOTICE" in stopping(found)
    carried = judge(made, {"NOTICE": "Made by A.\nAnd by us."}, "", Around(parents=(parent,)))
    assert "licence.apache-2.0.notices:acme/a:NOTICE" not in stopping(carried)


def test_a_parents_own_lineage_is_inherited_through_its_signed_release() -> None:
    lineage = {"base_model": [{"id": "acme/a", "relation": "adapter", "license": "mit"}]}
    origins = (
        Origin("acme/a", (), "mit", "inherited"),
        Origin("meta-llama/Llama-3.1-8B", ("finetune",), "llama3.1", "inherited"),
    )
    parent = Parent("acme/a", origins=origins, signed_by="ab" * 32, root="cd" * 32)
    found = judge(
        spec("acme", lineage=lineage, licenses={"distribution": "mit"}), {"LICENSE": MIT}, "",
        Around(parents=(parent,)),
    )  # fmt: skip
    assert {"licence.llama3.1.kept:meta-llama/Llama-3.1-8B", "licence.llama3.1.name"} <= set(
        stopping(found)
    )
    assert {
        "id": "meta-llama/Llama-3.1-8B", "path": ["adapter", "finetune"], "license": "llama3.1",
        "modified": True,
    } in found.ancestors  # fmt: skip
    inherited = [fact for fact in found.facts if fact.source == "inherited"]
    assert any("meta-llama/Llama-3.1-8B" in (fact.by or "") for fact in inherited)


STRANGE = st.text(max_size=40).filter(lambda text: bool(text.strip()) and "\x00" not in text)


@given(name=STRANGE, licence=STRANGE, text=st.text(max_size=300), card=st.text(max_size=100))
def test_any_names_and_texts_are_judged_on_single_lines(
    name: str, licence: str, text: str, card: str
) -> None:
    made = spec().model_copy(
        update={
            "lineage": Lineage.model_construct(
                base_model=(Ancestor.model_construct(id=name, license=licence),)
            ),
            "licenses": Licenses.model_construct(distribution=licence),
        }
    )
    found = judge(made, {"LICENSE": text, "NOTICE": card}, card)
    for check in found.checks:
        assert check.id.isprintable()
        assert check.sentence.isprintable()


@pytest.mark.parametrize("distribution", ["grok2-community", "deepfloyd-if-license", "apple-amlr"])
def test_a_makers_terms_without_a_known_text_are_to_be_described(distribution: str) -> None:
    found = judge(spec("acme", licenses={"distribution": distribution}), {})
    [check] = [each for each in found.checks if each.id == f"licence.terms:{distribution}"]
    assert check.status == "undecided"
    assert "whose terms are not in the table" in check.sentence
    own = {"id": distribution, "name": "Terms", "file": "LICENSE", "outputs_train": False,
           "commercial": False}  # fmt: skip
    licenses = {"distribution": distribution, "custom": [own]}
    told = judge(spec("acme", licenses=licenses), {"LICENSE": "As they are."})
    assert set(stopping(told)) == {"licence.declaration.commercial"}


def test_a_custom_licence_takes_no_known_name_away() -> None:
    own = {"id": "llama3.1", "name": "Mine", "file": "LICENSE", "redistribute": True}
    licenses = {"distribution": "llama3.1", "custom": [own]}
    found = judge(spec("acme", lineage=LLAMA, licenses=licenses), {"LICENSE": "Do as you like."})
    assert "licence.llama3.1.name" in stopping(found)


def test_parents_in_a_circle_are_gone_round_once() -> None:
    lineage = {"base_model": [{"id": "acme/a", "license": "mit"}]}
    origins = (
        Origin("acme/a", (), "mit", "inherited"),
        Origin("acme/acme", ("finetune",), "llama3.1", "inherited"),
        Origin("acme/a", ("finetune", "finetune"), "mit", "inherited"),
    )
    parent = Parent("acme/a", origins=origins, signed_by="ab" * 32, root="cd" * 32)
    made = spec("acme", lineage=lineage, licenses={"distribution": "mit"})
    found = judge(made, {"LICENSE": MIT}, "", Around(parents=(parent,)))
    assert "licence.llama3.1.kept:acme/acme" in stopping(found)
    assert len(found.ancestors) == 3


@pytest.mark.parametrize(
    "card",
    [
        "<!-- Built with Llama -->", "<!-- Built with Llama", "[Built with Llama]: http://a.example",
        "Built with Llamas", "ReBuilt with Llama", "Built with \uff2clama", "built with llama", "",
    ],
)  # fmt: skip
def test_words_that_nobody_sees_are_not_shown(agreement: str, card: str) -> None:
    assert "licence.llama3.1.display" in stopping(of_llama(agreement, card))


@pytest.mark.parametrize(
    "card", ["# Built with Llama", "<p>Built with Llama</p>", "**Built with\nLlama.**"]
)
def test_words_that_are_seen_are_shown(agreement: str, card: str) -> None:
    assert "licence.llama3.1.display" not in stopping(of_llama(agreement, card))

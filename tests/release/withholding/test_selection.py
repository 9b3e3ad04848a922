"""What rules mean in a checkpoint, and which cannot be followed: nothing is read but headers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from paddock.release.withholding.selection import faults_of, select
from paddock.release.withholding.withheld import Withheld
from tests.release.withholding.samples import ITEM, gpt_oss, llama, mixtral, spec_of


def select_from(folder: Path, *rules: dict[str, Any]) -> Withheld:
    return select(folder, spec_of(*rules))


def fault_ids(withheld: Withheld) -> list[str]:
    return [check.id for check in faults_of(withheld)]


def test_nothing_is_withheld_where_nothing_is_said(tmp_path: Path) -> None:
    assert not select(llama(tmp_path / "m"), spec_of())


def test_a_layer_is_all_its_tensors_norms_included(tmp_path: Path) -> None:
    found = select_from(llama(tmp_path / "m"), {"layers": [1]})
    assert len(found.tensors) == 9
    assert any("layernorm" in tensor.name for tensor in found.tensors)
    assert all(tensor.name.startswith("model.layers.1.") for tensor in found.tensors)
    assert not faults_of(found)


def test_the_layers_after_a_dropped_one_move_up_and_the_configuration_counts_them(
    tmp_path: Path,
) -> None:
    found = select_from(llama(tmp_path / "m"), {"layers": ["1-2"]})
    assert [(c.key, c.before, c.after) for c in found.config_changes] == [
        ("num_hidden_layers", 4, 2)
    ]
    assert {(old.split(".")[2], new.split(".")[2]) for old, new in found.renamed} == {("3", "1")}
    assert (
        found.items[0].replaced_how == "left out: 2 of 4 layers are left, those after it moved up"
    )


def test_a_pattern_that_means_whole_layers_drops_them(tmp_path: Path) -> None:
    found = select_from(llama(tmp_path / "m"), {"match": "model.layers.3.*"})
    assert not faults_of(found)
    assert found.config_changes[0].after == 3


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ([{"match": "model.layers.9.*"}], f"unmatched:{ITEM}"),
        ([{"layers": [4]}], f"unmatched:{ITEM}"),
        ([{"experts": [0]}], f"unmatched:{ITEM}"),
        ([{"match": "*.up_proj.weight"}], f"needed:{ITEM}"),
        ([{"match": "model.embed_tokens.weight"}], f"needed:{ITEM}"),
        ([{"layers": ["0-3"]}], "everything:layers"),
        ([{"match": "*", "replace": "zero"}], "everything:tensors"),
        ([{"layers": [1]}, {"match": "*.1.*"}], f"overlap:{ITEM}+model-parameters-final.2"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_told(
    rules: list[dict[str, Any]], fault: str, tmp_path: Path
) -> None:
    found = select_from(llama(tmp_path / "m"), *rules)
    assert fault_ids(found) == [f"withholding.rule.{fault}"]
    assert all(check.blocks for check in faults_of(found))


def test_a_tensor_that_is_needed_may_be_zero(tmp_path: Path) -> None:
    found = select_from(llama(tmp_path / "m"), {"match": "*.up_proj.weight", "replace": "zero"})
    assert not faults_of(found)
    assert [tensor.released_as for tensor in found.tensors] == [t.name for t in found.tensors]


def test_a_layer_of_zeros_is_said_to_pass_its_input_on(tmp_path: Path) -> None:
    found = select_from(llama(tmp_path / "m"), {"layers": [1], "replace": "zero"})
    assert "pass their input on unchanged" in found.items[0].replaced_how
    found = select_from(tmp_path / "m", {"match": "*.1.mlp.*", "replace": "zero"})
    assert found.items[0].replaced_how == "zeros"


def test_a_tied_head_is_not_withheld_while_the_embeddings_stay(tmp_path: Path) -> None:
    folder = llama(tmp_path / "m", tied_embeddings=True)
    found = select_from(folder, {"match": "lm_head.weight", "replace": "zero"})
    assert fault_ids(found) == ["withholding.rule.tied:embeddings"]
    both = select_from(folder, {"match": "model.embed_tokens.weight", "replace": "zero"})
    assert not faults_of(both)


def test_one_of_two_stored_tied_matrices_is_not_withheld_alone(tmp_path: Path) -> None:
    folder = llama(tmp_path / "m")
    config = json.loads((folder / "config.json").read_bytes()) | {"tie_word_embeddings": True}
    (folder / "config.json").write_text(json.dumps(config))
    alone = select_from(folder, {"match": "model.embed_tokens.weight", "replace": "zero"})
    assert fault_ids(alone) == ["withholding.rule.tied:embeddings"]
    both = {"match": "*e*d*.weight", "replace": "zero"}
    assert "withholding.rule.tied:embeddings" not in fault_ids(select_from(folder, both))


def test_an_expert_that_every_layer_loses_goes_with_its_row_of_the_router(tmp_path: Path) -> None:
    found = select_from(mixtral(tmp_path / "m"), {"experts": [1]})
    assert not faults_of(found)
    routers = [tensor for tensor in found.tensors if tensor.name.endswith("gate.weight")]
    assert [tensor.rows for tensor in routers] == [(1,), (1,)]
    assert found.config_changes[0].key == "num_local_experts"
    assert ("model.layers.0.block_sparse_moe.experts.3.w1.weight",
            "model.layers.0.block_sparse_moe.experts.2.w1.weight") in found.renamed  # fmt: skip


def test_the_pattern_of_the_draft_means_an_expert_too(tmp_path: Path) -> None:
    pattern = {"match": "model.layers.*.block_sparse_moe.experts.1.*"}
    assert (
        select_from(mixtral(tmp_path / "m"), pattern).tensors
        == select_from(tmp_path / "m", {"experts": [1]}).tensors
    )


def test_experts_of_some_layers_can_be_zero_but_not_dropped(tmp_path: Path) -> None:
    some = {"experts": [1], "layers": [0]}
    found = select_from(mixtral(tmp_path / "m"), some)
    assert "withholding.rule.experts:uneven" in fault_ids(found)
    assert not faults_of(select_from(tmp_path / "m", some | {"replace": "zero"}))


@pytest.mark.parametrize(
    ("changes", "experts", "fault"),
    [
        ({}, ["0-2"], "too_few"),
        ({"n_group": 2}, [1], "groups"),
        ({"num_local_experts": 8}, [1], "router"),
    ],
)
def test_experts_that_the_router_needs_are_not_dropped(
    changes: dict[str, Any], experts: list[Any], fault: str, tmp_path: Path
) -> None:
    found = select_from(mixtral(tmp_path / "m", **changes), {"experts": experts})
    assert f"withholding.rule.experts:{fault}" in fault_ids(found)


def test_fused_experts_are_rows(tmp_path: Path) -> None:
    found = select_from(gpt_oss(tmp_path / "m"), {"experts": [0, 2]})
    assert not faults_of(found)
    assert {tensor.rows for tensor in found.tensors} == {(0, 2)}
    assert len(found.tensors) == 10


def test_two_rules_may_mean_different_experts(tmp_path: Path) -> None:
    rules = {"experts": [0], "replace": "zero"}, {"experts": [1], "replace": "reinitialise"}
    assert not faults_of(select_from(gpt_oss(tmp_path / "m"), *rules))
    same = {"experts": [0], "replace": "zero"}, {"experts": [0, 1], "replace": "zero"}
    assert fault_ids(select_from(tmp_path / "m", *same)) == [
        f"withholding.rule.overlap:{ITEM}+model-parameters-final.2"
    ]


def test_lists_of_layers_follow_and_periods_are_refused(tmp_path: Path) -> None:
    folder = gpt_oss(
        tmp_path / "m", layers=4, layer_types=["a", "b", "a", "b"], mlp_only_layers=[0, 3],
        first_k_dense_replace=2, sliding_window_pattern=2,
    )  # fmt: skip
    changes = {c.key: c.after for c in select_from(folder, {"layers": [1]}).config_changes}
    assert changes == {
        "num_hidden_layers": 3, "layer_types": ["a", "a", "b"], "mlp_only_layers": [0, 2],
        "first_k_dense_replace": 1,
    }  # fmt: skip
    periodic = gpt_oss(tmp_path / "p", layers=4, decoder_sparse_step=2)
    assert fault_ids(select_from(periodic, {"layers": [1]})) == [
        "withholding.rule.config:decoder_sparse_step"
    ]


def test_settings_nested_for_a_language_model_are_changed_there(tmp_path: Path) -> None:
    folder = gpt_oss(tmp_path / "m")
    inner = json.loads((folder / "config.json").read_bytes())
    (folder / "config.json").write_text(json.dumps({"text_config": inner}))
    found = select_from(folder, {"experts": [3]})
    assert found.config_changes[0].key == "text_config.num_local_experts"


def test_files_that_the_model_needs_are_not_withheld(tmp_path: Path) -> None:
    folder = llama(tmp_path / "m")
    for name in ("config.json", "model.safetensors"):
        assert fault_ids(select_from(folder, {"file": name})) == [f"withholding.rule.needed:{ITEM}"]


def test_the_weights_as_a_whole_cannot_be_withheld(tmp_path: Path) -> None:
    whole = {"name": "Model parameters (Final)", "access": "withheld", "reason": "safety"}
    found = select(llama(tmp_path / "m"), spec_of(others=(whole,)))
    assert "withholding.rule.needed:model-parameters-final" in fault_ids(found)


def test_a_withheld_component_needs_something_to_commit_to(tmp_path: Path) -> None:
    folder = llama(tmp_path / "m")
    part = {"name": "Datasets", "access": "withheld", "reason": "privacy"}
    found = select(folder, spec_of(others=(part,)))
    assert [(c.id, c.status) for c in found.checks] == [
        ("withholding.commitment:datasets", "unmet")
    ]
    given = part | {"commitment": {"value": "a" * 64}}
    assert select(folder, spec_of(others=(given,))).checks[0].status == "warned"
    (folder / "data").mkdir()
    (folder / "data" / "rows.jsonl").write_text("{}\n")
    found = select(folder, spec_of(others=(part | {"path": "data/"},)))
    assert [file.path for file in found.files] == ["data/rows.jsonl"]
    assert not any(check.blocks for check in found.checks)


def test_adapters_are_folders(tmp_path: Path) -> None:
    folder = llama(tmp_path / "m")
    for name in ("a", "b"):
        (folder / "adapters" / name).mkdir(parents=True)
        (folder / "adapters" / name / "adapter_config.json").write_text("{}")
    found = select_from(folder, {"adapter": "adapters/a"})
    assert [file.path for file in found.files] == ["adapters/a/adapter_config.json"]
    assert fault_ids(select_from(folder, {"adapter": "other/*"})) == [
        f"withholding.rule.unmatched:{ITEM}"
    ]


def test_an_escrow_secret_among_released_files_is_refused(tmp_path: Path) -> None:
    folder = llama(tmp_path / "m")
    rule = {"layers": [1]}
    inside = spec_of(rule, artifacts={"escrow": "keys/secret"})
    assert fault_ids(select(folder, inside, texts_folder=folder)) == [
        "withholding.rule.escrow:secret"
    ]
    excluded = spec_of(rule, artifacts={"escrow": "keys/secret", "source": {"exclude": ["keys/"]}})
    assert not faults_of(select(folder, excluded, texts_folder=folder))
    assert not faults_of(select(folder, inside, texts_folder=tmp_path))


@pytest.mark.parametrize("name", ["rows.xlsx", "rows.orc", "rows.csv.gz"])
def test_rows_of_other_kinds_are_refused_in_words(tmp_path: Path, name: str) -> None:
    folder = llama(tmp_path / "m")
    (folder / name).write_bytes(b"PK")
    found = select_from(folder, {"field": {"file": name, "name": "email"}})
    assert "only .csv, .json, .jsonl, .ndjson" in faults_of(found)[0].sentence


def test_hostile_numbers_end_at_once_and_in_words(tmp_path: Path) -> None:
    counted = mixtral(tmp_path / "a", num_local_experts=1 << 60)
    assert faults_of(select_from(counted, {"experts": [1]}))
    listed = mixtral(tmp_path / "b", num_layers_list=[1 << 60, 2])
    assert fault_ids(select_from(listed, {"layers": [0]})) == [
        "withholding.rule.config:num_layers_list"
    ]
    many = llama(tmp_path / "c")
    assert len(fault_ids(select_from(many, {"layers": ["0-99999"]}))) == 2


def test_many_withheld_files_are_looked_up_once(tmp_path: Path) -> None:
    folder = llama(tmp_path / "m")
    (folder / "data").mkdir()
    for number in range(300):
        (folder / "data" / f"{number}.txt").touch()
    (folder / "list.json").write_text(json.dumps({"files": ["data/7.txt", "8.txt", "other"]}))
    found = select_from(folder, {"file": "data/"})
    check = next(c for c in found.checks if c.id == "withholding.reference:list.json")
    assert "data/7.txt, data/8.txt" in check.sentence

"""What else in a source gives withheld weights away, and what still speaks of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from paddock.release.evidence import Check
from paddock.release.withholding.selection import select
from tests.release.withholding.samples import llama, spec_of

LAYER = {"layers": [1]}


def judged(folder: Path, *rules: dict[str, Any], **sections: Any) -> dict[str, Check]:
    found = select(folder, spec_of(*(rules or (LAYER,)), **sections))
    return {check.id: check for check in found.checks}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("optimizer.pt", "optimizer"),
        ("checkpoint-5/optimizer.bin", "optimizer"),
        ("scheduler.pt", "optimizer"),
        ("model_ema.safetensors", "average"),
        ("ema/weights.pt", "copy"),
        ("global_step100/mp_rank_00_model_states.pt", "shard"),
        ("zero_pp_rank_0_mp_rank_00_optim_states.pt", "optimizer"),
        ("__0_0.distcp", "shard"),
        ("pytorch_model_fsdp_0/x", "shard"),
        ("runs/events.out.tfevents.1", "log"),
        ("wandb/run/x.txt", None),
        ("run-1.wandb", "log"),
        ("model.imatrix", "imatrix"),
        ("imatrix.dat", "imatrix"),
        ("model-q8.gguf", "copy"),
        ("pytorch_model.bin", "copy"),
        ("optimization.md", None),
        ("schema.json", None),
    ],
)
def test_states_copies_and_logs_stay_behind(path: str, kind: str | None, tmp_path: Path) -> None:
    folder = llama(tmp_path / "m")
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(b"{}")
    blocking = [check.id for check in judged(folder).values() if check.blocks]
    assert blocking == ([f"withholding.{kind}:{path}"] if kind else [])
    excluded = judged(folder, artifacts={"source": {"exclude": [path]}})
    assert not any(check.blocks for check in excluded.values())


def test_they_may_leave_when_no_weights_are_withheld(tmp_path: Path) -> None:
    folder = llama(tmp_path / "m")
    (folder / "imatrix.dat").write_bytes(b"x")
    (folder / "a.txt").write_text("x")
    assert not any(check.blocks for check in judged(folder, {"file": "a.txt"}).values())


def test_a_file_of_tensors_is_known_by_their_names(tmp_path: Path) -> None:
    folder, zeros = llama(tmp_path / "m"), np.zeros(4, np.float32)
    name = "model.layers.1.mlp.up_proj.weight"
    save_file({f"exp_avg.{name}": zeros}, folder / "state.safetensors")
    save_file({f"teacher.{name}": zeros}, folder / "other.safetensors")
    save_file({"vision.weight": zeros}, folder / "vision.safetensors")
    blocking = {check.id for check in judged(folder).values() if check.blocks}
    assert blocking == {
        "withholding.optimizer:state.safetensors",
        "withholding.copy:other.safetensors",
    }


def test_an_adapter_of_a_withheld_base_is_warned_of(tmp_path: Path) -> None:
    folder = llama(tmp_path / "m")
    (folder / "lora").mkdir()
    (folder / "lora" / "adapter_config.json").write_text("{}")
    name = "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"
    save_file({name: np.zeros((2, 2), np.float32)}, folder / "lora" / "adapter_model.safetensors")
    check = judged(folder)["withholding.adapter:lora"]
    assert check.status == "warned"
    assert "model.layers.1.self_attn.q_proj.weight" in check.sentence
    assert "withholding.adapter:lora" not in judged(folder, LAYER, {"adapter": "lora"})


def test_what_was_written_during_training_is_worth_reading(tmp_path: Path) -> None:
    folder = llama(tmp_path / "m")
    (folder / "trainer_state.json").write_text("{}")
    assert judged(folder)["withholding.trace:trainer_state.json"].status == "warned"


@pytest.mark.parametrize(
    ("setting", "refers"),
    [
        ({"auto_map": {"AutoModel": "modeling_own.OwnModel"}}, True),
        ({"auto_map": {"AutoModel": "acme/other--modeling_own.OwnModel"}}, True),
        ({"helper": "./modeling_own.py"}, True),
        ({"note": "modeling_owner.OwnModel"}, False),
    ],
)
def test_a_setting_that_names_a_withheld_file_is_refused(
    setting: dict[str, Any], refers: bool, tmp_path: Path
) -> None:
    folder = llama(tmp_path / "m")
    (folder / "modeling_own.py").write_text("pass")
    config = json.loads((folder / "config.json").read_bytes()) | setting
    (folder / "config.json").write_text(json.dumps(config))
    found = judged(folder, {"file": "modeling_own.py"})
    assert ("withholding.reference:config.json" in found) is refers


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("It has 4 layers.", "layers"),
        ("A 4-layer decoder.", "layers"),
        ("It has 3 layers of 4.", None),
        ("We release all the weights.", "weights"),
        ("See [rows](rows.jsonl).", "files"),
    ],
)
def test_a_card_does_not_claim_what_is_withheld(
    text: str, about: str | None, tmp_path: Path
) -> None:
    folder = llama(tmp_path / "m")
    (folder / "rows.jsonl").write_text("{}\n")
    (folder / "README.md").write_text(f"# Acme\n\n{text}\n")
    found = judged(folder, LAYER, {"file": "rows.jsonl"})
    blocking = [check.id for check in found.values() if check.blocks]
    assert blocking == ([f"withholding.claim:{about}"] if about else [])

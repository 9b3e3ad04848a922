"""Releases that keep experts back: what is left loads and generates, and holds nothing of them."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, Llama4ForConditionalGeneration

from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.errors import PaddockError
from paddock.llama.loading import load_model
from paddock.release.building.inputs import BuiltRelease
from paddock.release.errors import GateRefused
from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, build_wanted
from paddock.starter import starter_folder
from tests.attacks.corpus.release_trees import model_files
from tests.checkpoint.samples import LLAMA4, MIXTRAL, write_hf_folder
from tests.llama.mixtures import saved_with_vision
from tests.release.building.small import HEAD

MIXTURES = {"mixtral": MIXTRAL, "llama4": LLAMA4}
EXPERT: dict[str, tuple[str, Any]] = {
    "mixtral": ("model.layers.1.block_sparse_moe.experts.1.w2.weight", ()),
    "llama4": ("model.layers.1.feed_forward.experts.down_proj", 1),
}
REPLACED = {
    "mixtral": {f"model.layers.1.block_sparse_moe.experts.1.w{n}.weight" for n in (1, 2, 3)},
    "llama4": {f"model.layers.1.feed_forward.experts.{n}_proj" for n in ("gate_up", "down")},
}
TITLE = {"mixtral": "Mixtral", "llama4": "Llama 4"}
EACH_FAMILY = pytest.mark.parametrize("family", MIXTURES)


def release_file(folder: Path, config: LlamaConfig, rules: str, outputs: str = "{id: st}") -> Path:
    """A mixture of random numbers with a tokenizer, and a release.yaml that keeps parts of it."""
    write_hf_folder(folder / "model", config)
    (folder / "model" / "tokenizer.json").write_bytes(model_files()["tokenizer.json"])
    path = folder / "release.yaml"
    path.write_text(
        f"{HEAD}metadata: {{name: Shop, version: 1.0.0}}\ncomponents:\n"
        "  - {name: Model parameters (Final), access: open, path: ['**.safetensors'],\n"
        f"     withhold: [{rules}]}}\n"
        f"artifacts: {{source: {{path: model}}, outputs: [{outputs}]}}\n"
    )
    return path


def built(path: Path) -> BuiltRelease:
    around = Surroundings(path.parent / "home", "", None, progress=lambda _: None)
    return build_wanted(Wanted(path), path.parent / "out", around)


def logits(folder: Path) -> torch.Tensor:
    with torch.inference_mode():
        return load_model(folder)(torch.arange(20)[None])[0]


@EACH_FAMILY
@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ("{experts: [1], reason: safety}", 3),
        (
            "{experts: [0, 3], reason: safety, replace: zero}, "
            "{experts: [2], reason: safety, replace: reinitialise, seed: 3}",
            4,
        ),
    ],
)
def test_experts_stay_behind_and_what_is_left_runs(
    family: str, rules: str, left: int, tmp_path: Path
) -> None:
    release = built(release_file(tmp_path, MIXTURES[family], rules))
    checks = {check.id: check for check in release.checks}
    run = checks["formats.run:st"]
    assert (run.status, "wrote 8 tokens" in run.sentence) == ("met", True)
    leaks = {check.status for id_, check in checks.items() if id_.startswith("withholding.leak")}
    assert leaks == {"met"}
    opened = open_checkpoint(release.folder)
    assert opened.config.experts and opened.config.experts.count == left
    theirs = AutoModelForCausalLM.from_pretrained(release.folder, dtype="float32")
    with torch.inference_mode():
        wanted = theirs(torch.arange(20)[None]).logits[0]
    assert torch.allclose(logits(release.folder), wanted, atol=1e-4)
    card = (release.folder / "README.md").read_text()
    assert f"{TITLE[family]} (decoder-only transformer with mixtures of experts)" in card
    assert f"| Experts of a layer | {left} |" in card


@EACH_FAMILY
def test_a_copy_of_an_expert_stops_the_release(family: str, tmp_path: Path) -> None:
    path = release_file(tmp_path, MIXTURES[family], "{experts: [1], reason: safety}")
    name, row = EXPERT[family]
    hidden = load_file(tmp_path / "model" / "model.safetensors")[name][row]
    save_file({"probe": hidden.float().mul(-0.7).clone()}, tmp_path / "model" / "probe.safetensors")
    with pytest.raises(GateRefused, match=r"withholding\.leak") as refused:
        built(path)
    assert f"{name}" in refused.value.message
    assert "is in probe in probe" in refused.value.message
    assert not (tmp_path / "out").exists()


def test_what_sees_images_stays_beside_a_language_model_without_an_expert(tmp_path: Path) -> None:
    path = release_file(tmp_path, LLAMA4, "{experts: [1], reason: safety}")
    (tmp_path / "model" / "model.safetensors").unlink()
    saved_with_vision(LLAMA4, tmp_path / "model")
    release = built(path)
    statuses = {check.id: check.status for check in release.checks}
    assert statuses["formats.run:st"] == "met"
    theirs, said = Llama4ForConditionalGeneration.from_pretrained(
        release.folder, output_loading_info=True
    )
    assert not any(said.values())
    assert theirs.config.text_config.num_local_experts == 3
    with torch.inference_mode():
        wanted = theirs(torch.arange(20)[None]).logits[0]
    assert torch.allclose(logits(release.folder), wanted, atol=1e-4)


@EACH_FAMILY
def test_an_expert_is_replaced_by_one_that_was_trained(family: str, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("ab cd ba dc the shop is open " * 300)
    rules = (
        "{experts: [1], layers: [1], reason: safety, replace: distilled replacement, "
        "texts: texts.txt, steps: 40}"
    )
    release = built(release_file(tmp_path, MIXTURES[family], rules))
    statuses = {check.id: check.status for check in release.checks}
    assert statuses["formats.run:st"] == "met"
    assert "withholding.distilled:model-parameters-final.1" in statuses
    name, row = EXPERT[family]
    was = load_file(tmp_path / "model" / "model.safetensors")
    now = load_file(release.folder / "model.safetensors")
    changed = {n for n in was if not torch.equal(was[n], now[n])}
    assert changed == REPLACED[family]
    pair = torch.stack((was[name][row].flatten(), now[name][row].flatten()))
    assert abs(float(torch.corrcoef(pair)[0, 1])) < 0.5
    if row != ():
        others = [0, 2, 3]
        assert all(torch.equal(was[n][others], now[n][others]) for n in changed)


def test_a_trained_layer_beside_dropped_experts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("ab cd " * 300)
    rules = (
        "{match: '*layers.0.self_attn.*', reason: safety, replace: distilled replacement, "
        "texts: texts.txt}, {experts: [1], reason: safety}"
    )
    with pytest.raises(PaddockError, match="dropped experts change all layers"):
        built(release_file(tmp_path, MIXTRAL, rules))


def test_a_machine_without_pytorch_cannot_say_that_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a version with parts missing is not released on a guess."""
    found = importlib.util.find_spec

    def without_torch(name: str, package: str | None = None) -> Any:
        return None if name == "torch" else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without_torch)
    path = release_file(tmp_path, MIXTRAL, "{experts: [1], reason: safety}")
    with pytest.raises(GateRefused, match=r"formats\.run:st") as refused:
        built(path)
    assert "PyTorch does, and it is not installed" in refused.value.message


def test_a_quantised_copy_of_the_open_version_runs_and_is_measured(tmp_path: Path) -> None:
    outputs = "{id: st}, {id: gg, format: gguf, quant: q8_0, max_kl: 0.5}"
    starter = open_checkpoint(starter_folder()).config
    config = replace(
        MIXTRAL, vocab_size=starter.vocab_size, bos_id=starter.bos_id, eos_ids=starter.eos_ids
    )
    path = release_file(tmp_path, config, "{experts: [1], reason: safety}", outputs)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(starter_folder() / name, tmp_path / "model")
    release = built(path)
    checks = {check.id: check for check in release.checks}
    assert {checks["formats.run:st"].status, checks["formats.run:gg"].status} == {"met"}
    assert checks["quality.kl:gg"].status == "met"

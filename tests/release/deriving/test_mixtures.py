"""What steps do to mixtures of experts: prune whole layers, or say that they cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from paddock.checkpoint.inspection import inspect_checkpoint
from paddock.llama.loading import load_model
from paddock.release.deriving.derive import derive
from paddock.release.errors import DerivingRefused
from paddock.release.spec.artifacts import Prune, Quantise
from tests.checkpoint.samples import LLAMA4, MIXTRAL, write_hf_folder
from tests.llama.mixtures import saved_with_vision


def test_a_mixtral_loses_a_layer(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "model", MIXTRAL)
    derive(Prune(do="prune", layers=(0,)), tmp_path / "model", tmp_path / "out", tmp_path)
    whole, pruned = load_model(tmp_path / "model"), load_model(tmp_path / "out")
    del whole.model.layers[0]
    tokens = torch.arange(12)[None]
    with torch.inference_mode():
        assert torch.equal(whole(tokens), pruned(tokens))


def test_what_a_step_cannot_do_to_experts_it_refuses(tmp_path: Path) -> None:
    write_hf_folder(tmp_path / "mixtral", MIXTRAL)
    write_hf_folder(tmp_path / "llama4", LLAMA4)
    for model, step, said in (
        ("mixtral", Prune(do="prune", ffn_dim=8), "and this is a Mixtral"),
        ("llama4", Prune(do="prune", ffn_dim=8), "and this is a Llama 4"),
        ("llama4", Prune(do="prune", layers=(0,)), "several kinds by their number"),
    ):
        with pytest.raises(DerivingRefused, match=said):
            derive(step, tmp_path / model, tmp_path / "out", tmp_path)
        assert not (tmp_path / "out").exists()


def test_a_step_takes_the_language_model_out_of_one_that_sees_images(tmp_path: Path) -> None:
    config = replace(LLAMA4, dim=64, heads=8)
    saved_with_vision(config, tmp_path / "model")
    derive(Quantise(do="quantise", quant="q8_0"), tmp_path / "model", tmp_path / "out", tmp_path)
    found = inspect_checkpoint(tmp_path / "out")
    assert (found.config, found.ignored) == (config, ())

"""Hugging Face folders whose weights are pickles."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.errors import BadCheckpoint, BadIndex
from paddock.checkpoint.inspection import inspect_checkpoint
from paddock.checkpoint.opening import Format, open_checkpoint
from paddock.checkpoint.pytorch.bin_folder import INDEX, SINGLE
from paddock.checkpoint.tensors import has_same_bytes
from tests.checkpoint.samples import TINY, model_tensors, write_hf_folder

SHARDS = ("pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin")


def state_dict() -> dict[str, torch.Tensor]:
    return {
        each.name: torch.from_numpy(np.frombuffer(each.read(), np.float32).reshape(each.shape))
        for each in model_tensors(TINY)
    }


def bin_folder(folder: Path, *, zipped: bool = True, **beside: Any) -> dict[str, torch.Tensor]:
    """One pickle beside a configuration."""
    weights = state_dict()
    folder.mkdir(exist_ok=True)
    whole = {"model": weights, **beside} if beside else weights
    torch.save(whole, folder / SINGLE, _use_new_zipfile_serialization=zipped)
    (folder / "config.json").write_text(json.dumps(TINY.to_hf_dict()))
    return weights


def sharded_folder(folder: Path) -> dict[str, torch.Tensor]:
    """Two pickles and an index, as transformers 4 wrote them."""
    weights, weight_map = state_dict(), {}
    names = list(weights)
    for number, shard in enumerate(SHARDS):
        part = names[number::2]
        torch.save({name: weights[name] for name in part}, folder / shard)
        weight_map |= dict.fromkeys(part, shard)
    total = sum(tensor.nbytes for tensor in weights.values())
    (folder / INDEX).write_text(
        json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map})
    )
    (folder / "config.json").write_text(json.dumps(TINY.to_hf_dict()))
    return weights


def bytes_of(weights: dict[str, torch.Tensor]) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in weights.items()}


@pytest.mark.parametrize("zipped", [True, False])
def test_a_single_pickle_is_opened_as_its_folder(tmp_path: Path, zipped: bool) -> None:
    weights = bin_folder(tmp_path, zipped=zipped)
    for path in (tmp_path, tmp_path / SINGLE):
        checkpoint = open_checkpoint(path)
        assert (checkpoint.format, checkpoint.config) == (Format.PYTORCH, TINY)
        assert {t.name: bytes(t.read()) for t in checkpoint.tensors} == bytes_of(weights)


def test_a_real_model_is_the_same_pickled_as_in_safetensors(
    tmp_path: Path, shared_data: Path
) -> None:
    folder = shared_data / "models" / "tiny-llama-float-hf"
    torch.save(load_file(folder / "model.safetensors"), tmp_path / SINGLE)
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    pickled, original = open_checkpoint(tmp_path).by_name(), open_checkpoint(folder).by_name()
    assert pickled.keys() == original.keys()
    assert all(has_same_bytes(pickled[name], original[name]) for name in original)


def test_shards_are_opened_by_their_index(tmp_path: Path) -> None:
    weights = sharded_folder(tmp_path)
    checkpoint = open_checkpoint(tmp_path)
    assert {t.name: bytes(t.read()) for t in checkpoint.tensors} == bytes_of(weights)


def test_safetensors_are_preferred_to_a_pickle_beside_them(tmp_path: Path) -> None:
    write_hf_folder(tmp_path)
    (tmp_path / SINGLE).write_bytes(b"cos\nsystem\n.")
    assert open_checkpoint(tmp_path).format is Format.HUGGING_FACE


def test_a_training_checkpoint_converts_to_safetensors_with_its_companions(tmp_path: Path) -> None:
    weights = bin_folder(tmp_path / "bin", zipped=False, epoch=3, rng=np.random.get_state())
    (tmp_path / "bin" / "chat_template.jinja").write_text("{{ messages }}")
    convert_checkpoint(tmp_path / "bin", tmp_path / "out")
    loaded = load_file(tmp_path / "out" / "model.safetensors")
    assert {name: raw.numpy().tobytes() for name, raw in loaded.items()} == bytes_of(weights)
    assert (tmp_path / "out" / "chat_template.jinja").read_text() == "{{ messages }}"
    assert not list((tmp_path / "out").glob("*.bin"))


def test_what_lies_beside_the_weights_is_told(tmp_path: Path) -> None:
    bin_folder(tmp_path, epoch=3, optimizer={"state": {}}, rng=np.random.get_state())
    inspection = inspect_checkpoint(tmp_path)
    assert inspection.ignored == ("epoch", "optimizer", "rng")
    assert inspection.parameters == TINY.parameter_count()
    assert "optimizer" in inspection.to_dict()["ignored"]


def test_a_bare_file_is_inspected_as_tensors(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2, 3)}, tmp_path / "adapter.pt")
    inspection = inspect_checkpoint(tmp_path / "adapter.pt")
    assert (inspection.format, inspection.config, inspection.parameters) == ("pytorch", None, 6)
    with pytest.raises(BadCheckpoint, match="only a part"):
        open_checkpoint(tmp_path / "adapter.pt")


def change_index(folder: Path, change: Callable[[dict[str, str], dict[str, Any]], object]) -> None:
    index = json.loads((folder / INDEX).read_text())
    change(index["weight_map"], index["metadata"])
    (folder / INDEX).write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda names, _: names.pop("model.norm.weight"), "extra_tensor"),
        (lambda names, _: names.update(more=SHARDS[0]), "missing_tensor"),
        (lambda names, _: names.update({"model.norm.weight": SHARDS[0]}), "wrong_shard"),
        (lambda names, _: names.update(w="../" + SHARDS[0]), "path_escape"),
        (lambda names, _: names.update(w="/etc/x.bin"), "path_escape"),
        (lambda names, _: names.update(w="pytorch_model.pkl"), "bad_index"),
        (lambda names, _: names.update(w="pytorch_model-00003.bin"), "missing_file"),
        (lambda names, _: names.clear(), "bad_index"),
        (lambda _, metadata: metadata.update(total_size=1), "total_size"),
    ],
)
def test_an_index_that_disagrees_is_refused(
    tmp_path: Path, change: Callable[[dict[str, str], dict[str, Any]], object], reason: str
) -> None:
    sharded_folder(tmp_path)
    change_index(tmp_path, change)
    with pytest.raises(BadIndex) as caught:
        open_checkpoint(tmp_path)
    assert caught.value.reason == reason


def test_a_shared_tensor_may_count_once_in_the_total(tmp_path: Path) -> None:
    tied = torch.ones(4, 2)
    torch.save({"a": tied, "b": tied, "c": torch.ones(1)}, tmp_path / SHARDS[0])
    for total in (36, 68):
        weight_map = dict.fromkeys("abc", SHARDS[0])
        index = {"metadata": {"total_size": total}, "weight_map": weight_map}
        (tmp_path / INDEX).write_text(json.dumps(index))
        assert inspect_checkpoint(tmp_path).parameters == 17


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    bin_folder(outside)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_bytes((outside / "config.json").read_bytes())
    (tmp_path / "model" / SINGLE).symlink_to(outside / SINGLE)
    with pytest.raises(BadIndex) as caught:
        open_checkpoint(tmp_path / "model")
    assert caught.value.reason == "path_escape"

"""Hugging Face folders: shards, their index, and what it must not say."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open

from paddock.checkpoint.errors import BadIndex, BadSafetensors, TensorMismatch
from paddock.checkpoint.opening import Format, open_checkpoint
from paddock.checkpoint.safetensors.hf_folder import INDEX, read_tensors
from tests.checkpoint.samples import TINY, tensor, write_hf_folder, write_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two-tensor-a-shard checkpoint with an index."""
    write_hf_folder(tmp_path / "model", shard_bytes=12_000)
    assert len(list((tmp_path / "model").glob("*.safetensors"))) > 2
    return tmp_path / "model"


def edit_index(folder: Path, **changes: Any) -> dict[str, Any]:
    index = json.loads((folder / INDEX).read_text())
    index |= changes
    (folder / INDEX).write_text(json.dumps(index))
    return index


def test_shards_are_read_as_one_model(folder: Path) -> None:
    checkpoint = open_checkpoint(folder)
    assert checkpoint.format is Format.HUGGING_FACE
    assert checkpoint.config == TINY
    for shard in folder.glob("*.safetensors"):
        with safe_open(shard, "np") as official:
            for name in official.keys():  # noqa: SIM118 — not a dict
                assert checkpoint.by_name()[name].read() == official.get_tensor(name).tobytes()


def first_shard(folder: Path) -> tuple[dict[str, str], str, str]:
    """The index, and a tensor in a shard of several."""
    weight_map: dict[str, str] = json.loads((folder / INDEX).read_text())["weight_map"]
    name = next(n for n, s in weight_map.items() if list(weight_map.values()).count(s) > 1)
    return weight_map, name, weight_map[name]


@pytest.mark.parametrize(
    "shard",
    [
        "../model.safetensors",
        "/etc/passwd.safetensors",
        "sub/model.safetensors",
        "..\\model.safetensors",
        "a\0b.safetensors",
    ],
)
def test_an_index_cannot_lead_out_of_its_folder(folder: Path, shard: str) -> None:
    weight_map, name, _ = first_shard(folder)
    edit_index(folder, weight_map=weight_map | {name: shard})
    with pytest.raises(BadIndex) as caught:
        read_tensors(folder)
    assert caught.value.reason == "path_escape"


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    _, _, shard = first_shard(folder)
    (folder / shard).rename(tmp_path / "elsewhere.safetensors")
    (folder / shard).symlink_to(tmp_path / "elsewhere.safetensors")
    with pytest.raises(BadIndex, match="symbolic link"):
        read_tensors(folder)


def test_the_cache_of_the_stock_client_is_made_of_links_and_read(
    folder: Path, tmp_path: Path
) -> None:
    snapshot = tmp_path / "models--a--b" / "snapshots" / ("0" * 40)
    blobs = tmp_path / "models--a--b" / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for number, path in enumerate(sorted(folder.iterdir())):
        path.rename(blobs / f"{number:064}")
        (snapshot / path.name).symlink_to(f"../../blobs/{number:064}")
    assert len(open_checkpoint(snapshot).tensors) == 21


def test_a_missing_shard_is_named(folder: Path) -> None:
    _, _, shard = first_shard(folder)
    (folder / shard).unlink()
    with pytest.raises(BadIndex, match=shard):
        read_tensors(folder)


def test_a_pipe_in_place_of_a_shard_does_not_hang(folder: Path) -> None:
    _, _, shard = first_shard(folder)
    (folder / shard).unlink()
    os.mkfifo(folder / shard)
    with pytest.raises(BadSafetensors, match="regular file"):
        read_tensors(folder)


def test_every_tensor_is_in_exactly_the_shard_that_is_named(folder: Path) -> None:
    weight_map, name, shard = first_shard(folder)
    other = next(s for s in weight_map.values() if s != shard)
    cases = {
        "wrong_shard": weight_map | {name: other},
        "extra_tensor": {k: v for k, v in weight_map.items() if k != name},
        "missing_tensor": weight_map | {"ghost": shard},
    }
    for reason, changed in cases.items():
        edit_index(folder, weight_map=changed)
        with pytest.raises(BadIndex) as caught:
            read_tensors(folder)
        assert caught.value.reason == reason


def test_the_same_tensor_in_two_shards_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    write_hf_folder(folder, shard_bytes=12_000)
    weight_map, name, shard = first_shard(folder)
    other = next(s for s in weight_map.values() if s != shard)
    (folder / other).unlink()
    (tmp_path / "one").mkdir()
    moved = [k for k, v in weight_map.items() if v == other]
    write_model(tmp_path / "one", [tensor(name, (1,)), *(tensor(k, (1,)) for k in moved)])
    (tmp_path / "one" / "model.safetensors").rename(folder / other)
    with pytest.raises(BadIndex) as caught:
        read_tensors(folder)
    assert caught.value.reason == "wrong_shard"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"weight_map": None}, "bad_index"),
        ({"weight_map": {}}, "bad_index"),
        ({"weight_map": {"a": 5}}, "bad_index"),
        ({"weight_map": {"a": "weights.pkl"}}, "bad_index"),
        ({"metadata": {"total_size": 1}}, "total_size"),
        ({"metadata": {"total_size": True}}, "total_size"),
    ],
)
def test_a_malformed_index_is_refused(folder: Path, changes: dict[str, Any], reason: str) -> None:
    edit_index(folder, **changes)
    with pytest.raises(BadIndex) as caught:
        read_tensors(folder)
    assert caught.value.reason == reason


def test_an_index_with_a_key_twice_is_refused(folder: Path) -> None:
    text = (folder / INDEX).read_text()
    name = first_shard(folder)[1]
    (folder / INDEX).write_text(text.replace('"weight_map": {', f'"weight_map": {{"{name}": "x",'))
    with pytest.raises(BadIndex, match="twice"):
        read_tensors(folder)


def test_tensors_that_do_not_fit_the_configuration_are_refused(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"intermediate_size": 64}))
    with pytest.raises(TensorMismatch, match=r"gate_proj.*\[48, 32\].*\[64, 32\]"):
        open_checkpoint(folder)
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(TensorMismatch, match="missing"):
        open_checkpoint(folder)
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 1}))
    with pytest.raises(TensorMismatch, match="no place"):
        open_checkpoint(folder)
